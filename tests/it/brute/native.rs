//! The derived things of section 7.

use dongliang::{day::Day, directive::model::Value};

use super::{
    BruteRow, Val,
    condition::number,
    view::{Moment, View},
};

const CHIEF: &str = "主要负责同志";
const DEPUTY: &str = "班子成员";
const HEAD: &str = "科室负责人";
const STAFF: &str = "普通干部";

/// `young`: full years at most the setting `young_age` (4.10); none if it cannot be told.
pub(super) fn young(view: &View<'_>, person: &BruteRow, on: Day) -> Option<bool> {
    let (Some(Val::Day(born)), Some(Value::Number(most))) =
        (person.values.get("born"), view.setting("young_age").and_then(|v| v.first()))
    else {
        return None;
    };
    Some(on.age_of(*born) <= most.floor())
}

/// The talk due to a person on that day, empty for none (30–32): somebody else holds the office that owes it.
/// Reading: the person's own duty and unit are those of the post that counts (4.10); the other holds the office by any of
/// his posts; who is in charge of a 科室 follows from 分管 alone.
pub(super) fn talk_due(view: &View<'_>, listener: &str, on: Day) -> &'static str {
    let listener = view.record("person", listener);
    let others = owing(view, &listener, on);
    if others.1.iter().any(|p| *p != listener) { others.0 } else { "" }
}

/// The level of a talk: what is due to the listener on its day, if the talker is one who owes it.
/// None if talker or listener is not filled; empty if it is no such talk.
pub(super) fn talk_level(view: &View<'_>, talk: &BruteRow) -> Option<Val> {
    let talker = view.refers(talk, "talker", "person")?;
    let listener = view.refers(talk, "listener", "person")?;
    let (level, owing) = owing(view, &listener, view.chart("talk", talk));
    let is_one = talker != listener && owing.contains(&talker);
    Some(Val::Text(if is_one { level } else { "" }.into()))
}

/// The level of the talk due to a person by his post, and all who owe it, himself perhaps among them.
fn owing(view: &View<'_>, listener: &str, on: Day) -> (&'static str, Vec<String>) {
    let post = view.post_of(listener, on);
    let Some((post, unit)) = post.and_then(|p| Some((p, view.unit_of("post", p, on)?))) else {
        return ("", Vec::new());
    };
    let holders = |duty: &str, unit: Option<String>| {
        let matches = |p: &&BruteRow| duty_of(p) == Some(duty) && view.unit_of("post", p, on) == unit;
        view.posts(on).into_iter().filter(matches).filter_map(|p| view.refers(p, "person", "person")).collect()
    };
    match duty_of(post) {
        Some(DEPUTY) => ("主要→班子", holders(CHIEF, view.organ(&unit))),
        Some(HEAD) => ("分管→科室负责人", in_charge(view, &unit, on)),
        Some(STAFF) => ("科室负责人→干部", holders(HEAD, Some(unit))),
        _ => ("", Vec::new()),
    }
}

fn duty_of(post: &BruteRow) -> Option<&str> {
    match post.values.get("duty") {
        Some(Val::Text(duty)) => Some(duty),
        _ => None,
    }
}

fn in_charge(view: &View<'_>, unit: &str, on: Day) -> Vec<String> {
    let on = on.min(view.today);
    view.seen("charge")
        .into_iter()
        .filter(|c| view.is_there("charge", c, on) && view.unit_of("charge", c, on).as_deref() == Some(unit))
        .filter_map(|c| view.refers(c, "person", "person"))
        .collect()
}

/// 11: working days from acceptance to the end, both included; none before the end.
pub(super) fn actual_days(view: &View<'_>, approval: &BruteRow, look: Day) -> Option<i64> {
    let at = Moment { chart: view.today, look };
    let day = |name: &str| match view.field("approval", approval, name, at) {
        Some(Val::Day(d)) => Some(d),
        _ => None,
    };
    Some(view.package.workdays.count(day("accepted")?, day("finished")?))
}

/// 43: who was among the bottom k in the final results of two consecutive years.
/// Reading: only 区县 are ranked, also one that did not exist all year but has a result; a result without a score is none;
/// "the day the second year became complete" is the later of the two days.
pub(super) fn low_rank(view: &View<'_>) -> Vec<BruteRow> {
    let k = match (view.package.directive.settings.contains_key("low_rank_k"), view.setting("low_rank_k")) {
        (_, Some([Value::Number(n), ..])) => n.floor(),
        (false, _) => 3,
        _ => return Vec::new(),
    };
    let bottom = |year: i32| bottom(view, year, k);
    let mut rows = Vec::new();
    for year in years(view) {
        let (Some((before, first)), Some((complete, second))) = (bottom(year - 1), bottom(year)) else { continue };
        for unit in second.iter().filter(|u| first.contains(u)) {
            let found = before.max(complete);
            let values = [("year", Val::Text(year.to_string())), ("found", Val::Day(found))];
            rows.push(BruteRow {
                id: format!("{}|{year}", view.shown_id("unit", unit)),
                unit: Some(unit.clone()),
                values: values.map(|(n, v)| (n.to_owned(), v)).into(),
                ..BruteRow::default()
            });
        }
    }
    rows
}

fn years(view: &View<'_>) -> Vec<i32> {
    let mut years: Vec<i32> = view.seen("assessment").into_iter().filter_map(year_of).collect();
    years.sort_unstable();
    years.dedup();
    years
}

fn year_of(row: &BruteRow) -> Option<i32> {
    match row.values.get("year") {
        Some(Val::Text(t)) => t.parse().ok(),
        _ => None,
    }
}

/// The day on which a year became complete, and the units in its bottom k with ties; none before that day.
fn bottom(view: &View<'_>, year: i32, k: i64) -> Option<(Day, Vec<String>)> {
    let (first, last) = (Day::from_ymd(year, 1, 1)?, Day::from_ymd(year, 12, 31)?);
    let districts: Vec<&BruteRow> =
        view.seen("unit").into_iter().filter(|u| u.values.get("level") == Some(&Val::Text("区县".into()))).collect();
    let results = |unit: &BruteRow| {
        let own = |r: &&BruteRow| {
            year_of(r) == Some(year)
                && r.values.get("score").and_then(number).is_some()
                && view.unit_of("assessment", r, last) == Some(view.record("unit", &unit.id))
        };
        let mut all: Vec<&BruteRow> = view.seen("assessment").into_iter().filter(own).collect();
        all.sort_by_key(|r| (view.opening("assessment", r), r.recorded, r.id.clone()));
        all
    };
    let mut complete = None;
    for unit in districts.iter().filter(|u| view.is_there("unit", u, first) && view.is_there("unit", u, last)) {
        let day = view.opening("assessment", results(unit).first()?);
        complete = complete.max(day);
    }
    let scores: Vec<_> = districts
        .iter()
        .filter_map(|u| Some((results(u).last()?.values.get("score").and_then(number)?, view.record("unit", &u.id))))
        .collect();
    let mut ascending: Vec<_> = scores.iter().map(|(s, _)| *s).collect();
    ascending.sort();
    let edge = *ascending.get(usize::try_from(k - 1).ok()?)?;
    if scores.len() as i64 <= k {
        return None;
    }
    Some((complete?, scores.into_iter().filter(|(s, _)| *s <= edge).map(|(_, u)| u).collect()))
}
