//! What is no ledger's: each item is as the entry said that stated it last, and none is there that no entry states.

use super::{
    Report,
    finding::{Finding, What},
    log::Log,
};
use crate::{audit::guard::Guarded, db::Tx};

/// Holds every item against the log.
pub(super) fn check(tx: &mut Tx<'_>, log: &mut Log, report: &mut Report) -> anyhow::Result<()> {
    for what in Guarded::ALL {
        if !log.guards.contains(&what) {
            report.unguarded += 1;
            continue;
        }
        for (key, hash) in what.all(tx)? {
            report.guarded += 1;
            let found = match log.stated.remove(&(what, key)) {
                Some((Some(stated), _)) if stated == hash => continue,
                Some((Some(_), entry)) => (Some(entry), What::Altered),
                Some((None, entry)) => (Some(entry), What::Unstated),
                None => (None, What::Unstated),
            };
            report.find(at(log, (what, key), found));
        }
    }
    // Those that were there once and did not come.
    let gone = log.stated.iter().filter(|((what, _), (hash, _))| hash.is_some() && log.guards.contains(what));
    let mut gone: Vec<((Guarded, i64), u32)> = gone.map(|(item, (_, entry))| (*item, *entry)).collect();
    gone.sort_unstable();
    for (item, entry) in gone {
        report.find(at(log, item, (Some(entry), What::Lost)));
    }
    Ok(())
}

fn at(log: &Log, item: (Guarded, i64), (entry, what): (Option<u32>, What)) -> Finding {
    let entry = entry.and_then(|at| log.entries.get(at as usize)).map(|known| known.seq);
    Finding { item: Some(item), entry, ..what.into() }
}
