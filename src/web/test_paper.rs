//! The paper of a new test as it is asked for on `/tests/new`: by a blueprint, or by hand. Exactly one of the two.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
};

use super::{post::Seat, view::form::Field};
use crate::{
    auth::token,
    clock::{day_of, parse_instant},
    daily::plan,
    day::Day,
    db::Tx,
    exam::{
        answers::Fault,
        by_hand, key,
        paper::{Chosen, Shared, Wanted, blueprint, blueprint_text, choose_sharing, marks},
        second,
        test::{self, Item, Test},
    },
    questions::{
        Kind,
        bank::{self, Kept},
    },
    sheet::{self, Limits, norm},
};

/// What stands in the blueprint at first, as far as the bank has it: of each kind how many, and the marks of each.
const USUAL: [(Kind, usize, u32); 3] = [(Kind::Single, 20, 30), (Kind::TrueFalse, 10, 20), (Kind::Multiple, 5, 40)];
/// Most characters of a blueprint or a list.
pub(super) const LONGEST: usize = 4_000;
/// The hidden field with the blueprint that the form began with.
pub(super) const SUGGESTED: &str = "suggested";
/// The field in which questions are named.
pub(super) const LIST: &str = "list";

/// How the questions are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a blueprint.
    Blueprint,
    /// As they are named.
    List,
}

impl Way {
    /// The field of the form.
    pub(super) fn field(self) -> &'static str {
        match self {
            Way::Blueprint => "blueprint",
            Way::List => LIST,
        }
    }

    /// As the field is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Way::Blueprint => "双向细目表",
            Way::List => "指定题目",
        }
    }
}

/// The first form of a second one.
pub(super) struct First {
    /// Number of its test.
    pub(super) test: i64,
    /// Its paper.
    pub(super) paper: Vec<Chosen>,
    /// Places of questions that count for nobody.
    pub(super) out: BTreeSet<usize>,
    /// How many questions are shared; of a paper by hand, how many at least.
    pub(super) count: usize,
}

/// The blueprint that a form begins with, and what is to be said of it: that of the first form of a class's test, else a
/// usual one, as far as the bank can give it for a test that ends on a day.
pub(super) fn suggested(tx: &mut Tx<'_>, first: Option<&Test>, days: (Day, Day)) -> anyhow::Result<(String, String)> {
    let bank = usable(tx, days)?;
    let Some(first) = first else { return Ok(usual(&bank)) };
    let paper = test::paper(tx, &first.items)?;
    let plan = match first.origin.blueprint.as_str() {
        "" => second::blueprint(&paper),
        own => own.to_owned(),
    };
    let paper = key::scored(tx, &paper)?.into_owned();
    let shared = second::shared(&paper, &test::out(tx, first.id)?, &bank, second::usual(paper.len()), 0);
    let lacking = match read(&plan) {
        Ok(wanted) => choose_sharing(&wanted, &bank, &shared, 0).err().unwrap_or_default(),
        Err(faults) => faults,
    };
    let told = lacking.first().map_or_else(String::new, |fault| format!("题库现在组不成：{fault}。"));
    Ok((plan, told))
}

/// The usual blueprint, each kind with as many as the bank has.
fn usual(bank: &[Kept]) -> (String, String) {
    let has = |kind| bank.iter().filter(|k| k.question.kind == kind && k.question.askable()).count();
    let given: Vec<(Kind, usize, u32)> =
        USUAL.into_iter().map(|(kind, n, each)| (kind, n.min(has(kind)), each)).filter(|row| row.1 > 0).collect();
    let whole = |rows: &[(Kind, usize, u32)]| blueprint_text(rows.iter().copied());
    if given == USUAL {
        return (whole(&USUAL), String::new());
    }
    let stock: Vec<String> = USUAL.iter().map(|(kind, ..)| format!("{}{}道", kind.title(), has(*kind))).collect();
    match given.is_empty() {
        true => (whole(&USUAL), "题库现在没有能用的单选题、判断题和多选题，请先补充题库或改用别的题型。".into()),
        false => (whole(&given), format!("题库现在能用的有{}，题数已据此减少。", stock.join("、"))),
    }
}

/// What a paper may be chosen from: the bank without the questions of every day from the first day to the last.
fn usable(tx: &mut Tx<'_>, days: (Day, Day)) -> anyhow::Result<Vec<Kept>> {
    let daily = of_days(tx, days)?;
    let mut kept = bank::current(tx, None)?;
    kept.retain(|k| !daily.contains(&k.number));
    Ok(kept)
}

/// The two fields, the list saying what it comes to; `told` is what is to be said of the blueprint.
pub(super) fn fields(tx: &mut Tx<'_>, (plan, told): (String, String), named: String) -> anyhow::Result<[Field; 2]> {
    let hint =
        "一行一题：题号, 分值，如 12, 5；连续的题号写成 30-35, 2。填写后只考这些题，不按细目表抽题。题号见题库。";
    let comes_to = match by_hand::lines(&named).ok().filter(|lines| !lines.is_empty()) {
        Some(lines) => by_hand::choose(&lines, &bank::latest(tx)?).ok(),
        None => None,
    };
    let hint = match comes_to {
        Some(chosen) => {
            let all = marks(chosen.iter().map(|c| c.marks).sum());
            format!("{hint}现在共{}题，满分{all}分。", chosen.len())
        }
        None => hint.to_owned(),
    };
    Ok([
        Field { value: plan, ..Field::long("blueprint", Way::Blueprint.title()) }.hint(&format!(
            "第一行是列名，每行一类题；主题、题型、难度不填即不限。从题库随机抽题，同一题不重复。{told}"
        )),
        Field { value: named, ..Field::long(LIST, Way::List.title()) }.hint(&hint),
    ])
}

/// The lines that name these questions with usual marks; what the bank does not have is told when the form is posted.
pub(super) fn lines_of(tx: &mut Tx<'_>, numbers: &BTreeSet<i64>) -> anyhow::Result<String> {
    if numbers.is_empty() {
        return Ok(String::new());
    }
    let kinds: BTreeMap<i64, Kind> = bank::latest(tx)?.into_iter().map(|k| (k.number, k.question.kind)).collect();
    let usual = |number: &i64| match kinds.get(number) {
        Some(Kind::Single) => 30,
        Some(Kind::Multiple) => 40,
        Some(Kind::Short) => 100,
        _ => 20,
    };
    let all: Vec<(i64, u32)> = numbers.iter().map(|n| (*n, usual(n))).collect();
    Ok(by_hand::written(&all))
}

/// Which of the two was filled in; the blueprint as it was suggested counts as not filled where questions are named.
pub(super) fn way(seat: &Seat) -> Result<Way, (&'static str, String)> {
    let suggested = seat.fields.get(SUGGESTED).replace("\r\n", "\n");
    let [plan, named] = [Way::Blueprint, Way::List].map(|way| seat.fields.get(way.field()).replace("\r\n", "\n"));
    match (plan.is_empty(), named.is_empty()) {
        (false, true) => Ok(Way::Blueprint),
        (true, true) => Err(("blueprint", "双向细目表：请填写，或在“指定题目”里写明题号。".into())),
        (true, false) => Ok(Way::List),
        _ if plan == suggested => Ok(Way::List),
        _ => Err((LIST, "指定题目：双向细目表也填写了，两处只能用一处，请清空另一处。".into())),
    }
}

/// Questions as they were asked for, or all that is wrong with it.
pub(super) fn paper(seat: &Seat, way: Way, first: Option<&First>) -> anyhow::Result<Result<Vec<Item>, Vec<Fault>>> {
    let text = seat.fields.get(way.field());
    if text.chars().count() > LONGEST {
        return Ok(Err(vec![whole(format!("最多{LONGEST}字，请缩短"))]));
    }
    let chosen = match way {
        Way::Blueprint => by_blueprint(seat, text, first)?,
        Way::List => by_list(seat, text, first)?,
    };
    Ok(chosen.map(|chosen| test::items(&chosen)))
}

fn whole(reason: String) -> Fault {
    Fault { row: 1, column: None, reason }
}

/// The rows of a blueprint as it is typed.
fn read(text: &str) -> Result<Vec<Wanted>, Vec<Fault>> {
    let text = norm::plain(text).replace(['，', '\t'], ",");
    match sheet::read(Cursor::new(text.into_bytes()), &Limits::default()) {
        Ok(table) => blueprint(&table),
        Err(e) => Err(vec![whole(e.to_string())]),
    }
}

fn by_blueprint(seat: &Seat, text: &str, first: Option<&First>) -> anyhow::Result<Result<Vec<Chosen>, Vec<Fault>>> {
    let wanted = match read(text) {
        Ok(wanted) => wanted,
        Err(faults) => return Ok(Err(faults)),
    };
    let days = until_it_ends(seat);
    let kept = seat.db().read(|tx| usable(tx, days))?;
    let seed = u64::from_le_bytes(token::random::<8>()?);
    let shared = first.map_or_else(Shared::default, |f| second::shared(&f.paper, &f.out, &kept, f.count, seed));
    Ok(choose_sharing(&wanted, &kept, &shared, seed))
}

fn by_list(seat: &Seat, text: &str, first: Option<&First>) -> anyhow::Result<Result<Vec<Chosen>, Vec<Fault>>> {
    let lines = match by_hand::lines(text) {
        Ok(lines) => lines,
        Err(faults) => return Ok(Err(faults)),
    };
    let kept = seat.db().read(bank::latest)?;
    let chosen = by_hand::choose(&lines, &kept);
    if let Ok(chosen) = &chosen {
        let days = until_it_ends(seat);
        let daily = seat.db().read(|tx| of_days(tx, days))?;
        let shown: Vec<String> =
            chosen.iter().filter(|c| daily.contains(&c.number)).map(|c| c.number.to_string()).collect();
        if !shown.is_empty() {
            let reason = format!("第{}号题在这段时间的每日一题里，不能同时用于考试，请换题", shown.join("、"));
            return Ok(Err(vec![whole(reason)]));
        }
    }
    Ok(match (chosen, first) {
        (Ok(chosen), Some(first)) => {
            let links = |(place, f): &(usize, &Chosen)| {
                f.question.kind != Kind::Short
                    && !first.out.contains(place)
                    && chosen.iter().any(|c| (c.number, c.version) == (f.number, f.version))
            };
            match first.paper.iter().enumerate().filter(links).count() {
                n if n < first.count => Err(vec![whole(format!(
                    "与第一卷共同的题有{n}道（简答题和已作废的不算），至少{}道才能折算合格线。请添上第一卷的题，或选不与原班的试卷关联",
                    first.count
                ))]),
                _ => Ok(chosen),
            }
        }
        (chosen, _) => chosen,
    })
}

/// Today, and the day on which the test ends.
fn until_it_ends(seat: &Seat) -> (Day, Day) {
    let today = seat.now.day;
    (today, parse_instant(seat.fields.get("closes")).map_or(today, day_of).max(today))
}

/// The questions of every day from today until the test ends: who sits it would know them, and until it is over nobody could
/// answer them of a day.
fn of_days(tx: &mut Tx<'_>, (today, ends): (Day, Day)) -> anyhow::Result<BTreeSet<i64>> {
    Ok(plan::between(tx, today, ends)?.into_iter().filter_map(|r| r.question).collect())
}
