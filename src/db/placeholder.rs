//! Checks the placeholders of a statement, alike for both databases, once per statement.
//!
//! SQLite takes `$1::text` for one long name and numbers `$n` by first appearance; PostgreSQL would accept the first
//! and cannot type a gap. So a statement that one of them would read otherwise is refused by both.

use super::DbError;

/// The number N of parameters of a statement whose placeholders are exactly `$1…$N`, in any order, repeated or not.
/// Quoted text, quoted names and comments are skipped.
pub(super) fn count(sql: &str) -> Result<usize, DbError> {
    let bytes = sql.as_bytes();
    let refuse = |what: &str| Err(DbError::Placeholders(format!("{what} in {sql}")));
    let mut seen = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            quote @ (b'\'' | b'"') => i = skip_to(bytes, i + 1, &[quote]),
            b'-' if bytes.get(i + 1) == Some(&b'-') => i = skip_to(bytes, i + 2, b"\n"),
            b'/' if bytes.get(i + 1) == Some(&b'*') => i = skip_to(bytes, i + 2, b"*/"),
            b'$' => {
                let digits = bytes[i + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                let Ok(n @ 1..=65_535) = sql[i + 1..=i + digits].parse::<usize>() else {
                    return refuse("a name that is no number");
                };
                if bytes.get(i + 1 + digits).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')) {
                    return refuse("a name that is no number");
                }
                seen.resize(seen.len().max(n), false);
                seen[n - 1] = true;
                i += 1 + digits;
            }
            b'?' | b'@' => return refuse("a foreign placeholder"),
            b':' => return refuse("a colon (write casts as `cast(… as …)`)"),
            _ => i += 1,
        }
    }
    match seen.iter().position(|s| !s) {
        Some(gap) => refuse(&format!("no ${}", gap + 1)),
        None => Ok(seen.len()),
    }
}

/// The place after the next `end` from `from` on, or the end of the text.
fn skip_to(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(end.len()).position(|w| w == end).map_or(bytes.len(), |at| from + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_what_is_outside_quotes() {
        for (sql, n) in [
            ("select 1", 0),
            ("select $2, $1, $2", 2),
            ("select '$3 ''$4', \"a$5\", $1 -- $6\n, $2 /* $7 */", 2),
            ("select '单位：' || $1", 1),
            ("select '未闭合", 0),
        ] {
            assert_eq!(count(sql).unwrap(), n, "{sql}");
        }
    }

    #[test]
    fn refuses_what_the_two_would_read_differently() {
        for sql in ["$1 $3", "$0", "$", "$a", "$1a", "$1::text", "x::text", "?", "?1", ":a", "@a", "$1$2", "$99999"] {
            assert!(count(sql).is_err(), "{sql}");
        }
    }
}
