//! A file comes in: read and checked whole, nothing written before; then staged, moved chunk by chunk, and judged. A crash
//! leaves nothing that counts as imported, or a job that goes on.

mod alike;
pub mod answers;
mod ask;
pub mod batch;
mod compare;
mod find;
pub mod held;
mod laid;
mod masked;
mod named;
mod older;
mod reach;
mod report;
pub(crate) mod rules;
mod run;
mod staged;
mod state;
mod titled;

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{BufReader, Read as _},
    path::Path,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::{
    clock,
    db::{Tx, Value},
    directive::model::Ledger,
    hex::hex,
    installation::{Current, Installation},
    scope::Scope,
    sheet::{
        self, CellError, Checked, CheckedRow, Limits, Stored,
        header::{Answers, Target},
        likeness,
    },
};

use batch::Mode;

pub use alike::Alike;
pub use compare::Standing;
pub use find::Finder;
pub use laid::laid;
pub use named::{Named, named, slots};
pub(crate) use named::{apply as refuse_unnamed, spell};
pub use older::version;
pub use report::{Corrected, Matched, Question, Report, Same, Shifted, Turned, Unlike, Weighed};
pub use run::{Board, reach_of, read, run_waiting};
pub(crate) use staged::reseal;
pub use staged::{failure, resume, stage};
pub(crate) use staged::{is_staging, lock_key};
pub use titled::{referred, referred_in};

/// The ledger whose rows may refer to each other within one file.
const UNITS: &str = "unit";

/// A file that was read and checked; nothing is written yet.
#[derive(Debug)]
pub struct Prepared {
    /// Name of the file.
    pub file: String,
    /// SHA-256 (hex) of its bytes.
    pub sha256: String,
    /// What the check found.
    pub checked: Checked,
    /// Imports of the very same file into this ledger that stand: number, when, by whom.
    pub before: Vec<(i64, String, String)>,
    /// Rows that are in the ledger already, equal in everything that the file gives, each with the import that brought it.
    pub known: Vec<(u32, Option<i64>)>,
    /// Of the rows to take in, those that correct a record: what stands, by row number.
    pub corrections: HashMap<u32, Standing>,
    /// Of the rows without a code, those that say what a record says that stands.
    pub alike: Vec<Alike>,
}

impl Prepared {
    /// Hash (hex) of what would be written, of which rows seem to stand already, and of how many rows would not.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for row in &self.checked.rows {
            hash.update(format!("{row:?} {:?}\n", self.corrections.get(&row.number).map(Standing::at)));
        }
        hash.update(format!("{} {} {:?}", self.known.len(), self.checked.bad_rows, self.alike));
        hex(&hash.finalize())
    }

    /// Takes out the rows that seem to stand already; gives all rows as they were.
    pub fn leave_alike(&mut self) -> Vec<CheckedRow> {
        let alike: HashSet<u32> = self.alike.iter().map(|a| a.row).collect();
        let kept = self.checked.rows.iter().filter(|r| !alike.contains(&r.number)).cloned().collect();
        std::mem::replace(&mut self.checked.rows, kept)
    }
}

/// What a table is checked for.
pub struct Asked<'a> {
    /// Name of the ledger.
    pub ledger: &'a str,
    /// Name of the file.
    pub file: &'a str,
    /// SHA-256 (hex) of its bytes.
    pub sha256: &'a str,
    /// How rows are taken whose code stands.
    pub mode: Mode,
    /// Rows outside it are refused.
    pub scope: &'a Scope,
    /// What the columns are, where that was said.
    pub answers: Answers,
}

/// Reads and checks a file for a ledger, for who may write everything.
///
/// # Errors
/// When the file cannot be read as a table; the message says why and how to mend it.
pub fn prepare(installation: &Installation, ledger: &str, path: &Path) -> anyhow::Result<Prepared> {
    let sha256 = digest(path)?;
    let file = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let current = installation.db.read(|tx| installation.current(tx))?;
    let layout = &current.engine.layout;
    let definition = &layout.ledgers[layout.index(ledger).with_context(|| format!("没有台账“{ledger}”"))?];
    // Outside of the snapshot: a large file takes its time.
    let source = BufReader::new(fs::File::open(path)?);
    let table = sheet::read_fitting(source, &Limits::default(), &|t| likeness::fits(t, definition))?;
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let asked = Asked {
            ledger,
            file: &file,
            sha256: &sha256,
            mode: Mode::Update,
            scope: &Scope::All,
            answers: Answers::new(),
        };
        check(tx, installation, &current, &table, &asked, &mut |_, _| {})
    })
}

/// Checks a table; `told` hears how many of how many rows are done.
///
/// # Errors
/// When no header of the ledger is found in it, or the store cannot be read.
pub fn check(
    tx: &mut Tx<'_>,
    installation: &Installation,
    current: &Current,
    table: &sheet::Table,
    asked: &Asked<'_>,
    told: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Prepared> {
    let (today, layout) = (installation.clock.now().day, &current.engine.layout);
    let index = layout.index(asked.ledger).with_context(|| format!("没有台账“{}”", asked.ledger))?;
    let definition = &layout.ledgers[index];
    let mut finder = Finder::load(tx, layout, definition)?;
    if asked.ledger == UNITS {
        expect_units(&mut finder, table, definition, &asked.answers);
    }
    titled::recall(tx, layout, &mut finder, (definition, table), (&asked.answers, asked.scope))?;
    let how = sheet::How { today, answers: &asked.answers };
    let mut checked = sheet::check_as(table, definition, &finder, &how, told)?;
    let sql = "select row_id, recorded_at, recorded_by from import \
               where ledger = $1 and sha256 = $2 and undone_at is null and cast(row_id as text) not in \
               (select payload from job where kind = 'import' and state = $3) order by row_id";
    let before = tx.rows(sql, &[asked.ledger.into(), asked.sha256.into(), staged::STAGING.into()], |r| {
        Ok((r.i64(0)?, clock::chinese(r.i64(1)?), r.text(2)?.to_owned()))
    })?;
    masked::keep(tx, definition, &installation.keys, &mut checked)?;
    let named = named(&current.engine, definition);
    spell(&named, &mut checked);
    let known = compare::known(tx, definition, (&installation.keys, asked.scope), &mut checked)?;
    rules::apply(tx, definition, &mut checked, None)?;
    let corrections = compare::corrections(tx, definition, &mut checked)?;
    let standing = |row: &sheet::CheckedRow| corrections.get(&row.number).map(|standing| &*standing.values);
    refuse_unnamed(definition, &named, &mut checked, &standing);
    let record = |row: &sheet::CheckedRow| corrections.get(&row.number).map(|standing| standing.record);
    rules::codes(tx, definition, &mut checked, &record)?;
    rules::numbers(tx, (definition, &installation.keys), &mut checked, &record)?;
    let (file, sha256) = (asked.file.to_owned(), asked.sha256.to_owned());
    let mut prepared = Prepared { file, sha256, checked, before, known, corrections, alike: Vec::new() };
    // First, so that of the records of others nothing is told but that they are not to be written.
    reach::keep_to(tx, current, (index, asked.scope), today, table, &mut prepared)?;
    if asked.mode == Mode::Add {
        refuse_corrections(&mut prepared);
    }
    rules::orphans(definition, &mut prepared.checked);
    prepared.alike = alike::found(tx, definition, (&installation.keys, asked.scope), &prepared)?;
    let any = !prepared.checked.rows.is_empty() || !prepared.known.is_empty();
    if any || !prepared.checked.header.doubts.is_empty() {
        ask::ask(&current.engine, definition, table, &mut prepared.checked.header);
    }
    Ok(prepared)
}

/// Rows that would correct a record, where only new ones are wanted.
fn refuse_corrections(prepared: &mut Prepared) {
    let header = &prepared.checked.header;
    let column = header.columns.iter().find(|c| c.target == Target::Code);
    let (column, head) = column.map_or_else(Default::default, |c| (sheet::letters(c.index), c.head.clone()));
    let known = prepared.checked.rows.iter().filter(|r| prepared.corrections.contains_key(&r.number));
    let errors = known.map(|r| CellError {
        row: r.number,
        column: column.clone(),
        head: head.clone(),
        shown: r.code.clone().unwrap_or_default(),
        reason: "这个编号已在台账中，而内容不同".into(),
        mend: "确要更正的，请改用“新增，已有的更正”重新上传；是另一条记录的，请换一个编号".into(),
    });
    let errors = errors.collect();
    prepared.corrections.clear();
    prepared.checked.refuse(errors);
}

/// Units that the file itself brings may be named as superiors in it: they stand under provisional ids, minus the number
/// of their row, until they are written ((`staged`)).
fn expect_units(finder: &mut Finder, table: &sheet::Table, ledger: &Ledger, answers: &Answers) {
    let Ok(header) = sheet::header::detect_as(table, ledger, answers) else { return };
    let name = ledger.field_index("name").map(Target::Field);
    let columns: Vec<usize> =
        [Some(Target::Code), name].into_iter().flatten().filter_map(|t| header.column(t)).collect();
    for row in table.rows.iter().filter(|r| r.number > header.row) {
        let texts = columns.iter().filter_map(|c| row.cells.get(*c)).map(sheet::RawCell::text);
        finder.expect(-i64::from(row.number), texts);
    }
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
    }
    Ok(hex(&hash.finalize()))
}

/// A checked value as the store binds it.
pub(crate) fn value(stored: &Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::I64(n) => Value::I64(*n),
        Stored::Text(t) => Value::Text(t.clone()),
    }
}
