//! Which rows an entry covers, as a text that people can read: `guidance +12.1 -7.1 +7.2 unit +3.1x500`.
//!
//! A word that begins with a letter names the ledger of those that follow. `+RECORD.REVISION` is a row, `-…` the void
//! of one, `*…` a row that was encrypted anew, `!…` and `%…` a row and a void that were deleted by rule, `x500` the same of 500 records in a row. `~WHAT:…` tells what has no rows ([`Mark`]). The order is that of
//! the hashes under the entry's root. `=role_grant:7:HASH` states the row of another table as it stands from then on, `-`
//! one that was taken away ([`Guarded`]).

use std::fmt::Write as _;

use super::{guard::Guarded, tree::Hash};

/// What was done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// It was recorded.
    Row,
    /// It was voided.
    Void,
    /// It was encrypted anew: the same row, stated again as it is stored from then on.
    Rekey,
    /// It was deleted, since the time for which it is kept was over.
    Erased,
    /// It was deleted, and had been voided before.
    ErasedVoid,
}

impl Act {
    /// The sign before its runs.
    fn sign(self) -> char {
        match self {
            Act::Row => '+',
            Act::Void => '-',
            Act::Rekey => '*',
            Act::Erased => '!',
            Act::ErasedVoid => '%',
        }
    }
}

/// Rows of one ledger, of records that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What was done.
    pub act: Act,
    /// The first record.
    pub record: i64,
    /// The revision, the same of all.
    pub revision: i64,
    /// How many records.
    pub n: u32,
}

impl Run {
    /// Position of a record's row in the run.
    pub(super) fn place(&self, act: Act, record: i64, revision: i64) -> Option<u32> {
        let at = record.checked_sub(self.record).filter(|at| (0..i64::from(self.n)).contains(at));
        at.filter(|_| self.act == act && self.revision == revision).map(|at| at as u32)
    }
}

/// What an entry tells besides rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A ledger got another name.
    Ledger {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A column got another name.
    Column {
        /// Its ledger, as named now.
        ledger: String,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A package came into force (its hash).
    Package(String),
    /// The content of the entry with that number was erased.
    Erased(i64),
    /// Rows were encrypted anew with the key of that number; stands before them.
    Key(u32),
    /// From then on the rows of that table are stated.
    Guards(Guarded),
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mark::Ledger { from, to } => write!(f, "~ledger:{from}>{to}"),
            Mark::Column { ledger, from, to } => write!(f, "~column:{ledger}.{from}>{to}"),
            Mark::Package(hash) => write!(f, "~package:{hash}"),
            Mark::Erased(entry) => write!(f, "~erased:{entry}"),
            Mark::Key(number) => write!(f, "~key:{number}"),
            Mark::Guards(guarded) => write!(f, "~guards:{}", guarded.name()),
        }
    }
}

/// The text while it grows.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    text: String,
    ledger: String,
    open: Option<Run>,
}

impl Writing {
    pub(super) fn row(&mut self, ledger: &str, act: Act, record: i64, revision: i64) {
        if self.ledger == ledger
            && let Some(run) = &mut self.open
            && run.act == act
            && run.revision == revision
            && run.record + i64::from(run.n) == record
        {
            run.n += 1;
            return;
        }
        self.close();
        if self.ledger != ledger {
            ledger.clone_into(&mut self.ledger);
            self.word(format_args!("{ledger}"));
        }
        self.open = Some(Run { act, record, revision, n: 1 });
    }

    pub(super) fn mark(&mut self, mark: &Mark) {
        self.close();
        self.word(format_args!("{mark}"));
    }

    /// An item that is no ledger's, as it stands; `None`: it is gone.
    pub(super) fn stated(&mut self, what: Guarded, key: i64, hash: Option<Hash>) {
        self.close();
        match hash {
            Some(hash) => self.word(format_args!("={}:{key}:{hash}", what.name())),
            None => self.word(format_args!("={}:{key}:-", what.name())),
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.close();
        self.text
    }

    fn close(&mut self) {
        let Some(run) = self.open.take() else { return };
        let sign = run.act.sign();
        match run.n {
            1 => self.word(format_args!("{sign}{}.{}", run.record, run.revision)),
            n => self.word(format_args!("{sign}{}.{}x{n}", run.record, run.revision)),
        }
    }

    fn word(&mut self, word: std::fmt::Arguments<'_>) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        let _ = self.text.write_fmt(word);
    }
}

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Rows of a ledger.
    Rows(&'t str, Run),
    /// Something else.
    Mark(Mark),
    /// An item that is no ledger's and its hash as it stands; `None`: it is gone.
    Stated(Guarded, i64, Option<Hash>),
}

/// Reads the text; `None` for a part that is not of this form.
pub fn parts(text: &str) -> impl Iterator<Item = Option<Part<'_>>> {
    let mut ledger = "";
    text.split(' ').filter(|w| !w.is_empty()).filter_map(move |word| {
        let act = match word.as_bytes()[0] {
            b'+' => Act::Row,
            b'-' => Act::Void,
            b'*' => Act::Rekey,
            b'!' => Act::Erased,
            b'%' => Act::ErasedVoid,
            b'~' => return Some(mark(word).map(Part::Mark)),
            b'=' => return Some(stated(word)),
            _ => {
                ledger = word;
                return None;
            }
        };
        Some(run(act, &word[1..]).map(|run| Part::Rows(ledger, run)))
    })
}

fn run(act: Act, word: &str) -> Option<Run> {
    let (record, rest) = word.split_once('.')?;
    let (revision, n) = rest.split_once('x').unwrap_or((rest, "1"));
    Some(Run { act, record: record.parse().ok()?, revision: revision.parse().ok()?, n: n.parse().ok()? })
}

fn stated(word: &str) -> Option<Part<'static>> {
    let (name, rest) = word.strip_prefix('=')?.split_once(':')?;
    let (key, hash) = rest.split_once(':')?;
    let hash = if hash == "-" { None } else { Some(Hash::parse(hash)?) };
    Some(Part::Stated(Guarded::parse(name)?, key.parse().ok()?, hash))
}

fn mark(word: &str) -> Option<Mark> {
    let (what, of) = word.strip_prefix('~')?.split_once(':')?;
    let renamed = || of.split_once('>').map(|(from, to)| (from.to_owned(), to.to_owned()));
    match what {
        "ledger" => renamed().map(|(from, to)| Mark::Ledger { from, to }),
        "column" => {
            let (from, to) = renamed()?;
            let (ledger, from) = from.split_once('.')?;
            Some(Mark::Column { ledger: ledger.to_owned(), from: from.to_owned(), to })
        }
        "package" => Some(Mark::Package(of.to_owned())),
        "erased" => of.parse().ok().map(Mark::Erased),
        "key" => of.parse().ok().map(Mark::Key),
        "guards" => Guarded::parse(of).map(Mark::Guards),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut writing = Writing::default();
        for record in 3..=5 {
            writing.row("unit", Act::Row, record, 1);
        }
        writing.row("unit", Act::Row, 6, 2);
        writing.row("unit", Act::Void, 7, 2);
        writing.row("talk", Act::Void, 8, 2);
        writing.row("talk", Act::Rekey, 9, 2);
        writing.row("talk", Act::Erased, 10, 1);
        writing.row("talk", Act::ErasedVoid, 10, 1);
        let marks = [
            Mark::Ledger { from: "a".into(), to: "b".into() },
            Mark::Column { ledger: "b".into(), from: "x".into(), to: "y".into() },
            Mark::Package("ab12".into()),
            Mark::Erased(4),
            Mark::Key(2),
            Mark::Guards(Guarded::Grant),
        ];
        marks.iter().for_each(|m| writing.mark(m));
        let hash = Hash::of(b"x");
        writing.stated(Guarded::Account, 3, Some(hash));
        writing.stated(Guarded::Test, 4, None);
        let text = writing.finish();
        let marked = "~ledger:a>b ~column:b.x>y ~package:ab12 ~erased:4 ~key:2 ~guards:role_grant";
        let marked = format!("{marked} =account:3:{hash} =test:4:-");
        assert_eq!(text, format!("unit +3.1x3 +6.2 -7.2 talk -8.2 *9.2 !10.1 %10.1 {marked}"));
        let read: Vec<_> = parts(&text).collect();
        let first = Run { act: Act::Row, record: 3, revision: 1, n: 3 };
        assert_eq!(read[0], Some(Part::Rows("unit", first)));
        assert_eq!(first.place(Act::Row, 5, 1), Some(2));
        assert_eq!(first.place(Act::Row, 6, 1), None);
        assert_eq!(read[3], Some(Part::Rows("talk", Run { act: Act::Void, record: 8, revision: 2, n: 1 })));
        let stated = [Part::Stated(Guarded::Account, 3, Some(hash)), Part::Stated(Guarded::Test, 4, None)];
        assert!(marks.into_iter().map(Part::Mark).chain(stated).map(Some).eq(read[7..].iter().cloned()));
    }

    #[test]
    fn other_text_is_refused_word_by_word() {
        for word in [
            "+1",
            "+x.1",
            "*1",
            "~erased:x",
            "~key:-1",
            "~",
            "+1.1x",
            "-9999999999999999999.1",
            "=account:1:0",
            "=nothing:1:-",
            "~guards:x",
        ] {
            assert_eq!(parts(word).collect::<Vec<_>>(), [None], "{word}");
        }
    }
}
