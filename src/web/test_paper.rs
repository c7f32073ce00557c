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
    db::Tx,
    exam::{
        answers::Fault,
        by_hand,
        paper::{Chosen, Shared, blueprint, choose_sharing, marks},
        second,
        test::{self, Item, Test},
    },
    questions::{Kind, bank},
    sheet::{self, Limits, norm},
};

/// What stands in the blueprint at first.
const BLUEPRINT: &str = "主题,题型,难度,题数,每题分值\n,单选题,,20,3\n,判断题,,10,2\n,多选题,,5,4";
/// Most characters of a blueprint or a list.
pub(super) const LONGEST: usize = 4_000;
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

/// The blueprint that a form begins with: that of the first form of a class's test, else a usual one.
pub(super) fn suggested(tx: &mut Tx<'_>, first: Option<&Test>) -> anyhow::Result<String> {
    Ok(match first {
        None => BLUEPRINT.to_owned(),
        Some(first) if first.origin.blueprint.is_empty() => second::blueprint(&test::paper(tx, &first.items)?),
        Some(first) => first.origin.blueprint.clone(),
    })
}

/// The two fields, the list saying what it comes to.
pub(super) fn fields(tx: &mut Tx<'_>, plan: String, named: String) -> anyhow::Result<[Field; 2]> {
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
        Field { value: plan, ..Field::long("blueprint", Way::Blueprint.title()) }
            .hint("第一行是列名，每行一类题；主题、题型、难度不填即不限。从题库随机抽题，同一题不重复。"),
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
pub(super) fn way(seat: &Seat, suggested: &str) -> Result<Way, (&'static str, String)> {
    let [plan, named] = [Way::Blueprint, Way::List].map(|way| seat.fields.get(way.field()).replace("\r\n", "\n"));
    match (plan.is_empty(), named.is_empty()) {
        (false, true) => Ok(Way::Blueprint),
        (true, true) => Err(("blueprint", "双向细目表：请填写，或在“指定题目”里写明题号。".into())),
        (true, false) => Ok(Way::List),
        _ if plan == suggested.trim() => Ok(Way::List),
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

fn by_blueprint(seat: &Seat, text: &str, first: Option<&First>) -> anyhow::Result<Result<Vec<Chosen>, Vec<Fault>>> {
    let table =
        match sheet::read(Cursor::new(norm::plain(text).replace(['，', '\t'], ",").into_bytes()), &Limits::default()) {
            Ok(table) => table,
            Err(e) => return Ok(Err(vec![whole(e.to_string())])),
        };
    let wanted = match blueprint(&table) {
        Ok(wanted) => wanted,
        Err(faults) => return Ok(Err(faults)),
    };
    let daily = of_days(seat)?;
    let mut kept = seat.db().read(|tx| bank::current(tx, None))?;
    kept.retain(|k| !daily.contains(&k.number));
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
        let daily = of_days(seat)?;
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

/// The questions of every day from today until the test ends: who sits it would know them, and until it is over nobody could
/// answer them of a day.
fn of_days(seat: &Seat) -> anyhow::Result<BTreeSet<i64>> {
    let today = seat.now.day;
    let ends = parse_instant(seat.fields.get("closes")).map_or(today, day_of).max(today);
    let planned = seat.db().read(|tx| plan::between(tx, today, ends))?;
    Ok(planned.into_iter().filter_map(|r| r.question).collect())
}
