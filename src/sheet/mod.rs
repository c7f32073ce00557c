//! Everything between a file as an office keeps it and typed rows of a ledger. Pure: no database, no clock.
//!
//! In: [`read_path`] or [`read`] (which always scans first, [`prescan()`]) → [`Table`] → [`check()`] → rows with stored
//! values, and every error with its row, its column and how to mend it. Out: [`export`], [`template()`],
//! [`display()`].

pub mod check;
mod columns;
pub mod csv_text;
pub mod date;
pub mod display;
pub mod export;
pub mod header;
pub mod id_number;
pub mod likeness;
pub mod marked;
pub mod norm;
pub mod number;
pub mod prescan;
mod read;
pub mod report;
pub mod resolve;
pub mod template;
mod tokens;
pub mod value;
mod words;
mod xlsx_out;

use crate::day::Day;

pub use check::{How, check, check_as, check_one};
pub use display::{Ids, Names, display};
pub use export::{Column, Export, Format, OutRow, Spec};
pub use prescan::{Kind, Limits, prescan};
pub use read::{read, read_fitting, read_path};
pub use report::{CellError, Checked, CheckedRow, Skipped};
pub use resolve::{Lookup, Resolve};
pub use template::template;

/// One sheet of a file: its rows that hold anything, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Name of the sheet; empty for a .csv.
    pub sheet: String,
    /// Visible sheets before it that hold something else.
    pub passed: Vec<String>,
    /// Further visible sheets, which are not read.
    pub others: Vec<String>,
    /// Rows with at least one filled cell.
    pub rows: Vec<Row>,
    /// For which definitions the template was made, if it is one of ours ([`template::made`]).
    pub version: Option<String>,
}

/// One row of a [`Table`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// As Excel counts: the first row is 1.
    pub number: u32,
    /// From column A on, up to the last filled cell.
    pub cells: Vec<RawCell>,
}

/// What a cell holds, before anybody asks what it should hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RawCell {
    /// Nothing, or blanks only.
    #[default]
    Empty,
    /// Text as typed.
    Text(String),
    /// A number without a date format. A file keeps about 15 digits of it.
    Number(f64),
    /// A number with a date format; a time of day is dropped.
    Date(Day),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error value such as `#DIV/0!`.
    Error(String),
}

impl RawCell {
    /// The cell as a reader of the sheet would say it.
    pub fn text(&self) -> String {
        match self {
            RawCell::Empty => String::new(),
            RawCell::Text(t) | RawCell::Error(t) => t.clone(),
            RawCell::Number(n) => number::text_of(*n),
            RawCell::Date(d) => d.to_string(),
            RawCell::Bool(b) => (if *b { "TRUE" } else { "FALSE" }).to_owned(),
        }
    }

    /// The same for pages: a date as everywhere there.
    pub fn shown(&self) -> String {
        match self {
            RawCell::Date(d) => d.chinese(),
            other => other.text(),
        }
    }
}

/// A value in its stored form (text, whole number, or nothing): the same content as a bind parameter of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stored {
    /// Not filled.
    #[default]
    Null,
    /// Integer; decimal × 10000; money in 分; flag 0 or 1; record id of a person, unit or ref.
    I64(i64),
    /// Text, ISO day, period, choice, choices joined by `|`, hash of a file.
    Text(String),
}

/// Why a whole file is refused. The text is for the clerk.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Larger than the limit; nothing of it was read.
    #[error("文件大小 {size_mb} MB，超过上限 {limit_mb} MB。请删去图片和无关的工作表，或分成几个文件导入。")]
    TooBig {
        /// Size of the file, in MB rounded up.
        size_mb: u64,
        /// The limit, in MB.
        limit_mb: u64,
    },
    /// No bytes, or no sheet with anything on it.
    #[error("文件是空的：没有任何有内容的工作表。")]
    Empty,
    /// A workbook of Excel 97–2003, whatever its name says.
    #[error("这是旧版 .xls 文件，即使扩展名是 .xlsx 也不能读取。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。")]
    OldXls,
    /// Encrypted.
    #[error("文件设有打开密码，不能读取。请打开后取消密码并保存，再导入。")]
    Password,
    /// Another kind of file.
    #[error("这是{0}，不是 .xlsx 或 .csv 表格。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。")]
    OtherKind(&'static str),
    /// The end of the file is missing.
    #[error("文件不完整，可能在复制或下载时中断。请重新取得这个文件后再导入。")]
    Cut(String),
    /// Inflates beyond all measure.
    #[error("文件解开后超过 {limit_mb} MB（{part}），不像正常的表格，已拒绝读取。请把数据复制到新建的工作簿后再导入。")]
    Bomb {
        /// The part of the package.
        part: String,
        /// The limit, in MB.
        limit_mb: u64,
    },
    /// Says something that no office program writes.
    #[error("文件内部结构异常（{0}），已拒绝读取。请用 Excel 或 WPS 打开并另存为新的 .xlsx 后再导入。")]
    Crafted(String),
    /// Too many rows.
    #[error("第 {row} 行已超过一次导入的上限 {limit} 行。请分成几个文件导入。")]
    TooManyRows {
        /// The first row beyond.
        row: u32,
        /// The limit.
        limit: u32,
    },
    /// Too many columns.
    #[error("第 {row} 行有内容写到了第 {column} 列，超过上限 {limit} 列。请删去表格右侧无关的内容。")]
    TooManyColumns {
        /// Row, from 1.
        row: u32,
        /// Column, from 1.
        column: u32,
        /// The limit.
        limit: u32,
    },
    /// Too many cells in all.
    #[error("表中单元格超过 {0} 个。请删去无关的列，或分成几个文件导入。")]
    TooManyCells(usize),
    /// Neither UTF-8 nor GB18030 nor another known encoding.
    #[error("文字编码不能识别。请用 Excel 打开，另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后再导入。")]
    Encoding,
    /// The ledger's rows are computed.
    #[error("“{0}”由程序算出，不能导入。")]
    Derived(String),
    /// No row looks like a header of this ledger.
    #[error(
        "没有找到“{ledger}”的表头行。表头应有这些列：{wanted}。{nearest}请核对是否选错了台账或文件，也可下载模板对照。"
    )]
    NoHeader {
        /// Title of the ledger.
        ledger: String,
        /// Titles of the required columns.
        wanted: String,
        /// What the first rows hold instead.
        nearest: String,
    },
    /// The disk, not the file.
    #[error("读取文件时出错：{0}")]
    Io(#[from] std::io::Error),
    /// A file to be written holds more than the format can.
    #[error("{0}")]
    Output(String),
}

impl SheetError {
    /// A sheet that holds more than is taken.
    fn is_too_much(&self) -> bool {
        use SheetError::{TooManyCells, TooManyColumns, TooManyRows};
        matches!(self, TooManyRows { .. } | TooManyColumns { .. } | TooManyCells(_))
    }
}

/// The position of a column by its letters, the inverse of [`letters`]; `None` for what are no letters.
pub fn column(letters: &str) -> Option<usize> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let digit = |b: u8| b.is_ascii_uppercase().then(|| usize::from(b - b'A') + 1);
    letters.bytes().try_fold(0, |n, b| Some(n * 26 + digit(b)?)).map(|n| n - 1)
}

/// `A` for 0, `AB` for 27: the letters over a column.
pub fn letters(column: usize) -> String {
    let mut out = Vec::new();
    let mut n = column + 1;
    while n > 0 {
        out.push((b'A' + ((n - 1) % 26) as u8) as char);
        n = (n - 1) / 26;
    }
    out.iter().rev().collect()
}
