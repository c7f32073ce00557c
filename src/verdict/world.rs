//! What is known: the organisation and the facts, as columns of integers. Nothing here judges.
//!
//! A world holds every row known at one instant, whatever its day; the day asked is applied by the evaluator. It may be a
//! slice: only some subjects' rows of a large ledger, with the same meaning for those subjects.

use std::{collections::HashMap, sync::Arc};

use super::kind::Kind;
use crate::{
    calendar::Workdays,
    day::Day,
    directive::model::{Ledger, Package},
    org::{builtin, chart::Chart},
};

/// The cell of a field that is not filled.
pub const EMPTY: i64 = i64::MIN;
/// Position of the built-in ledgers among [`Layout::ledgers`].
pub const UNIT: usize = 0;
/// Persons.
pub const PERSON: usize = 1;
/// Posts.
pub const POST: usize = 2;
/// 分管.
pub const CHARGE: usize = 3;

/// The ledgers in a fixed order: the built-in ones, then the package's.
pub struct Layout {
    /// Definitions.
    pub ledgers: Vec<Ledger>,
    /// Kind of each field of each ledger.
    pub kinds: Vec<Vec<Kind>>,
    by_name: HashMap<String, usize>,
}

impl Layout {
    /// The layout of a package.
    pub fn new(package: &Package) -> Layout {
        let ledgers: Vec<Ledger> = builtin::ledgers().into_iter().chain(package.ledgers.iter().cloned()).collect();
        let by_name: HashMap<String, usize> = ledgers.iter().enumerate().map(|(i, l)| (l.name.clone(), i)).collect();
        let kinds = ledgers.iter().map(|l| l.fields.iter().map(|f| Kind::of(l, f, &by_name)).collect()).collect();
        Layout { ledgers, kinds, by_name }
    }

    /// Position of a ledger.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

/// One row: a ledger's position and the row's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Position of the ledger in the layout.
    pub table: usize,
    /// Position of the row in its table.
    pub row: usize,
}

/// The known rows of one ledger, ascending by record id.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Record ids; left empty where no row is looked up.
    pub ids: Vec<i64>,
    /// The typed unit's record id, or [`EMPTY`]; left empty where it is not read.
    pub unit: Vec<i64>,
    /// An event's day, an item's opening; [`Day::MAX`] where it is empty, so that the row is never seen.
    pub opens: Vec<Day>,
    /// An item's closing day, [`Day::MAX`] while open; empty for events.
    pub closes: Vec<Day>,
    /// Instant of recording of this revision, µs.
    pub recorded: Vec<i64>,
    /// One column a field; a column that no requirement reads is left empty.
    pub columns: Vec<Vec<i64>>,
}

impl Table {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.opens.len()
    }

    /// No row.
    pub fn is_empty(&self) -> bool {
        self.opens.is_empty()
    }

    /// Position of a record.
    pub fn row_of(&self, id: i64) -> Option<usize> {
        let guess = id.wrapping_sub(*self.ids.first()?) as usize;
        if self.ids.get(guess) == Some(&id) { Some(guess) } else { self.ids.binary_search(&id).ok() }
    }

    /// These rows alone.
    pub fn only(&self, rows: &[usize]) -> Table {
        fn pick<T: Copy>(of: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().filter_map(|row| of.get(*row)).copied().collect()
        }
        Table {
            ids: pick(&self.ids, rows),
            unit: pick(&self.unit, rows),
            opens: pick(&self.opens, rows),
            closes: pick(&self.closes, rows),
            recorded: pick(&self.recorded, rows),
            columns: self.columns.iter().map(|c| pick(c, rows)).collect(),
        }
    }

    /// Last day on which the row is there.
    pub fn closing(&self, row: usize) -> Day {
        self.closes.get(row).copied().unwrap_or(Day::MAX)
    }

    /// A cell; a column that was not loaded is empty.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> i64 {
        self.columns.get(column).and_then(|c| c.get(row)).copied().unwrap_or(EMPTY)
    }
}

/// Everything that a judgement may look at.
pub struct World<'a> {
    /// The ledgers' definitions.
    pub layout: &'a Layout,
    /// Rows by ledger, in the layout's order.
    pub tables: Vec<Arc<Table>>,
    /// Who belongs where when.
    pub chart: Arc<Chart>,
    /// Texts of text and period cells.
    pub texts: Texts,
    /// Workday calendar.
    pub workdays: &'a Workdays,
}

/// Texts by number, so that equal texts are equal numbers.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    by_text: HashMap<Box<str>, i64>,
    all: Vec<Box<str>>,
}

impl Texts {
    /// The number of a text, given now if it is new.
    pub fn number(&mut self, text: &str) -> i64 {
        if let Some(n) = self.by_text.get(text) {
            return *n;
        }
        let n = self.all.len() as i64;
        self.all.push(text.into());
        self.by_text.insert(text.into(), n);
        n
    }

    /// The number of a text that occurs, else none.
    pub fn find(&self, text: &str) -> Option<i64> {
        self.by_text.get(text).copied()
    }

    /// The text of a number.
    pub fn text(&self, number: i64) -> &str {
        usize::try_from(number).ok().and_then(|n| self.all.get(n)).map_or("", |t| t)
    }
}
