//! The bytes of a row, a void and an entry that are hashed: one form for everything, the same on both databases and
//! after columns were added (`docs/AUDITORS.md` has it in words).
//!
//! A thing is its name, then each column that is not empty, in the order of the names' bytes: name, type, value.
//! Texts are preceded by their length; numbers are eight bytes, the highest first.

use super::tree::Hash;
use crate::db::{Peek, Value};

/// Columns that a row gets when it is voided: they belong to the void, not to the row.
pub(super) const VOID: [&str; 3] = ["void_reason", "voided_at", "voided_by"];

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
/// What neither database would hold if the program had written it; so that it never equals anything.
const FOREIGN: u8 = 3;

/// How things of one kind are laid out: their name, and the columns by position, in the order of their names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    head: Vec<u8>,
    /// Position among the columns given, and the name as it is hashed.
    columns: Vec<(usize, Vec<u8>)>,
}

impl Form {
    /// Rows of a ledger, under the names that ledger and columns have.
    pub(crate) fn row<'c>(ledger: &str, columns: impl IntoIterator<Item = &'c str>) -> Form {
        let own = columns.into_iter().enumerate().filter(|(_, c)| !VOID.contains(c));
        Form::new(&format!("row {ledger}"), own)
    }

    /// Voids of a ledger: which row of which record, when, by whom, why. Columns in the order of [`VOIDED`].
    pub(super) fn void(ledger: &str) -> Form {
        Form::new(&format!("void {ledger}"), VOIDED.into_iter().enumerate())
    }

    /// Anything with these columns.
    pub(super) fn new<'c>(what: &str, columns: impl Iterator<Item = (usize, &'c str)>) -> Form {
        // Leaves of a tree begin with a zero byte (RFC 6962, 2.1).
        let mut head = vec![0];
        put_text(&mut head, what);
        let mut columns: Vec<(usize, &str)> = columns.collect();
        columns.sort_by_key(|(_, name)| *name);
        let name = |name: &str| {
            let mut bytes = Vec::new();
            put_text(&mut bytes, name);
            bytes
        };
        Form { head, columns: columns.into_iter().map(|(i, n)| (i, name(n))).collect() }
    }

    /// Writes a thing into `bytes`, which are emptied first; `cell` gives the column at a position.
    pub(crate) fn write<'v>(&self, bytes: &mut Vec<u8>, cell: impl Fn(usize) -> Peek<'v>) {
        bytes.clear();
        bytes.extend_from_slice(&self.head);
        for (i, name) in &self.columns {
            let value = cell(*i);
            if matches!(value, Peek::Null) {
                continue;
            }
            bytes.extend_from_slice(name);
            match value {
                Peek::I64(n) => {
                    bytes.push(NUMBER);
                    bytes.extend_from_slice(&n.to_be_bytes());
                }
                Peek::Text(t) => {
                    bytes.push(TEXT);
                    put_text(bytes, t);
                }
                Peek::Other | Peek::Null => bytes.push(FOREIGN),
            }
        }
    }

    /// Hash of a thing.
    pub(crate) fn hash<'v>(&self, bytes: &mut Vec<u8>, cell: impl Fn(usize) -> Peek<'v>) -> Hash {
        self.write(bytes, cell);
        Hash::of(bytes)
    }
}

/// The columns of a void.
pub(crate) const VOIDED: [&str; 5] = ["record_id", "revision", "voided_at", "voided_by", "void_reason"];

/// A bound value as it will be read.
pub(crate) fn peek(value: &Value) -> Peek<'_> {
    match value {
        Value::Null => Peek::Null,
        Value::I64(n) => Peek::I64(*n),
        Value::Text(t) => Peek::Text(t),
        Value::F64(_) => Peek::Other,
    }
}

/// The length in groups of seven bits, the lowest first, then the text.
fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let mut n = text.len();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_columns_and_their_order_do_not_matter_but_everything_else_does() {
        let mut bytes = Vec::new();
        let mut hash = |columns: &[&str], values: &[Value]| {
            Form::row("talk", columns.iter().copied()).hash(&mut bytes, |i| peek(&values[i]))
        };
        let one = hash(&["row_id", "day"], &[1.into(), "2025-03-01".into()]);
        assert_eq!(one, hash(&["new", "day", "row_id"], &[Value::Null, "2025-03-01".into(), 1.into()]));
        assert_eq!(one, hash(&["row_id", "day", "voided_at"], &[1.into(), "2025-03-01".into(), 9.into()]));
        for (columns, values) in [
            (["row_id", "day"], [2.into(), "2025-03-01".into()]),
            (["row_id", "day"], [1.into(), "2025-03-02".into()]),
            (["row_id", "days"], [1.into(), "2025-03-01".into()]),
            (["row_id", "day"], ["1".into(), "2025-03-01".into()]),
            (["row_id", "day"], [1.into(), Value::Null]),
        ] {
            assert_ne!(one, hash(&columns, &values), "{columns:?} {values:?}");
        }
    }

    /// Calculated by the lines of Python in `docs/AUDITORS.md`.
    #[test]
    fn a_row_has_the_hash_that_the_documents_say() {
        let columns = ["row_id", "record_id", "revision", "recorded_by", "note"];
        let values = [7.into(), 3.into(), 1.into(), "张三".into(), "长".repeat(100).into()];
        let hash = Form::row("talk", columns).hash(&mut Vec::new(), |i| peek(&values[i]));
        assert_eq!(hash.to_string(), "feeeb10650bb536661a444cfde85d6f80212c00fe8d3ad522534ca2ff6011dbc");
    }
}
