//! The tests that an office arranges `/tests`.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    view::{
        table::Pager,
        test::{Line, Tests},
        words::{Link, Words},
    },
};
use crate::{
    exam::test::{self, State as Stands, Test},
    names::Names,
    verdict::world::UNIT,
};

/// `GET /tests`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, fill).await
}

fn fill(desk: &mut Desk<'_, '_>) -> anyhow::Result<Tests> {
    asked::keys(desk, &["page", "size"]);
    let (scope, size) = (desk.scope.clone(), asked::size(desk));
    let (_, total) = test::list(desk.tx, &scope, (0, 0))?;
    let page = asked::page(desk, u64::div_ceil(total, size));
    let (found, _) = test::list(desk.tx, &scope, ((page - 1) * size, size))?;
    let open = found.iter().filter(|t| t.state == Stands::Open).count();
    let lead = Words::from("共").strong(total.to_string()).text("场考试");
    let lead = if open > 0 {
        lead.text("，本页已发布未结束").strong(open.to_string()).text("场。")
    } else {
        lead.text("。")
    };
    Ok(Tests {
        lead,
        rows: lines(desk, &found)?,
        pager: Pager { query: asked::without_page(&desk.ask), title: "考试".into(), total, size, page },
        page: desk.page("/tests")?,
    })
}

/// What classes and units are called.
pub(super) fn names(desk: &mut Desk<'_, '_>, tests: &[Test]) -> anyhow::Result<Names> {
    let layout = &desk.current.clone().engine.layout;
    let mut wanted = std::collections::BTreeMap::from([(UNIT, tests.iter().map(|t| t.rules.unit).collect())]);
    if let Some(activity) = layout.index("activity") {
        wanted.insert(activity, tests.iter().filter_map(|t| t.rules.activity).collect::<BTreeSet<i64>>());
    }
    Names::load(desk.tx, layout, &wanted)
}

fn lines(desk: &mut Desk<'_, '_>, found: &[Test]) -> anyhow::Result<Vec<Line>> {
    let names = names(desk, found)?;
    let activity = desk.current.engine.layout.index("activity");
    let class = |t: &Test| activity.zip(t.rules.activity).map(|(table, id)| names.title(table, id).to_owned());
    let line = |t: &Test| Line {
        title: Link::new(t.rules.title.clone(), format!("/tests/{}", t.id)),
        class: class(t).unwrap_or_else(|| "--".into()),
        unit: names.title(UNIT, t.rules.unit).to_owned(),
        window: t.window(),
        state: t.state.title(),
    };
    Ok(found.iter().map(line).collect())
}
