//! Questions that were taken from the bank's list for a new paper: they are in the address alone, under `take`, once or
//! several times, each value numbers and ranges like `3.5-8`.

use std::collections::BTreeSet;

use super::{frame::Desk, view::url::Query};
use crate::exam::paper::MOST;

/// The key in the address.
pub(super) const TAKE: &str = "take";
/// Digits of a number.
const DIGITS: usize = 9;

/// The numbers of an address, [`MOST`] at most; `false` where some of it is no number or goes beyond.
fn numbers(url: &Query) -> (BTreeSet<i64>, bool) {
    let (mut all, mut whole) = (BTreeSet::new(), true);
    let values = url.pairs.iter().filter(|(key, value)| key == TAKE && !value.is_empty());
    for part in values.flat_map(|(_, value)| value.split('.')) {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.len() <= DIGITS && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<i64>().ok()).flatten()
        };
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last && last - first < MOST as i64 => all.extend(first..=last),
            _ => whole = false,
        }
        while all.len() > MOST {
            all.pop_last();
            whole = false;
        }
    }
    (all, whole)
}

/// The same, saying on the page what was left out.
pub(super) fn told(desk: &mut Desk<'_, '_>) -> BTreeSet<i64> {
    let (all, whole) = numbers(&desk.ask.url);
    if !whole {
        desk.notice(format!("选题里有的题号无法识别，或超过{MOST}题，没有采用；现选{}题。", all.len()));
    }
    all
}

/// As one value of an address: `3.5-8`.
pub(super) fn written(numbers: &BTreeSet<i64>) -> String {
    let all: Vec<i64> = numbers.iter().copied().collect();
    let run = |run: &[i64]| match run {
        [first, .., last] => format!("{first}-{last}"),
        [one] => one.to_string(),
        [] => String::new(),
    };
    all.chunk_by(|a, b| *b == a + 1).map(run).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> (BTreeSet<i64>, bool) {
        let mut url = Query::new("/questions");
        url.pairs = values.iter().map(|v| (TAKE.to_owned(), (*v).to_owned())).collect();
        numbers(&url)
    }

    #[test]
    fn what_was_taken_comes_back() {
        let (all, whole) = of(&["3.5-8", "10", "4"]);
        assert!(whole && all.iter().copied().eq([3, 4, 5, 6, 7, 8, 10]));
        assert_eq!(written(&all), "3-8.10");
        assert_eq!(of(&[&written(&all)]).0, all);
        for bad in ["x", "8-5", "1-99999", "3..5", "-1", "99999999999"] {
            assert!(!of(&[bad]).1, "{bad}");
        }
        assert_eq!(of(&["1-300", "5000"]), ((1..=300).collect(), false));
    }
}
