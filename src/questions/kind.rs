//! The words of a question: how it is answered, how hard it is, how it is written.

use serde::{Deserialize, Serialize};

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One option is right.
    Single,
    /// Several may be.
    Multiple,
    /// Right or wrong.
    TrueFalse,
    /// A word or number is filled in.
    Fill,
    /// Marked by hand.
    Short,
}

impl Kind {
    /// All, in the order of lists.
    pub const ALL: [Kind; 5] = [Kind::Single, Kind::Multiple, Kind::TrueFalse, Kind::Fill, Kind::Short];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Single => "single",
            Kind::Multiple => "multiple",
            Kind::TrueFalse => "true_false",
            Kind::Fill => "fill",
            Kind::Short => "short",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Single => "单选题",
            Kind::Multiple => "多选题",
            Kind::TrueFalse => "判断题",
            Kind::Fill => "填空题",
            Kind::Short => "简答题",
        }
    }

    /// Reads either, with or without 题.
    pub fn parse(text: &str) -> Option<Kind> {
        let text = text.trim();
        Kind::ALL
            .into_iter()
            .find(|k| text == k.as_str() || text.trim_end_matches('题') == k.title().trim_end_matches('题'))
    }

    /// True where options are shown.
    pub fn has_options(self) -> bool {
        matches!(self, Kind::Single | Kind::Multiple)
    }
}

/// How hard whoever wrote it thinks it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// 易.
    Easy,
    /// 中.
    Medium,
    /// 难.
    Hard,
}

impl Difficulty {
    /// All.
    pub const ALL: [Difficulty; 3] = [Difficulty::Easy, Difficulty::Medium, Difficulty::Hard];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Difficulty::Easy => "easy",
            Difficulty::Medium => "medium",
            Difficulty::Hard => "hard",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Difficulty::Easy => "易",
            Difficulty::Medium => "中",
            Difficulty::Hard => "难",
        }
    }

    /// Reads either.
    pub fn parse(text: &str) -> Option<Difficulty> {
        let text = text.trim();
        Difficulty::ALL.into_iter().find(|d| text == d.as_str() || text == d.title())
    }
}

/// How the texts of a question are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Markup {
    /// As they stand.
    #[default]
    Plain,
    /// HTML; to be cleaned before it is shown.
    Html,
    /// Markdown.
    Markdown,
}

impl Markup {
    /// The word in files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Markup::Plain => "plain",
            Markup::Html => "html",
            Markup::Markdown => "markdown",
        }
    }

    /// Reads it; Moodle's own automatic format is plain text here.
    pub fn parse(text: &str) -> Option<Markup> {
        match text.trim().to_ascii_lowercase().as_str() {
            "plain" | "plain_text" | "moodle" | "moodle_auto_format" => Some(Markup::Plain),
            "html" => Some(Markup::Html),
            "markdown" => Some(Markup::Markdown),
            _ => None,
        }
    }
}
