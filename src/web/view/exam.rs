//! What a person sees of tests: the own list, the rules before one, the questions, the sheet, the result.

use askama::Template;

use super::{
    page::Page,
    parts::Facts,
    words::{Link, Words},
};

/// The list `/exams`: when is my test, and what was my result?
#[derive(Clone, Debug, Template)]
#[template(path = "exams.html")]
pub struct Exams {
    /// Frame.
    pub page: Page,
    /// In a sentence.
    pub lead: Words,
    /// Whether the account belongs to a person.
    pub person: bool,
    /// To arrange tests; `None` for who may not.
    pub arrange: Option<Link>,
    /// The latest first.
    pub rows: Vec<Line>,
}

/// A test in the own list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Leading to it.
    pub title: Link,
    /// `2025年6月30日 09:00 至 11:00`.
    pub window: String,
    /// `60分钟`.
    pub minutes: String,
    /// 未开放, 可作答, 作答中, 已交卷, 缺考, 免考.
    pub state: &'static str,
    /// Something is to be done now.
    pub now: bool,
    /// The score and whether it passes, where they may be seen; else `--`.
    pub score: String,
}

/// The rules before a test `/exams/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "exam_notice.html")]
pub struct Notice {
    /// Frame.
    pub page: Page,
    /// Title of the test.
    pub title: String,
    /// As in [`Line::state`].
    pub state: &'static str,
    /// Whether one may begin, and if not why.
    pub lead: Words,
    /// Window, duration, questions, marks, attempts, when answers are shown.
    pub facts: Facts,
    /// What can be done: button, where it is posted to, whether by a link.
    pub act: Option<Act>,
    /// The form's token.
    pub form: String,
}

impl Notice {
    /// Whether the test may be begun: then the rules are read first, and the button stands below them.
    fn begins(&self) -> bool {
        self.act.as_ref().is_none_or(|a| a.href.ends_with("/start"))
    }
}

/// What can be done from the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What the button says.
    pub text: &'static str,
    /// The address.
    pub href: String,
    /// It is posted; else a link.
    pub posts: bool,
}

/// One question `/exams/{id}/q/{n}`, without the frame of other pages.
#[derive(Clone, Debug, Template)]
#[template(path = "exam_question.html")]
pub struct Sheet {
    /// Frame, for preferences and files.
    pub page: Page,
    /// The form's token.
    pub form: String,
    /// Number of the test.
    pub id: i64,
    /// Which attempt it is, for what a browser keeps.
    pub attempt: i64,
    /// Title of the test.
    pub title: String,
    /// What is left, seconds.
    pub left: i64,
    /// The question, from 1.
    pub place: usize,
    /// How many there are.
    pub count: usize,
    /// What is asked.
    pub ask: Asked,
    /// Said under the head: why the last answer was not taken; empty for nothing.
    pub notice: String,
    /// Which questions are out, and why; empty for none.
    pub out: String,
    /// Whose screen it is.
    pub mark: String,
    /// `14:36:20 已保存`; empty where nothing is saved yet.
    pub saved: String,
}

impl Sheet {
    /// `23:41`.
    fn clock(&self) -> String {
        format!("{:02}:{:02}", self.left / 60, self.left % 60)
    }

    /// How far, of 300.
    fn far(&self) -> usize {
        300 * self.place / self.count.max(1)
    }

    /// The places of the mark on the page.
    fn marks(&self) -> Vec<(u32, u32)> {
        (0..5).flat_map(|row| [(10, 60 + row * 120), (190, 60 + row * 120)]).collect()
    }
}

/// A question as it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// 单选题.
    pub kind: &'static str,
    /// `radio`, `checkbox`, `text`, `long`.
    pub input: &'static str,
    /// `2分`.
    pub marks: String,
    /// Topic; may be empty.
    pub topic: String,
    /// The words.
    pub stem: String,
    /// Pictures as data addresses.
    pub images: Vec<String>,
    /// Letter, text, chosen.
    pub options: Vec<(char, String, bool)>,
    /// What was typed.
    pub typed: String,
    /// To come back to.
    pub flagged: bool,
    /// The count of the next answer.
    pub sequence: i64,
    /// What stands, as a form would send it: letters or text, and the flag.
    pub stands: String,
}

/// The sheet `/exams/{id}/sheet`: what is answered, and handing in.
#[derive(Clone, Debug, Template)]
#[template(path = "exam_sheet.html")]
pub struct Overview {
    /// Frame, for preferences and files.
    pub page: Page,
    /// The form's token.
    pub form: String,
    /// Number of the test.
    pub id: i64,
    /// Title of the test.
    pub title: String,
    /// What is left, seconds.
    pub left: i64,
    /// Answered or out, flagged, out: by places.
    pub cells: Vec<(bool, bool, bool)>,
    /// Which questions are out, and why; empty for none.
    pub out: String,
    /// To be asked once more: some are not answered.
    pub sure: bool,
}

impl Overview {
    /// `23:41`.
    fn clock(&self) -> String {
        format!("{:02}:{:02}", self.left / 60, self.left % 60)
    }

    fn count(&self, answered: bool) -> usize {
        self.cells.iter().filter(|c| c.0 == answered && !c.2).count()
    }

    fn gone(&self) -> usize {
        self.cells.iter().filter(|c| c.2).count()
    }

    fn flagged(&self) -> usize {
        self.cells.iter().filter(|c| c.1).count()
    }

    /// `15、19、26至30`.
    fn missing(&self) -> String {
        let places: Vec<usize> = (0..self.cells.len()).filter(|i| !self.cells[*i].0).map(|i| i + 1).collect();
        let runs = places.chunk_by(|a, b| a + 1 == *b);
        let run = |run: &[usize]| match run {
            [one] => one.to_string(),
            [one, two] => format!("{one}、{two}"),
            [first, .., last] => format!("{first}至{last}"),
            [] => String::new(),
        };
        runs.map(run).collect::<Vec<_>>().join("、")
    }

    fn first_missing(&self) -> Option<usize> {
        self.cells.iter().position(|c| !c.0).map(|i| i + 1)
    }
}

/// The result `/exams/{id}/result`.
#[derive(Clone, Debug, Template)]
#[template(path = "exam_result.html")]
pub struct Outcome {
    /// Frame.
    pub page: Page,
    /// Number of the test.
    pub id: i64,
    /// Title of the test.
    pub title: String,
    /// What was done; empty for nothing.
    pub notice: String,
    /// Score and pass, or why they are not shown yet.
    pub lead: Words,
    /// When it began and ended, how.
    pub facts: Facts,
    /// The own mistakes with the clause, once they may be seen.
    pub mistakes: Vec<Mistake>,
    /// Why there are none.
    pub none: &'static str,
}

/// A question that was not answered rightly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistake {
    /// Its place in the own paper.
    pub place: usize,
    /// 单选题.
    pub kind: &'static str,
    /// What was asked.
    pub stem: String,
    /// What was answered.
    pub own: String,
    /// What is right.
    pub right: String,
    /// Why (解析); may be empty.
    pub why: String,
    /// The clause that it rests on.
    pub source: String,
    /// `0分（满分2分）`.
    pub marks: String,
}
