//! Papers: questions chosen by a blueprint (topic × kind × difficulty × count × marks), in several forms whose order of
//! questions and options follows from a seed. The same seed and bank give the same paper.

use std::collections::BTreeSet;

use serde::Serialize;

use super::answers::Fault;
use crate::{
    questions::{Difficulty, Kind, Question, bank::Kept, plain},
    sheet::Table,
    splitmix::SplitMix,
};

/// Questions of a paper, at most.
pub const MOST: usize = 300;
/// Forms of a paper, at most: as many as letters are told apart easily.
pub const MOST_FORMS: usize = 8;

/// A line of a blueprint. What is not said may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Row of the sheet, from 1.
    pub row: u32,
    /// A topic, and what lies under it.
    pub topic: Option<String>,
    /// Kind of question.
    pub kind: Option<Kind>,
    /// Difficulty as its author thinks.
    pub difficulty: Option<Difficulty>,
    /// How many.
    pub count: usize,
    /// Marks of each, in tenths.
    pub marks: u32,
}

impl Wanted {
    fn fits(&self, q: &Question) -> bool {
        let under =
            |t: &String| q.topic.strip_prefix(t.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.topic.as_ref().is_none_or(under)
            && self.kind.is_none_or(|k| k == q.kind)
            && self.difficulty.is_none_or(|d| q.difficulty == Some(d))
    }
}

/// Marks in tenths as they are written: `2`, `0.5`.
pub fn marks(tenths: u32) -> String {
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

/// Reads the marks of a question: 0.1 to 100, with one decimal at most; in tenths.
pub fn tenths(text: &str) -> Option<u32> {
    let tenths = text.parse::<f64>().ok().map(|m| m * 10.0)?;
    ((1.0..=1000.0).contains(&tenths) && tenths.fract() == 0.0).then_some(tenths as u32)
}

/// The heads of a blueprint.
const HEADS: [&str; 5] = ["主题", "题型", "难度", "题数", "每题分值"];

/// A blueprint as it is typed: of each kind how many, and the marks of each (in tenths).
pub fn blueprint_text(rows: impl Iterator<Item = (Kind, usize, u32)>) -> String {
    let row = |(kind, n, each): (Kind, usize, u32)| format!("\n,{},,{n},{}", kind.title(), marks(each));
    HEADS.join(",") + &rows.map(row).collect::<String>()
}

/// Reads a blueprint: columns 主题, 题型, 难度, 题数, 每题分值, in any order, empty for anything.
///
/// # Errors
/// All that is wrong with it.
pub fn blueprint(table: &Table) -> Result<Vec<Wanted>, Vec<Fault>> {
    let places = |row: &crate::sheet::Row| {
        HEADS.map(|head| row.cells.iter().position(|c| c.text().split_whitespace().collect::<String>() == head))
    };
    let head = table.rows.iter().take(10).position(|r| places(r)[3..].iter().all(Option::is_some));
    let Some(head) = head else {
        let reason =
            format!("没有找到表头。应有“题数”“每题分值”两列，可有主题、题型、难度。全部列名：{}", HEADS.join("、"));
        return Err(vec![Fault { row: 1, column: None, reason }]);
    };
    let places = places(&table.rows[head]);
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for row in &table.rows[head + 1..] {
        let text = |i: usize| {
            let cell = places[i].and_then(|at| row.cells.get(at));
            cell.map(|c| c.text().trim().to_owned()).filter(|t| !t.is_empty())
        };
        let mut wrong = |i: usize, reason: String| faults.push(Fault { row: row.number, column: places[i], reason });
        let kind = text(1).and_then(|t| {
            Kind::parse(&t).or_else(|| {
                wrong(1, format!("题型“{t}”应为{}之一", Kind::ALL.map(Kind::title).join("、")));
                None
            })
        });
        let difficulty = text(2).and_then(|t| {
            Difficulty::parse(&t).or_else(|| {
                wrong(2, format!("难度“{t}”应为易、中、难之一"));
                None
            })
        });
        let said = text(3).unwrap_or_default();
        let count = said.parse().ok().filter(|n| (1..=MOST).contains(n)).unwrap_or_else(|| {
            wrong(3, format!("题数“{said}”应为1到{MOST}的整数"));
            0
        });
        let said = text(4).unwrap_or_default();
        let marks = tenths(&said);
        if marks.is_none() {
            wrong(4, format!("每题分值“{said}”应为0.1到100的数，至多一位小数"));
        }
        all.push(Wanted { row: row.number, topic: text(0), kind, difficulty, count, marks: marks.unwrap_or_default() });
    }
    let total: usize = all.iter().map(|w| w.count).sum();
    if faults.is_empty() && !(1..=MOST).contains(&total) {
        faults.push(Fault {
            row: table.rows[head].number,
            column: None,
            reason: format!("共{total}道题，应为1到{MOST}道"),
        });
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

/// A question of a paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Its number in the bank.
    pub number: i64,
    /// The version that is asked.
    pub version: i64,
    /// What it says.
    pub question: Question,
    /// Marks in tenths.
    pub marks: u32,
}

/// An order that is the same for the same seed.
struct Stream(SplitMix);

impl Stream {
    fn new(seed: u64, of: u64) -> Stream {
        let mut numbers = SplitMix(seed ^ of.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        numbers.draw();
        Stream(numbers)
    }

    /// Fisher and Yates.
    fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            let j = self.0.below(i as u64 + 1) as usize;
            all.swap(i, j);
        }
    }
}

/// What a paper has in common with another one, its first form.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Questions of the first form that may be asked again, number and version, the most wanted first.
    pub from: Vec<(i64, i64)>,
    /// How many of them are.
    pub count: usize,
    /// Numbers that are not asked besides.
    pub never: BTreeSet<i64>,
}

/// Chooses questions by chance; none twice, none without its clause. Rows may overlap: a question goes to the row that needs it, so that the
/// paper is found whenever there is one.
///
/// # Errors
/// Every row that the bank cannot fill, with what it has.
pub fn choose(wanted: &[Wanted], bank: &[Kept], seed: u64) -> Result<Vec<Chosen>, Vec<Fault>> {
    choose_sharing(wanted, bank, &Shared::default(), seed)
}

/// The same with some questions of a first form, the rest anew.
///
/// # Errors
/// Every row that the bank cannot fill; that fewer questions of the first form fit the blueprint than are to be shared.
pub fn choose_sharing(wanted: &[Wanted], bank: &[Kept], shared: &Shared, seed: u64) -> Result<Vec<Chosen>, Vec<Fault>> {
    let mut order: Vec<usize> = (0..bank.len()).collect();
    Stream::new(seed, 0).shuffle(&mut order);
    let fits = |w: &Wanted, i: &usize| w.fits(&bank[*i].question);
    // A place of the paper, by its row; and of each question of the bank the place that has it.
    let places: Vec<usize> = wanted.iter().enumerate().flat_map(|(r, w)| std::iter::repeat_n(r, w.count)).collect();
    let mut held: Vec<Option<usize>> = vec![None; bank.len()];
    let mut again = BTreeSet::new();
    for (number, version) in &shared.from {
        let is = |i: &usize| bank[*i].number == *number && bank[*i].version == *version && bank[*i].question.askable();
        if let Some(i) = (0..bank.len()).find(is).filter(|_| again.len() < shared.count)
            && seat(i, &|i, place| fits(&wanted[places[place]], &i), &mut held, &mut vec![false; places.len()])
        {
            again.insert(i);
        }
    }
    if again.len() < shared.count {
        let reason = format!(
            "第一卷的题里能放进这份细目表的有{}道，要{}道作共同题。请减少共同题数或放宽细目表；不足{}道的不能关联，请选“不与原班的试卷关联”",
            again.len(),
            shared.count,
            super::second::FEWEST
        );
        return Err(vec![Fault { row: wanted.first().map_or(1, |w| w.row), column: None, reason }]);
    }
    let free = |i: &usize| again.contains(i) || !shared.never.contains(&bank[*i].number);
    let usable: Vec<usize> = order.iter().copied().filter(|i| bank[*i].question.askable() && free(i)).collect();
    let fitting: Vec<Vec<usize>> =
        wanted.iter().map(|w| usable.iter().copied().filter(|i| fits(w, i)).collect()).collect();
    let mut missing = vec![0_usize; wanted.len()];
    // Whoever has a place keeps one, though it may be another.
    for place in (0..places.len()).filter(|p| !held.contains(&Some(*p))).collect::<Vec<_>>() {
        let mut tried = vec![false; bank.len()];
        if !give(place, &places, &fitting, &mut held, &mut tried) {
            missing[places[place]] += 1;
        }
    }
    let short = |(r, _): (usize, &usize)| {
        let (has, w) = (fitting[r].len(), &wanted[r]);
        let reason = if has < w.count {
            format!("题库里符合的题有{has}道，要{}道。请减少题数、放宽条件，或先补充题库", w.count)
        } else {
            format!("题库里符合的题有{has}道，但与其他行要的题重复，合起来还差{}道", missing[r])
        };
        let reason = if shared.never.is_empty() {
            reason
        } else {
            format!("{reason}；第一卷的题除共同题外不再用")
        };
        let bare = order.iter().filter(|i| !bank[**i].question.askable() && fits(w, i)).count();
        let reason = if bare == 0 {
            reason
        } else {
            format!("{reason}；另有{bare}道没有出处条款，补上后才能用")
        };
        Fault { row: w.row, column: None, reason }
    };
    let faults: Vec<Fault> = missing.iter().enumerate().filter(|(_, m)| **m > 0).map(short).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut chosen: Vec<(usize, Chosen)> = held
        .iter()
        .enumerate()
        .filter_map(|(i, place)| Some((i, (*place)?)))
        .map(|(i, place)| {
            let Kept { number, version, question, .. } = bank[i].clone();
            (place, Chosen { number, version, question, marks: wanted[places[place]].marks })
        })
        .collect();
    chosen.sort_by_key(|(place, c)| (c.question.kind, c.marks, *place));
    Ok(chosen.into_iter().map(|(_, c)| c).collect())
}

/// Finds a question a place, moving others where that helps.
fn seat(question: usize, fits: &dyn Fn(usize, usize) -> bool, held: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for place in 0..tried.len() {
        if !fits(question, place) || std::mem::replace(&mut tried[place], true) {
            continue;
        }
        let holder = held.iter().position(|h| *h == Some(place));
        if holder.is_none_or(|other| seat(other, fits, held, tried)) {
            held[question] = Some(place);
            return true;
        }
    }
    false
}

/// Gives a place a question, moving others where that helps (augmenting paths).
fn give(
    place: usize,
    places: &[usize],
    fitting: &[Vec<usize>],
    held: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for i in &fitting[places[place]] {
        if std::mem::replace(&mut tried[*i], true) {
            continue;
        }
        let free = held[*i].is_none_or(|other| give(other, places, fitting, held, tried));
        if free {
            held[*i] = Some(place);
            return true;
        }
    }
    false
}

/// A question in a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Its place among the chosen ones.
    pub question: usize,
    /// The options as they are shown, by their places in the question.
    pub options: Vec<usize>,
}

/// A form of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Form {
    /// `A`, `B`, …
    pub letter: char,
    /// The questions as they are asked.
    pub asked: Vec<Asked>,
}

/// Forms of a paper: the same questions, in an order of their own within a kind and its marks, options too.
pub fn forms(chosen: &[Chosen], count: usize, seed: u64) -> Vec<Form> {
    (0..count.min(MOST_FORMS))
        .map(|n| {
            let mut stream = Stream::new(seed, n as u64 + 1);
            let mut order: Vec<usize> = (0..chosen.len()).collect();
            let section = |i: &usize| (chosen[*i].question.kind, chosen[*i].marks);
            order.chunk_by_mut(|a, b| section(a) == section(b)).for_each(|part| stream.shuffle(part));
            let asked = order.into_iter().map(|question| {
                let options = options(&chosen[question].question, &mut stream);
                Asked { question, options }
            });
            Form { letter: char::from(b'A' + n as u8), asked: asked.collect() }
        })
        .collect()
}

/// Options in an order of their own. 以上都对 and its like stay last; where options name each other by letters all stay.
fn options(q: &Question, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..q.answers.len()).collect();
    let texts: Vec<String> = q.answers.iter().map(|a| plain(q.markup, &a.text).trim().to_owned()).collect();
    let text = |i: usize| texts[i].as_str();
    let last_letter = char::from(b'A' + order.len().clamp(1, 26) as u8 - 1);
    // `A和C`, `AB都对`: two letters of options and nothing but words between and after them.
    let names_others = |t: &str| {
        let letters = t.chars().filter(|c| ('A'..=last_letter).contains(c)).count();
        letters > 1
            && t.chars().all(|c| ('A'..=last_letter).contains(&c) || "和与及、，。. 都均皆对正确错误不是".contains(c))
    };
    if !q.kind.has_options() || (0..order.len()).any(|i| names_others(text(i))) {
        return order;
    }
    let (mut moved, last): (Vec<usize>, Vec<usize>) = order.drain(..).partition(|i| !text(*i).starts_with("以上"));
    stream.shuffle(&mut moved);
    moved.extend(last);
    moved
}
