//! 批量导入: the list `/imports`, the form `/imports/new`, one batch `/imports/{id}`.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::table::Pager;
use super::tag::Tag;
use super::words::Link;
use crate::intake::{Corrected, Matched};

/// The list of one's own batches.
#[derive(Clone, Debug, Template)]
#[template(path = "imports.html")]
pub struct Imports {
    /// Frame.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<Line>,
    /// Pages.
    pub pager: Pager,
}

/// A batch in a list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `第3号`, leading to it.
    pub number: Link,
    /// The ledger.
    pub ledger: String,
    /// The file.
    pub file: String,
    /// When it was sent.
    pub sent: String,
    /// Where it stands.
    pub state: &'static str,
    /// What came of it: `写入293条，7行有误`.
    pub result: String,
}

/// A group of ledgers to choose from: title, and of each ledger name, title, and whether it is chosen.
pub type Group = (String, Vec<(String, String, bool)>);

/// The form by which a file is sent.
#[derive(Clone, Debug, Template)]
#[template(path = "import_new.html")]
pub struct NewImport {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// Ledgers to choose from.
    pub groups: Vec<Group>,
    /// The chosen ledger; `None` before one is chosen.
    pub chosen: Option<Chosen>,
    /// Latest batches of the reader.
    pub recent: Vec<Line>,
}

/// What is to be known of the chosen ledger.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Its name in addresses.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it holds, in a sentence.
    pub note: String,
    /// Titles of the columns that must be there.
    pub required: Vec<String>,
    /// Titles of the others.
    pub optional: Vec<String>,
    /// Token of the form.
    pub token: String,
    /// The mode that is chosen: `add` or `update`.
    pub mode: &'static str,
    /// What is wrong with the file; empty for nothing.
    pub wrong: String,
    /// `50MB`
    pub largest: String,
    /// Most rows of a file, in 万.
    pub rows: u32,
    /// The reader may have the template with what is held.
    pub filled: bool,
}

/// A batch.
#[derive(Clone, Debug, Template)]
#[template(path = "import_one.html")]
pub struct OneImport {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// `检查导入文件`, `导入完成`, …
    pub title: String,
    /// File, ledger, mode.
    pub meta: String,
    /// Of the steps 1 选择并上传, 2 检查, 3 完成.
    pub step: u8,
    /// Where it is told what the program is doing, as it goes on.
    pub events: String,
    /// What the program is doing; empty when it is doing nothing.
    pub doing: String,
    /// The lead sentence, and further ones.
    pub said: Vec<String>,
    /// What must be looked at before going on.
    pub warned: Vec<String>,
    /// Numbers.
    pub sums: Vec<Sum>,
    /// Errors.
    pub findings: Vec<Finding>,
    /// All errors, counted.
    pub finding_count: usize,
    /// Those that the lines stand for.
    pub finding_told: usize,
    /// Rows with an error.
    pub bad: usize,
    /// Remarks.
    pub remarks: Vec<Finding>,
    /// How many more there are; empty for none.
    pub remark_note: String,
    /// Columns and what they were taken for.
    pub columns: Vec<Matched>,
    /// To be asked again about columns that were answered before.
    pub ask_again: Option<Form>,
    /// Rows that are no record.
    pub skipped: Vec<String>,
    /// Rows that stand in the ledger as they are, by where they came from.
    pub same: Vec<String>,
    /// Rows that may be there already, each with the record that it equals; the first ones.
    pub alike: Vec<(String, Link)>,
    /// All of these, counted.
    pub alike_count: usize,
    /// Rows that correct a record, field by field; the first ones.
    pub corrected: Vec<Corrected>,
    /// How many rows correct a record, and how many stand as they are.
    pub beside: String,
    /// What it does to the verdicts.
    pub effects: Option<Effects>,
    /// What it does without the rows that seem to stand already, where there are any.
    pub effects_left: Option<Effects>,
    /// Leads to the copy in which errors are marked; empty for none.
    pub marked: String,
    /// To name columns, to confirm and to drop.
    pub forms: Vec<Form>,
    /// Where to go on.
    pub ways: Vec<Link>,
    /// To undo.
    pub undo: Option<Form>,
    /// Records that hinder it: corrected since, and not voided.
    pub hindering: Vec<Link>,
}

/// A number with its name.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// What it is.
    pub title: &'static str,
    /// The number.
    pub value: usize,
    /// Its unit: 行, 条.
    pub unit: &'static str,
    /// One more line.
    pub note: String,
}

/// What a file does to the verdicts.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Id of its heading.
    pub id: &'static str,
    /// 预计影响, or what was told before it was written.
    pub title: &'static str,
    /// `4项判定，其中2项改变结论`
    pub summary: String,
    /// By requirement.
    pub groups: Vec<EffectGroup>,
}

/// Verdicts of a requirement that change.
#[derive(Clone, Debug, Default)]
pub struct EffectGroup {
    /// Number and title of the requirement, leading to it.
    pub requirement: Link,
    /// Those that change alike.
    pub turns: Vec<EffectTurn>,
}

/// Verdicts that change alike.
#[derive(Clone, Debug, Default)]
pub struct EffectTurn {
    /// As they stand; `None` for new ones.
    pub from: Option<Tag>,
    /// As they would stand; `None` where they go; the same tag where only numbers change.
    pub to: Option<Tag>,
    /// How many.
    pub count: usize,
    /// `柳溪县发改委3项、市发改委1项`
    pub units: String,
    /// Some of them.
    pub lines: Vec<EffectLine>,
}

/// A verdict that changes.
#[derive(Clone, Debug, Default)]
pub struct EffectLine {
    /// Subject and window, leading to the verdict; no address where it is not there.
    pub subject: Link,
    /// Numbers: `由1次变为2次`; empty for none.
    pub note: String,
}

/// An error or a remark in the file.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// `第18行`
    pub row: String,
    /// Letters and head of the column: `C 姓名`; empty when it concerns the row.
    pub column: String,
    /// What the cell shows.
    pub shown: String,
    /// What stands there where it shows nothing.
    pub none: &'static str,
    /// What is wrong.
    pub reason: String,
    /// How to mend it.
    pub mend: String,
}
