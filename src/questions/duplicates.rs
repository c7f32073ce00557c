//! The same question twice: by its text without width, case and punctuation, and nearly the same by shingles.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use sha2::{Digest as _, Sha256};

use super::{
    model::{Question, folded},
    plain::plain,
};
use crate::hex::hex;

/// Characters of a shingle.
const SHINGLE: usize = 3;
/// Share of common shingles (Jaccard) from which two questions are nearly the same, in tenths.
const ALIKE: usize = 8;

/// Signs without which a text says something else.
const SIGNS: &str = "<>=≤≥≠≈%‰±×÷√°";
/// Signs that do so before a digit or a letter: `-5%`, `x+y`, `10^2`.
const JOINTS: &str = "-+*/^~";
const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/// Letters, digits and signs that matter, without width, case and punctuation.
fn core(text: &str) -> String {
    let mut raised = String::with_capacity(text.len());
    for c in text.chars() {
        match RAISED.chars().position(|r| r == c) {
            Some(n) => raised.push_str(&format!("^{n}")),
            None => raised.push(c),
        }
    }
    let dash = |c| if matches!(c, '\u{2212}' | '\u{2013}') { '-' } else { c };
    let chars: Vec<char> = folded(&raised).chars().map(dash).collect();
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for (i, c) in chars.iter().copied().enumerate() {
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        let behind = !gap && out.ends_with(|c: char| c.is_ascii_digit());
        let meant = c.is_alphanumeric()
            || SIGNS.contains(c)
            || JOINTS.contains(c) && next.is_ascii_alphanumeric()
            || c == '.' && behind && next.is_ascii_digit();
        if !meant {
            gap = true;
            continue;
        }
        // `1、2` is not 12.
        if gap && c.is_ascii_digit() && out.ends_with(|c: char| c.is_ascii_digit()) {
            out.push(' ');
        }
        gap = false;
        out.push(c);
    }
    out
}

/// What stem and options say, the options in their own order; `pictures`: with the names of those that each shows.
fn bare(q: &Question, pictures: bool) -> String {
    let strip = |text: &str| -> String {
        let shown = q.images.iter().filter(|i| pictures && text.contains(&i.name)).map(|i| format!("\t{}", i.name));
        std::iter::once(core(&plain(q.markup, text))).chain(shown).collect()
    };
    let mut options: Vec<String> =
        if q.kind.has_options() { q.answers.iter().map(|a| strip(&a.text)).collect() } else { Vec::new() };
    options.sort_unstable();
    std::iter::once(strip(&q.stem)).chain(options).collect::<Vec<_>>().join("\n")
}

/// The same for two questions that say the same, and nothing else.
pub fn fingerprint(q: &Question) -> String {
    hex(&Sha256::digest(bare(q, true).as_bytes())[..16])
}

/// Two questions that are nearly the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// The later one, by its place.
    pub later: usize,
    /// The earlier one that is most like it.
    pub earlier: usize,
    /// Common shingles, percent.
    pub percent: u32,
}

fn shingles(q: &Question) -> Vec<u64> {
    let chars: Vec<char> = bare(q, false).chars().collect();
    let hash = |piece: &[char]| {
        let mut hasher = DefaultHasher::new();
        piece.hash(&mut hasher);
        hasher.finish()
    };
    let mut all: Vec<u64> =
        if chars.len() < SHINGLE { vec![hash(&chars)] } else { chars.windows(SHINGLE).map(hash).collect() };
    all.sort_unstable();
    all.dedup();
    all
}

/// Of each question from `first` on, the earlier one that is most like it, if any is like it enough. Exact, by the
/// prefix filter: two sets that share so much share one of their rarest members.
pub fn near(questions: &[&Question], first: usize) -> Vec<Near> {
    let sets: Vec<Vec<u64>> = questions.iter().map(|q| shingles(q)).collect();
    let mut frequency: HashMap<u64, u32> = HashMap::new();
    sets.iter().flatten().for_each(|s| *frequency.entry(*s).or_default() += 1);
    let mut index: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (i, set) in sets.iter().enumerate() {
        let mut rare = set.clone();
        rare.sort_unstable_by_key(|s| (frequency[s], *s));
        let prefix = set.len() - (set.len() * ALIKE).div_ceil(10) + 1;
        let mut seen = HashSet::new();
        let mut best: Option<Near> = None;
        for shingle in rare.iter().take(prefix) {
            let others = index.entry(*shingle).or_default();
            if i >= first {
                for other in others.iter().filter(|o| seen.insert(**o)) {
                    let (common, all) = overlap(set, &sets[*other]);
                    let percent = (common * 100 / all) as u32;
                    if common * 10 >= all * ALIKE && best.is_none_or(|b| percent > b.percent) {
                        best = Some(Near { later: i, earlier: *other, percent });
                    }
                }
            }
            others.push(i);
        }
        found.extend(best);
    }
    found
}

/// Members of both sorted sets, and of either.
fn overlap(a: &[u64], b: &[u64]) -> (usize, usize) {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    (common, a.len() + b.len() - common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::{Answer, Image, ImageKind, Kind, Markup, Weight};

    fn q(stem: &str) -> Question {
        let answers = vec![Answer::new("一次", Weight::FULL), Answer::new("两次", Weight::NONE)];
        Question::new(Kind::Single, stem, answers)
    }

    #[test]
    fn numbers_signs_and_pictures_make_another_question() {
        let different = [
            ("投资1.5万元", "投资15万元"),
            ("设x>0，则", "设x<0，则"),
            ("增长-5%", "增长5%"),
            ("增长−5%", "增长５％"),
            ("占5%", "占5‰"),
            ("不少于≥3次", "不少于≤3次"),
            ("选1、2项", "选12项"),
            ("3-5年", "35年"),
            ("面积10²", "面积102"),
            ("a+b", "a-b"),
            ("2×3", "2÷3"),
        ];
        for (one, other) in different {
            assert_ne!(fingerprint(&q(one)), fingerprint(&q(other)), "{one} {other}");
        }
        for (one, other) in [("增长−5％。", "增长 -5%"), ("投资１．５万元？", "投资1.5万元"), ("共3次。", "共 3 次")]
        {
            assert_eq!(fingerprint(&q(one)), fingerprint(&q(other)), "{one} {other}");
        }
        let shown = |name: &str| {
            let mut q = q(&format!("看图<img src=\"@@PLUGINFILE@@/{name}\">"));
            q.markup = Markup::Html;
            q.images = vec![Image { name: name.into(), kind: ImageKind::Png, data: String::new() }];
            q
        };
        assert_ne!(fingerprint(&shown("a.png")), fingerprint(&shown("b.png")));
        assert_eq!(near(&[&shown("a.png"), &shown("b.png")], 1).len(), 1, "but nearly the same");
        let html = |stem: &str| Question { markup: Markup::Html, ..q(stem) };
        assert_ne!(fingerprint(&html("设x<0时")), fingerprint(&html("设x<5时")));
    }

    #[test]
    fn the_same_and_nearly_the_same() {
        let first = q("各区县发改委每季度至少组织几次现场教学，并与本地重大项目相结合？");
        let mut same = q("各区县发改委 每季度至少组织几次现场教学,并与本地重大项目相结合?");
        same.answers.reverse();
        assert_eq!(fingerprint(&first), fingerprint(&same));
        let close = q("各区县发改委每季度至少应组织几次现场教学，并与本地重大项目相结合？");
        let other = q("导师每月至少与结对干部谈几次话？");
        assert_ne!(fingerprint(&first), fingerprint(&close));
        let found = near(&[&first, &other, &close], 1);
        assert_eq!(found.iter().map(|n| (n.later, n.earlier)).collect::<Vec<_>>(), [(2, 0)]);
        assert!(near(&[&first, &other, &close], 3).is_empty());
        let mut html = q("<p>各区县发改委每季度至少组织几次<b>现场教学</b>，并与本地重大项目相结合？</p>");
        html.markup = Markup::Html;
        assert_eq!(fingerprint(&html), fingerprint(&first));
    }
}
