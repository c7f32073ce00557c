//! The made-up city: the same for the same seed, whole, in order, and true to its package.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use dongliang::{
    apply,
    clock::{Clock, Moment, day_of},
    day::Day,
    db::Db,
    demo::{self, Cell, Change, Code, Record, Summary},
    directive::{
        self,
        model::{Field, FieldType, Ledger, Package},
    },
    installation::Installation,
    ledger::Keys,
    org::builtin,
    scope::Actor,
    verdict::window,
};

/// Days that lie ahead on purpose: plans, terms and deadlines.
const PLANS: [(&str, &str); 11] = [
    ("agreement", "ends"),
    ("appointment", "notice_to"),
    ("appointment", "takes_post"),
    ("interview", "due"),
    ("issue", "due"),
    ("mentor_pair", "planned_end"),
    ("partner", "ends"),
    ("posting", "planned_end"),
    ("request", "promised"),
    ("task", "due"),
    ("decision", "due"),
];

pub(crate) fn package() -> Package {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("directives/2025");
    directive::load(&dir).map(|(p, _, _)| p).unwrap_or_else(|found| panic!("{}", directive::render(&found)))
}

/// A city in that database on the demo's day, with what is judged at once; the rest waits ([`crate::scope::city`]).
pub(crate) fn city(db: &Db, people: usize) -> Installation {
    let package = package();
    let (keys, new) = (Keys::from_bytes([7; 32], [9; 32]), package.clone());
    let actor = Actor { name: "试".into(), at: 1, account: None };
    db.write(move |tx| apply::apply(tx, None, &new, &actor)).unwrap();
    let day = Day::parse("2025-10-20").unwrap();
    demo::fill(db, &package, &keys, 5, people, None, Moment::end_of(day), &mut |_, _| {}).unwrap();
    Installation::new(db.clone(), keys, Clock::Standing(day)).unwrap()
}

fn ledgers(package: &Package) -> HashMap<String, Ledger> {
    builtin::ledgers().into_iter().chain(package.ledgers.iter().cloned()).map(|l| (l.name.clone(), l)).collect()
}

fn all(seed: u64, people: usize) -> (Vec<Record>, Summary) {
    let mut records = Vec::new();
    let summary = demo::city(seed, people, &mut |r| {
        records.push(r);
        Ok(())
    });
    (records, summary.unwrap())
}

fn values(record: &Record) -> impl Iterator<Item = (Day, &(&'static str, Cell))> {
    record.revisions.iter().flat_map(|r| {
        let values = match &r.change {
            Change::Values(values) => values.as_slice(),
            Change::Void => &[],
        };
        values.iter().map(move |v| (day_of(r.recorded_at), v))
    })
}

fn first<'r>(record: &'r Record, field: &str) -> Option<&'r Cell> {
    let Change::Values(values) = &record.revisions[0].change else { return None };
    values.iter().find(|v| v.0 == field).map(|v| &v.1)
}

fn digest(seed: u64, people: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    let hashed = demo::city(seed, people, &mut |r| {
        r.hash(&mut hasher);
        Ok(())
    });
    hashed.unwrap();
    hasher.finish()
}

#[test]
fn a_city_is_the_same_for_the_same_seed() {
    assert_eq!(digest(1, 1000), digest(1, 1000));
    assert_ne!(digest(1, 1000), digest(2, 1000));
}

#[test]
fn a_city_has_the_persons_asked_for_and_facts_in_every_ledger() {
    let (_, summary) = all(1, 1000);
    assert_eq!(summary.records("person"), 1000);
    assert!((55_000..65_000).contains(&summary.facts()), "{}", summary.facts());
    for ledger in package().ledgers.iter().filter(|l| !l.derived) {
        assert!(summary.records(&ledger.name) > 0, "{}", ledger.name);
    }
    assert_eq!(summary.records("task"), 45);
}

/// Twenty times the persons: twenty times the facts of persons, and no more than one organ in memory.
#[test]
fn a_larger_city_grows_in_proportion() {
    let (_, small) = all(1, 1000);
    let large = demo::city(1, 20_000, &mut |_| Ok(())).unwrap();
    assert_eq!(large.records("person"), 20_000);
    for ledger in ["attendance", "talk", "guidance", "posting"] {
        let ratio = large.records(ledger) as f64 / small.records(ledger) as f64;
        assert!((15.0..28.0).contains(&ratio), "{ledger}: {ratio}");
    }
    assert_eq!(large.records("task"), 45);
}

#[test]
fn what_a_record_refers_to_comes_first_and_was_typed_before() {
    let mut typed: HashMap<Code, i64> = HashMap::new();
    for record in all(1, 1000).0 {
        assert!(record.revisions.is_sorted_by_key(|r| r.recorded_at), "{}", record.code);
        for revision in &record.revisions {
            let Change::Values(values) = &revision.change else { continue };
            let cells = values.iter().filter_map(|v| if let Cell::Ref(code) = v.1 { Some(code) } else { None });
            for code in cells.chain(record.unit).filter(|c| c.ledger != "low_rank" && *c != record.code) {
                let before = typed.get(&code).unwrap_or_else(|| panic!("{} refers to {code}", record.code));
                assert!(*before <= revision.recorded_at, "{} was typed before {code}", record.code);
            }
        }
        assert_eq!(typed.insert(record.code, record.typed()), None, "{} twice", record.code);
    }
}

#[test]
fn nothing_is_typed_before_it_happened() {
    let (opened, closed) = (Day::from_ymd(2025, 1, 2).unwrap(), Day::from_ymd(2026, 4, 30).unwrap());
    for record in all(1, 1000).0 {
        for (typed, (field, cell)) in values(&record) {
            assert!((opened..=closed).contains(&typed), "{} typed on {typed}", record.code);
            if let Cell::Day(day) = cell
                && !PLANS.contains(&(record.code.ledger, field))
            {
                assert!(*day <= typed, "{} {field} {day}, typed on {typed}", record.code);
            }
        }
    }
}

#[test]
fn every_row_fits_its_ledger() {
    let ledgers = ledgers(&package());
    for record in all(1, 1000).0 {
        let ledger = &ledgers[record.code.ledger];
        assert_eq!(record.unit.is_none(), ledger.name == "person", "{}", record.code);
        for revision in &record.revisions {
            let Change::Values(values) = &revision.change else { continue };
            let named: HashSet<&str> = values.iter().map(|v| v.0).collect();
            assert_eq!(named.len(), values.len(), "{}", record.code);
            for field in ledger.fields.iter().filter(|f| f.required) {
                assert!(named.contains(field.name.as_str()), "{} lacks {}", record.code, field.name);
            }
            for (name, cell) in values {
                let field = ledger.field(name).unwrap_or_else(|| panic!("{} has no {name}", ledger.name));
                assert!(fits(field, cell), "{} {name}: {cell:?}", record.code);
            }
        }
    }
}

fn fits(field: &Field, cell: &Cell) -> bool {
    match (&field.ty, cell) {
        (FieldType::Text | FieldType::File, Cell::Text(t)) => !t.trim().is_empty(),
        (FieldType::Period, Cell::Text(t)) => window::bounds(t).is_some(),
        (FieldType::Choice(of), Cell::Text(t)) => of.iter().any(|c| c == t),
        (FieldType::Choices(of), Cell::List(list)) => {
            let at: Vec<_> = list.iter().map(|l| of.iter().position(|c| c == l)).collect();
            !list.is_empty() && at.iter().all(Option::is_some) && at.is_sorted()
        }
        (FieldType::Integer, Cell::Int(_)) | (FieldType::Decimal, Cell::Decimal(_)) => true,
        (FieldType::Money, Cell::Fen(n)) => *n > 0,
        (FieldType::Date, Cell::Day(_)) | (FieldType::Flag, Cell::Flag(_)) => true,
        (FieldType::Person, Cell::Ref(code)) => code.ledger == "person",
        (FieldType::Unit, Cell::Ref(code)) => code.ledger == "unit",
        (FieldType::Ref(to), Cell::Ref(code)) => code.ledger == to,
        _ => false,
    }
}

/// A unit that the program would derive is the one the city gives.
#[test]
fn derived_units_follow_the_chart() {
    let ledgers = ledgers(&package());
    let records = all(1, 1000).0;
    let by_code: HashMap<Code, &Record> = records.iter().map(|r| (r.code, r)).collect();
    let mut posts: HashMap<Code, Vec<(Day, Day, Code)>> = HashMap::new();
    for post in records.iter().filter(|r| r.code.ledger == "post") {
        let last = values(post).fold(HashMap::new(), |mut last, (_, (field, cell))| {
            last.insert(*field, cell.clone());
            last
        });
        let (Some(Cell::Ref(person)), Some(Cell::Day(from))) = (last.get("person"), last.get("from")) else { panic!() };
        let to = if let Some(Cell::Day(to)) = last.get("to") { *to } else { Day::MAX };
        posts.entry(*person).or_default().push((*from, to, post.unit.unwrap()));
    }
    let mut checked = BTreeMap::new();
    for record in &records {
        let Some(mut via) = ledgers[record.code.ledger].unit_from.as_deref() else { continue };
        let opening = ledgers[record.code.ledger].opening().unwrap();
        let Some(Cell::Day(day)) = first(record, opening) else { panic!("{}", record.code) };
        let mut at = record;
        let unit = loop {
            let Some(Cell::Ref(next)) = first(at, via) else { panic!("{}", record.code) };
            if next.ledger == "person" {
                let held = posts[next].iter().filter(|p| p.0 <= *day);
                break held.max_by_key(|p| p.1.min(*day)).map(|p| p.2);
            }
            at = by_code[next];
            match ledgers[next.ledger].unit_from.as_deref() {
                Some(further) => via = further,
                None => break at.unit,
            }
        };
        assert_eq!(record.unit, unit, "{}", record.code);
        *checked.entry(record.code.ledger).or_insert(0) += 1;
    }
    assert!(checked.len() >= 15, "{checked:?}");
}

#[test]
fn the_city_keeps_the_statutory_calendar() {
    let package = package();
    let records = all(1, 1000).0;
    let days: BTreeSet<Day> = records
        .iter()
        .filter(|r| r.code.ledger == "publication" && first(r, "kind") == Some(&"每日一题".into()))
        .filter_map(|r| if let Some(Cell::Day(day)) = first(r, "day") { Some(*day) } else { None })
        .collect();
    let (from, to) = (Day::from_ymd(2025, 1, 2).unwrap(), Day::from_ymd(2026, 1, 30).unwrap());
    let missed = (from.0..=to.0).map(Day).filter(|d| package.workdays.is_workday(*d) != days.contains(d));
    let missed: Vec<String> = missed.map(|d| d.to_string()).collect();
    assert_eq!(missed, ["2025-02-06", "2025-05-20", "2025-08-12"]);
    for record in &records {
        for revision in &record.revisions {
            assert!(package.workdays.is_workday(day_of(revision.recorded_at)), "{} typed on a day off", record.code);
        }
    }
}

/// What the module's head promises to a visitor.
#[test]
fn the_special_cases_are_there() {
    let records = all(1, 1000).0;
    let of = |ledger: &str| records.iter().filter(move |r| r.code.ledger == ledger).collect::<Vec<_>>();
    let text = |r: &Record, field: &str| match first(r, field) {
        Some(Cell::Text(t)) => t.to_string(),
        _ => String::new(),
    };
    let mut names: HashMap<String, Vec<Code>> = HashMap::new();
    of("person").iter().for_each(|p| names.entry(text(p, "name")).or_default().push(p.code));
    let shared: Vec<Vec<u32>> =
        names.values().filter(|n| n.len() > 1).map(|n| n.iter().map(|c| c.organ).collect()).collect();
    assert_eq!(shared.len(), 2, "two pairs of namesakes");
    assert!(shared.iter().all(|organs| organs[0] != organs[1]));

    let split = of("succession");
    assert!(split.len() == 2 && split.iter().all(|s| s.unit.unwrap().to_string() == "U04-03"));
    assert!(records.iter().any(|r| r.revisions.len() >= 3), "no record with three revisions");
    let voided = records.iter().filter(|r| r.revisions.last().unwrap().change == Change::Void).count();
    assert!(voided > 20, "{voided} voided");
    let late = of("guidance").into_iter().filter(|g| g.code.organ == 6).filter(|g| {
        let Some(Cell::Day(day)) = first(g, "day") else { return false };
        day.ymd().1 == 3 && day_of(g.typed()).ymd().1 == 5
    });
    assert!(late.count() > 10, "March's guidance of U06 is typed in May");
    for (ledger, field) in [("person", "id_number"), ("person", "phone"), ("expert", "contact")] {
        for record in of(ledger) {
            let prefix = if field == "id_number" { "00" } else { "1540" };
            assert!(text(record, field).starts_with(prefix), "{} {field}", record.code);
        }
    }
}
