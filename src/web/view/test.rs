//! What an office sees of the tests that it arranges: the list, a new one, one of them, the marking desk.

use askama::Template;

use super::{
    form::{Errors, Form},
    page::Page,
    parts::Facts,
    table::Pager,
    words::{Link, Words},
};

/// The list `/tests`.
#[derive(Clone, Debug, Template)]
#[template(path = "tests.html")]
pub struct Tests {
    /// Frame.
    pub page: Page,
    /// In a sentence.
    pub lead: Words,
    /// The latest first.
    pub rows: Vec<Line>,
    /// Pages.
    pub pager: Pager,
}

/// A test in the list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Leading to it.
    pub title: Link,
    /// The class that it closes; `--` for none.
    pub class: String,
    /// The unit that arranged it.
    pub unit: String,
    /// `2025年6月30日 09:00 至 11:00`.
    pub window: String,
    /// 拟制中, 已发布, 已结束.
    pub state: &'static str,
}

/// A new test `/tests/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_new.html")]
pub struct NewTest {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What is wrong with the blueprint or the list of questions, line by line.
    pub faults: Vec<String>,
    /// The form.
    pub form: Form,
    /// Topics of the bank with how many questions may be asked.
    pub topics: Vec<(String, usize)>,
}

/// A test `/tests/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_one.html")]
pub struct OneTest {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// What the program does with the test that is over; empty for nothing.
    pub doing: String,
    /// Where that is told as it goes on.
    pub events: String,
    /// Title of the test.
    pub title: String,
    /// 拟制中, 已发布, 已结束.
    pub state: &'static str,
    /// How it goes on.
    pub next: Words,
    /// What was set.
    pub facts: Facts,
    /// Of each organ: its name, listed, sat, passed, the rate, below the line of 80 percent.
    pub rates: Vec<Rate>,
    /// The line, `60`; empty where none is set.
    pub line: String,
    /// What 临界 means here; empty where it cannot be told.
    pub near: Words,
    /// The list (应考), by unit and name.
    pub listed: Vec<Person>,
    /// Its pages.
    pub pager: Pager,
    /// The questions in the order of the test.
    pub questions: Vec<Question>,
    /// `0.81（标准误0.04）`; empty where it cannot be told.
    pub alpha: String,
    /// How many sheets with all their marks alone the analysis leaves out; empty for none.
    pub left_out: String,
    /// To mark by hand; `None` where nothing is.
    pub marking: Option<Link>,
    /// The marks that were given, and the answer sheets of a printed test, where there are any.
    pub ways: Vec<Link>,
    /// What the reader may do, each with its heading.
    pub forms: Vec<(&'static str, Form)>,
}

/// An organ's pass rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Its name.
    pub organ: String,
    /// On the list and not excused.
    pub listed: usize,
    /// Have a score.
    pub sat: usize,
    /// At or above the line.
    pub passed: usize,
    /// `83.3%`; `--` while not all are marked.
    pub rate: String,
}

/// Somebody on the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Number.
    pub code: String,
    /// Organ.
    pub organ: String,
    /// 未开始, 作答中, 待评阅, 已交卷, 缺考, 免考, with minutes besides.
    pub state: String,
    /// `87.5`; `--` without one.
    pub score: String,
}

/// A question of the paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Its place in the paper.
    pub place: usize,
    /// `第12号题第1版`.
    pub number: String,
    /// 单选题.
    pub kind: &'static str,
    /// The beginning of what is asked.
    pub stem: String,
    /// `2分`.
    pub marks: String,
    /// Share of its marks that was earned; empty while nobody has answered.
    pub facility: String,
    /// Corrected discrimination; empty where it cannot be told.
    pub discrimination: String,
    /// What speaks against it, why it is out, how its key was corrected.
    pub warnings: Vec<String>,
    /// Where its key is corrected; `None` for who may not, and where there is none.
    pub key: Option<Link>,
    /// It counts for nobody any more.
    pub out: bool,
}

/// The marking desk `/tests/{id}/marking`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_marking.html")]
pub struct Marking {
    /// Frame.
    pub page: Page,
    /// Number of the test.
    pub id: i64,
    /// Title of the test.
    pub title: String,
    /// What was done; empty for nothing.
    pub notice: String,
    /// What is wrong with the marks that were posted.
    pub errors: Errors,
    /// The form's token.
    pub form: String,
    /// The questions, with how many answers wait, and which one is shown.
    pub questions: Vec<(Link, i64, bool)>,
    /// Place of the question that is shown; 0 for none.
    pub place: usize,
    /// What is asked.
    pub stem: String,
    /// For who marks (参考).
    pub reference: String,
    /// `10`.
    pub full: String,
    /// What is to be marked, or was meanwhile by somebody else.
    pub answers: Vec<ToMark>,
    /// What has its marks, those given last first.
    pub reviewed: Vec<ToMark>,
    /// Pages of these.
    pub pager: Pager,
    /// Where the form goes: it comes back to the same question and page.
    pub action: String,
    /// The results are recorded: other marks need a reason.
    pub closed: bool,
    /// It, as typed.
    pub reason: String,
}

/// An answer at the marking desk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToMark {
    /// Number of the attempt.
    pub attempt: i64,
    /// What was answered.
    pub answer: String,
    /// Marks as typed.
    pub typed: String,
    /// Marks that it has from somebody else (ten-thousandths), and what is said of them.
    pub stands: Option<(i64, String)>,
}

/// Correcting the key of a question `/tests/{id}/key`, and taking a question out `/tests/{id}/withdraw`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_key.html")]
pub struct TestKey {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// Number of the test.
    pub id: i64,
    /// Title of the test.
    pub title: String,
    /// 更正答案, 作废试题.
    pub what: &'static str,
    /// The same with the place of the question in the paper.
    pub heading: String,
    /// In a sentence: what is to be done, or what it will do.
    pub lead: Words,
    /// What is asked.
    pub stem: String,
    /// Pictures as data addresses.
    pub images: Vec<String>,
    /// Letter, option, right as it stands.
    pub options: Vec<(String, String, bool)>,
    /// Number, version, explanation; what was typed where it waits for a last word.
    pub facts: Facts,
    /// The tests that asked it.
    pub effects: Vec<KeyEffect>,
    /// The form; where it waits for a last word, to say it and to change what was typed.
    pub forms: Vec<Form>,
}

/// What a corrected key, or a question that is taken out, does to a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyEffect {
    /// Leading to it.
    pub test: Link,
    /// Place of the question in its paper; empty where it did not ask it.
    pub place: String,
    /// Attempts handed in; empty where none is scored again.
    pub attempts: String,
    /// Those whose score changes; empty before a key was typed.
    pub changed: String,
    /// 转为合格, 转为未合格, what is not scored again; empty for nothing.
    pub told: String,
}
