//! Whether a table looks like another ledger's than the one it was sent for.

use super::{
    Table,
    header::{self, Answers, HeaderMatch, Target, unit_is_typed},
};
use crate::directive::model::Ledger;

/// How a table fits a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Heads in the row of heads.
    pub heads: usize,
    /// Those that mean a column of the ledger.
    pub known: usize,
    /// Required columns that no head means.
    pub missing: usize,
}

impl Fit {
    /// How a table fits; where no row of heads is found everything is missing.
    pub fn of(table: &Table, ledger: &Ledger) -> Fit {
        let none = Fit { missing: usize::MAX, ..Fit::default() };
        header::detect_as(table, ledger, &Answers::new()).map_or_else(|_| none, |h| Fit::seen(&h, ledger))
    }

    /// The same of heads that were matched.
    pub fn seen(header: &HeaderMatch, ledger: &Ledger) -> Fit {
        let has = |t: Target| header.columns.iter().any(|c| c.target == t);
        let counted = header.columns.iter().filter(|c| c.target != Target::Ignored);
        let unit = unit_is_typed(ledger) && !has(Target::Unit) && !has(Target::Section);
        Fit {
            heads: counted.clone().count(),
            known: counted.filter(|c| c.target != Target::Unknown).count(),
            missing: header.missing.len() + usize::from(unit),
        }
    }

    /// So little fits that one should look whether it is the right table.
    pub fn is_poor(self) -> bool {
        self.missing > 0 && self.known * 3 <= self.heads
    }

    /// Fits clearly better than the other: it lacks less of what it must have, and knows more of the heads.
    fn beats(self, other: Fit) -> bool {
        self.missing < other.missing && self.known > other.known
    }
}

/// Whether a sheet of a workbook may be the one with the ledger's rows, rather than a cover or instructions.
pub fn fits(table: &Table, ledger: &Ledger) -> bool {
    let fit = Fit::of(table, ledger);
    fit.missing == 0 || (fit.known > 1 && !fit.is_poor())
}

/// The ledger that a table looks like rather than the one it was sent for; `None` where none fits clearly better. Of several
/// the one that lacks least, then the one that knows most.
pub fn rather<'l>(table: &Table, sent: Fit, others: impl Iterator<Item = &'l Ledger>) -> Option<&'l Ledger> {
    let fits = others
        .map(|l| (Fit::of(table, l), l))
        .filter(|(fit, _)| fit.missing == 0 && fit.known * 2 > fit.heads && fit.beats(sent));
    fits.max_by_key(|(fit, _)| fit.known).map(|(_, ledger)| ledger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        org::builtin,
        sheet::{RawCell, Row},
    };

    fn table(rows: &[&[&str]]) -> Table {
        let cells = |row: &&[&str]| row.iter().map(|t| RawCell::Text((*t).to_owned())).collect();
        let rows = rows.iter().enumerate().map(|(i, row)| Row { number: i as u32 + 1, cells: cells(row) }).collect();
        Table { rows, ..Table::default() }
    }

    #[test]
    fn a_table_is_known_by_its_heads() {
        let all = builtin::ledgers();
        let ledger = |name: &str| all.iter().find(|l| l.name == name).unwrap();
        let posts =
            table(&[&["任职表"], &["人员", "任职类别", "职务", "任职日期", "单位"], &["王一", "科长", "", "", ""]]);
        let (person, post) = (ledger("person"), ledger("post"));
        let sent = Fit::of(&posts, person);
        assert!(sent.missing > 0 && Fit::of(&posts, post).missing == 0, "{sent:?}");
        let rather =
            |sent: Fit, but: &str| rather(&posts, sent, all.iter().filter(|l| l.name != but)).map(|l| &*l.name);
        assert_eq!(rather(sent, "person"), Some("post"));
        // What fits its own ledger looks like no other; what fits none does neither.
        assert_eq!(rather(Fit::of(&posts, post), "post"), None);
        let goods = table(&[&["商品", "数量", "单价"]]);
        let fit = Fit::of(&goods, post);
        assert_eq!(super::rather(&goods, fit, all.iter()).map(|l| &*l.name), None);
        // Some heads that nobody knows do not make it another's.
        let own = table(&[&["人员", "任职类别", "哪一天", "单位", "备注"]]);
        let fit = Fit::of(&own, post);
        assert!(fit.missing == 1 && !fit.is_poor(), "{fit:?}");
    }
}
