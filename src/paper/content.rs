//! What stands in a paper, as it is kept while it is a draft.

use std::collections::BTreeMap;

use crate::hex::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Kinds of papers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 季度通报: how the whole and each unit stood at the end of a quarter.
    Quarterly,
    /// 单位台账: one unit, demand by demand.
    UnitFile,
    /// 要求落实情况表: demands by units.
    States,
    /// 督办单: what one unit is to put right.
    Order,
}

impl Kind {
    /// All, in the order of the page.
    pub const ALL: [Kind; 4] = [Kind::Quarterly, Kind::UnitFile, Kind::States, Kind::Order];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Quarterly => "quarterly",
            Kind::UnitFile => "unit_file",
            Kind::States => "states",
            Kind::Order => "order",
        }
    }

    /// Reads [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.as_str() == text)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Quarterly => "季度通报",
            Kind::UnitFile => "单位台账",
            Kind::States => "要求落实情况表",
            Kind::Order => "督办单",
        }
    }

    /// Is about one unit.
    pub fn of_unit(self) -> bool {
        matches!(self, Kind::UnitFile | Kind::Order)
    }

    /// Bears a red head; the others are tables that go with a letter or stay in the house.
    pub fn has_head(self) -> bool {
        matches!(self, Kind::Quarterly | Kind::Order)
    }
}

/// The content of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its kind.
    pub kind: Kind,
    /// Label of the period: `2025Q2`; empty for the present.
    pub period: String,
    /// Code of the unit that it is about; empty for the whole.
    pub unit: String,
    /// Who issues it: the unit at the top.
    pub issuer: String,
    /// The day as of which it is judged.
    pub as_of: String,
    /// What stands in it, from top to bottom.
    pub parts: Vec<Part>,
    /// Its figures; parts name them by position.
    pub figures: Vec<Figure>,
}

/// Something that was counted or judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is, the same in each drawing: `u2/R-21/state`: of a unit by its record id, since a code may be
    /// anything.
    pub key: String,
    /// What it is, for people: `柳溪县发改局 干-21 判定`.
    pub name: String,
    /// As it stands in the paper.
    pub text: String,
    /// Where it is explained.
    pub place: Place,
}

impl Figure {
    /// Record id of the unit that it is about; `None`: the whole.
    pub fn unit(&self) -> Option<i64> {
        self.key.strip_prefix('u')?.split_once('/')?.0.parse().ok()
    }
}

/// Where a figure is explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The overview.
    Overview,
    /// The page of a unit: its code, and the demand on it, if one is meant.
    Unit(String, Option<String>),
    /// A verdict: requirement, code of the subject, window.
    Verdict(String, String, String),
    /// The page of a requirement.
    Requirement(String),
}

/// A piece of a line: words, or a figure by its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Words.
    Text(String),
    /// A figure as it stands.
    Figure(usize),
    /// A figure that is a state, as a sign: see [`Content::sign`].
    Sign(usize),
}

/// A part of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What a person may write.
    Passage(Passage),
    /// A heading: level 1 to 4, and what it says, its number included.
    Heading(u8, Vec<Piece>),
    /// A paragraph.
    Text(Vec<Piece>),
    /// A table.
    Table {
        /// Above it; empty for nothing.
        caption: String,
        /// Heads of its columns, their shares of the width, and whether words begin at the left.
        columns: Vec<(String, u32, bool)>,
        /// Its cells. A row of one cell stands across all columns.
        rows: Vec<Vec<Vec<Piece>>>,
    },
    /// A line below the title.
    Subtitle(String),
    /// A small line.
    Note(String),
    /// 附件说明.
    Attachments(Vec<String>),
    /// Here it is signed.
    Signature,
    /// An annex begins: `附件`, and its title.
    Annex(String, Vec<String>),
}

/// A passage that people write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// `title`, `to`, `intro`, …
    pub key: String,
    /// What it is called on the form.
    pub label: String,
    /// What stands in it; several lines are several paragraphs. Empty is left out.
    pub text: String,
    /// Where it stands in a table: the head before it.
    pub boxed: bool,
}

impl Content {
    /// The passages, in their order.
    pub fn passages(&self) -> impl Iterator<Item = &Passage> {
        self.parts.iter().filter_map(|p| if let Part::Passage(p) = p { Some(p) } else { None })
    }

    /// The passage of that key; empty if there is none.
    pub fn passage(&self, key: &str) -> &str {
        self.passages().find(|p| p.key == key).map_or("", |p| &p.text)
    }

    /// Puts words into a passage.
    pub fn write(&mut self, key: &str, words: &str) {
        for part in &mut self.parts {
            if let Part::Passage(p) = part
                && p.key == key
            {
                words.clone_into(&mut p.text);
            }
        }
    }

    /// With the words of another drawing of the same paper.
    pub fn with_words_of(mut self, other: &Content) -> Content {
        for passage in other.passages() {
            self.write(&passage.key, &passage.text);
        }
        self
    }

    /// The title in one line.
    pub fn title(&self) -> String {
        self.passage("title").lines().map(str::trim).collect()
    }

    /// A piece as it is read.
    pub fn read(&self, piece: &Piece) -> String {
        let figure = |i: usize| self.figures.get(i).map_or("", |f| &f.text);
        match piece {
            Piece::Text(text) => text.clone(),
            Piece::Figure(i) => figure(*i).to_owned(),
            Piece::Sign(i) => sign(figure(*i)).to_owned(),
        }
    }

    /// A line as it is read.
    pub fn line(&self, pieces: &[Piece]) -> String {
        pieces.iter().map(|p| self.read(p)).collect()
    }
}

/// Signs of the states in narrow tables, with the words that they stand for.
pub(super) const SIGNS: [(&str, &str); 10] = [
    ("达标", "√"),
    ("未达标", "×"),
    ("未达标（已补）", "×补"),
    ("进行中·绿灯", "○"),
    ("进行中·黄灯", "△"),
    ("进行中·红灯", "▲"),
    ("进行中·未到期", "○"),
    ("数据不足", "？"),
    ("不适用", "—"),
    ("只列数字", "数"),
];

/// The sign of a state's word; the word where it has none.
fn sign(word: &str) -> &str {
    SIGNS.iter().find(|(w, _)| *w == word).map_or(word, |(_, s)| s)
}

/// SHA-256 (hex) over key and text of every figure, in the order of the keys: whether two drawings say the same.
pub fn digest(figures: &[Figure]) -> String {
    let mut by: Vec<(&str, &str)> = figures.iter().map(|f| (f.key.as_str(), f.text.as_str())).collect();
    by.sort_unstable();
    let mut hash = Sha256::new();
    for text in by.into_iter().flat_map(|(key, text)| [key, text]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hex(&hash.finalize())
}

/// A figure that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The figure: as it is now, or as it was where it is gone.
    pub figure: Figure,
    /// What it was; empty where it was not there.
    pub before: String,
    /// What it is; empty where it is gone.
    pub after: String,
}

/// What has changed from one drawing to another, in the order of the first.
pub fn changes(before: &[Figure], after: &[Figure]) -> Vec<Change> {
    let mut new: BTreeMap<&str, &Figure> = after.iter().map(|f| (f.key.as_str(), f)).collect();
    let mut found = Vec::new();
    for old in before {
        let now = new.remove(old.key.as_str());
        let after = now.map_or("", |n| &n.text);
        if after != old.text {
            let figure = now.unwrap_or(old).clone();
            found.push(Change { figure, before: old.text.clone(), after: after.to_owned() });
        }
    }
    let come = after.iter().filter(|f| new.remove(f.key.as_str()).is_some());
    found.extend(come.map(|f| Change { figure: f.clone(), before: String::new(), after: f.text.clone() }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(key: &str, text: &str) -> Figure {
        Figure { key: key.into(), name: key.into(), text: text.into(), place: Place::Overview }
    }

    #[test]
    fn a_digest_tells_every_figure_from_another() {
        let same = digest(&[figure("a", "1"), figure("b", "2")]);
        assert_eq!(same, digest(&[figure("b", "2"), figure("a", "1")]));
        for other in [
            vec![figure("a", "1")],
            vec![figure("a", "1"), figure("b", "3")],
            vec![figure("a", "2"), figure("b", "1")],
            vec![figure("a", "1b"), figure("", "2")],
            vec![figure("ab", "12")],
        ] {
            assert_ne!(same, digest(&other), "{other:?}");
        }
        assert_eq!(same.len(), 64);
    }

    #[test]
    fn changes_are_those_that_are_gone_come_or_different() {
        let before = [figure("a", "1"), figure("b", "2"), figure("c", "3")];
        let after = [figure("d", "4"), figure("c", "5"), figure("a", "1")];
        let told: Vec<(String, String, String)> =
            changes(&before, &after).into_iter().map(|c| (c.figure.key, c.before, c.after)).collect();
        let wanted = [("b", "2", ""), ("c", "3", "5"), ("d", "", "4")];
        assert_eq!(told, wanted.map(|(k, b, a)| (k.to_owned(), b.to_owned(), a.to_owned())));
        assert!(changes(&before, &before).is_empty());
        assert_eq!(digest(&before) == digest(&after), changes(&before, &after).is_empty());
    }
}
