//! Makes the installation: a city of units of fifty persons, and 100 facts a person over the year 2025.
//!
//! Recorded day by day through the ledgers' store, as they would be by a large import; the indexes are made afterwards.
//! One row in two hundred was voided; one person in fifty moves to the next unit on 1 July.

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context as _, bail};
use dongliang::{
    apply,
    clock::start_of_day,
    day::Day,
    db::{Db, Value},
    directive::{
        self,
        model::{Ledger, Package},
    },
    installation,
    ledger::{NewRow, schema, store},
    org::builtin,
    scope::Actor,
    verdict::{compile::Given, engine::Engine},
};

use crate::{keys, url, usage::Usage};

/// Persons in a unit.
const UNIT: usize = 50;
/// Facts a person in the year: guidance, hours, attempts.
const FACTS: [usize; 3] = [30, 30, 40];
const LEDGERS: [&str; 3] = ["guidance", "hours", "attempt"];
const AREAS: [&str; 8] = ["政策", "项目", "文稿", "调研", "数据", "协调", "法规", "作风"];
/// Rows in one transaction.
const CHUNK: usize = 20_000;

/// Makes it for so many persons.
pub(crate) fn run(dir: &Path, people: usize) -> anyhow::Result<()> {
    if dir.join("ready").exists() {
        if fs::read_to_string(dir.join("ready"))?.trim() == people.to_string() {
            println!("made=before");
            return Ok(());
        }
        bail!("{} holds another number of people", dir.display());
    }
    fs::create_dir_all(dir)?;
    let usage = Usage::begin()?;
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/verdict/package");
    let package = match directive::load(&package) {
        Ok((package, ..)) => package,
        Err(found) => bail!("{}", found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("\n")),
    };
    let db = Db::open(&url(dir))?;
    let new = package.clone();
    db.write(move |tx| {
        keys().bind(tx)?;
        apply::apply(tx, None, &new, &actor(day(0)))?;
        for ledger in new.ledgers.iter().filter(|l| LEDGERS.contains(&l.name.as_str())) {
            schema::drop_indexes(tx, ledger)?;
            // By this one the log finds the rows that were just written.
            let name = &ledger.name;
            tx.ddl(&format!("create unique index loading_{name} on l_{name} (record_id, revision)"))?;
        }
        Ok(())
    })?;
    organisation(&db, people)?;
    for (ledger, per) in LEDGERS.iter().zip(FACTS) {
        facts(&db, dir, &package, ledger, people, per)?;
    }
    let engine = Engine::new(package.clone().into(), Given::of(&package), package.workdays.clone())?;
    let extra = engine.indexes();
    db.write(move |tx| {
        for ledger in package.ledgers.iter().filter(|l| LEDGERS.contains(&l.name.as_str())) {
            tx.ddl(&format!("drop index loading_{}", ledger.name))?;
            schema::index(tx, ledger, extra.get(&ledger.name).map_or(&[], Vec::as_slice))?;
        }
        installation::org_changed(tx)?;
        tx.analyze()
    })?;
    drop(db);
    fs::write(dir.join("ready"), people.to_string())?;
    println!("made=now");
    println!("facts={}", people * FACTS.iter().sum::<usize>());
    println!("file_mb={:.0}", fs::metadata(crate::database(dir))?.len() as f64 / 1e6);
    usage.print()
}

fn actor(day: Day) -> Actor {
    Actor { account: None, name: "基准".into(), at: start_of_day(day) + 36_000_000_000 }
}

/// The nth day of 2025, from 0.
fn day(n: usize) -> Day {
    Day::from_ymd(2025, 1, 1).unwrap_or_default().plus(n as i32)
}

/// A number that looks random and is always the same for the same things.
fn scramble(of: [usize; 3]) -> usize {
    let mut z = 0x9E37_79B9_7F4A_7C15_u64;
    for x in of {
        z = (z ^ x as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
    }
    z as usize
}

fn builtin_ledger(name: &str) -> anyhow::Result<Ledger> {
    builtin::ledgers().into_iter().find(|l| l.name == name).with_context(|| format!("no ledger {name}"))
}

/// A row with these fields, the others empty.
fn row(ledger: &Ledger, code: String, unit: Option<i64>, fields: &[(&str, Value)]) -> NewRow {
    let value = |name: &str| fields.iter().find(|f| f.0 == name).map_or(Value::Null, |f| f.1.clone());
    NewRow { code: Some(code), unit, values: ledger.fields.iter().map(|f| value(&f.name)).collect() }
}

/// One 市, units of fifty below it, everybody in post since 2020; one in fifty moves on 1 July.
fn organisation(db: &Db, people: usize) -> anyhow::Result<()> {
    let units = people.div_ceil(UNIT);
    let (unit, person, post) = (builtin_ledger("unit")?, builtin_ledger("person")?, builtin_ledger("post")?);
    let since = Value::from("2020-01-01");
    let mut rows = vec![row(
        &unit,
        "C".into(),
        None,
        &[("name", "市发改委".into()), ("level", "市".into()), ("from", since.clone())],
    )];
    for u in 0..units {
        rows.push(row(
            &unit,
            format!("U{u}"),
            None,
            &[
                ("name", format!("第{}区", u + 1).into()),
                ("level", "区县".into()),
                ("parent", 1.into()),
                ("from", since.clone()),
            ],
        ));
    }
    insert(db, &unit, rows, day(0))?;
    // Units are numbered from 1, the city first.
    let home = |p: usize| (p / UNIT + 2) as i64;
    for start in (0..people).step_by(CHUNK) {
        let span = start..people.min(start + CHUNK);
        let persons = span.clone().map(|p| {
            let born = Day::from_ymd(1965, 1, 1).unwrap_or_default().plus((scramble([p, 7, 0]) % 13_000) as i32);
            row(&person, format!("P{p}"), Some(home(p)), &[("name", format!("甲{p}").into()), ("born", born.into())])
        });
        insert(db, &person, persons.collect(), day(0))?;
        let mut posts = Vec::new();
        for p in span {
            let moves = p % UNIT == 17;
            let mut held = |n: usize, unit: i64, from: &str, to: Option<&str>| {
                posts.push(row(
                    &post,
                    format!("Z{p}-{n}"),
                    Some(unit),
                    &[
                        ("person", (p as i64 + 1).into()),
                        ("duty", "普通干部".into()),
                        ("from", from.into()),
                        ("to", to.into()),
                    ],
                ));
            };
            held(1, home(p), "2020-01-01", moves.then_some("2025-06-30"));
            if moves {
                held(2, (home(p) - 1) % units as i64 + 2, "2025-07-01", None);
            }
        }
        insert(db, &post, posts, day(0))?;
    }
    Ok(())
}

fn insert(db: &Db, ledger: &Ledger, rows: Vec<NewRow>, on: Day) -> anyhow::Result<()> {
    let ledger = ledger.clone();
    db.write(move |tx| store::insert(tx, &actor(on), &ledger, &keys(), &rows, None).map(|_| ()))
}

/// One ledger's facts, day by day; and the current ones as CSV for peers that read no SQLite: person, day, value.
fn facts(db: &Db, dir: &Path, package: &Package, name: &str, people: usize, per: usize) -> anyhow::Result<()> {
    let which = LEDGERS.iter().position(|l| *l == name).unwrap_or_default();
    let ledger = package.ledgers.iter().find(|l| l.name == name).with_context(|| format!("no ledger {name}"))?;
    let mut events: Vec<(u16, u32, u8)> = Vec::with_capacity(people * per);
    for p in 0..people {
        // Of two neighbours one has as many more as the other has fewer.
        let more = scramble([p / 2, which, 1_000]) % (per / 3);
        let n = if p % 2 == 0 { per + more } else { per - more };
        events.extend((0..n).map(|i| ((scramble([p, which, i]) % 365) as u16, p as u32, i as u8)));
    }
    events.sort_unstable();
    let mut csv = std::io::BufWriter::new(fs::File::create(dir.join(format!("{name}.csv")))?);
    let units = people.div_ceil(UNIT);
    for chunk in events.chunks(CHUNK) {
        let mut rows = Vec::with_capacity(chunk.len());
        for (at, p, i) in chunk {
            let (at, p, i) = (usize::from(*at), *p as usize, usize::from(*i));
            let seed = scramble([p, which + 3, i]);
            let (value, plain) = match name {
                "guidance" => (Value::from(AREAS[seed % 8]), AREAS[seed % 8].to_owned()),
                "hours" => (Value::from((seed % 5 + 1) as i64), (seed % 5 + 1).to_string()),
                _ => (Value::from(i64::from(seed % 10 < 7)), u8::from(seed % 10 < 7).to_string()),
            };
            let moved = p % UNIT == 17 && at >= 181;
            let unit = if moved { (p / UNIT + 1) % units } else { p / UNIT } as i64 + 2;
            let on = day(at);
            rows.push(NewRow { code: None, unit: Some(unit), values: vec![(p as i64 + 1).into(), on.into(), value] });
            writeln!(csv, "{},{on},{plain}", p + 1)?;
        }
        // A typing error: the same fact once more, voided the same day.
        let wrong = rows.iter().step_by(200).cloned().collect::<Vec<_>>();
        let (ledger, on) = (ledger.clone(), day(usize::from(chunk[0].0)));
        db.write(move |tx| {
            let actor = actor(on);
            store::insert(tx, &actor, &ledger, &keys(), &rows, None)?;
            let ids = store::insert(tx, &actor, &ledger, &keys(), &wrong, None)?;
            let sql = format!(
                "update l_{} set voided_at = $1, voided_by = $2, void_reason = '重复录入' where row_id > \
                 (select max(row_id) from l_{0}) - $3",
                ledger.name
            );
            tx.execute(&sql, &[actor.at.into(), actor.name.as_str().into(), (ids.len() as i64).into()]).map(|_| ())
        })?;
    }
    csv.flush()?;
    Ok(())
}
