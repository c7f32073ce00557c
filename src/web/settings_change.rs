//! One thing laid down, `/settings/{kind}/{name}`: first what it would change, then, confirmed, recorded in the ledger that
//! holds it.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    dashboard::named,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    settings::may_change,
    settings_matter::{Matter, Plan},
    summary,
    view::{
        form::{Errors, Form},
        settings::{Preview, Setting, Turn},
        url::segment,
        words::{Link, Words},
    },
    wrongs::Wrongs,
};
use crate::{
    audit,
    facts::{OutOfScope, Write},
    figures,
    once::Used,
    preview::{self, Trial},
    scope::Scope,
    verdict::judge::State as Judged,
};

/// Requirements that a preview lists.
const LISTED: usize = 30;

/// `GET /settings/{kind}/{name}`.
pub(super) async fn blank(State(app): State<App>, Path((kind, name)): Path<(String, String)>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &[]);
        render(desk, &kind, &name, &Left::default(), None)
    })
    .await
}

fn render(
    desk: &mut Desk<'_, '_>,
    kind: &str,
    name: &str,
    left: &Left,
    tried: Option<(&Plan, &Trial)>,
) -> anyhow::Result<Response> {
    let current = desk.current.clone();
    let matter = Matter::of(&current, kind, name)?;
    if !may_change(desk) {
        return Err(OutOfScope.into());
    }
    let path = format!("/settings/{kind}/{}", segment(name));
    let mut form = matter.form(desk, &path)?;
    left.fill(&mut form);
    let preview = match tried {
        None => None,
        Some((plan, trial)) => {
            let hidden = form.fields.iter().map(|f| (f.name.clone(), f.value.clone()));
            let confirm = Form {
                id: "ok".into(),
                action: path.clone(),
                token: desk.form_token()?,
                hidden: hidden.chain([("sure".to_owned(), plan.words.join("，"))]).collect(),
                button: "确认登记".into(),
                primary: true,
                cancel: Some(Link::new("不登记", "/settings")),
                ..Form::default()
            };
            form.primary = false;
            form.button = "改了再看".into();
            Some(shown(desk, plan, trial, confirm)?)
        }
    };
    let view = Setting {
        errors: Errors::of(&form),
        title: matter.title(),
        lead: matter.lead(&current.engine),
        form,
        preview,
        page: desk.page("/settings")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn shown(desk: &mut Desk<'_, '_>, plan: &Plan, trial: &Trial, confirm: Form) -> anyhow::Result<Preview> {
    let engine = &desk.current.engine;
    let turn = |(organ, was, is): &(figures::Organ, preview::Stand, preview::Stand)| {
        let of = |s: &preview::Stand| (summary::lamp(s.light), format!("落后{} / 应判{}", s.behind, s.judged));
        let link = Link::new(organ.name.clone(), format!("/units/{}", segment(&organ.code)));
        Turn { unit: link, before: of(was), after: of(is) }
    };
    let change = |c: &preview::Change| {
        let (code, title) = named(engine, engine.position(&c.requirement)?);
        Some((code, title, turns(c)))
    };
    let lead = Words::from(format!("{}个单位中", trial.all))
        .strong(format!("{}个", trial.relit()))
        .text("的亮灯会变；")
        .strong(format!("{}个", trial.changed()))
        .text(match trial.changes.len() {
            0 => "判定会变。现在确认，不改变任何判定。".into(),
            n if n > LISTED => format!("判定会变，分属{n}项要求，只列前{LISTED}项。"),
            n => format!("判定会变，分属{n}项要求。"),
        });
    let what = Words::from(format!("{}，自{}起。", plan.words.join("，"), plan.from.chinese()));
    Ok(Preview {
        what: what.text(format!("依据：{}。", plan.basis)),
        lead,
        units: trial.units.iter().map(turn).collect(),
        requirements: trial.changes.iter().take(LISTED).filter_map(change).collect(),
        confirm,
    })
}

/// `进行中变为未达标3个，只是亮灯或数值不同2个`.
fn turns(c: &preview::Change) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let word = |s: &Judged| s.chinese();
    for ((was, is), n) in c.moved.iter().filter(|((was, is), _)| was != is) {
        pieces.push(format!("{}变为{}{n}个", word(was), word(is)));
    }
    let same: usize = c.moved.iter().filter(|((was, is), _)| was == is).map(|(_, n)| n).sum();
    let others = [(same, "亮灯或数值不同"), (c.come, "新出现"), (c.gone, "不再有")];
    pieces.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{word}{n}个")));
    pieces.join("，")
}

/// `POST /settings/{kind}/{name}`: what it would change; with `sure`, it is recorded.
pub(super) async fn lay_down(
    State(app): State<App>,
    Path((kind, name)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        // What holds for everybody is laid down, and looked at beforehand, by who reaches everybody.
        if seat.scope != Scope::All {
            return Err(OutOfScope.into());
        }
        let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
        let matter = Matter::of(&current, &kind, &name)?;
        let mut fields = vec!["yellow", "red", "value", "name", "from", "by", "on", "reason"];
        fields.retain(|f| seat.fields.pairs().iter().any(|(k, _)| k == f));
        let left = Left { typed: seat.typed("st", &fields), ..Left::default() };
        let wrong = |wrongs: Wrongs| {
            let left = wrongs.left("st", left.typed.clone());
            let page = |desk: &mut Desk<'_, '_>| render(desk, &kind, &name, &left, None);
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, page))
        };
        let plan = match matter.plan(seat, &current.engine) {
            Ok(plan) => plan,
            Err(wrongs) => return wrong(wrongs),
        };
        let sure = seat.fields.get("sure");
        if !sure.is_empty() && sure != plan.words.join("，") {
            return wrong(("reason", "没有登记：现行的取值在此期间变了，请再看一次会改变什么。".into()).into());
        }
        if sure.is_empty() {
            let inst = &seat.app.installation;
            let trial = seat.db().read(|tx| preview::trial(tx, inst, |given| plan.given(given)))?;
            let page = |desk: &mut Desk<'_, '_>| render(desk, &kind, &name, &left, Some((&plan, &trial)));
            return Ok(seat.show(StatusCode::OK, page));
        }
        let (inst, by, rows, told) =
            (seat.app.installation.clone(), seat.by(), plan.new_rows(&current), plan.words.join("，"));
        let (ledger, basis) = (plan.ledger, plan.basis.clone());
        let written = seat.write_once("setting", move |tx| {
            let (ids, _) = Write::begin(tx, &inst, &by, ledger)?.add(tx, rows, None)?;
            if ids.len() > 1 {
                tx.trail().tell(audit::Kind::Setting, serde_json::json!({ "title": told, "reason": basis }));
            }
            Ok(ids.first().copied().unwrap_or_default())
        });
        match written {
            Ok(_) => Ok(seat.to("/settings?done=1")),
            Err(e) if e.is::<Used>() => wrong(("reason", format!("没有登记：{e}。")).into()),
            Err(e) => Err(e),
        }
    })
    .await
}
