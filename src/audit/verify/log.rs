//! The entries: each by itself, and all as a tree.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Checkpoints, Report,
    finding::{Finding, What},
    stream::stream,
};
use crate::{
    audit::{
        entry::{PRINT, Seal, payload_hash},
        former,
        guard::Guarded,
        kind::Kind,
        names::{When, when},
        sequence::{COLUMNS, Read, WIDTH, frontier},
        tree::{Frontier, Hash},
        written::{Act, Mark, Part, Run, parts},
    },
    db::{Peek, Tx},
};

/// What the rows are held against.
#[derive(Default)]
pub(super) struct Log {
    /// By position in the order of their rows.
    pub(super) entries: Vec<Known>,
    /// By the ledger's name when the entry was written.
    pub(super) runs: HashMap<String, Vec<Placed>>,
    /// Names that changed, with when the entry came that tells of it.
    pub(super) renamed: Vec<(When, Mark)>,
    /// Packages that came into force.
    pub(super) packages: Vec<String>,
    /// By entry that encrypted rows anew or deleted them, what these hashed to before, in the order of its items; of each
    /// under the names of each time.
    pub(super) former: HashMap<u32, Vec<Hash>>,
    /// Tables whose rows are stated, and each item as it was stated last, with the entry that did.
    pub(super) guards: BTreeSet<Guarded>,
    pub(super) stated: HashMap<(Guarded, i64), (Option<Hash>, u32)>,
}

/// What is kept of an entry.
pub(super) struct Known {
    /// Its number; `Err` with its row id where it has none.
    pub(super) seq: Result<i64, i64>,
    pub(super) root: Hash,
    /// Rows and voids it covers; 0 where it cannot be right about them.
    pub(super) items: u32,
    pub(super) prints: Option<Box<str>>,
}

impl Known {
    /// For the order in which entries came.
    pub(super) fn when(&self) -> When {
        when(self.seq)
    }

    /// The beginning of the hash of an item.
    pub(super) fn print(&self, place: u32) -> Option<u32> {
        let at = place as usize * PRINT;
        u32::from_str_radix(self.prints.as_ref()?.get(at..at + PRINT)?, 16).ok()
    }
}

/// Rows of an entry.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub(super) run: Run,
    pub(super) entry: u32,
    /// Position of the first among the entry's items.
    pub(super) place: u32,
    /// The key with which they were encrypted anew; 0 where they were not.
    pub(super) key: u32,
}

/// Reads all entries.
pub(super) fn read(
    tx: &mut Tx<'_>,
    seal: Option<&Seal>,
    checkpoints: Checkpoints,
    report: &mut Report,
) -> anyhow::Result<Log> {
    let mut reading = Reading { tree: Growing::new(checkpoints), ..Reading::default() };
    let sql = format!("select {COLUMNS} from audit_entry order by row_id");
    stream(tx, &sql, WIDTH, &mut |row| {
        reading.entry(&Read(std::array::from_fn(|i| row.peek(i))), seal, report);
    })?;
    let Reading { log, tree, gone, erased, mut payloads, restated, .. } = reading;
    for seq in gone {
        if seq.is_ok_and(|seq| erased.contains(&seq)) {
            report.erased += 1;
        } else {
            report.find(Finding { entry: Some(seq), ..What::PayloadGone.into() });
        }
    }
    payloads.sort_unstable();
    for pair in payloads.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let entry = log.entries[pair[1].1 as usize].seq;
        report.find(Finding { entry: Some(entry), ..What::Copied.into() });
    }
    tree.finish(frontier(tx).ok(), report);
    let mut log = log;
    former(tx, &mut log, restated, report)?;
    Ok(log)
}

/// Takes the former hashes to their entries, and to no others; whether they are as many as there should be is seen once
/// the names are known.
fn former(tx: &mut Tx<'_>, log: &mut Log, mut restated: HashMap<i64, u32>, report: &mut Report) -> anyhow::Result<()> {
    for (row_id, hashes) in former::read(tx)? {
        match restated.remove(&row_id) {
            Some(at) => drop(log.former.insert(at, hashes)),
            None => report.find(Finding { entry: Some(Err(row_id)), ..What::Former.into() }),
        }
    }
    for at in restated.into_values() {
        report.find(Finding { entry: Some(log.entries[at as usize].seq), ..What::Former.into() });
    }
    Ok(())
}

#[derive(Default)]
struct Reading {
    log: Log,
    tree: Growing,
    /// Entries without payload.
    gone: Vec<Result<i64, i64>>,
    /// Numbers of entries whose payload was erased.
    erased: HashSet<i64>,
    /// Entries that encrypted rows anew or deleted them, by their row.
    restated: HashMap<i64, u32>,
    /// The beginning of each payload's hash, which is random, with the entry.
    payloads: Vec<(u64, u32)>,
    bytes: Vec<u8>,
}

impl Reading {
    fn entry(&mut self, entry: &Read<'_>, seal: Option<&Seal>, report: &mut Report) {
        report.entries += 1;
        let seq = entry.number(1).ok_or(entry.row_id());
        let facts = entry.facts(&mut self.bytes);
        let mut find = |what: What| report.find(Finding { entry: Some(seq), ..what.into() });
        if !entry.is_sealed(&facts, seal) {
            find(What::Forged);
        }
        match seq {
            Ok(seq) => {
                let leaf = entry.leaf(&mut self.bytes, &facts, seq);
                let stored = entry.text(15).and_then(Hash::parse);
                if stored != Some(leaf) {
                    find(What::Entry);
                }
                self.tree.put(seq, stored.unwrap_or(leaf));
            }
            Err(_) => report.waiting += 1,
        }
        let mut find = |what: What| report.find(Finding { entry: Some(seq), ..what.into() });
        let hash = entry.text(9).and_then(Hash::parse).unwrap_or_default();
        match (entry.0[12], entry.text(13)) {
            (Peek::Text(payload), Some(salt)) => {
                if payload_hash(&mut self.bytes, salt, payload) != hash {
                    find(What::Payload);
                }
            }
            (Peek::Null, None) => self.gone.push(seq),
            _ => find(What::Payload),
        }
        let begin = hash.0.first_chunk().map_or(0, |b| u64::from_be_bytes(*b));
        self.payloads.push((begin, self.log.entries.len() as u32));
        self.rows(entry, seq, report);
    }

    /// Which rows it covers.
    fn rows(&mut self, entry: &Read<'_>, seq: Result<i64, i64>, report: &mut Report) {
        let at = self.log.entries.len() as u32;
        let (mut items, mut key) = (0, 0);
        for part in parts(entry.text(8).unwrap_or_default()) {
            match part {
                Some(Part::Rows(_, Run { act: Act::Rekey, .. })) if key == 0 => {
                    report.find(Finding { entry: Some(seq), ..What::Entry.into() });
                }
                Some(Part::Rows(ledger, run)) => {
                    if matches!(run.act, Act::Rekey | Act::Erased | Act::ErasedVoid) {
                        self.restated.insert(entry.row_id(), at);
                    }
                    let placed = Placed { run, entry: at, place: items, key };
                    items = items.saturating_add(run.n);
                    match self.log.runs.get_mut(ledger) {
                        Some(runs) => runs.push(placed),
                        None => {
                            self.log.runs.insert(ledger.to_owned(), vec![placed]);
                        }
                    }
                }
                Some(Part::Mark(Mark::Package(hash))) => self.log.packages.push(hash),
                Some(Part::Mark(Mark::Erased(erased))) => {
                    // Only an entry of these kinds may say so.
                    if [Kind::Erase, Kind::Delete].iter().any(|kind| entry.text(5) == Some(kind.as_str())) {
                        self.erased.insert(erased);
                    }
                }
                Some(Part::Mark(Mark::Key(number))) => key = number,
                Some(Part::Mark(Mark::Guards(guarded))) => {
                    self.log.guards.insert(guarded);
                }
                Some(Part::Stated(what, id, hash)) => {
                    self.log.stated.insert((what, id), (hash, at));
                }
                Some(Part::Mark(mark)) => self.log.renamed.push((when(seq), mark)),
                None => report.find(Finding { entry: Some(seq), ..What::Entry.into() }),
            }
        }
        let root = entry.text(10).and_then(Hash::parse).unwrap_or_default();
        let prints: Option<Box<str>> = entry.text(11).map(Into::into);
        let expected = if items > 1 { items as usize * PRINT } else { 0 };
        if prints.as_ref().map_or(0, |p| p.len()) != expected {
            report.find(Finding { entry: Some(seq), ..What::Entry.into() });
            items = 0;
        }
        self.log.entries.push(Known { seq, root, items, prints });
    }
}

/// The tree while it grows. Entries come in the order of their rows, which is nearly that of their numbers.
#[derive(Default)]
struct Growing {
    tree: Frontier,
    early: BTreeMap<i64, Hash>,
    /// Signed roots that are still to come.
    checkpoints: Checkpoints,
    good: u64,
    bad: Option<u64>,
    twice: Vec<i64>,
}

impl Growing {
    fn new(checkpoints: Checkpoints) -> Growing {
        let mut growing = Growing { checkpoints, ..Growing::default() };
        growing.compare();
        growing
    }

    fn put(&mut self, seq: i64, leaf: Hash) {
        match seq.cmp(&(self.tree.size() as i64 + 1)) {
            std::cmp::Ordering::Equal => self.push(leaf),
            std::cmp::Ordering::Greater if self.early.insert(seq, leaf).is_none() => {}
            _ => self.twice.push(seq),
        }
        while let Some(leaf) = self.early.remove(&(self.tree.size() as i64 + 1)) {
            self.push(leaf);
        }
    }

    fn push(&mut self, leaf: Hash) {
        self.tree.push(leaf);
        self.compare();
    }

    fn compare(&mut self) {
        let size = self.tree.size();
        let Some(first) = self.checkpoints.first_entry().filter(|c| *c.key() == size) else { return };
        if first.remove() == self.tree.root() {
            self.good = size;
        } else {
            self.bad.get_or_insert(size);
        }
    }

    fn finish(mut self, kept: Option<Frontier>, report: &mut Report) {
        report.size = self.tree.size();
        report.root = self.tree.root();
        for seq in &self.twice {
            report.find(Finding { entry: Some(Ok(*seq)), ..What::Copied.into() });
        }
        if let Some(upto) = self.bad {
            report.find(What::Checked { after: self.good.min(upto), upto }.into());
        }
        let whole = self.early.is_empty();
        let mut next = self.tree.size() as i64 + 1;
        while let Some((seq, _)) = self.early.pop_first() {
            if seq > next {
                report.find(What::Missing { from: next, to: seq - 1 }.into());
            }
            next = seq + 1;
        }
        let have = (next - 1) as u64;
        match &kept {
            Some(kept) if kept.size() > have => {
                report.find(What::Missing { from: next, to: kept.size() as i64 }.into());
            }
            kept if whole && kept.as_ref() != Some(&self.tree) => report.find(What::Tree.into()),
            _ => {}
        }
        if let Some((size, _)) = self.checkpoints.last_key_value().filter(|(size, _)| **size > have) {
            report.find(What::Cut { have, size: *size }.into());
        }
    }
}
