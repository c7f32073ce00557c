//! What the made-up city looks like once it is loaded and judged: every state occurs, the 区县 stand as the story tells,
//! and a day can be moved forward.

use std::{collections::BTreeMap, sync::Arc};

use dongliang::{
    audit::{self, Against},
    clock::{Moment, end_of_day, start_of_day},
    day::Day,
    db::{Db, Tx, Value},
    db_test, demo,
    directive::model::{Package, Rollup, When},
    ledger::{Keys, schema},
    org::builtin,
    verdict::{
        compile::Given,
        engine::{Engine, Question},
        judge::{State, Verdict},
        light::Light,
        rollup::{Tally, total},
    },
};

use crate::demo::package;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn keys() -> Keys {
    Keys::from_bytes([7; 32], [9; 32])
}

/// A database with the tables of a package, filled up to a day.
struct City {
    db: Db,
    package: Arc<Package>,
    engine: Engine,
}

impl City {
    fn new(db: &Db) -> City {
        let package = Arc::new(package());
        let all: Vec<_> = builtin::ledgers().into_iter().chain(package.ledgers.iter().cloned()).collect();
        db.write(move |tx| all.iter().try_for_each(|l| schema::create(tx, l, &[]))).unwrap();
        let engine = Engine::new(package.clone(), Given::of(&package), package.workdays.clone()).unwrap();
        City { db: db.clone(), package, engine }
    }

    fn load(&self, seed: u64, people: usize, from: Option<&str>, to: &str) -> u64 {
        self.load_at(seed, people, from, Moment::end_of(day(to)))
    }

    fn load_at(&self, seed: u64, people: usize, from: Option<&str>, to: Moment) -> u64 {
        let mut last = (0, 1);
        let from = from.map(day);
        let filled = demo::fill(&self.db, &self.package, &keys(), seed, people, from, to, &mut |done, all| {
            assert!(last.0 <= done && done <= all);
            last = (done, all);
        });
        assert_eq!(last.0, last.1);
        filled.unwrap()
    }

    /// Verdicts with the ids of their requirements.
    fn judged(&self, as_of: &str, known_at: Option<&str>) -> Vec<(String, Verdict)> {
        let known_at = known_at.map(|d| end_of_day(day(d)));
        let question = Question { as_of: day(as_of), known_at, ..Question::default() };
        let mut all = Vec::new();
        let judged = self.db.read(|tx: &mut Tx<'_>| {
            self.engine.evaluate(tx, &question, &mut |cut| {
                let id = &self.engine.compiled[cut.requirement].requirement.id;
                all.extend(cut.verdicts.into_iter().map(|v| (id.clone(), v)));
                Ok(())
            })
        });
        judged.unwrap();
        all
    }

    fn id(&self, ledger: &str, code: &str) -> i64 {
        let sql = format!("select record_id from l_{ledger} where record_code = $1");
        self.db.read(|tx| tx.one(&sql, &[code.into()], |r| r.i64(0))).unwrap().unwrap()
    }

    /// Lights of the 区县 by code, by the rule of a unit's light: items behind ÷ items judged, where an item is a
    /// requirement's total in its latest shut window, or in the running one before any has shut.
    fn lights(&self, as_of: &str) -> BTreeMap<String, Light> {
        let today = day(as_of);
        let mut windows: BTreeMap<(i64, String), BTreeMap<(bool, i64), Tally>> = BTreeMap::new();
        for (id, v) in self.judged(as_of, None) {
            let r = self.package.requirement(&id).unwrap();
            let (Some(organ), Rollup::ShareMet | Rollup::Pool) = (v.organ, &r.rollup) else { continue };
            // Windows that end by a field of the subject are one item together.
            let order = match r.when {
                When::ByField { .. } => (false, 0),
                _ if v.window.shut < today => (true, i64::from(v.window.to.0)),
                _ => (false, -i64::from(v.window.to.0)),
            };
            windows.entry((organ, id)).or_default().entry(order).or_default().add(&v);
        }
        let mut items: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for ((organ, id), windows) in windows {
            let (_, tally) = windows.iter().next_back().unwrap();
            let judged = tally.pass + tally.fail + tally.open;
            let state = total(&self.package.requirement(&id).unwrap().rollup, tally, None).map(|t| t.state);
            let item = items.entry(organ).or_default();
            match state {
                Some(State::Fail) => *item = (item.0 + 1, item.1 + 1),
                Some(State::Open) => *item = (item.0 + i64::from(tally.behind * 10 >= judged), item.1 + 1),
                Some(State::Pass) => item.1 += 1,
                _ => {}
            }
        }
        let sql = "select record_id, record_code from l_unit where voided_at is null and level = '区县'";
        let units = self.db.read(|tx| tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))).unwrap();
        let light = |(behind, judged): (i64, i64)| match behind * 100 {
            n if n < judged * 10 => Light::Green,
            n if n <= judged * 30 => Light::Yellow,
            _ => Light::Red,
        };
        units.into_iter().map(|(id, code)| (code, light(items[&id]))).collect()
    }
}

fn in_memory() -> City {
    City::new(&Db::open("sqlite::memory:").unwrap())
}

#[test]
fn five_districts_are_green_four_yellow_three_red() {
    for seed in [1, 2] {
        let city = in_memory();
        city.load(seed, 1000, None, "2025-10-20");
        let lights = city.lights("2025-10-20");
        let of = |light| lights.iter().filter(|l| *l.1 == light).map(|l| l.0.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Light::Red), ["U09", "U10", "U11"], "seed {seed}");
        assert_eq!(of(Light::Yellow), ["U03", "U06", "U08", "U12"], "seed {seed}");
        assert_eq!(of(Light::Green), ["U01", "U02", "U04", "U05", "U07"], "seed {seed}");
    }
}

#[test]
fn every_state_occurs_and_the_system_stands_as_told() {
    let city = in_memory();
    city.load(1, 1000, None, "2025-10-20");
    let all = city.judged("2025-10-20", None);
    for state in [State::Pass, State::Fail, State::Open, State::Na, State::Unknown, State::Figure] {
        assert!(all.iter().any(|(_, v)| v.state == state), "{state:?}");
    }
    for light in [Light::Green, Light::Yellow, Light::Red] {
        assert!(all.iter().any(|(_, v)| v.state == State::Open && v.light == light), "{light:?}");
    }
    let one = |id: &str| all.iter().rfind(|(r, _)| r == id).map(|(_, v)| (v.state, v.value_text())).unwrap();
    assert_eq!(one("R-13").0, State::Pass);
    assert_eq!(one("R-15"), (State::Open, "14".into()));
    assert_eq!(one("R-34"), (State::Open, "1; 11/12; 1".into()));
    assert_eq!(one("R-39a"), (State::Fail, "45; 44/45".into()));
    assert_eq!(one("R-46").0, State::Pass);
    assert_eq!(one("R-48"), (State::Pass, "102".into()));
    let teams: Vec<State> = all.iter().filter(|(r, _)| r == "R-08").map(|(_, v)| v.state).collect();
    assert_eq!((teams.len(), teams.iter().filter(|s| **s == State::Pass).count()), (15, 14));
    let low: Vec<State> = all.iter().filter(|(r, _)| r == "R-43").map(|(_, v)| v.state).collect();
    assert_eq!(low, [State::Open, State::Pass]);
}

#[test]
fn the_june_test_is_a_boundary_a_retraining_and_an_interval() {
    let city = in_memory();
    city.load(1, 1000, None, "2025-10-20");
    let all = city.judged("2025-10-20", None);
    let verdict = |activity: &str, unit: &str| {
        let key = vec![city.id("activity", activity), city.id("unit", unit)];
        let v = all.iter().find(|(r, v)| r == "R-02" && *v.subject == *key).map(|(_, v)| v).unwrap();
        (v.state, v.value_text(), v.late)
    };
    assert_eq!(verdict("HD00-0005", "U05"), (State::Pass, "4/5".into(), false));
    assert_eq!(verdict("HD00-0005", "U06"), (State::Fail, "8/11".into(), true));
    assert_eq!(verdict("HD00-0007", "U11").0, State::Unknown);
    assert_eq!(verdict("HD00-0007", "U12"), (State::Pass, "9/10".into(), false));
}

#[test]
fn guidance_typed_in_may_was_not_known_in_april() {
    let city = in_memory();
    city.load(1, 1000, None, "2025-05-31");
    let organ = city.id("unit", "U06");
    let march = |known_at| {
        let all = city.judged("2025-04-10", known_at);
        let mut states =
            all.into_iter().filter(|(r, v)| r == "R-21" && v.organ == Some(organ) && *v.window.label == *"2025-03");
        states.all(|(_, v)| v.state == State::Pass)
    };
    assert!(!march(Some("2025-04-10")));
    assert!(march(None));
}

/// Rows of a table as they stand, for comparison.
fn dump(db: &Db, ledger: &str, columns: &str) -> Vec<Vec<Value>> {
    let sql = format!("select {columns} from l_{ledger} order by record_id, revision");
    let width = columns.split(',').count();
    db.read(|tx| tx.rows(&sql, &[], |r| (0..width).map(|i| r.value(i)).collect())).unwrap()
}

const COMMON: &str =
    "record_id, revision, record_code, unit_id, recorded_at, recorded_by, voided_at, voided_by, void_reason";

db_test!(moving_the_day_loads_what_was_typed_since, |db: &Db| {
    let city = City::new(db);
    let early = city.load(1, 600, None, "2025-05-12");
    let later = city.load(1, 600, Some("2025-05-12"), "2025-06-30");
    assert_eq!(city.load(1, 600, Some("2025-06-30"), "2025-06-30"), 0);
    let whole = in_memory();
    let at_once = whole.load(1, 600, None, "2025-06-30");
    assert_eq!(early + later, at_once);
    for ledger in city.package.ledgers.iter().filter(|l| !l.derived).chain(&builtin::ledgers()) {
        assert_eq!(dump(db, &ledger.name, COMMON), dump(&whole.db, &ledger.name, COMMON), "{}", ledger.name);
    }
    let columns = "record_id, pair, day, area, confirmed";
    assert_eq!(dump(db, "guidance", columns), dump(&whole.db, "guidance", columns));
    let audited = audit::verify(db, &Against::default()).unwrap();
    assert!(audited.is_clean() && audited.rows > 0, "{:#?}", audited.findings);
});

#[test]
fn nothing_is_recorded_later_than_the_present_instant() {
    let city = in_memory();
    let morning = |d: &str| Moment { day: day(d), instant: start_of_day(day(d)) + 9 * 3_600_000_000 };
    let early = city.load_at(1, 600, None, morning("2025-05-12"));
    let ledgers: Vec<_> =
        city.package.ledgers.iter().filter(|l| !l.derived).chain(&builtin::ledgers()).cloned().collect();
    let at = |from: i64| -> i64 {
        let sql = |l: &str| format!("select count(*) from l_{l} where recorded_at >= $1 or voided_at >= $1");
        let count = |tx: &mut Tx<'_>, l: &str| Ok(tx.one(&sql(l), &[from.into()], |r| r.i64(0))?.unwrap());
        let each = |tx: &mut Tx<'_>| ledgers.iter().map(|l| count(tx, &l.name)).sum::<anyhow::Result<i64>>();
        city.db.read(each).unwrap()
    };
    let now = morning("2025-05-12").instant;
    assert!(at(now) > 0 && at(now + 1) == 0);
    // What is typed afterwards comes in with the next day, each row once.
    let later = city.load_at(1, 600, Some("2025-05-12"), morning("2025-06-30"));
    assert_eq!(at(morning("2025-06-30").instant + 1), 0);
    assert_eq!(early + later, in_memory().load(1, 600, None, "2025-06-30"));
    let broken = "select count(*) from l_guidance where voided_at < recorded_at";
    assert_eq!(city.db.read(|tx| tx.one(broken, &[], |r| r.i64(0))).unwrap(), Some(0));
}

#[test]
fn what_a_visitor_did_stays_and_has_ids_of_its_own() {
    let city = in_memory();
    city.load(1, 600, None, "2025-05-12");
    // A task that the city completes on a later day is voided by the visitor.
    let task = city.id("task", "RW00-0015");
    let void = "update l_task set voided_at = 1, voided_by = '访客', void_reason = '试一试' where record_id = $1";
    city.db.write(move |tx| tx.execute(void, &[task.into()])).unwrap();
    city.load(1, 600, Some("2025-05-12"), "2025-12-31");
    let rows = dump(&city.db, "task", "record_id, revision, voided_by");
    let own: Vec<_> = rows.into_iter().filter(|r| r[0] == Value::I64(task)).collect();
    assert_eq!(own, [[Value::I64(task), Value::I64(1), "访客".into()]]);
    let next = "select next from counter where name = 'guidance'";
    let most = "select max(record_id) from l_guidance";
    let (next, most) = city
        .db
        .read(|tx| Ok((tx.one(next, &[], |r| r.i64(0))?.unwrap(), tx.one(most, &[], |r| r.i64(0))?.unwrap())))
        .unwrap();
    assert!(next > most);
}

#[test]
fn sensitive_fields_are_sealed_and_found_again() {
    let city = in_memory();
    city.load(1, 600, None, "2025-01-03");
    let sql = "select id_number, id_number_index from l_person where record_code = 'P01-0001'";
    let read = |r: &dongliang::db::Row<'_>| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()));
    let (sealed, index) = city.db.read(|tx| tx.one(sql, &[], read)).unwrap().unwrap();
    let plain = keys().open(&sealed).unwrap();
    assert!(plain.len() == 18 && plain.starts_with("000002"));
    assert_eq!(keys().blind_index(&plain), index);
}
