//! 掌握情况 `/readiness`: how ready units are by topic, without names and for groups alone.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, show},
    view::daily::Readiness,
};
use crate::{daily::ready, exam::recall, names::Names, verdict::world::UNIT};

/// `GET /readiness`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &[]);
        let (current, scope, today) = (desk.current.clone(), desk.scope.clone(), desk.now.day);
        let all = ready::of_organs(desk.tx, &current, &scope, today)?;
        let told: Vec<_> = all.iter().filter(|r| r.percent.is_some()).collect();
        let topics: BTreeSet<&String> = told.iter().map(|r| &r.topic).collect();
        let organs: BTreeSet<i64> = told.iter().map(|r| r.organ).collect();
        let names = Names::load(desk.tx, &current.engine.layout, &[(UNIT, organs.clone())].into())?;
        // In the order of the chart.
        let mut order: Vec<i64> = current.organisation.table(UNIT).map_or_else(Vec::new, |t| t.ids.clone());
        order.retain(|o| organs.contains(o));
        let cell = |organ: i64, topic: &String| {
            let found = told.iter().find(|r| r.organ == organ && r.topic == *topic).and_then(|r| r.percent);
            found.map_or_else(String::new, |p| format!("{p}%"))
        };
        let row =
            |organ: &i64| (names.title(UNIT, *organ).to_owned(), topics.iter().map(|t| cell(*organ, t)).collect());
        Ok(Readiness {
            rows: order.iter().map(row).collect(),
            topics: topics.iter().map(|t| if t.is_empty() { "未分主题".to_owned() } else { (*t).clone() }).collect(),
            fewest: recall::FEWEST,
            page: desk.page("/readiness")?,
        })
    })
    .await
}
