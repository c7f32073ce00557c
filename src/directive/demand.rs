//! A requirement as the package says it (sections 1 and 2 of the language): who is judged, when, by which measure against
//! which target. Data only, as [`super::model`], which gives it out.

use crate::{day::Day, ratio::Ratio};

/// One table of the requirement language: who is judged × when → measure against target.
#[derive(Clone, Debug, Default)]
pub struct Requirement {
    /// Table id, `R-03a`.
    pub id: String,
    /// `二（二）三`.
    pub clause: String,
    /// Short title.
    pub title: String,
    /// Pillar id.
    pub pillar: String,
    /// Who must see to it.
    pub duty: String,
    /// How firmly the text says it.
    pub status: Status,
    /// One verdict per …
    pub each: Each,
    /// With a ledger: the fields whose combination is the subject; `unit` is the organ.
    pub per: Vec<Path>,
    /// Which subjects are judged.
    pub filter: Conds,
    /// When.
    pub when: When,
    /// Last day on which a period may begin.
    pub until: Option<Day>,
    /// With `every`: days after the period until it shuts.
    pub settle: Option<Count>,
    /// With `standing`: days for which a new subject is open.
    pub grace: Option<Count>,
    /// With `by` field: facts before the subject began count.
    pub since_any: bool,
    /// The measures that must all hold; a requirement without `part` has exactly one.
    pub parts: Vec<Part>,
    /// True when the table was written with `[[requirement.part]]`.
    pub has_parts: bool,
    /// What a period is to a subject that existed for a part of it.
    pub partial: Partial,
    /// What a unit's figure is.
    pub rollup: Rollup,
    /// Named slots on which the target rests.
    pub slots: Option<String>,
    /// Field of a repeat that points back at what it repeats.
    pub again: Option<Path>,
    /// Reference achievement, never judged.
    pub reference: Option<String>,
    /// Ids of rulings (`Q11`).
    pub ruling: Vec<String>,
    /// Consequences, drafted by the program and confirmed by a person; never judged.
    pub on_fail: Vec<OnFail>,
    /// Words beside the rule.
    pub note: Option<String>,
    /// False: heading only, not judged.
    pub enabled: bool,
    /// File (below the package) and line of the table's head.
    pub place: (String, usize),
}

/// A consequence that the text attaches to a fail.
#[derive(Clone, Debug, Default)]
pub struct OnFail {
    /// `remind`, `retrain`, `interview` …
    pub act: String,
    /// `5 workdays`, `30 days`; empty when the text gives none.
    pub due: String,
}

/// How firmly the directive says a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// In so many words.
    #[default]
    Stated,
    /// The sentence is cut.
    Fragment,
    /// Follows from the text.
    Inferred,
    /// Only an outline heading exists.
    HeadingOnly,
}

/// Who is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Each {
    /// The whole system; its subject is the top unit.
    #[default]
    System,
    /// Every unit that `where` admits.
    Unit,
    /// Every person that `where` admits.
    Person,
    /// Every record of a ledger, or with `per` every combination.
    Ledger(String),
}

/// When a subject is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum When {
    /// Calendar periods.
    Every(Period),
    /// One window that ends on this day.
    ByDate(Day),
    /// One window that ends on the first filled of these fields, plus days.
    ByField {
        /// Fields of the subject (of a combination: paths through its rows).
        fields: Vec<Path>,
        /// Days after it.
        plus: Option<Count>,
    },
    /// The subject's life.
    Life,
    /// The day asked.
    #[default]
    Standing,
    /// As standing, but a fail is shown as open until the due day, if there is one.
    Once(Option<Due>),
}

/// The due day of `once`.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// This day.
    Day(Day),
    /// The day in this setting; empty is no due.
    Setting(String),
}

/// A number of days, given or in a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Count {
    /// Given.
    Days(i64),
    /// In this setting.
    Setting(String),
}

/// Calendar periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// Each day.
    Day,
    /// Each day of the workday calendar.
    Workday,
    /// ISO week.
    Week,
    /// Month.
    Month,
    /// Quarter.
    Quarter,
    /// Half-year.
    Half,
    /// Year.
    Year,
}

/// One measure with its target.
#[derive(Clone, Debug)]
pub struct Part {
    /// What is measured.
    pub measure: Measure,
    /// Against what; `None` is a figure.
    pub target: Option<Target>,
    /// What no row means; `None` only for `holds`.
    pub no_data: Option<NoData>,
    /// Overrides the measure's own pace.
    pub pace: Option<Pace>,
    /// A deadline of its own.
    pub by: Option<When>,
    /// Facts before the subject began count.
    pub since_any: bool,
}

/// What is measured (section 2).
#[derive(Clone, Debug)]
pub enum Measure {
    /// Rows.
    Count(Source),
    /// Sum of a field.
    Sum(Source, Path),
    /// Different values of a field.
    Distinct(Source, Path),
    /// Share of rows that satisfy further conditions.
    Share(Source, Conds),
    /// One additive measure over another.
    Ratio(Box<Measure>, Box<Measure>),
    /// (Σfrom − Σto) ÷ Σfrom.
    Change(Source, Path, Path),
    /// Value of a field in the last row.
    Latest(Source, Path),
    /// Days of the subject from one field to another, both included.
    Span(Path, Path),
    /// 1 if the subject's own row satisfies the conditions, else 0.
    Holds(Conds),
}

/// The rows a measure reads.
#[derive(Clone, Debug)]
pub struct Source {
    /// Rows of what.
    pub of: Of,
    /// Which rows.
    pub filter: Conds,
    /// The day of this field lies in the window; a period field equals the window's label.
    pub dated: Option<String>,
    /// There on that day of the window.
    pub at: Option<At>,
    /// How a row points at the subject: (path in the row, path in the subject); the second is `None` for the subject
    /// itself. Empty: the default relation.
    pub via: Vec<(Path, Option<Path>)>,
    /// Only the last row of each value.
    pub last_per: Option<Path>,
}

/// What a source's rows are.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    /// Persons in post.
    Person,
    /// Units.
    Unit,
    /// Rows of a ledger.
    Ledger(String),
}

/// A day of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Its first.
    Start,
    /// Its last.
    End,
}

/// `person.unit.level`.
pub type Path = Vec<String>;

/// Conditions; all must hold.
#[derive(Clone, Debug, Default)]
pub struct Conds {
    /// On fields.
    pub all: Vec<Cond>,
    /// At least one related row of each of these.
    pub has: Vec<Source>,
}

impl Conds {
    /// No condition at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.has.is_empty()
    }
}

/// A condition on one field.
#[derive(Clone, Debug)]
pub struct Cond {
    /// The field.
    pub path: Path,
    /// What must be true of it.
    pub test: Test,
}

/// What a condition asks.
#[derive(Clone, Debug)]
pub enum Test {
    /// Filled (or, with false, empty); the only test that an empty field answers.
    Filled(bool),
    /// Equal to any of.
    AnyOf(Vec<Operand>),
    /// Equal to none of.
    NoneOf(Vec<Operand>),
    /// Not below.
    AtLeast(Operand),
    /// Not above.
    AtMost(Operand),
    /// Greater.
    Above(Operand),
    /// Less.
    Below(Operand),
    /// Earlier day.
    Before(Operand),
    /// Later day.
    After(Operand),
    /// Same day or later.
    NotBefore(Operand),
    /// Same day or earlier.
    NotAfter(Operand),
}

/// The other side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A value.
    Value(Value),
    /// The value (or any of the values) of a setting.
    Setting(String),
    /// A field of the subject; `id` is the subject itself.
    Subject(Path),
}

/// A value as written in a package.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number: `3`, `"80%"`, `59.5`.
    Number(Ratio),
    /// Money in 分: `"5000元"`, `"300万元"`.
    Money(i64),
    /// `"1 year"`: that many years, counted in days from the subject's first day.
    Years(i64),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Day(Day),
    /// Any other text.
    Text(String),
}

/// The comparison with the target.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which comparison.
    pub op: TargetOp,
    /// The value by the day on which it begins to hold, ascending; undated: one entry from [`Day::MIN`].
    pub steps: Vec<TargetStep>,
}

/// A target from a day on.
#[derive(Clone, Debug)]
pub struct TargetStep {
    /// First day.
    pub from: Day,
    /// The value; of `between` the lower bound.
    pub value: Operand,
    /// Upper bound of `between`.
    pub upper: Option<Operand>,
}

/// Comparisons. All include the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetOp {
    /// 不少于.
    AtLeast,
    /// 不超过.
    AtMost,
    /// Exactly.
    Exactly,
    /// Both ends included.
    Between,
}

/// What it means that nothing passes the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoData {
    /// The value 0.
    Zero,
    /// 数据不足.
    Unknown,
    /// 不适用.
    Na,
}

/// A period to a subject that was not there all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partial {
    /// The target by days there, rounded down.
    Prorate,
    /// The whole target from one day on.
    #[default]
    Full,
    /// 不适用 unless there every day.
    None,
}

/// What a unit's figure is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rollup {
    /// None.
    #[default]
    None,
    /// Passes ÷ all but na.
    ShareMet,
    /// Σnumerator ÷ Σdenominator against the target.
    Pool,
    /// Passes at least so many; system only.
    CountMet(i64),
}

/// How progress is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Whole steps: target × elapsed ÷ total, rounded down.
    Steps,
    /// elapsed ÷ total.
    Linear,
    /// No pace.
    None,
}
