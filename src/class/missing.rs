//! How a class stands, and what it still misses. Pure: read off the record and what other ledgers say of it.

use super::read::{Class, Counts};
use crate::{day::Day, exam::test::State as Tested};

/// How a class stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It has not begun.
    Planned,
    /// It runs.
    Running,
    /// It is over, and its test, if it has one, is not told of everybody.
    Untested,
    /// It is over.
    Held,
}

impl Stage {
    /// All, in the order of the page.
    pub const ALL: [Stage; 4] = [Stage::Planned, Stage::Running, Stage::Untested, Stage::Held];

    /// In addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Planned => "planned",
            Stage::Running => "running",
            Stage::Untested => "untested",
            Stage::Held => "held",
        }
    }

    /// Reads [`Stage::as_str`].
    pub fn parse(text: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// On pages.
    pub fn title(self) -> &'static str {
        match self {
            Stage::Planned => "计划中",
            Stage::Running => "进行中",
            Stage::Untested => "测试未闭合",
            Stage::Held => "已办",
        }
    }
}

/// How a class stands.
pub fn stage(class: &Class, counts: &Counts, today: Day) -> Stage {
    let tested = counts.told > 0 && counts.told >= counts.persons && counts.tests.iter().all(|t| t.1 == Tested::Closed);
    match class {
        c if today < c.starts => Stage::Planned,
        c if today <= c.ends => Stage::Running,
        c if c.closed_book == Some(true) && !tested => Stage::Untested,
        _ => Stage::Held,
    }
}

/// Something that a class misses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nobody stands among its participants.
    People,
    /// No lecture of somebody of the pool of experts (`R-01`).
    Lecturer,
    /// 现场教学 without a project (`R-05`).
    Project,
    /// Whether it ends with a closed-book test is not said (`R-02`).
    ClosedBook,
    /// No test, and no results (`R-02`).
    Test,
    /// A test that has not ended: its number.
    TestRuns(i64),
    /// Participants whose test is not told: how many.
    Results(usize),
    /// Whether money is spent is not said (`R-47`).
    Funded,
    /// A check of the money that is due (`R-47`): 事前, 事中, 事后.
    Check(&'static str),
    /// Neither hours nor a standard to convert its days by.
    Hours,
    /// No evaluation of a 专业培训.
    Evaluation,
}

/// What a class misses on a day. `hours`: its hours are known.
pub fn missing(class: &Class, counts: &Counts, hours: bool, today: Day) -> Vec<Missing> {
    let mut found = Vec::new();
    let over = today > class.ends;
    let taught = class.kind == "专业培训" || (class.kind == "发改大讲堂" && class.form != "实地调研");
    let mut add = |is: bool, what: Missing| {
        if is {
            found.push(what);
        }
    };
    add(counts.persons == 0, Missing::People);
    add(taught && counts.lectures == 0, Missing::Lecturer);
    add(class.kind == "现场教学" && class.project.is_none(), Missing::Project);
    add(class.kind == "专业培训" && class.closed_book.is_none(), Missing::ClosedBook);
    if class.closed_book == Some(true) {
        let runs = counts.tests.iter().find(|t| t.1 != Tested::Closed);
        add(counts.tests.is_empty() && counts.told == 0, Missing::Test);
        if let (Some((test, _)), true) = (runs, over) {
            add(true, Missing::TestRuns(*test));
        }
        let untold = counts.persons.saturating_sub(counts.told);
        add(over && counts.told > 0 && runs.is_none() && untold > 0, Missing::Results(untold));
    }
    add(class.kind == "专业培训" && class.funded.is_none(), Missing::Funded);
    if class.funded == Some(true) {
        let due = [("事前", true), ("事中", today >= class.starts), ("事后", over)];
        for (stage, _) in due.into_iter().filter(|(stage, due)| *due && !counts.checks.contains(*stage)) {
            add(true, Missing::Check(stage));
        }
    }
    add(!hours, Missing::Hours);
    add(over && class.kind == "专业培训" && class.outcome.is_empty(), Missing::Evaluation);
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// A class of three days that says nothing but what it must.
    pub(crate) fn class() -> Class {
        Class {
            record: 1,
            code: "HD1".into(),
            unit: Some(1),
            title: "专题班".into(),
            kind: "专业培训".into(),
            category: String::new(),
            form: String::new(),
            starts: day("2025-06-10"),
            ends: day("2025-06-12"),
            closed_book: None,
            funded: None,
            project: None,
            makes_up: None,
            hours: None,
            planned: None,
            fee_class: String::new(),
            outcome: String::new(),
            place: String::new(),
        }
    }

    #[test]
    fn what_is_missing_follows_the_days_of_the_class() {
        use Missing::{Check, ClosedBook, Evaluation, Funded, Hours, Lecturer, People, Results, Test, TestRuns};
        let bare = missing(&class(), &Counts::default(), false, day("2025-06-01"));
        assert_eq!(bare, [People, Lecturer, ClosedBook, Funded, Hours]);
        let c = Class { closed_book: Some(true), funded: Some(true), ..class() };
        let before = missing(&c, &Counts { persons: 9, lectures: 1, ..Counts::default() }, true, day("2025-06-01"));
        assert_eq!(before, [Test, Check("事前")]);
        let checks = ["事前".to_owned()].into();
        let counts = Counts { persons: 9, lectures: 1, checks, tests: vec![(4, Tested::Open)], ..Counts::default() };
        assert_eq!(missing(&c, &counts, true, day("2025-06-10")), [Check("事中")]);
        assert_eq!(
            missing(&c, &counts, true, day("2025-06-13")),
            [TestRuns(4), Check("事中"), Check("事后"), Evaluation]
        );
        let told = Counts { told: 7, tests: vec![(4, Tested::Closed)], ..counts };
        let c = Class { outcome: "良好".into(), funded: Some(false), ..c };
        assert_eq!(missing(&c, &told, true, day("2025-06-13")), [Results(2)]);
        let lesson = Class { kind: "现场教学".into(), ..class() };
        assert_eq!(missing(&lesson, &told, true, day("2025-06-01")), [Missing::Project]);
    }

    #[test]
    fn a_stage_follows_days_and_test() {
        let c = Class { closed_book: Some(true), ..class() };
        let at = |c: &Class, counts: &Counts, on: &str| stage(c, counts, day(on));
        let none = Counts::default();
        assert_eq!(at(&c, &none, "2025-06-09"), Stage::Planned);
        assert_eq!((at(&c, &none, "2025-06-10"), at(&c, &none, "2025-06-12")), (Stage::Running, Stage::Running));
        assert_eq!((at(&c, &none, "2025-06-13"), at(&class(), &none, "2025-06-13")), (Stage::Untested, Stage::Held));
        let told = Counts { persons: 2, told: 2, ..none };
        assert_eq!(at(&c, &told, "2025-06-13"), Stage::Held);
        let runs = Counts { tests: vec![(1, Tested::Open)], ..told };
        assert_eq!(at(&c, &runs, "2025-06-13"), Stage::Untested);
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.as_str()), Some(stage));
        }
    }
}
