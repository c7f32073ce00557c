//! Addresses whose whole state is in the query: filters, order, page.

/// A path and its query. Handlers build one from the request; facets, chips and pagers derive theirs from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Path, already encoded.
    pub path: String,
    /// Pairs in order, decoded. A key may stand several times: any of its values.
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// An address without query.
    pub fn new(path: impl Into<String>) -> Query {
        Query { path: path.into(), pairs: Vec::new() }
    }

    /// With `key` having this one value.
    pub fn with(&self, key: &str, value: impl Into<String>) -> Query {
        let mut query = self.without(key);
        query.pairs.push((key.to_owned(), value.into()));
        query
    }

    /// Without `key`.
    pub fn without(&self, key: &str) -> Query {
        let pairs = self.pairs.iter().filter(|(k, _)| k != key).cloned().collect();
        Query { path: self.path.clone(), pairs }
    }

    /// With `value` taken out of the values of `key`, or added if it was not there.
    pub fn toggle(&self, key: &str, value: &str) -> Query {
        let mut query = self.clone();
        let before = query.pairs.len();
        query.pairs.retain(|(k, v)| k != key || v != value);
        if query.pairs.len() == before {
            query.pairs.push((key.to_owned(), value.to_owned()));
        }
        query
    }

    /// The address.
    pub fn href(&self) -> String {
        let mut href = self.path.clone();
        for (i, (key, value)) in self.pairs.iter().enumerate() {
            href.push(if i == 0 { '?' } else { '&' });
            encode(&mut href, key);
            href.push('=');
            encode(&mut href, value);
        }
        if href.is_empty() { "?".to_owned() } else { href }
    }
}

/// One path segment, percent-encoded: `verdict_href` and others need it for codes that hold `|` or `/`.
pub fn segment(text: &str) -> String {
    let mut out = String::new();
    encode(&mut out, text);
    out
}

fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced_toggled_and_removed() {
        let query = Query::new("/ledgers/talk").with("month", "2025-05").with("page", "3");
        assert_eq!(query.with("page", "4").href(), "/ledgers/talk?month=2025-05&page=4");
        let both = query.toggle("month", "2025-06").without("page");
        assert_eq!(both.href(), "/ledgers/talk?month=2025-05&month=2025-06");
        assert_eq!(both.toggle("month", "2025-05").href(), "/ledgers/talk?month=2025-06");
    }

    #[test]
    fn chinese_and_separators_are_encoded() {
        assert_eq!(Query::new("/x").with("state", "已确认&a=b").href(), "/x?state=%E5%B7%B2%E7%A1%AE%E8%AE%A4%26a%3Db");
        assert_eq!(segment("a1|城东/1"), "a1%7C%E5%9F%8E%E4%B8%9C%2F1");
    }
}
