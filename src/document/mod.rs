//! Papers as data, and as files: [`gbt9704`] makes a .docx in the layout of GB/T 9704-2012, [`xlsx`] a workbook of the
//! tables. The same document gives the same bytes.

pub mod gbt9704;
pub(crate) mod package;
pub mod xlsx;

pub use gbt9704::docx;

/// A paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// 版头; none on tables and lists that go with a letter or stay in the house.
    pub head: Option<Head>,
    /// From top to bottom.
    pub blocks: Vec<Block>,
    /// 版记; none on what is not sent out.
    pub colophon: Option<Colophon>,
    /// Broad tables: A4 lying on its side.
    pub landscape: bool,
}

/// 版头: the red head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// 发文机关标志, in red: `云岭市发改委文件`.
    pub mark: String,
    /// 发文字号: `云发改干建〔2025〕3号`; for a draft with a blank in it.
    pub number: String,
    /// What stands at the top left in 黑体: `草稿`; empty for nothing.
    pub corner: String,
}

/// 版记, at the foot of the last page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colophon {
    /// 抄送; empty for nobody.
    pub copies: String,
    /// 印发机关.
    pub printer: String,
    /// 印发日期: `2025年7月10日`.
    pub day: String,
}

/// A piece of a paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// 标题, in lines broken by sense.
    Title(Vec<String>),
    /// A line under the title: the period, the state of the records.
    Subtitle(String),
    /// 主送机关.
    To(String),
    /// A heading of the text, numbered as in [`Level`].
    Heading(Level, String),
    /// A paragraph of the text.
    Text(Line),
    /// A table.
    Table(Table),
    /// A small line under a table or at the end.
    Note(String),
    /// 附件说明.
    Attachments(Vec<String>),
    /// 发文机关署名 and 成文日期.
    Signature {
        /// Who signs.
        by: String,
        /// When: `2025年7月10日`.
        day: String,
    },
    /// `附件1`, on a page of its own.
    Annex(String),
}

/// 结构层次: 一、 （一） 1. （1）
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 一、 in 黑体.
    One,
    /// （一） in 楷体.
    Two,
    /// 1. in 仿宋.
    Three,
    /// （1） in 仿宋.
    Four,
}

/// A line of text: spans one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

/// Characters of one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The characters.
    pub text: String,
    /// In 黑体: what matters.
    pub strong: bool,
}

impl From<&str> for Line {
    fn from(text: &str) -> Line {
        Line::default().text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Line {
        Line::default().text(text)
    }
}

impl Line {
    /// With more text.
    pub fn text(mut self, text: impl Into<String>) -> Line {
        self.0.push(Span { text: text.into(), strong: false });
        self
    }

    /// With more text that matters.
    pub fn strong(mut self, text: impl Into<String>) -> Line {
        self.0.push(Span { text: text.into(), strong: true });
        self
    }

    /// All of its characters.
    pub fn plain(&self) -> String {
        self.0.iter().map(|s| s.text.as_str()).collect()
    }
}

/// A table. Its widths are shares: the table is as wide as the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What stands above it, in 黑体; empty for nothing.
    pub caption: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its head; without one in all columns the table has no head.
    pub head: String,
    /// Its share of the width.
    pub share: u32,
    /// Words begin at the left; numbers and marks stand in the middle.
    pub left: bool,
}

impl Column {
    /// A column of words.
    pub fn words(head: &str, share: u32) -> Column {
        Column { head: head.into(), share, left: true }
    }

    /// A column of numbers, marks or short words.
    pub fn marks(head: &str, share: u32) -> Column {
        Column { head: head.into(), share, left: false }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// In 黑体.
    pub strong: bool,
    /// How many columns it spans; 0 counts as 1.
    pub span: usize,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell { text: text.into(), strong: false, span: 1 }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, strong: false, span: 1 }
    }
}

impl Cell {
    /// A heading across columns.
    pub fn across(text: impl Into<String>, span: usize) -> Cell {
        Cell { text: text.into(), strong: true, span }
    }
}
