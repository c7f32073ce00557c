//! The form of a record `/ledgers/{name}/new`, `…/{id}/correct`: what is to be filled in, why, and by whom it is used?

use askama::{Template, filters::HtmlSafe};

use super::{
    form::Errors,
    page::Page,
    words::{Link, Words},
};

/// A form made from a ledger's definition: inputs from its fields, names and hits from what the writer may see.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "record_form.html")]
pub struct RecordForm {
    /// Frame.
    pub page: Page,
    /// What is wrong, above the heading.
    pub errors: Errors,
    /// Said above the heading: recorded, or to be looked at again.
    pub said: Vec<Words>,
    /// Both versions of a record that somebody else corrected meanwhile.
    pub conflict: Option<Conflict>,
    /// The ledger.
    pub ledger: Link,
    /// The record to be corrected; `None` for a new one.
    pub record: Option<Link>,
    /// `新增指导记录`
    pub title: String,
    /// Beside the title; `已填内容均已保留，尚未保存`.
    pub meta: String,
    /// Requirements that count the record.
    pub serves: Vec<Link>,
    /// The verdict for whose sake it is recorded, where one led here.
    pub wanted: Option<Link>,
    /// Who is judged by it: `导师、区县发改委`.
    pub users: String,
    /// What the definition says of the ledger.
    pub note: String,
    /// How many inputs must be filled.
    pub required: usize,
    /// How many more the judgement looks at.
    pub judged: usize,
    /// How many others may be.
    pub optional: usize,
    /// Where it is posted to.
    pub action: String,
    /// The form's token.
    pub token: String,
    /// Values that go along unseen.
    pub hidden: Vec<(String, String)>,
    /// The inputs.
    pub groups: Vec<Group>,
    /// Offers to go on with another record.
    pub again: bool,
    /// What was recorded last; of a new record only.
    pub recent: Option<Recent>,
    /// Titles of its fields for files, which are filled on the record's page; empty for none.
    pub files: String,
    /// Where to go instead.
    pub cancel: String,
}

/// Inputs under one heading.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The heading; of a folded group with the names of its inputs.
    pub title: String,
    /// Shut at first; `None` for a group that is not folded.
    pub shut: Option<bool>,
    /// The inputs.
    pub inputs: Vec<Input>,
    /// What the program knows: title and value.
    pub known: Vec<(String, String)>,
}

/// One input.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// As it is posted.
    pub key: String,
    /// What is asked.
    pub label: String,
    /// Must be filled.
    pub required: bool,
    /// The judgement looks at it, though it may be left empty.
    pub judged: bool,
    /// Help; empty for none.
    pub hint: String,
    /// What is wrong; empty if nothing.
    pub error: String,
    /// How it is filled.
    pub control: Control,
}

/// How an input is filled.
#[derive(Clone, Debug)]
pub enum Control {
    /// One line: what stands in it, and the keyboard of a phone (`numeric`, `decimal`, or empty).
    Line(String, &'static str),
    /// Several lines.
    Text(String),
    /// A day, ISO or as it was typed.
    Day(String),
    /// Boxes: several may be chosen, the options, how many places have no name yet.
    Options(bool, Vec<Opt>, usize),
    /// A list to open.
    List(Vec<Opt>),
    /// A record to be looked for.
    Pick(Pick),
}

impl Default for Control {
    fn default() -> Control {
        Control::Line(String::new(), "")
    }
}

/// Something to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opt {
    /// As it is posted.
    pub value: String,
    /// What is read.
    pub label: String,
    /// In grey beside it.
    pub note: String,
    /// Chosen.
    pub checked: bool,
}

/// A picker as it stands in a form: an input, its 查找, and what can be picked. Works without scripts.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/pick.html")]
pub struct Picker<'a> {
    /// Id of the input on the page.
    pub id: String,
    /// Under which name it is posted; what is picked under `i.` and the name.
    pub name: &'a str,
    /// What is asked.
    pub label: &'a str,
    /// It must be filled.
    pub required: bool,
    /// Something is wrong with it.
    pub wrong: bool,
    /// Ids of what describes it.
    pub described: String,
    /// What stands in it.
    pub pick: &'a Pick,
}

impl HtmlSafe for Picker<'_> {}

/// A record to be looked for by a part of its name or its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// What is looked for.
    pub text: String,
    /// What was found, in words; empty before.
    pub told: String,
    /// What can be picked.
    pub hits: Vec<Opt>,
    /// It was just looked for: the reader goes on here.
    pub here: bool,
}

/// A record that two people corrected at once.
#[derive(Clone, Debug, Default)]
pub struct Conflict {
    /// Who was faster, and when.
    pub words: String,
    /// Head of the column with the version that stands now.
    pub now: String,
    /// Fields in which the three differ: title, as the form was opened, as it stands, as it was typed.
    pub rows: Vec<[String; 4]>,
}

impl Input {
    fn picker<'a>(&'a self, pick: &'a Pick) -> Picker<'a> {
        Picker {
            id: format!("n-{}", self.key),
            name: &self.key,
            label: &self.label,
            required: self.required,
            wrong: !self.error.is_empty(),
            described: self.described(),
            pick,
        }
    }

    /// Label and control are of one piece: a group of its own else.
    fn is_group(&self) -> bool {
        matches!(self.control, Control::Options(..))
    }

    /// A day that cannot be read is shown as it was typed.
    fn day_kind(&self, value: &str) -> &'static str {
        let readable = value.is_empty() || crate::day::Day::parse(value).is_some();
        if readable { "date" } else { "text" }
    }

    /// What stands behind the label.
    fn mark(&self) -> &'static str {
        match (self.required, self.judged) {
            (true, _) => "（必填）",
            (false, true) => "（判定要用）",
            (false, false) => "",
        }
    }

    fn described(&self) -> String {
        let ids = [("h", &self.hint), ("e", &self.error)];
        let ids: Vec<String> =
            ids.iter().filter(|(_, t)| !t.is_empty()).map(|(id, _)| format!("{id}-{}", self.key)).collect();
        ids.join(" ")
    }
}

/// What was recorded last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// `这一结对最近的记录`.
    pub title: String,
    /// Each record, leading to it, with its day and who recorded it.
    pub rows: Vec<(Link, String)>,
    /// All of them.
    pub all: Link,
}
