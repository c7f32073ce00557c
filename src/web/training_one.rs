//! One class `/training/{id}`: what it still misses, with the way to mend each; participants, lecturers, cost, tests.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{self, Ask, Desk, show},
    ledger_typed::record_of,
    record_links,
    record_new::{may_add, may_change},
    route::Needs,
    training::{days, href},
    unit_names,
    view::{
        parts::{Fact, Facts},
        table::Pager,
        training::{Lecture, OneClass, Person},
        url::Query as Url,
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    class::{
        missing::{Missing, missing, stage},
        read::{self, Class, Counts},
        standard::{self, Fee},
    },
    db::Value,
    directive::model::Ledger,
    exam::{
        score::written,
        test::{self, State as Tested},
    },
    ledger::{
        ever_writable,
        query::{self, Filter, Query},
        row::Stored,
        store,
    },
    names::Names,
    spelling::sound_key,
    verdict::world::PERSON,
};

/// Rows of one kind that are looked at.
const MOST: i64 = 5_000;

/// The rows of a ledger that refer to the class, within the scope.
fn rows(desk: &mut Desk<'_, '_>, ledger: &Ledger, class: i64) -> anyhow::Result<Vec<Stored>> {
    let filter = Filter::Is { field: "activity".into(), any_of: vec![Value::I64(class)] };
    let query = Query { filters: vec![filter], ..Query::default() };
    query::list(desk.tx, ledger, &desk.scope.clone(), &query, (MOST, 0))
}

/// `GET /training/{id}`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    show(app, ask, move |desk| render(desk, &id)).await
}

/// Fills the page. `text` is the class's code or its id.
///
/// # Errors
/// [`PageError::NotFound`] where the reader sees no such class; else when the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, text: &str) -> anyhow::Result<OneClass> {
    asked::keys(desk, &["page", "size"]);
    let (current, scope, today) = (desk.current.clone(), desk.scope.clone(), desk.now.day);
    let layout = &current.engine.layout;
    let activity = read::ledger(&current, "activity").ok_or(PageError::NotFound)?;
    let id = record_of(desk, activity, text)?.ok_or(PageError::NotFound)?;
    let row = store::get(desk.tx, activity, &scope, id, None)?.ok_or(PageError::NotFound)?;
    let class = Class::of(activity, &row).ok_or(PageError::NotFound)?;
    let counts = read::counts(desk.tx, &current, &[id])?.remove(&id).unwrap_or_default();
    let standards = standard::hours(desk.tx, &current)?;
    let hours = standard::hours_of(&class, &standards);
    let of = |name: &str| read::ledger(&current, name).ok_or(PageError::NotFound);
    let (attendance, lecture, spending) = (of("attendance")?, of("lecture")?, of("spending")?);
    let attended = rows(desk, attendance, id)?;
    let (taught, spent) = (rows(desk, lecture, id)?, rows(desk, spending, id)?);
    let ids = |rows: &[Stored], ledger: &Ledger, field: &str| -> BTreeSet<i64> {
        rows.iter().filter_map(|r| r.value(ledger, field).as_i64()).collect()
    };
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    wanted.insert(PERSON, ids(&attended, attendance, "person"));
    let units = unit_names::all(desk, attended.iter().filter_map(|r| r.unit).chain(class.unit).collect())?;
    for (table, ids) in [
        ("expert", ids(&taught, lecture, "expert")),
        ("project", class.project.into_iter().collect()),
        ("activity", class.makes_up.into_iter().collect()),
    ] {
        wanted.extend(layout.index(table).map(|t| (t, ids)));
    }
    let names = Names::load(desk.tx, layout, &wanted)?;
    let fees = standard::fees(desk.tx, &current)?;
    let experts = experts(desk, ids(&taught, lecture, "expert"))?;
    let lectures = taught.iter().map(|r| one_lecture(r, lecture, &class, &fees, &experts, &names, layout)).collect();
    let may = may_change(desk, activity, &row)?;
    let adds = adds(desk, attendance)?;
    let lacking = missing(&class, &counts, hours.is_some(), today);
    let mut persons: Vec<Person> =
        attended.iter().map(|r| person(r, attendance, hours.map(|h| h.0), (&names, &units))).collect();
    persons.sort_by_cached_key(|p| (sound_key(&p.unit), sound_key(&p.name)));
    let present = present(&persons);
    let (size, total) = (asked::size(desk), persons.len() as u64);
    let page = asked::page(desk, total.div_ceil(size));
    let persons = persons.into_iter().skip(((page - 1) * size) as usize).take(size as usize).collect();
    // What a host has recorded of lectures and money is told to who sees the host's records: to others nothing was recorded.
    let closed = class.unit.is_some_and(|unit| !scope.has_unit(unit));
    let (cost, over) = match closed {
        true => (Facts::default(), String::new()),
        false => cost(&class, &counts, &spent, spending, (&taught, lecture), &fees),
    };
    let how = stage(&class, &counts, today);
    Ok(OneClass {
        title: class.title.clone(),
        stage: how.title(),
        record: Link::new("台账记录", record_links::record_href(activity, &class.code)),
        lead: match lacking.len() {
            0 => Words::from("登记内容齐全。"),
            n => Words::from("还缺").strong(n.to_string()).text("项："),
        },
        missing: lacking.iter().map(|m| words(desk, m, &class, (may, adds))).collect(),
        adds: adds.then(|| href(&class.code)),
        facts: facts(&class, hours, (&names, &units), layout, today),
        persons,
        present,
        pager: Pager { query: asked::without_page(&desk.ask), title: "参训人员".into(), total, size, page },
        closed,
        lectures,
        cost,
        over,
        tests: tests(desk, id)?,
        page: desk.page("/training")?,
    })
}

/// Whether the reader may add participants of some unit.
fn adds(desk: &Desk<'_, '_>, attendance: &Ledger) -> anyhow::Result<bool> {
    let writing = frame::writing(desk.reader()?, Needs::May(Permission::Record), &desk.current, desk.now.day);
    Ok(may_add(desk, attendance) && ever_writable(attendance, &writing.of_roles()))
}

/// What is missing in words, with the way to mend it for who may change the class, and who may add participants.
fn words(desk: &Desk<'_, '_>, what: &Missing, class: &Class, (may, adds): (bool, bool)) -> Words {
    let new = |ledger: &str| Url::new(format!("/ledgers/{ledger}/new")).with("activity", class.code.clone()).href();
    let correct = || format!("/ledgers/activity/{}/correct", class.record);
    let arrange = || Url::new("/tests/new").with("activity", class.code.clone()).href();
    let tests = may && desk.may(Permission::ArrangeTests);
    let (said, way) = match what {
        Missing::People => {
            ("没有参训人员".to_owned(), adds.then(|| ("加入参训人员", format!("{}/people", href(&class.code)))))
        }
        Missing::Lecturer => ("没有专家库里的人授课的记录".into(), may.then(|| ("登记授课", new("lecture")))),
        Missing::Project => ("现场教学没有关联重点项目".into(), may.then(|| ("更正", correct()))),
        Missing::ClosedBook => ("没有说明是否闭卷测试".into(), may.then(|| ("更正", correct()))),
        Missing::Test => ("应当闭卷测试，还没有测试".into(), tests.then(|| ("组织测试", arrange()))),
        Missing::TestRuns(id) => ("测试还没有结束".into(), tests.then(|| ("查看测试", format!("/tests/{id}")))),
        Missing::Results(n) => (format!("{n}人的测试情况没有登记"), None),
        Missing::Funded => ("没有说明是否列支经费".into(), may.then(|| ("更正", correct()))),
        Missing::Check(stage) => (format!("没有{stage}经费检查"), may.then(|| ("登记检查", new("fund_check")))),
        Missing::Hours => ("没有学时，也没有适用的折算标准".into(), may.then(|| ("更正", correct()))),
        Missing::Evaluation => ("没有评估结论".into(), may.then(|| ("更正", correct()))),
    };
    match way {
        Some((text, href)) => Words::from(format!("{said}：")).link(text, href),
        None => Words::from(said),
    }
}

fn facts(
    class: &Class,
    hours: Option<(i64, Option<&str>)>,
    (names, units): (&Names, &BTreeMap<i64, String>),
    layout: &crate::verdict::world::Layout,
    today: crate::day::Day,
) -> Facts {
    let mut facts = vec![
        Fact::new(
            "类型",
            if class.category.is_empty() { class.kind.clone() } else { format!("{}，{}", class.kind, class.category) },
        ),
        Fact::new("日期", format!("{}年{}", class.starts.ymd().0, days(class))),
        Fact::new("主办单位", class.unit.and_then(|u| units.get(&u)).map_or("--", String::as_str).to_owned()),
    ];
    let said = match hours {
        Some((hours, None)) => format!("{}学时", written(hours)),
        Some((hours, Some(authority))) => {
            format!("{}学时（按{authority}的标准折算，共{}天）", written(hours), class.days())
        }
        None => "没有登记".into(),
    };
    facts.push(Fact::new("学时", said));
    let flag = |f: Option<bool>| match f {
        Some(true) => "是",
        Some(false) => "否",
        None => "没有说明",
    };
    facts.push(Fact::new("闭卷测试", flag(class.closed_book)));
    facts.push(Fact::new("列支经费", flag(class.funded)));
    for (term, text) in [("形式", &class.form), ("地点", &class.place), ("评估结论", &class.outcome)] {
        if !text.is_empty() {
            facts.push(Fact::new(term, text.clone()));
        }
    }
    if let Some((table, id)) = layout.index("project").zip(class.project) {
        let link = record_links::to(layout, names, table, id);
        facts.push(Fact::new("重点项目", Words::new().link(link.text, link.href)));
    }
    if let Some((table, id)) = layout.index("activity").zip(class.makes_up) {
        facts.push(Fact::new("重训的原班", Words::new().link(names.title(table, id), href(&names.code(table, id)))));
    }
    if class.starts > today {
        facts.push(Fact::new("距开班", format!("{}天", class.starts.0 - today.0)));
    }
    Facts(facts)
}

fn person(
    row: &Stored,
    ledger: &Ledger,
    hours: Option<i64>,
    (names, units): (&Names, &BTreeMap<i64, String>),
) -> Person {
    let number = |field: &str| row.value(ledger, field).as_i64();
    let text = |field: &str| row.value(ledger, field).as_text();
    let leave = number("leave_hours").filter(|n| *n > 0);
    let late = leave.zip(hours).is_some_and(|(leave, hours)| standard::too_much_leave(leave, hours));
    Person {
        name: number("person").map_or("--", |p| names.title(PERSON, p)).to_owned(),
        unit: row.unit.and_then(|u| units.get(&u)).map_or("--", String::as_str).to_owned(),
        present: match (text("present"), leave) {
            (Some("缺席"), _) => "缺席",
            (_, Some(_)) => "请假",
            (Some("出席"), None) => "全勤",
            _ => "--",
        },
        leave: leave
            .map_or_else(String::new, |n| format!("{}学时{}", written(n), if late { "，超过七分之一" } else { "" })),
        late,
        sat: text("sat").unwrap_or("--").to_owned(),
    }
}

fn present(persons: &[Person]) -> Words {
    let of = |what: &str| persons.iter().filter(|p| p.present == what).count();
    let words = [("全勤", of("全勤")), ("请假", of("请假")), ("缺席", of("缺席")), ("没有说明", of("--"))];
    let said: Vec<String> = words.iter().filter(|(_, n)| *n > 0).map(|(w, n)| format!("{w}{n}人")).collect();
    Words::from(said.join("，"))
}

/// Category and grade of experts, by record id.
fn experts(desk: &mut Desk<'_, '_>, ids: BTreeSet<i64>) -> anyhow::Result<BTreeMap<i64, (String, String)>> {
    let current = desk.current.clone();
    let Some(ledger) = read::ledger(&current, "expert") else { return Ok(BTreeMap::new()) };
    let query = Query { filters: vec![Filter::Records(ids)], ..Query::default() };
    let rows = query::list(desk.tx, ledger, &desk.scope.clone(), &query, (MOST, 0))?;
    let text = |r: &Stored, field: &str| r.value(ledger, field).as_text().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|r| (r.record_id, (text(r, "category"), text(r, "fee_grade")))).collect())
}

/// `1234.5`.
fn money(fen: i64) -> String {
    written(fen.saturating_mul(100))
}

fn one_lecture(
    row: &Stored,
    ledger: &Ledger,
    class: &Class,
    fees: &[Fee],
    experts: &BTreeMap<i64, (String, String)>,
    names: &Names,
    layout: &crate::verdict::world::Layout,
) -> Lecture {
    let number = |field: &str| row.value(ledger, field).as_i64();
    let text = |field: &str| row.value(ledger, field).as_text().unwrap_or_default().to_owned();
    let expert = number("expert").unwrap_or_default();
    let (category, grade) = experts.get(&expert).cloned().unwrap_or_default();
    let (hours, fee) = (number("hours").filter(|h| *h > 0), number("fee"));
    let standard = standard::on(fees, &format!("讲课费{grade}"), class.starts).filter(|_| !grade.is_empty());
    let cap = standard
        .zip(hours)
        .map(|(s, hours)| i64::try_from(i128::from(s.amount) * i128::from(hours) / 10_000).unwrap_or(i64::MAX));
    let over = fee.zip(cap).is_some_and(|(fee, cap)| fee > cap);
    let note = match (fee, cap, standard) {
        (None, ..) => String::new(),
        (Some(_), Some(cap), Some(s)) if over => {
            format!("超出{}标准：每学时{}元，计{}元", grade, money(s.amount), money(cap))
        }
        (Some(_), Some(_), Some(_)) => format!("在{grade}标准以内"),
        (Some(_), None, Some(_)) => "没有登记学时，不能对照".into(),
        _ if grade.is_empty() => "专家库里没有登记课酬标准档".into(),
        _ => "没有登记这一档的讲课费标准".into(),
    };
    let link = layout.index("expert").map(|table| record_links::to(layout, names, table, expert)).unwrap_or_default();
    Lecture {
        expert: link,
        category,
        topic: text("topic"),
        hours: hours.map_or_else(|| "--".into(), written),
        fee: fee.map_or_else(|| "--".into(), |f| format!("{}元", money(f))),
        note,
        over,
    }
}

/// Whether a purpose of spending is the pay of lecturers, which is outside of the standard (`B.9`).
fn pays(purpose: &str) -> bool {
    ["讲课费", "课酬", "师资费"].iter().any(|word| purpose.contains(word))
}

/// What the class cost, and against which standard; what is to be said of it.
fn cost(
    class: &Class,
    counts: &Counts,
    spent: &[Stored],
    spending: &Ledger,
    (taught, lecture): (&[Stored], &Ledger),
    fees: &[Fee],
) -> (Facts, String) {
    let sum = |rows: &[Stored], ledger: &Ledger, field: &str| {
        rows.iter().filter_map(|r| r.value(ledger, field).as_i64()).fold(0_i64, i64::saturating_add)
    };
    if class.funded == Some(false) && spent.is_empty() {
        return (Facts::default(), String::new());
    }
    let (all, pay) = (sum(spent, spending, "amount"), sum(taught, lecture, "fee"));
    let booked = spent.iter().filter(|r| pays(r.value(spending, "purpose").as_text().unwrap_or_default()));
    let booked = booked.filter_map(|r| r.value(spending, "amount").as_i64()).fold(0_i64, i64::saturating_add);
    let rest = all.saturating_sub(booked);
    let mut facts = vec![
        Fact::new("已登记支出", format!("{}元（{}笔）", money(all), spent.len())),
        Fact::new("其中讲课费", format!("{}元，不计入综合定额", money(booked))),
        Fact::new("授课记录的课酬", format!("{}元", money(pay))),
    ];
    let persons = match counts.persons {
        0 => class.planned.unwrap_or(0),
        n => n as i64,
    };
    let standard = standard::on(fees, &format!("综合定额{}", class.fee_class), class.starts)
        .filter(|_| !class.fee_class.is_empty());
    let over = match standard {
        Some(s) => {
            let cap = standard::cap(s.amount, persons, class.days());
            facts.push(Fact::new(
                "综合定额",
                format!("{}：每人每天{}元，{persons}人{}天，计{}元", s.item, money(s.amount), class.days(), money(cap)),
            ));
            facts.push(Fact::new("依据", s.basis.clone()));
            // Fees of lecturers that nobody has named as such may be among the rest.
            let unnamed = pay.saturating_sub(booked).max(0);
            let least = rest.saturating_sub(unnamed);
            match (rest > cap, least > cap) {
                (false, _) => format!("讲课费以外的支出{}元，在综合定额以内。", money(rest)),
                (true, true) if unnamed > 0 => format!(
                    "讲课费以外的支出不少于{}元，超出综合定额不少于{}元，请核对。",
                    money(least),
                    money(least - cap)
                ),
                (true, true) => {
                    format!("讲课费以外的支出{}元，超出综合定额{}元，请核对。", money(rest), money(rest - cap))
                }
                (true, false) => format!(
                    "讲课费以外的支出{}元，超出综合定额{}元；其中如有课酬，请在支出的用途里写明“讲课费”。",
                    money(rest),
                    money(rest - cap)
                ),
            }
        }
        None if class.fee_class.is_empty() => "没有登记培训费类别，不能对照综合定额。".into(),
        None => format!("没有登记开班之日的“综合定额{}”，不能对照。", class.fee_class),
    };
    (Facts(facts), over)
}

fn tests(desk: &mut Desk<'_, '_>, class: i64) -> anyhow::Result<Vec<Words>> {
    let all = test::of_activity(desk.tx, class)?;
    let may = desk.may(Permission::ArrangeTests);
    let shown = all.into_iter().filter(|t| t.state != Tested::Draft || (may && desk.scope.has_unit(t.rules.unit)));
    Ok(shown
        .map(|t| {
            let words = match may && desk.scope.has_unit(t.rules.unit) {
                true => Words::new().link(t.rules.title.clone(), format!("/tests/{}", t.id)),
                false => Words::from(t.rules.title.clone()),
            };
            words.text(format!("，{}，{}", t.window(), t.state.title()))
        })
        .collect())
}
