//! A new test `/tests/new`: rules, and a paper from the bank, by a blueprint or by hand ([`test_paper`]). That of a class that
//! is held again is a second form of the first class's test, unless the office wants another.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    taken,
    test_paper::{self, First, LIST, SUGGESTED, suggested},
    test_rules,
    view::{
        form::{Errors, Field, Form},
        test::NewTest,
        words::Link,
    },
    wrongs::{Wrong, Wrongs},
};
use crate::{
    auth::Permission,
    clock::start_of_day,
    day::Day,
    db::Tx,
    exam::{
        key, resit, second,
        test::{self, Origin, Rules, State as Stands, TITLE, Test},
    },
    installation::Current,
    ledger::store,
    questions::bank,
    scope::Scope,
    spelling::range,
};

/// Says that a test is no second form.
const NOT_SECOND: &str = "no";
/// An hour, µs.
const HOUR: i64 = 3_600_000_000;
/// The fields of the form beside those of the rules.
const FIELDS: [&str; 5] = ["activity", "first", "common", "blueprint", LIST];
/// Keys of the bank's list, whose conditions come along with what was taken from it.
const OF_LIST: [&str; 6] = ["q", "topic", "kind", "difficulty", "state", "size"];

/// `GET /tests/new?activity=…&take=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &[&["activity", taken::TAKE][..], &OF_LIST].concat());
        render(desk, &Left::default(), Vec::new())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, left: &Left, faults: Vec<String>) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let typed = left.typed.iter().find(|(key, _)| key == "te-activity").map(|(_, text)| text.clone());
    let code = typed.unwrap_or_else(|| desk.ask.get("activity").unwrap_or_default().to_owned());
    let class = class_of(desk.tx, &desk.current.clone(), &scope, &code)?.ok().flatten();
    let firsts = firsts(desk.tx, &desk.current.clone(), class.as_ref())?;
    let resit = is_resit(class.as_ref(), firsts.last());
    let what = if resit { "补考" } else { "闭卷测试" };
    let title = class.as_ref().map_or_else(String::new, |c| format!("{}{what}", c.title).chars().take(TITLE).collect());
    let opens = start_of_day(usual_days(desk.now.day).1) + 9 * HOUR;
    let closes = opens + 2 * HOUR;
    let minutes = firsts.last().map_or(60, |t| t.rules.minutes);
    let rules = Rules { title, activity: None, unit: 0, opens, closes, minutes, attempts: 1, review: closes };
    let mut fields = test_rules::fields(&rules);
    fields.insert(
        1,
        Field::text("activity", "班次编号", &code)
            .hint("班次与活动台账里的编号；结束后成绩自动登记到这个班，合格率随之判定。不属于班次的考试不填。"),
    );
    if let Some(first) = firsts.last() {
        let choices = firsts.iter().rev().map(|t| (t.id.to_string(), format!("{}（第一卷）", t.rules.title)));
        // A second sitting of the same class is always one of a form that was sat.
        let none = (!resit).then(|| (NOT_SECOND.to_owned(), "不与原班的试卷关联".to_owned()));
        // Of a first form with too few questions there is nothing to share.
        let small = first.items.len() < second::FEWEST && !resit;
        let chosen = if small { NOT_SECOND.to_owned() } else { first.id.to_string() };
        fields.extend([
            Field::choice("first", "第二卷", &chosen, choices.chain(none).collect())
            .hint("从第一卷取一部分共同题，其余按细目表从题库另选；两卷每题都满200人作答时，据共同题折算合格线，否则按同一分数线试行。"),
            Field::text("common", "共同题数", &second::usual(first.items.len()).to_string()).hint(&format!(
                "第一卷共{}题；一般取三分之一，至少{}道。不关联的和指定题目的不填。",
                first.items.len(),
                second::FEWEST
            )),
        ]);
    }
    let named = match left.typed.iter().find(|(key, _)| key == "te-list") {
        Some((_, text)) => text.clone(),
        None => {
            let numbers = taken::told(desk);
            test_paper::lines_of(desk.tx, &numbers)?
        }
    };
    let plan = match named.is_empty() {
        true => suggested(desk.tx, firsts.last(), usual_days(desk.now.day))?,
        false => Default::default(),
    };
    // The one that the form began with, through its errors too.
    let suggested = left.typed.iter().find(|(key, _)| key == "te-suggested").map_or(&plan.0, |(_, text)| text).clone();
    fields.extend(test_paper::fields(desk.tx, plan, named)?);
    let mut form = Form {
        id: "te".into(),
        action: "/tests/new".into(),
        token: desk.form_token()?,
        hidden: vec![(SUGGESTED.to_owned(), suggested)],
        fields,
        button: "组卷并保存草稿".into(),
        primary: true,
        cancel: Some(Link::new("取消", "/tests")),
    };
    left.fill(&mut form);
    let mut topics: BTreeMap<String, usize> = BTreeMap::new();
    for kept in bank::current(desk.tx, None)?.iter().filter(|k| k.question.askable()) {
        let topic = if kept.question.topic.is_empty() { "（未分主题）" } else { &kept.question.topic };
        *topics.entry(topic.to_owned()).or_default() += 1;
    }
    let topics = topics.into_iter().collect();
    let view = NewTest { errors: Errors::of(&form), faults, form, topics, page: desk.page("/tests")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Today, and the day of the test that a form begins with.
fn usual_days(today: Day) -> (Day, Day) {
    (today, today.plus(1))
}

/// A class that a test closes.
struct Class {
    /// Record id.
    record: i64,
    unit: Option<i64>,
    title: String,
    /// Record id of the class that it makes up for.
    again: Option<i64>,
}

/// The class of a number, among those in scope; `None` for nothing typed.
fn class_of(
    tx: &mut Tx<'_>,
    current: &Current,
    scope: &Scope,
    code: &str,
) -> anyhow::Result<Result<Option<Class>, String>> {
    if code.is_empty() {
        return Ok(Ok(None));
    }
    let none = || format!("班次编号：没有编号为“{}”的班次，请核对。", asked::echo(code));
    let Some(table) = current.engine.layout.index("activity") else { return Ok(Err(none())) };
    if code.chars().count() > 60 || code.contains(char::is_control) {
        return Ok(Err(none()));
    }
    let ledger = &current.engine.layout.ledgers[table];
    let mut found = store::find_by_code(tx, ledger, scope, code)?;
    // A record without a code of its own goes by its number.
    if let (true, Ok(id)) = (found.is_empty(), code.parse::<i64>()) {
        found.extend(store::get(tx, ledger, scope, id, None)?.filter(|row| row.code.is_none()));
    }
    let class = |row: &crate::ledger::row::Stored| Class {
        record: row.record_id,
        unit: row.unit,
        title: row.value(ledger, "title").as_text().unwrap_or_default().to_owned(),
        again: row.value(ledger, "makes_up").as_i64(),
    };
    Ok(found.first().map(class).map(Some).ok_or_else(none))
}

/// The published tests of the class that this one makes up for, in their order; or the closed one of the class itself, where
/// the office gives those near the line a second sitting.
fn firsts(tx: &mut Tx<'_>, current: &Current, class: Option<&Class>) -> anyhow::Result<Vec<Test>> {
    let Some(class) = class else { return Ok(Vec::new()) };
    let own = test::of_activity(tx, class.record)?.into_iter().find(|t| t.state == Stands::Closed);
    if let Some(own) = own.filter(|own| own.origin.first.is_none() || class.again.is_some())
        && resit::is_given(current)
    {
        return Ok(vec![own]);
    }
    let Some(first) = class.again else { return Ok(Vec::new()) };
    let mut all = test::of_activity(tx, first)?;
    all.retain(|t| t.state != Stands::Draft);
    // A second sitting of the first class was for a few.
    let ids: Vec<i64> = all.iter().map(|t| t.id).collect();
    all.retain(|t| t.origin.first.is_none_or(|of| !ids.contains(&of)));
    Ok(all)
}

/// Whether the test to come is a second sitting of one of the same class.
fn is_resit(class: Option<&Class>, first: Option<&Test>) -> bool {
    class.zip(first).is_some_and(|(class, first)| first.rules.activity == Some(class.record))
}

/// `POST /tests/new`.
pub(super) async fn make(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let kept =
            [seat.typed("te", &test_rules::FIELDS), seat.typed("te", &FIELDS), seat.typed("te", &[SUGGESTED])].concat();
        let again = |wrongs: Wrongs, faults: Vec<String>| {
            let left = wrongs.left("te", kept.clone());
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &left, faults)))
        };
        let mut wrongs = Wrongs::default();
        let class = wrongs.take(class(seat)?);
        let of = class.as_ref().and_then(Option::as_ref);
        let unit = match of.and_then(|c| c.unit) {
            Some(unit) => Some(unit),
            None => own_unit(seat)?,
        };
        let rules = wrongs.take_all(test_rules::read(seat, of.map(|c| c.record), unit));
        // Without the class it is not known whether this is a second form.
        let Some(class) = class else { return again(wrongs, Vec::new()) };
        let way = wrongs.take(test_paper::way(seat));
        let first = wrongs.take(first(seat, class.as_ref(), way == Some(test_paper::Way::List))?);
        let (Some(way), Some(first)) = (way, first) else { return again(wrongs, Vec::new()) };
        let items = match test_paper::paper(seat, way, first.as_ref())? {
            Ok(items) => items,
            Err(faults) => {
                let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
                let told = lines.first().cloned().unwrap_or_default();
                wrongs.add((way.field(), format!("{}：{told}", way.title())));
                return again(wrongs, lines);
            }
        };
        let Some(rules) = rules else { return again(wrongs, Vec::new()) };
        let unused = way == test_paper::Way::List && !seat.fields.get("blueprint").is_empty();
        let actor = seat.actor();
        let blueprint = match way {
            test_paper::Way::Blueprint => seat.fields.get("blueprint").to_owned(),
            test_paper::Way::List => String::new(),
        };
        let origin = Origin { first: first.map(|f| f.test), blueprint };
        let id = seat.write_once("test", move |tx| {
            let id = test::make(tx, &actor, &rules, &items)?;
            test::set_origin(tx, id, &origin)?;
            Ok(id)
        })?;
        // The blueprint that the form began with counts as none where questions are named: that is said.
        let done = if unused { "make-list" } else { "make" };
        Ok(seat.to(&format!("/tests/{id}?done={done}")))
    })
    .await
}

/// The first form as chosen, `None` for none; or the field that is wrong and why. For a class that is held again it is said.
fn first(seat: &Seat, class: Option<&Class>, by_hand: bool) -> anyhow::Result<Result<Option<First>, Wrong>> {
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let firsts = firsts(tx, &current, class)?;
        let chosen = seat.fields.get("first");
        if firsts.is_empty() || (chosen == NOT_SECOND && !is_resit(class, firsts.last())) {
            return Ok(Ok(None));
        }
        let Some(test) = firsts.into_iter().find(|t| t.id.to_string() == chosen) else {
            return Ok(Err(("first", "这是重新组织的班：请选择第二卷关联哪一场考试，或不关联。".into())));
        };
        let paper = test::paper(tx, &test.items)?;
        // What is shared is asked by the version that has the right key.
        let paper = key::scored(tx, &paper)?.into_owned();
        let out = test::out(tx, test.id)?;
        if by_hand {
            return Ok(Ok(Some(First { test: test.id, out, paper, count: second::FEWEST })));
        }
        let count = seat.fields.get("common").parse().ok().filter(|n| (second::FEWEST..=paper.len()).contains(n));
        let Some(count) = count else {
            let why = match paper.len() {
                n if n < second::FEWEST => format!("共同题数：第一卷只有{n}题，不够关联，请选不关联。"),
                n => format!("共同题数应为{}。", range(second::FEWEST, n)),
            };
            return Ok(Err(("common", why)));
        };
        Ok(Ok(Some(First { test: test.id, out, paper, count })))
    })
}

/// The class that the test closes, `None` for none.
fn class(seat: &Seat) -> anyhow::Result<Result<Option<Class>, Wrong>> {
    let found = seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        class_of(tx, &current, &seat.scope, seat.fields.get("activity"))
    })?;
    let class = match found {
        Ok(class) => class,
        Err(why) => return Ok(Err(("activity", why))),
    };
    Ok(match class.as_ref().and_then(|c| c.unit) {
        Some(unit) if !seat.scope.has_unit(unit) => {
            Err(("activity", "班次编号：这个班属于别的单位，请由该单位组织考试。".into()))
        }
        _ => seat.db().read(|tx| one_test(tx, seat, class))?,
    })
}

/// The class, unless it has its one test and this is no second sitting of that.
fn one_test(tx: &mut Tx<'_>, seat: &Seat, class: Option<Class>) -> anyhow::Result<Result<Option<Class>, Wrong>> {
    let Some(record) = class.as_ref().map(|c| c.record) else { return Ok(Ok(class)) };
    let tests = test::of_activity(tx, record)?;
    let Some(other) = tests.into_iter().find(|t| t.state != Stands::Draft) else { return Ok(Ok(class)) };
    let current = seat.app.installation.current(tx)?;
    if is_resit(class.as_ref(), firsts(tx, &current, class.as_ref())?.last()) {
        return Ok(Ok(class));
    }
    let why = format!("班次编号：这个班的成绩由考试“{}”登记，一个班只能有一场。", other.rules.title);
    Ok(Err(("activity", why)))
}

/// The unit for which the reader arranges tests: that of the role, else the first of the city.
fn own_unit(seat: &Seat) -> anyhow::Result<Option<i64>> {
    let held = seat.reader.held.iter().filter(|h| Permission::ArrangeTests.of(h.role));
    let of_role = held.filter_map(|h| h.unit).next();
    let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
    Ok(of_role.or_else(|| current.organisation.first_unit()))
}
