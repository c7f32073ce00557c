//! 存疑: whoever sees a record may doubt it, with a reason; the unit that recorded it answers. Nothing else follows: a doubt
//! changes no verdict, and a record counts as before until it is corrected.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    audit::{self, About, Guarded, Kind},
    auth::account::Refused,
    db::{Row, Tx, Value},
    directive::model::Ledger,
    scope::{Actor, Scope},
};

/// Most characters of a reason and of an answer.
pub const LONGEST: usize = 500;

/// A doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Its number.
    pub id: i64,
    /// Name of the ledger.
    pub ledger: String,
    /// The record and the revision that was seen.
    pub record: (i64, i64),
    /// Unit of the record.
    pub unit: Option<i64>,
    /// Why.
    pub reason: String,
    /// When, µs, and by whom.
    pub asked: (i64, String),
    /// The account of who asked.
    pub account: Option<i64>,
    /// When, by whom, and the words.
    pub answer: Option<(i64, String, String)>,
}

const COLUMNS: &str = "row_id, ledger, record_id, revision, unit_id, reason, asked_at, asked_by, account, answered_at, \
                       answered_by, answer";

fn read(r: &Row<'_>) -> anyhow::Result<Doubt> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let answer = match r.opt_i64(9)? {
        Some(at) => Some((at, text(10)?, text(11)?)),
        None => None,
    };
    Ok(Doubt {
        id: r.i64(0)?,
        ledger: text(1)?,
        record: (r.i64(2)?, r.i64(3)?),
        unit: r.opt_i64(4)?,
        reason: text(5)?,
        asked: (r.i64(6)?, text(7)?),
        account: r.opt_i64(8)?,
        answer,
    })
}

/// Doubts a record (its ledger, id and revision, and the unit it belongs to) and logs it.
///
/// # Errors
/// [`Refused`] when this account doubts it already and waits for the answer; else when the store cannot be written.
pub fn mark(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (ledger, record, revision): (&str, i64, i64),
    unit: Option<i64>,
    reason: &str,
) -> anyhow::Result<i64> {
    let waits = || Refused("您对这条记录的存疑还没有答复，请等答复后再提。".into());
    let own = "select 1 from doubt where ledger = $1 and record_id = $2 and account = $3 and answered_at is null";
    if tx.one(own, &[ledger.into(), record.into(), actor.account.into()], |r| r.i64(0))?.is_some() {
        return Err(waits().into());
    }
    // Of two sent at the same moment the index `doubt_of` keeps one.
    let sql = "insert into doubt (ledger, record_id, revision, unit_id, reason, asked_at, asked_by, account) \
               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning row_id";
    let params: [Value; 8] = [
        ledger.into(),
        record.into(),
        revision.into(),
        unit.into(),
        reason.into(),
        actor.at.into(),
        actor.name.as_str().into(),
        actor.account.into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?;
    let id = id.ok_or_else(waits)?;
    log(tx, actor, ("提出存疑", id), (ledger, record), unit);
    Ok(id)
}

/// Answers a doubt and logs it.
///
/// # Errors
/// [`Refused`] when it was answered already; else when the store cannot be written.
pub fn answer(tx: &mut Tx<'_>, actor: &Actor, id: i64, words: &str) -> anyhow::Result<()> {
    let doubt = get(tx, id)?.ok_or_else(|| Refused("没有这件存疑。".into()))?;
    let sql =
        "update doubt set answered_at = $2, answered_by = $3, answer = $4 where row_id = $1 and answered_at is null";
    if tx.execute(sql, &[id.into(), actor.at.into(), actor.name.as_str().into(), words.into()])? == 0 {
        return Err(Refused("这件存疑已经有人答复了。".into()).into());
    }
    log(tx, actor, ("答复存疑", id), (&doubt.ledger, doubt.record.0), doubt.unit);
    Ok(())
}

fn log(tx: &mut Tx<'_>, actor: &Actor, (title, id): (&str, i64), (ledger, record): (&str, i64), unit: Option<i64>) {
    audit::guard(tx, Guarded::Doubt, id);
    let told = json!({ "title": format!("{title}（第{id}号）"), "ledger": ledger, "record": record, "doubt": id });
    audit::note_of(tx, actor, Kind::Doubt, told, About { unit, ..About::default() });
}

/// One.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Doubt>> {
    tx.one(&format!("select {COLUMNS} from doubt where row_id = $1"), &[id.into()], read)
}

/// Those on a record, the newest first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_record(tx: &mut Tx<'_>, ledger: &str, record: i64) -> anyhow::Result<Vec<Doubt>> {
    let sql = format!("select {COLUMNS} from doubt where ledger = $1 and record_id = $2 order by row_id desc");
    tx.rows(&sql, &[ledger.into(), record.into()], read)
}

/// Those of an account that have no answer, the newest first, up to a limit, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64, limit: u64) -> anyhow::Result<(Vec<Doubt>, u64)> {
    let which = "from doubt where account = $1 and answered_at is null";
    let n = tx.one(&format!("select count(*) {which}"), &[account.into()], |r| r.i64(0))?.unwrap_or(0);
    let sql = format!("select {COLUMNS} {which} order by row_id desc limit $2");
    Ok((tx.rows(&sql, &[account.into(), (limit as i64).into()], read)?, u64::try_from(n).unwrap_or(0)))
}

/// Which of some records of a ledger are doubted without an answer.
///
/// # Errors
/// When the store cannot be read.
pub fn doubted(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<BTreeSet<i64>> {
    if records.is_empty() {
        return Ok(BTreeSet::new());
    }
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let among = tx.among("$2");
    let sql =
        format!("select distinct record_id from doubt where ledger = $1 and answered_at is null and record_id {among}");
    Ok(tx.rows(&sql, &[ledger.into(), list.into()], |r| r.i64(0))?.into_iter().collect())
}

/// Those that wait for an answer of this account, which records within a scope, in some ledgers: on records that now belong
/// to its units, or, where it records for all, to none; not its own. The oldest first, up to a limit, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn open(
    tx: &mut Tx<'_>,
    (scope, account): (&Scope, i64),
    ledgers: &[Ledger],
    limit: u64,
) -> anyhow::Result<(Vec<Doubt>, u64)> {
    let waits = "select distinct ledger from doubt where answered_at is null order by ledger";
    let (mut found, mut all) = (Vec::new(), 0);
    for name in tx.rows(waits, &[], |r| Ok(r.text(0)?.to_owned()))? {
        if !ledgers.iter().any(|l| l.name == name && !l.derived) {
            continue;
        }
        // By the row that stands, not the one that was doubted.
        let unit = format!(
            "(select r.unit_id from \"l_{name}\" r where r.record_id = doubt.record_id order by r.revision desc limit 1)"
        );
        let mut params: Vec<Value> = vec![name.into(), account.into()];
        let within = match scope {
            Scope::All => "is null".to_owned(),
            Scope::Within(reach) => {
                params.push(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
                tx.among("$3")
            }
        };
        let which = format!(
            "from doubt where answered_at is null and ledger = $1 and (account is null or account <> $2) and {unit} {within}"
        );
        let n = tx.one(&format!("select count(*) {which}"), &params, |r| r.i64(0))?.unwrap_or(0);
        all += u64::try_from(n).unwrap_or(0);
        if n > 0 && limit > 0 {
            params.push((limit as i64).into());
            let sql = format!("select {COLUMNS} {which} order by row_id limit ${}", params.len());
            found.extend(tx.rows(&sql, &params, read)?);
        }
    }
    found.sort_by_key(|d: &Doubt| d.id);
    found.truncate(usize::try_from(limit)?);
    Ok((found, all))
}

/// Stands in the place of words about a record that was deleted by rule.
pub(crate) const GONE: &str = "（已随记录依法删除）";

/// Takes away what doubts and their answers say of records that are deleted by rule; that they were there, when and by
/// whom stays.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn forget(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<()> {
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let among = tx.among("$3");
    let sql = format!(
        "update doubt set reason = $1, answer = $1 where ledger = $2 and answered_at is not null \
         and record_id {among} returning row_id"
    );
    let changed = tx.rows(&sql, &[GONE.into(), ledger.into(), list.into()], |r| r.i64(0))?;
    changed.into_iter().for_each(|id| audit::guard(tx, Guarded::Doubt, id));
    Ok(())
}
