//! The fixed tables: brought to the version that this program knows, one transaction a step, or refused.

use super::{Db, DbError, Tx};

/// Step n makes version n. A step that was once released is never edited.
const STEPS: &[&str] = &[
    include_str!("../../migrations/0001_base.sql"),
    include_str!("../../migrations/0002_verdict.sql"),
    include_str!("../../migrations/0003_staging.sql"),
    include_str!("../../migrations/0004_audit.sql"),
    include_str!("../../migrations/0005_account.sql"),
    include_str!("../../migrations/0006_concern.sql"),
    include_str!("../../migrations/0007_pipl.sql"),
    include_str!("../../migrations/0008_sso.sql"),
    include_str!("../../migrations/0009_import_account.sql"),
    include_str!("../../migrations/0010_remedy.sql"),
    include_str!("../../migrations/0011_audit_found.sql"),
    include_str!("../../migrations/0012_once.sql"),
    include_str!("../../migrations/0013_preference.sql"),
    include_str!("../../migrations/0014_former.sql"),
    include_str!("../../migrations/0015_supervision.sql"),
    include_str!("../../migrations/0016_doubt.sql"),
    include_str!("../../migrations/0017_question.sql"),
    include_str!("../../migrations/0018_paper.sql"),
    include_str!("../../migrations/0019_import_batch.sql"),
    include_str!("../../migrations/0020_audit_mixed.sql"),
    include_str!("../../migrations/0021_once_digest.sql"),
    include_str!("../../migrations/0022_attachment.sql"),
    include_str!("../../migrations/0023_test.sql"),
    include_str!("../../migrations/0024_import_answer.sql"),
    include_str!("../../migrations/0025_second_form.sql"),
    include_str!("../../migrations/0026_daily.sql"),
    include_str!("../../migrations/0027_feed.sql"),
    include_str!("../../migrations/0028_printed.sql"),
    include_str!("../../migrations/0029_sheets.sql"),
    include_str!("../../migrations/0030_rescored.sql"),
    include_str!("../../migrations/0031_deed_index.sql"),
    include_str!("../../migrations/0032_leave_alike.sql"),
    include_str!("../../migrations/0033_extra_index.sql"),
];

/// Held by the process that migrates a PostgreSQL database.
const LOCK: i64 = 0x646f_6e67_6c69;

/// Brings the tables up to date. Refuses a database of a newer program, and one that holds other tables than ours.
pub(super) fn up(db: &Db) -> anyhow::Result<()> {
    let have = db.read(version)?;
    check(have)?;
    for n in have..known() {
        db.write(move |tx| {
            tx.lock(&[LOCK])?;
            // Another process may have been faster.
            if version(tx)? == n { make(tx, n + 1) } else { Ok(()) }
        })?;
    }
    Ok(check(db.read(version)?)?)
}

/// Brings the tables to a version, from the one that they have.
pub(super) fn make(tx: &mut Tx<'_>, to: i64) -> anyhow::Result<()> {
    for n in version(tx)?..to {
        tx.ddl(STEPS[n as usize])?;
        tx.execute("delete from meta where key = 'schema_version'", &[])?;
        let now = (n + 1).to_string();
        tx.execute("insert into meta (key, value) values ('schema_version', $1)", &[now.into()])?;
    }
    Ok(())
}

/// The last version that this program knows.
pub(super) fn known() -> i64 {
    STEPS.len() as i64
}

/// Refuses a version of a newer program.
pub(super) fn check(found: i64) -> Result<(), DbError> {
    let known = known();
    if found > known { Err(DbError::Newer { found, known }) } else { Ok(()) }
}

/// Version of the tables; 0 for an empty database.
pub(super) fn version(tx: &mut Tx<'_>) -> anyhow::Result<i64> {
    let tables = tx.tables()?;
    if tables.is_empty() {
        return Ok(0);
    }
    let foreign = || DbError::Foreign(tables.iter().take(5).cloned().collect::<Vec<_>>().join("、"));
    if !tables.iter().any(|t| t == "meta") || !tx.columns("meta")?.iter().map(|c| &c.0).eq(["key", "value"]) {
        return Err(foreign().into());
    }
    let stored = tx.one("select value from meta where key = 'schema_version'", &[], |r| Ok(r.text(0)?.to_owned()))?;
    Ok(stored.and_then(|v| v.parse().ok()).ok_or_else(foreign)?)
}
