//! "Did you mean": the known name nearest to the one that was written.

/// The known name that was most likely meant: at most a third of the letters differ.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).max(1);
    let length = name.chars().count();
    let near = known.map(|k| (distance(name, k), length.abs_diff(k.chars().count()), k)).filter(|(d, ..)| *d <= limit);
    near.min().map(|(.., k)| k)
}

/// Edit distance, a swap of two neighbours counted once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            row.push(if swap { best.min(rows[i - 2][j - 2] + 1) } else { best });
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_near() {
        let known = ["measure", "at_least", "at_most"];
        assert_eq!(nearest("mesure", known.into_iter()), Some("measure"));
        assert_eq!(nearest("at_laest", known.into_iter()), Some("at_least"));
        assert_eq!(nearest("colour", known.into_iter()), None);
    }
}
