//! What is wrong in a file, as lines of a table: the same fault in many rows is one line.

use super::view::imports::Finding;
use crate::sheet::CellError;

/// Rows, or stretches of rows, that a line names.
const NAMED: usize = 4;

/// The first faults as `most` lines at most, and how many faults these lines stand for. Faults of one column with the same
/// value, reason and mending are one line, at the place of the first.
pub(super) fn lines(errors: &[CellError], most: usize) -> (Vec<Finding>, usize) {
    let mut groups: Vec<(&CellError, Vec<u32>)> = Vec::new();
    for e in errors {
        let same = |of: &&CellError| {
            (&of.column, &of.head, &of.shown, &of.reason, &of.mend)
                == (&e.column, &e.head, &e.shown, &e.reason, &e.mend)
        };
        match groups.iter().position(|(of, _)| same(of)) {
            Some(at) => groups[at].1.push(e.row),
            None if groups.len() < most => groups.push((e, vec![e.row])),
            None => {}
        }
    }
    let told = groups.iter().map(|(_, rows)| rows.len()).sum();
    let line = |(e, rows): &(&CellError, Vec<u32>)| Finding {
        row: row_words(rows),
        column: format!("{}　{}", e.column, e.head).trim().to_owned(),
        shown: e.shown.clone(),
        // Of what is wrong with a row as a whole there is no cell.
        none: if e.column.is_empty() { "--" } else { "（空）" },
        reason: e.reason.clone(),
        mend: e.mend.clone(),
    };
    (groups.iter().map(line).collect(), told)
}

/// `第3行`, `第3、5至9行`, `第3、5、8、11行等46行`.
fn row_words(rows: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *row => *last = *row,
            Some((_, last)) if *last == *row => {}
            _ => spans.push((*row, *row)),
        }
    }
    let named = spans.iter().take(NAMED).map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}至{last}"),
    });
    let named = named.collect::<Vec<_>>().join("、");
    if spans.len() > NAMED { format!("第{named}行等{}行", rows.len()) } else { format!("第{named}行") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(row: u32, shown: &str) -> CellError {
        CellError {
            row,
            column: "C".into(),
            head: "方式".into(),
            shown: shown.into(),
            reason: "没有这个选项".into(),
            mend: "改为面谈或电话".into(),
        }
    }

    #[test]
    fn the_same_fault_is_one_line() {
        let errors: Vec<CellError> =
            [3, 5, 6, 7].map(|n| error(n, "微信")).into_iter().chain([error(6, "邮件")]).collect();
        let (lines, told) = lines(&errors, 10);
        let rows: Vec<(&str, &str)> = lines.iter().map(|l| (l.row.as_str(), l.shown.as_str())).collect();
        assert_eq!((rows, told), (vec![("第3、5至7行", "微信"), ("第6行", "邮件")], 5));
        let many: Vec<CellError> = (0..46).map(|n| error(2 * n + 3, "微信")).collect();
        assert_eq!(super::lines(&many, 10).0[0].row, "第3、5、7、9行等46行");
    }

    #[test]
    fn what_is_beyond_the_last_line_is_not_counted_as_told() {
        let errors: Vec<CellError> = (0..5).map(|n| error(n + 2, &n.to_string())).chain([error(9, "0")]).collect();
        let (lines, told) = lines(&errors, 2);
        assert_eq!((lines.len(), lines[0].row.as_str(), told), (2, "第2、9行", 3));
    }
}
