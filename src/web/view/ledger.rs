//! A list of records: every ledger at `/ledgers/{name}`, and 人员 at `/people`.

use askama::Template;
use askama::filters::HtmlSafe;

use super::form::Form;
use super::page::Page;
use super::table::{Chip, Facets, FilterForm, Pager};
use super::url::Query;
use super::words::{Link, Words};

/// The rows of a ledger that the address asks for. Columns from its definition, rows and counts from its table
/// within the reader's scope.
#[derive(Clone, Debug, Template)]
#[template(path = "ledger.html")]
pub struct Ledger {
    /// Frame.
    pub page: Page,
    /// Title of the ledger.
    pub title: String,
    /// What a row is called after its number: `条指导记录`, `名干部`.
    pub counted: String,
    /// Why it is kept, from the definition; empty for none.
    pub note: String,
    /// Requirements that count its rows: `干-21 每月两次指导`.
    pub serves: Vec<Link>,
    /// Conditions and order as a sentence: `月份是2025年5月或6月；按指导日期从近到远排列；未含已作废。`
    pub filters: String,
    /// Conditions that can be taken back, and `显示已作废2条`.
    pub chips: Vec<Chip>,
    /// State, month, unit, choices, flags.
    pub facets: Facets,
    /// Person, days, key word.
    pub filter: FilterForm,
    /// Columns to choose from; the title column is not among them.
    pub columns: Vec<ColumnChoice>,
    /// Sets of columns: 常用, groups, 全部; shown when there is more than one.
    pub presets: Vec<Preset>,
    /// Columns shown; the first is the title column.
    pub heads: Vec<Head>,
    /// The page's rows.
    pub rows: Vec<Row>,
    /// Files of exactly the filtered rows: `Excel，当前8列`, `Excel，全部18列`, `CSV，全部18列`.
    pub exports: Vec<Link>,
    /// To export sensitive fields whole, with a reason; `None` for who may not.
    pub whole: Option<Form>,
    /// Pages; `total` is the number of filtered rows.
    pub pager: Pager,
    /// Why there is no row, and the next step.
    pub none: Words,
    /// To write here; `None` for who may not.
    pub write: Option<Write>,
    /// To keep the columns as the reader's own; `None` where none were chosen.
    pub keep: Option<Form>,
    /// Instead of the pager where there are more rows than are counted with a page.
    pub endless: Option<Endless>,
}

/// Asks for the last rows of a list whose pages are not counted.
pub const LAST: &str = "last";

/// Pages of a list that is not counted.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"<div class="pager"><span>超过{{ beyond }}条，{% if last %}最后{{ size }}条{% else %}第{{ crate::spelling::range(self.from(), self.to()) }}条{% endif %}</span><nav aria-label="分页"><ol>{% if page > 1 || last %}<li><a href="{{ self.href("1") }}">首页</a></li>{% endif %}{% if page > 1 && !last %}<li><a href="{{ self.to_page(&-1) }}">上一页</a></li>{% endif %}{% if !last %}<li><a href="{{ self.to_page(&1) }}">下一页</a></li><li><a href="{{ self.href(LAST) }}">末页</a></li>{% endif %}</ol></nav></div>"#
)]
pub struct Endless {
    /// The list's address without `page`.
    pub query: Query,
    /// Where all rows are counted.
    pub count: String,
    /// Rows on a page.
    pub size: u64,
    /// This page, from 1.
    pub page: u64,
    /// These are the last rows.
    pub last: bool,
    /// There are more rows than this.
    pub beyond: i64,
}

impl HtmlSafe for Endless {}

impl Endless {
    fn from(&self) -> u64 {
        (self.page.max(1) - 1) * self.size + 1
    }

    fn to(&self) -> u64 {
        self.page.max(1) * self.size
    }

    fn href(&self, page: &str) -> String {
        self.query.with("page", page).href()
    }

    fn to_page(&self, step: &i64) -> String {
        self.href(&self.page.saturating_add_signed(*step).to_string())
    }
}

/// What somebody who may write sees on a list.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// The form of a new record.
    pub new: String,
    /// Where the marked rows are posted to be voided.
    pub void: String,
    /// The form's token.
    pub token: String,
    /// What was just done; empty for nothing.
    pub done: String,
}

/// A column.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Column head, at most 6 characters, with the unit of numbers.
    pub title: String,
    /// The list ordered by it; `None` where it cannot be. No order on scores of persons.
    pub sort: Option<String>,
    /// How the list is ordered by it now.
    pub order: Order,
    /// Right-aligned.
    pub numeric: bool,
}

/// Order of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Not ordered by it.
    #[default]
    None,
    /// From small to large.
    Up,
    /// From large to small.
    Down,
}

/// A record in the list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Title column, leading to the record.
    pub title: Link,
    /// One for each head after the first.
    pub cells: Vec<Cell>,
    /// Somebody doubts it and waits for an answer.
    pub doubted: bool,
    /// It is an older version of a record that was corrected.
    pub corrected: bool,
    /// Why it was voided or corrected, with who and when; `None` for a current row.
    pub voided: Option<String>,
    /// The row as it is marked: record and revision.
    pub mark: String,
}

/// A value in the list.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Nothing: `--`.
    Empty,
    /// Name, day, code, choice, number: never wrapped.
    Short(String),
    /// Long text: two lines.
    Long(String),
    /// A record, person or unit.
    Link(Link),
    /// A word of state, grey.
    State(String),
}

/// A column that may be shown.
#[derive(Clone, Debug, Default)]
pub struct ColumnChoice {
    /// Value of `col`.
    pub name: String,
    /// Title.
    pub title: String,
    /// Shown now.
    pub shown: bool,
}

/// A set of columns.
#[derive(Clone, Debug, Default)]
pub struct Preset {
    /// `常用10列`
    pub link: Link,
    /// Shown now.
    pub current: bool,
}

impl Order {
    fn aria(self) -> &'static str {
        match self {
            Order::None => "none",
            Order::Up => "ascending",
            Order::Down => "descending",
        }
    }

    fn arrow(self) -> &'static str {
        match self {
            Order::None => "",
            Order::Up => " ▲",
            Order::Down => " ▼",
        }
    }
}

impl Ledger {
    /// More than ten columns scroll sideways under a fixed first one.
    fn wide(&self) -> bool {
        self.heads.len() > 10
    }

    /// Number of columns shown beside the title.
    fn shown(&self) -> usize {
        self.columns.iter().filter(|c| c.shown).count()
    }

    /// Pairs that the form of columns carries along.
    fn carried(&self) -> impl Iterator<Item = &(String, String)> {
        self.filter.query.pairs.iter().filter(|(key, _)| key != "col")
    }

    /// On a phone a card shows the first six values.
    fn beyond_card(index: &usize) -> bool {
        *index >= 6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_columns_keeps_the_conditions() {
        let query = super::super::url::Query::new("/ledgers/talk").with("kind", "例行").with("col", "day");
        let ledger = Ledger {
            page: Page::default(),
            title: "谈话".into(),
            counted: "条谈话".into(),
            note: String::new(),
            serves: Vec::new(),
            filters: String::new(),
            chips: Vec::new(),
            facets: Facets::default(),
            filter: FilterForm { query, controls: Vec::new() },
            columns: Vec::new(),
            presets: Vec::new(),
            heads: Vec::new(),
            rows: Vec::new(),
            exports: Vec::new(),
            whole: None,
            pager: Pager { size: 20, page: 1, ..Pager::default() },
            none: "没有记录。".into(),
            write: None,
            keep: None,
            endless: None,
        };
        assert_eq!(ledger.carried().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["kind"]);
        assert!(!ledger.wide());
    }
}
