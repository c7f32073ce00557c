//! The ledgers: every row and every void belongs to one entry and is as it was when that was written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Report,
    finding::{Finding, What},
    log::{Known, Log, Placed},
    stream::stream,
};
use crate::{
    audit::{
        canon::VOIDED,
        names::{Forms, Names},
        tree::{self, Hash},
        written::Act,
    },
    db::{Peek, Tx},
    ledger::row::quoted,
};

/// Runs that are looked up one by one after something was found missing.
const LOOKED_UP: usize = 500;

/// Checks all ledgers.
pub(super) fn check(tx: &mut Tx<'_>, log: Log, report: &mut Report) -> anyhow::Result<()> {
    let Log { entries, runs, renamed, mut former, .. } = log;
    let names = Names::new(renamed);
    let mut by_table: BTreeMap<String, Runs> = BTreeMap::new();
    for table in tx.tables()? {
        if let Some(ledger) = table.strip_prefix("l_") {
            by_table.insert(ledger.to_owned(), Runs::default());
        }
    }
    for (ledger, placed) in runs {
        if names.is_steady() {
            by_table.entry(ledger).or_default().take(placed);
            continue;
        }
        for one in placed {
            let now = names.now(&ledger, names.epoch(entries[one.entry as usize].when()));
            by_table.entry(now).or_default().take(vec![one]);
        }
    }
    let mut open = HashMap::new();
    for (ledger, mut runs) in by_table {
        let columns: Vec<String> = tx.columns(&format!("l_{ledger}"))?.into_iter().map(|(name, _)| name).collect();
        let forms = names.forms(&ledger, &columns);
        counted(&runs, &forms, (&names, &entries), &mut former, report);
        let mut items = Items { entries: &entries, names: &names, forms: &forms, former: &former, open };
        table(tx, &ledger, &columns, &mut runs, &mut items, report)?;
        deleted(&ledger, &mut runs, &mut items, report);
        open = items.open;
        gone(tx, &ledger, &runs, &entries, report)?;
    }
    Ok(())
}

/// Of a ledger's rows that were encrypted anew or deleted, each has as many former hashes as there were times with names
/// of their own until then; those of an entry where that is not so are not used.
fn counted(
    runs: &Runs,
    forms: &Forms,
    (names, entries): (&Names, &[Known]),
    former: &mut HashMap<u32, Vec<Hash>>,
    report: &mut Report,
) {
    let restated = runs.rekeyed.values().chain([&runs.erased, &runs.erased_voids]);
    for entry in restated.flat_map(|by_act| &by_act.all).map(|placed| placed.entry).collect::<BTreeSet<_>>() {
        let known = &entries[entry as usize];
        let expected = known.items as usize * (forms.time(names.epoch(known.when())) + 1);
        if former.get(&entry).is_some_and(|hashes| hashes.len() != expected || expected == 0) {
            former.remove(&entry);
            report.find(Finding { entry: Some(known.seq), ..What::Former.into() });
        }
    }
}

/// All rows of one ledger, in their order.
fn table(
    tx: &mut Tx<'_>,
    ledger: &str,
    columns: &[String],
    runs: &mut Runs,
    items: &mut Items<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let at = |name: &str| columns.iter().position(|c| c == name);
    let void: Vec<usize> = VOIDED.iter().filter_map(|name| at(name)).collect();
    let [record, revision, filled @ ..] = &void[..] else { return Ok(()) };
    let select: Vec<String> = columns.iter().map(|c| quoted(c)).collect();
    let sql = format!("select {} from {} order by row_id", select.join(", "), quoted(&format!("l_{ledger}")));
    let mut bytes = Vec::new();
    stream(tx, &sql, columns.len(), &mut |row| {
        let number = |i: usize| match row.peek(i) {
            Peek::I64(n) => n,
            _ => i64::MIN,
        };
        let key = (number(*record), number(*revision));
        let is_void = filled.iter().any(|i| row.peek(*i) != Peek::Null);
        if !runs.erased.all.is_empty() && runs.erased.find(Act::Erased, key).is_some() {
            report.find(at_row(ledger, key, None, What::Back));
            return;
        }
        report.rows += 1;
        report.voids += u64::from(is_void);
        for act in [Act::Row, Act::Void].into_iter().take(1 + usize::from(is_void)) {
            let Some((entry, place)) = runs.of(act, 0).find(act, key) else {
                report.find(at_row(ledger, key, None, What::Inserted(act)));
                // Encrypted anew it may have been nevertheless; said once is enough.
                runs.rekeyed.values_mut().for_each(|by_key| {
                    by_key.find(Act::Rekey, key);
                });
                continue;
            };
            let mut find = |items: &Items<'_>, entry: u32, what| {
                report.find(at_row(ledger, key, Some(&items.entries[entry as usize]), what));
            };
            let mut at = (entry, place);
            if act == Act::Row {
                at = restated(at, key, runs, items, &mut find);
            }
            let (form, void_form) = items.forms.at(items.epoch(at.0));
            let hash = match act {
                Act::Void => void_form.hash(&mut bytes, |i| row.peek(void[i])),
                _ => form.hash(&mut bytes, |i| row.peek(i)),
            };
            items.put(at, hash, act).into_iter().for_each(|what| find(items, at.0, what));
        }
    })
}

/// A row that was encrypted anew had another hash before, and belongs to the entry that says so from then on. Gives where
/// it belongs now.
fn restated(
    mut at: (u32, u32),
    key: (i64, i64),
    runs: &mut Runs,
    items: &mut Items<'_>,
    find: &mut dyn FnMut(&Items<'_>, u32, What),
) -> (u32, u32) {
    for next in runs.rekeyed.values_mut().filter_map(|by_key| by_key.find(Act::Rekey, key)) {
        if let Some(hash) = items.former(next, at.0) {
            items.put(at, hash, Act::Row).into_iter().for_each(|what| find(items, at.0, what));
        }
        at = next;
    }
    at
}

/// Rows and voids that entries say were deleted by rule: what they hashed to is held against the entries before.
fn deleted(ledger: &str, runs: &mut Runs, items: &mut Items<'_>, report: &mut Report) {
    for (gone, act) in [(Act::Erased, Act::Row), (Act::ErasedVoid, Act::Void)] {
        for placed in runs.of(gone, 0).all.clone() {
            for offset in 0..placed.run.n {
                let key = (placed.run.record.saturating_add(i64::from(offset)), placed.run.revision);
                let own = (placed.entry, placed.place + offset);
                // That it is not there was found with the entry.
                let Some(hash) = items.former(own, own.0) else { break };
                report.deleted += u64::from(act == Act::Row);
                let mut find = |items: &Items<'_>, entry: u32, what| {
                    report.find(at_row(ledger, key, Some(&items.entries[entry as usize]), what));
                };
                items.put(own, hash, gone).into_iter().for_each(|what| find(items, own.0, what));
                let Some(mut at) = runs.of(act, 0).find(act, key) else {
                    find(items, own.0, What::Inserted(act));
                    continue;
                };
                if act == Act::Row {
                    at = restated(at, key, runs, items, &mut find);
                }
                let hash = items.former(own, at.0).unwrap_or(hash);
                items.put(at, hash, act).into_iter().for_each(|what| find(items, at.0, what));
            }
        }
    }
}

fn at_row(ledger: &str, row: (i64, i64), entry: Option<&Known>, what: What) -> Finding {
    Finding { ledger: Some(ledger.to_owned()), row: Some(row), item: None, entry: entry.map(|e| e.seq), what }
}

/// Rows and voids that entries tell of and that did not come.
fn gone(tx: &mut Tx<'_>, ledger: &str, runs: &Runs, entries: &[Known], report: &mut Report) -> anyhow::Result<()> {
    let columns = tx.columns(&format!("l_{ledger}"))?;
    let exists = VOIDED.iter().all(|name| columns.iter().any(|(c, _)| c == name));
    let mut looked_up = 0;
    let rekeyed = runs.rekeyed.values().map(|by_key| (Act::Rekey, by_key));
    for (act, by_act) in [(Act::Row, &runs.rows), (Act::Void, &runs.voids)].into_iter().chain(rekeyed) {
        let filled = if act == Act::Void { "and voided_at is not null" } else { "" };
        let erased = if act == Act::Void { &runs.erased_voids.all } else { &runs.erased.all };
        let sql = format!(
            "select record_id from {} where record_id >= $1 and record_id <= $2 and revision = $3 {filled}",
            quoted(&format!("l_{ledger}"))
        );
        for (placed, _) in by_act.all.iter().zip(&by_act.seen).filter(|(p, seen)| **seen < p.run.n) {
            let (run, known) = (placed.run, &entries[placed.entry as usize]);
            let last = run.record.saturating_add(i64::from(run.n) - 1);
            looked_up += 1;
            let params = [run.record.into(), last.into(), run.revision.into()];
            let there: BTreeSet<i64> = if exists && looked_up <= LOOKED_UP {
                tx.rows(&sql, &params, |r| r.i64(0))?.into_iter().collect()
            } else {
                BTreeSet::new()
            };
            let by_rule = |record| erased.iter().any(|p| p.run.place(p.run.act, record, run.revision).is_some());
            let missing = (run.record..=last).filter(|record| !there.contains(record) && !by_rule(*record));
            let mut any = false;
            for record in missing.take(Report::KEPT) {
                any = true;
                report.find(at_row(ledger, (record, run.revision), Some(known), What::Dropped(act)));
            }
            if !any {
                report.find(at_row(ledger, (run.record, run.revision), Some(known), What::Twice(act)));
            }
        }
    }
    Ok(())
}

/// What entries tell of one ledger.
#[derive(Default)]
struct Runs {
    rows: ByAct,
    voids: ByAct,
    /// Deleted by rule.
    erased: ByAct,
    erased_voids: ByAct,
    /// By the key with which rows were encrypted anew; each row once a key, in the order of the keys.
    rekeyed: BTreeMap<u32, ByAct>,
}

impl Runs {
    fn take(&mut self, placed: Vec<Placed>) {
        for one in placed {
            let by_act = self.of(one.run.act, one.key);
            by_act.all.push(one);
            by_act.seen.push(0);
        }
    }

    fn of(&mut self, act: Act, key: u32) -> &mut ByAct {
        match act {
            Act::Row => &mut self.rows,
            Act::Void => &mut self.voids,
            Act::Rekey => self.rekeyed.entry(key).or_default(),
            Act::Erased => &mut self.erased,
            Act::ErasedVoid => &mut self.erased_voids,
        }
    }
}

/// Runs in the order of their entries, which is nearly that of the rows.
#[derive(Default)]
struct ByAct {
    all: Vec<Placed>,
    /// How many rows of each run have come.
    seen: Vec<u32>,
    next: usize,
    /// Positions by revision and record, made when first needed.
    sorted: Option<Vec<u32>>,
}

impl ByAct {
    /// The entry that tells of a row, and the row's place in it.
    fn find(&mut self, act: Act, (record, revision): (i64, i64)) -> Option<(u32, u32)> {
        let place = |at: usize| self.all.get(at).and_then(|p| p.run.place(act, record, revision));
        let near = [self.next, self.next + 1].into_iter().find(|at| place(*at).is_some());
        let at = match near {
            Some(at) => at,
            None => self.search(record, revision)?,
        };
        let one = &self.all[at];
        let offset = one.run.place(act, record, revision)?;
        self.seen[at] += 1;
        self.next = at;
        Some((one.entry, one.place + offset))
    }

    fn search(&mut self, record: i64, revision: i64) -> Option<usize> {
        let all = &self.all;
        let key = |at: &u32| (all[*at as usize].run.revision, all[*at as usize].run.record);
        let sorted = self.sorted.get_or_insert_with(|| {
            let mut sorted: Vec<u32> = (0..all.len() as u32).collect();
            sorted.sort_unstable_by_key(key);
            sorted
        });
        let after = sorted.partition_point(|at| key(at) <= (revision, record));
        after.checked_sub(1).map(|i| sorted[i] as usize)
    }
}

/// The hashes of entries whose rows are still coming.
struct Items<'e> {
    entries: &'e [Known],
    names: &'e Names,
    /// Of the ledger that is looked at.
    forms: &'e Forms,
    former: &'e HashMap<u32, Vec<Hash>>,
    open: HashMap<u32, Open>,
}

struct Open {
    hashes: Vec<Hash>,
    come: u32,
    /// One of them was found to differ.
    differs: bool,
}

impl Items<'_> {
    fn epoch(&self, entry: u32) -> usize {
        self.names.epoch(self.entries[entry as usize].when())
    }

    /// What a row hashed to before this entry stated it anew, under the names of the day of another entry.
    fn former(&self, (entry, place): (u32, u32), day: u32) -> Option<Hash> {
        let last = self.forms.time(self.epoch(entry));
        let time = self.forms.time(self.epoch(day)).min(last);
        self.former.get(&entry)?.get(place as usize * (last + 1) + time).copied()
    }

    /// A row has come; gives what does not hold.
    fn put(&mut self, (entry, place): (u32, u32), hash: Hash, act: Act) -> Option<What> {
        let known = &self.entries[entry as usize];
        if known.items == 0 {
            // An entry that says otherwise than it has prints, and is found by that.
            return None;
        }
        if known.items == 1 {
            return (hash != known.root).then_some(What::Changed(act));
        }
        let open = self.open.entry(entry).or_insert_with(|| Open {
            hashes: vec![Hash::default(); known.items as usize],
            come: 0,
            differs: false,
        });
        open.hashes[place as usize] = hash;
        open.come += 1;
        let differs = known.print(place) != Some(hash.print());
        open.differs |= differs;
        let mut what = differs.then_some(What::Changed(act));
        if open.come == known.items {
            if !open.differs && tree::root(&open.hashes) != known.root {
                what = Some(What::Root);
            }
            self.open.remove(&entry);
        }
        what
    }
}
