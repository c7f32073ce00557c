//! `dongliang void LEDGER CODE` and `dongliang join LEDGER KEEP DROP`: single records.

use clap::Args;

use super::{Outcome, Place, misuse, open};
use crate::{facts, installation::Installation, jobs, ledger::store, scope::Scope};

/// Options of `void`.
#[derive(Args)]
pub(super) struct Void {
    /// 台账，如 guidance
    ledger: String,
    /// 记录的编号或内部号
    code: String,
    /// 为什么作废
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// 由谁作废
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

/// Options of `join`.
#[derive(Args)]
pub(super) struct Join {
    /// 台账，如 person
    ledger: String,
    /// 保留哪一条
    keep: String,
    /// 并掉哪一条：指向它的记录改指保留的一条，它自己作废，历史都在
    drop: String,
    /// 为什么
    #[arg(long, value_name = "TEXT", default_value = "同一对象登记了两次")]
    reason: String,
    /// 由谁决定
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

/// Voids a record.
pub(super) fn void(place: &Place, o: &Void) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let at = find(&installation, &o.ledger, &o.code)?;
    facts::void(&installation, &o.by, &o.ledger, at, &o.reason)?;
    jobs::run_waiting(&installation)?;
    say!("已作废 {}", o.code);
    Ok(Outcome::Done)
}

/// Joins two records.
pub(super) fn join(place: &Place, o: &Join) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let (keep, _) = find(&installation, &o.ledger, &o.keep)?;
    let (drop, _) = find(&installation, &o.ledger, &o.drop)?;
    if keep == drop {
        return Err(misuse("两个编号是同一条记录"));
    }
    let n = facts::join(&installation, &o.by, &o.ledger, (keep, drop), &o.reason)?;
    jobs::run_waiting(&installation)?;
    say!("已将 {} 并入 {}，改指 {n} 条记录", o.drop, o.keep);
    Ok(Outcome::Done)
}

/// Record id and revision by code, else by id.
fn find(installation: &Installation, ledger: &str, code: &str) -> anyhow::Result<(i64, i64)> {
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let layout = &current.engine.layout;
        let index = layout.index(ledger).filter(|i| !layout.ledgers[*i].derived);
        let definition = &layout.ledgers[index.ok_or_else(|| misuse(format!("没有台账“{ledger}”")))?];
        let by_code = store::find_by_code(tx, definition, &Scope::All, code)?;
        match by_code.as_slice() {
            [one] => return Ok((one.record_id, one.revision)),
            [] => {}
            _ => return Err(misuse(format!("编号“{code}”不止一条，请改用内部号"))),
        }
        let by_id = match code.parse() {
            Ok(id) => store::get(tx, definition, &Scope::All, id, None)?,
            Err(_) => None,
        };
        by_id.map(|r| (r.record_id, r.revision)).ok_or_else(|| misuse(format!("“{}”里没有 {code}", definition.title)))
    })
}
