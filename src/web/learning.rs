//! 学习情况, a part of 成长档案: the own `/me/learning`, and that of a person in scope `/people/{id}/learning`.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, show},
    ledger_typed::record_of,
    record_links, subject, summary,
    training::{days, href},
    unit_names,
    view::{
        learning::{Demand, Learning, Line, OutsideLine},
        spelling::requirement_code,
        table::Pager,
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    class::{people::Presence, read, standard::too_much_leave},
    db::Value,
    directive::model::Each,
    exam::{score::written, test},
    form::directory::Directory,
    ledger::query::{self, Filter, Query},
    names::Names,
    personal::{
        learning::{self, Learned, Outside},
        own,
    },
    scope::Scope,
    subjects,
    verdict::{
        sight,
        store::Stored as StoredVerdict,
        words::window_name,
        world::{PERSON, UNIT},
    },
};

/// Years before and after today that may be turned to.
const FURTHEST: i32 = 20;
/// The pillar whose demands are told.
const PILLAR: &str = "学";

/// `GET /me/learning`.
pub(super) async fn own_page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        let person = desk.reader()?.person;
        let scope = person.map(|p| own::scope(&desk.current, p));
        let back = Link::new("我的个人信息", "/me");
        page(desk, &own, Whose { person, scope: scope.unwrap_or(Scope::units(BTreeSet::new())), own: true, back })
    })
    .await
}

/// `GET /people/{id}/learning`.
pub(super) async fn of_person(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        let current = desk.current.clone();
        let ledger = &current.engine.layout.ledgers[PERSON];
        let person = record_of(desk, ledger, &id)?.ok_or(PageError::NotFound)?;
        let scope = desk.scope.clone();
        if !learning::sees(desk.tx, &current, &scope, person)? {
            return Err(PageError::NotFound.into());
        }
        let names = Names::load(desk.tx, &current.engine.layout, &[(PERSON, [person].into())].into())?;
        let to = record_links::record_href(ledger, &names.code(PERSON, person));
        let back = Link::new(names.title(PERSON, person), to);
        let itself = desk.reader()?.person == Some(person);
        page(desk, &own, Whose { person: Some(person), scope, own: itself, back })
    })
    .await
}

/// Whose page, and what of it may be seen.
struct Whose {
    person: Option<i64>,
    scope: Scope,
    own: bool,
    back: Link,
}

fn page(desk: &mut Desk<'_, '_>, app: &App, whose: Whose) -> anyhow::Result<Learning> {
    asked::keys(desk, &["year", "page", "size"]);
    let (current, today) = (desk.current.clone(), desk.now.day);
    let year = year(desk, today.ymd().0);
    let (mut classes, mut outside) = match whose.person {
        Some(person) => (
            learning::classes(desk.tx, &current, &whose.scope, person)?,
            learning::outside(desk.tx, &current, &whose.scope, person)?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    // What is missing is missing whatever year is looked at.
    let missing = missing(desk, app, &whose, &classes)?;
    classes.retain(|l| l.class.starts.ymd().0 == year);
    outside.retain(|o| o.day.ymd().0 == year);
    let demands = demands(desk, whose.person, &classes)?;
    let lead = lead(year, &classes, &outside);
    let (size, total) = (asked::size(desk), classes.len() as u64);
    let page = asked::page(desk, total.div_ceil(size));
    let shown: Vec<Learned> = classes.iter().skip(((page - 1) * size) as usize).take(size as usize).cloned().collect();
    let open = seen(desk, &shown)?;
    let directory = app.directory.of(desk.tx)?;
    let tests = desk.may(Permission::ArrangeTests);
    let rows = shown.iter().map(|l| {
        let score = whose.own || tests && l.unit.is_some_and(|u| desk.scope.has_unit(u));
        line(l, &directory, open.contains(&l.class.record), score)
    });
    let rows = rows.collect();
    let at = asked::without_page(&desk.ask).without("year");
    let turn = |to: i32| at.with("year", to.to_string()).href();
    Ok(Learning {
        rows,
        outside: outside.iter().map(outside_line).collect(),
        own: whose.own,
        person: whose.person.is_some(),
        back: whose.back,
        year: format!("{year}年"),
        previous: Link::new("上年", turn(year - 1)),
        next: Link::new("下年", turn(year + 1)),
        lead,
        missing,
        demands,
        pager: Pager { query: asked::without_page(&desk.ask), title: "班次与活动".into(), total, size, page },
        page: desk.page(if whose.own { "/me" } else { "/people" })?,
    })
}

/// The year that is asked for, or this one.
fn year(desk: &mut Desk<'_, '_>, now: i32) -> i32 {
    let Some(text) = desk.ask.get("year").map(str::to_owned).filter(|t| !t.is_empty()) else { return now };
    match text.parse().ok().filter(|y: &i32| (y - now).abs() <= FURTHEST) {
        Some(year) => year,
        None => {
            desk.notice(format!("没有“{}”这个年份，现列{now}年。", asked::echo(&text)));
            now
        }
    }
}

fn lead(year: i32, classes: &[Learned], outside: &[Outside]) -> Words {
    if classes.is_empty() && outside.is_empty() {
        return Words::from(format!("{year}年没有学习记录。"));
    }
    let there = classes.iter().filter(|l| l.presence.is_some_and(|p| p != Presence::Absent)).count();
    let sum = |all: &mut dyn Iterator<Item = i64>| all.fold(0_i64, i64::saturating_add);
    let inside = sum(&mut classes.iter().filter_map(|l| l.hours));
    let beside = sum(&mut outside.iter().map(|o| o.hours));
    let words = Words::from(format!("{year}年到场"))
        .strong(there.to_string())
        .text("个班次与活动，共")
        .strong(written(inside.saturating_add(beside)))
        .text("学时");
    let words = match beside {
        0 => words,
        n => words.text(format!("，其中外部机构认定{}学时", written(n))),
    };
    let sat = classes.iter().filter(|l| l.sat == "已考").count();
    let words = match sat {
        0 => words.text("。"),
        n => {
            let passed = classes.iter().filter(|l| l.sat == "已考" && l.passed == Some(true)).count();
            words.text(format!("；班次测试{n}场，合格{passed}场。"))
        }
    };
    match classes.iter().filter(|l| l.hours.is_none()).count() {
        0 => words,
        n => words.text(format!("另有{n}个班次的学时没有登记或不能折算，没有计入。")),
    }
}

/// What the person still misses, and tests that wait for him where he looks himself.
fn missing(desk: &mut Desk<'_, '_>, app: &App, whose: &Whose, classes: &[Learned]) -> anyhow::Result<Vec<Words>> {
    let mut found = Vec::new();
    if let Some(person) = whose.person.filter(|_| whose.own) {
        let now = app.installation.watch.now(app.installation.clock);
        for (id, title, _) in test::waiting(desk.tx, person, now)? {
            found.push(Words::from("待参加的考试：").link(title, format!("/exams/{id}")));
        }
    }
    let open = seen(desk, classes)?;
    for l in classes {
        for lack in l.lacks(desk.now.day) {
            let title = format!("{}（{}）", l.class.title, l.class.starts.chinese());
            let words = match open.contains(&l.class.record) {
                true => Words::new().link(title, href(&l.class.code)),
                false => Words::from(title),
            };
            found.push(words.text(format!("：{}", lack.words())));
        }
    }
    Ok(found)
}

/// Which of these classes the reader may open.
fn seen(desk: &mut Desk<'_, '_>, classes: &[Learned]) -> anyhow::Result<BTreeSet<i64>> {
    let current = desk.current.clone();
    let Some(activity) = read::ledger(&current, "activity").filter(|_| desk.may(Permission::Ledgers)) else {
        return Ok(BTreeSet::new());
    };
    let ids: BTreeSet<i64> = classes.iter().map(|l| l.class.record).collect();
    let most = ids.len() as i64;
    let query = Query { filters: vec![Filter::Records(ids)], ..Query::default() };
    let rows = query::list(desk.tx, activity, &desk.scope.clone(), &query, (most, 0))?;
    Ok(rows.iter().map(|r| r.record_id).collect())
}

fn line(l: &Learned, directory: &Directory, opens: bool, score: bool) -> Line {
    let class = &l.class;
    let kind =
        if class.category.is_empty() { class.kind.clone() } else { format!("{}，{}", class.kind, class.category) };
    let late = l.leave.zip(l.hours).is_some_and(|(leave, hours)| too_much_leave(leave, leave.saturating_add(hours)));
    let present = match (l.presence, l.leave) {
        (Some(Presence::Leave), Some(n)) => {
            format!("请假{}学时{}", written(n), if late { "，超过七分之一" } else { "" })
        }
        (Some(p), _) => p.title().to_owned(),
        (None, _) => "没有登记".into(),
    };
    let result = match (l.sat.as_str(), l.passed) {
        ("已考", Some(true)) => "合格".to_owned(),
        ("已考", Some(false)) if l.made_good => "未合格，重训后合格".into(),
        ("已考", Some(false)) => "未合格".into(),
        ("已考", None) => "已考".into(),
        ("", _) => "--".into(),
        (sat, _) => sat.to_owned(),
    };
    let result = match l.score.filter(|_| score && l.sat == "已考") {
        Some(score) => format!("{result}，{}分", written(score)),
        None => result,
    };
    let held = class.unit.map_or_else(String::new, |u| directory.path(u));
    Line {
        days: days(class),
        title: Link::new(class.title.clone(), if opens { href(&class.code) } else { String::new() }),
        kind,
        source: match (held.as_str(), l.agent.as_str()) {
            ("", "") => "--".into(),
            (held, "") => held.to_owned(),
            ("", agent) => agent.to_owned(),
            (held, agent) => format!("{held}（{agent}承办）"),
        },
        present,
        late,
        hours: l.hours.map_or_else(|| "--".into(), written),
        result,
    }
}

fn outside_line(o: &Outside) -> OutsideLine {
    OutsideLine {
        day: o.day.chinese(),
        course: o.course.clone(),
        way: o.way.clone(),
        hours: written(o.hours),
        source: format!("{}{}", o.authority, if o.imported { "（批量导入）" } else { "" }),
    }
}

/// The demands of the pillar, of whom each is judged, and how those verdicts stand that this reader may see: of the classes
/// with the person's organ, and of that organ.
fn demands(desk: &mut Desk<'_, '_>, person: Option<i64>, classes: &[Learned]) -> anyhow::Result<Vec<Demand>> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let organ = person.and_then(|p| unit_names::of_person(desk, p)).and_then(|unit| {
        let (units, chart) = (current.organisation.table(UNIT)?, current.organisation.chart()?);
        units.ids.get(*chart.organ.get(units.row_of(unit)?)?).copied()
    });
    let held: BTreeSet<i64> = classes.iter().map(|l| l.class.record).collect();
    let activity = engine.layout.index("activity");
    let mut found = Vec::new();
    let asked: Vec<usize> =
        summary::in_order(engine).into_iter().filter(|i| engine.compiled[*i].requirement.pillar == PILLAR).collect();
    for i in asked {
        let r = &engine.compiled[i].requirement;
        let whom = match (engine.compiled[i].per.is_empty(), engine.compiled[i].table) {
            (false, _) => "每个班次的每个单位",
            (true, UNIT) if r.each == Each::Unit => "单位",
            (true, PERSON) => "个人",
            _ => "全市",
        };
        let ids: BTreeSet<i64> = held.iter().copied().chain(organ).chain(person).collect();
        let mut params: Vec<Value> =
            vec![r.id.as_str().into(), ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into()];
        let seen = sight::condition(desk.tx, engine, &desk.scope.clone(), &mut params);
        let sql = format!(
            "select {} from verdict where closed = 0 and state <> 'na' and requirement = $1 and subject {}{} \
             order by subject, rest, window_from desc, window_label desc",
            StoredVerdict::COLUMNS,
            desk.tx.among("$2"),
            seen.map_or_else(String::new, |seen| format!(" and {seen}"))
        );
        let mut all = desk.tx.rows(&sql, &params, StoredVerdict::read)?;
        all.dedup_by(|a, b| (a.subject, &a.rest) == (b.subject, &b.rest));
        all.retain(|v| {
            let cells = subjects::records(engine, i, &subjects::key(v));
            whom != "全市"
                && cells.iter().all(|(table, id)| match *table {
                    UNIT => Some(*id) == organ,
                    PERSON => Some(*id) == person,
                    table => Some(table) == activity && held.contains(id),
                })
        });
        let names = subjects::names(desk.tx, engine, all.iter().map(|v| (i, v)))?;
        let verdicts = all.iter().map(|v| {
            let on = subjects::title(engine, i, &subjects::key(v), &names);
            (
                summary::tag(v.state, v.light, v.late),
                Link::new(on, subject::href(engine, i, v, &names)),
                window_name(&v.window),
            )
        });
        let to = match desk.may(Permission::Requirements) {
            true => format!("/requirements/{}", segment(&r.id)),
            false => String::new(),
        };
        found.push(Demand {
            requirement: Link::new(format!("{} {}", requirement_code(&r.pillar, &r.id), r.title), to),
            whom,
            verdicts: verdicts.collect(),
        });
    }
    Ok(found)
}
