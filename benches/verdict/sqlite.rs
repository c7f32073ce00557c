//! The same verdicts by SQL in SQLite: the library that is built into the program, on the very same file and indexes.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{database, digest::Digest, usage::Usage};

const VERDICTS: &str = include_str!("sql/verdicts.sql");

/// Counts by one of the two ways, and judges from the counts.
pub(crate) fn run(dir: &Path, way: Way) -> anyhow::Result<()> {
    let db = Connection::open_with_flags(database(dir), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.execute_batch("pragma temp_store = memory; pragma cache_size = -262144; begin")?;
    windows(&db)?;
    let usage = Usage::begin()?;
    db.execute_batch(match way {
        Way::Group => include_str!("sql/group.sql"),
        Way::Probe => include_str!("sql/probe.sql"),
    })?;
    db.execute_batch(VERDICTS)?;
    usage.print()?;
    print(&db)
}

/// How the rows are counted.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// By `group by` over each covering index.
    Group,
    /// By one probe of the index for each person and window.
    Probe,
}

/// The windows of 2025 and the requirements of a whole year, as tables.
fn windows(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "create temp table w (grain text, number integer, begins text, ends text);
         create temp table c (requirement integer);
         insert into c values (2), (3), (4), (6), (7), (8), (10);",
    )?;
    for (grain, months) in [("month", 1), ("quarter", 3), ("half", 6)] {
        for number in 1..=12 / months {
            let sql = "insert into w select ?1, ?2, date('2025-01-01', ?3), date('2025-01-01', ?4, '-1 day')";
            let (from, to) = ((number - 1) * months, number * months);
            db.execute(sql, (grain, number, format!("+{from} months"), format!("+{to} months")))?;
        }
    }
    Ok(())
}

/// What came out, in the words of [`crate::digest`]; not part of what is measured.
fn print(db: &Connection) -> anyhow::Result<()> {
    let verdicts = digest(db, "select requirement, win, person, num, den, state from v")?;
    println!("verdicts={}", verdicts.count);
    println!("verdicts_digest={}", verdicts.sum);
    let states = db.query_row("select sum(state = 1), sum(state = 0), sum(state = 2) from v", [], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, i64>(2)?))
    })?;
    println!("states=pass:{},fail:{},unknown:{}", states.0, states.1, states.2);
    let met = "case requirement when 10 then 100 * num >= 70 * den else num = den end";
    let rollups = digest(db, &format!("select requirement, win, unit, num, den, {met} from u"))?;
    println!("rollups={}", rollups.count);
    println!("rollups_digest={}", rollups.sum);
    let scores = digest(db, "select unit, score from s")?;
    println!("scores={}", scores.count);
    println!("scores_digest={}", scores.sum);
    Ok(())
}

fn digest(db: &Connection, sql: &str) -> rusqlite::Result<Digest> {
    let mut digest = Digest::default();
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let tuple = (0..columns).map(|i| row.get(i)).collect::<rusqlite::Result<Vec<i64>>>()?;
        digest.add(&tuple);
    }
    Ok(digest)
}
