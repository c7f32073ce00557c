//! A person's attempt at a test, by the server's clock: begun once, each answer saved at once, handed in once.
//!
//! ```text
//! begin ► running ── handed in by the person, or by the clock when its time is over ► ended ── all marked ► scored
//! ```
//!
//! An answer carries the count of answers to its question. What comes twice changes nothing; what comes after a later one,
//! as from a second window, is refused with what stands. One session answers at a time; another takes over on request.

use std::fmt;

use serde_json::json;

use super::{
    marking,
    paper::{Asked, Chosen, Form, forms},
    score::{Given, takes_options},
    test::{self, MINUTE, State, Test},
};
use crate::{
    audit::{self, About, Guarded, Kind as Entry},
    clock::chinese,
    db::{Row, Tx, Value},
    questions::Kind,
    scope::Actor,
};

/// What may still arrive after the end, µs: an answer that was sent in time.
pub(super) const ON_ITS_WAY: i64 = 5_000_000;
/// Characters that are typed into a gap, at most.
pub const LONGEST_FILL: usize = 500;
/// Characters of a 简答题, at most.
pub const LONGEST_SHORT: usize = 4_000;

/// A published test with its paper: neither changes any more.
#[derive(Clone, Debug)]
pub struct Sat {
    /// The test.
    pub test: Test,
    /// What is asked.
    pub paper: Vec<Chosen>,
}

/// Who answers, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sitter {
    /// Record id of the person.
    pub person: i64,
    /// Number of the session.
    pub seat: i64,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number in the store.
    pub id: i64,
    /// From 1.
    pub number: i64,
    /// The questions in the order of this attempt.
    pub asked: Vec<Asked>,
    /// When it began, µs.
    pub begun: i64,
    /// When its time is over, µs.
    pub due: i64,
    /// The session that answers.
    pub seat: i64,
    /// When it ended, µs.
    pub ended: Option<i64>,
    /// It ended by the clock.
    pub by_clock: bool,
    /// Of 100, times 10,000; `None` until all of it is marked.
    pub score: Option<i64>,
    /// The score before the last rescoring.
    pub earlier: Option<i64>,
    /// Who entered it, where it was written on paper.
    pub entered_by: Option<String>,
    /// All its marks, times 10,000, where they were not typed question by question.
    pub total: Option<i64>,
}

impl Attempt {
    /// Whether answers are still taken.
    pub fn is_running(&self, now: i64) -> bool {
        self.ended.is_none() && now <= self.due + ON_ITS_WAY
    }
}

/// What stands as the answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the paper.
    pub question: usize,
    /// How many answers there were.
    pub sequence: i64,
    /// Places of the chosen options, or what was typed.
    pub answer: String,
    /// Marked by the person to come back to.
    pub flagged: bool,
    /// When it was saved, µs.
    pub saved: i64,
    /// Marks by hand, times 10,000.
    pub marks: Option<i64>,
}

/// Why something is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Not on the list.
    NotListed,
    /// Excused: why.
    Excused(String),
    /// Not yet: from when on (µs).
    Early(i64),
    /// It cannot be begun any more: since when (µs).
    Over(i64),
    /// All attempts are used.
    NoMore,
    /// Not begun.
    NotBegun,
    /// Handed in at (µs).
    Ended(i64),
    /// Its time was over at (µs).
    Late(i64),
    /// Another session answers.
    Elsewhere,
    /// Another window has answered this question since.
    Superseded,
    /// No such question.
    NoSuchQuestion,
    /// The answer is none that the question has, or is too long.
    Unreadable(&'static str),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotTaken::NotListed => f.write_str("您不在这场考试的应考名单上，请向组织考试的单位核对。"),
            NotTaken::Excused(why) => write!(f, "您已因故免考：{why}。"),
            NotTaken::Early(from) => write!(f, "考试还没有开始，开放时间：{}。", chinese(*from)),
            NotTaken::Over(since) => write!(f, "考试已于{}截止，不能再开始。", chinese(*since)),
            NotTaken::NoMore => f.write_str("您已交卷，作答次数已用完。"),
            NotTaken::NotBegun => f.write_str("您还没有开始作答，请从考试须知开始。"),
            NotTaken::Ended(at) => write!(f, "您已于{}交卷，答案不能再改。", chinese(*at)),
            NotTaken::Late(at) => write!(f, "已到时间，系统已于{}收卷，这次作答没有计入。", chinese(*at)),
            NotTaken::Elsewhere => f.write_str("您已在另一设备作答。要在这台设备上继续，请先接续。"),
            NotTaken::Superseded => {
                f.write_str("这道题已在另一个窗口改答，这次作答没有计入；现在显示的是已保存的答案。")
            }
            NotTaken::NoSuchQuestion => f.write_str("试卷里没有这道题，请从答题卡进入。"),
            NotTaken::Unreadable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotTaken {}

pub(super) fn refuse<T>(why: NotTaken) -> anyhow::Result<T> {
    Err(why.into())
}

/// The order of questions and options as it is stored: `3:201|0:|…`, a letter for each option.
pub(super) fn written(asked: &[Asked]) -> String {
    let one = |a: &Asked| {
        let options: String = a.options.iter().map(|o| char::from(b'a' + (*o).min(25) as u8)).collect();
        format!("{}:{options}", a.question)
    };
    asked.iter().map(one).collect::<Vec<_>>().join("|")
}

/// Reads [`written`].
pub(super) fn order(text: &str) -> Vec<Asked> {
    let one = |part: &str| {
        let (question, options) = part.split_once(':')?;
        let options = options.bytes().map(|b| usize::from(b.saturating_sub(b'a'))).collect();
        Some(Asked { question: question.parse().ok()?, options })
    };
    text.split('|').filter_map(one).collect()
}

const COLUMNS: &str =
    "row_id, number, asked, begun_at, due_at, seat, ended_at, by_clock, score, earlier_score, entered_by, sheet_total";

fn read(r: &Row<'_>) -> anyhow::Result<Attempt> {
    Ok(Attempt {
        id: r.i64(0)?,
        number: r.i64(1)?,
        asked: order(r.text(2)?),
        begun: r.i64(3)?,
        due: r.i64(4)?,
        seat: r.i64(5)?,
        ended: r.opt_i64(6)?,
        by_clock: r.opt_i64(7)? == Some(1),
        score: r.opt_i64(8)?,
        earlier: r.opt_i64(9)?,
        entered_by: r.opt_text(10)?.map(str::to_owned),
        total: r.opt_i64(11)?,
    })
}

/// The last attempt of a person.
///
/// # Errors
/// When the store cannot be read.
pub fn last(tx: &mut Tx<'_>, test: i64, person: i64) -> anyhow::Result<Option<Attempt>> {
    let sql =
        format!("select {COLUMNS} from attempt where test_id = $1 and person_id = $2 order by number desc limit 1");
    tx.one(&sql, &[test.into(), person.into()], read)
}

/// All attempts of a person, in their order.
///
/// # Errors
/// When the store cannot be read.
pub fn of_person(tx: &mut Tx<'_>, test: i64, person: i64) -> anyhow::Result<Vec<Attempt>> {
    let sql = format!("select {COLUMNS} from attempt where test_id = $1 and person_id = $2 order by number");
    tx.rows(&sql, &[test.into(), person.into()], read)
}

/// The attempt of a person that counts: the best that is marked, of equal ones the first; without one the last.
///
/// # Errors
/// When the store cannot be read.
pub fn best(tx: &mut Tx<'_>, test: i64, person: i64) -> anyhow::Result<Option<Attempt>> {
    let sql = format!(
        "select {COLUMNS} from attempt where test_id = $1 and person_id = $2 and score is not null \
         order by score desc, number limit 1"
    );
    match tx.one(&sql, &[test.into(), person.into()], read)? {
        Some(best) => Ok(Some(best)),
        None => last(tx, test, person),
    }
}

/// Begins an attempt, or gives the running one of this session. `seed` decides the order of questions and options.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn begin(tx: &mut Tx<'_>, sat: &Sat, sitter: Sitter, seed: u64, now: i64) -> anyhow::Result<Attempt> {
    let (test, rules) = (&sat.test, &sat.test.rules);
    let sql = "select extra, excused from test_roll where test_id = $1 and person_id = $2";
    let listed =
        tx.one(sql, &[test.id.into(), sitter.person.into()], |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned))))?;
    let extra = match listed {
        None => return refuse(NotTaken::NotListed),
        Some((_, Some(why))) => return refuse(NotTaken::Excused(why)),
        Some((extra, None)) => extra * MINUTE,
    };
    let before = last(tx, test.id, sitter.person)?;
    if let Some(running) = before.as_ref().filter(|a| a.ended.is_none()) {
        if !running.is_running(now) {
            end(tx, sat, running, running.due, true)?;
        } else if running.seat != sitter.seat {
            return refuse(NotTaken::Elsewhere);
        } else {
            return Ok(running.clone());
        }
    }
    if test.state == State::Closed || now >= rules.closes {
        return refuse(NotTaken::Over(rules.closes));
    }
    if now < rules.opens {
        return refuse(NotTaken::Early(rules.opens));
    }
    let number = before.map_or(0, |a| a.number) + 1;
    if number > rules.attempts {
        return refuse(NotTaken::NoMore);
    }
    let due = (now + rules.minutes * MINUTE).min(rules.closes) + extra;
    let form: Form = forms(&sat.paper, 1, seed).remove(0);
    // Two at the same moment: one begins, and both go on with that one.
    let sql = format!(
        "insert into attempt (test_id, person_id, number, asked, begun_at, due_at, seat) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict do nothing returning {COLUMNS}"
    );
    let params: [Value; 7] = [
        test.id.into(),
        sitter.person.into(),
        number.into(),
        written(&form.asked).into(),
        now.into(),
        due.into(),
        sitter.seat.into(),
    ];
    match tx.one(&sql, &params, read)? {
        Some(begun) => Ok(begun),
        None => match last(tx, test.id, sitter.person)? {
            Some(begun) if begun.seat == sitter.seat => Ok(begun),
            _ => refuse(NotTaken::Elsewhere),
        },
    }
}

/// The running attempt of this session.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be read.
pub fn running(tx: &mut Tx<'_>, sat: &Sat, sitter: Sitter, now: i64) -> anyhow::Result<Attempt> {
    let Some(attempt) = last(tx, sat.test.id, sitter.person)? else { return refuse(NotTaken::NotBegun) };
    match attempt.ended {
        Some(at) if attempt.by_clock => refuse(NotTaken::Late(at)),
        Some(at) => refuse(NotTaken::Ended(at)),
        None if !attempt.is_running(now) => refuse(NotTaken::Late(attempt.due)),
        None if attempt.seat != sitter.seat => refuse(NotTaken::Elsewhere),
        None => Ok(attempt),
    }
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which question, from 1, in the order of the attempt.
    pub place: usize,
    /// Letters of options as they were shown, or one text.
    pub values: Vec<String>,
    /// To come back to.
    pub flagged: bool,
    /// One more than the count that was shown.
    pub sequence: i64,
}

/// Saves an answer; it is durable when this transaction is.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn save(tx: &mut Tx<'_>, sat: &Sat, sitter: Sitter, said: &Said, now: i64) -> anyhow::Result<()> {
    let attempt = running(tx, sat, sitter, now)?;
    let asked = said.place.checked_sub(1).and_then(|i| attempt.asked.get(i));
    let Some((asked, chosen)) = asked.and_then(|a| Some((a, sat.paper.get(a.question)?))) else {
        return refuse(NotTaken::NoSuchQuestion);
    };
    let answer = meant(chosen.question.kind, asked, &said.values).map_err(NotTaken::Unreadable)?.stored();
    let sql = "insert into attempt_answer (attempt_id, question, sequence, answer, flagged, saved_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (attempt_id, question) do update \
               set sequence = excluded.sequence, answer = excluded.answer, flagged = excluded.flagged, \
               saved_at = excluded.saved_at where excluded.sequence > attempt_answer.sequence";
    let key: [Value; 2] = [attempt.id.into(), (asked.question as i64).into()];
    let mut params = key.to_vec();
    params.extend([said.sequence.into(), answer.as_str().into(), i64::from(said.flagged).into(), now.into()]);
    if tx.execute(sql, &params)? == 1 {
        return Ok(());
    }
    let sql = "select sequence, answer, flagged from attempt_answer where attempt_id = $1 and question = $2";
    let stands = tx.one(sql, &key, |r| Ok((r.i64(0)?, r.text(1)? == answer, r.i64(2)? == i64::from(said.flagged))))?;
    // The same once more is saved already.
    if stands == Some((said.sequence, true, true)) { Ok(()) } else { refuse(NotTaken::Superseded) }
}

/// What the letters of a form, or a text, mean.
pub(crate) fn meant(kind: Kind, asked: &Asked, values: &[String]) -> Result<Given, &'static str> {
    if !takes_options(kind) {
        let text = values.first().map_or("", String::as_str).replace("\r\n", "\n");
        let most = if kind == Kind::Short { LONGEST_SHORT } else { LONGEST_FILL };
        if text.chars().count() > most {
            return Err(if kind == Kind::Short {
                "答案最多4000字，请缩短。"
            } else {
                "答案最多500字，请缩短。"
            });
        }
        return if text.contains('\0') {
            Err("答案里有无法识别的字符，请删去。")
        } else {
            Ok(Given::Typed(text))
        };
    }
    let mut places = Vec::new();
    for letter in values.iter().filter(|v| !v.is_empty()) {
        let [b @ b'A'..=b'Z'] = letter.as_bytes() else {
            return Err("没有这个选项，请刷新页面后再选。");
        };
        let shown = usize::from(b - b'A');
        places.push(*asked.options.get(shown).ok_or("没有这个选项，请刷新页面后再选。")?);
    }
    places.sort_unstable();
    places.dedup();
    if places.len() > 1 && kind != Kind::Multiple {
        return Err("这道题只能选一项。");
    }
    Ok(Given::Chosen(places))
}

/// The answers of an attempt, by their places in the paper.
///
/// # Errors
/// When the store cannot be read.
pub fn answers(tx: &mut Tx<'_>, attempt: i64) -> anyhow::Result<Vec<Kept>> {
    let sql = "select question, sequence, answer, flagged, saved_at, marks from attempt_answer where attempt_id = $1 \
               order by question";
    tx.rows(sql, &[attempt.into()], |r| {
        Ok(Kept {
            question: usize::try_from(r.i64(0)?).unwrap_or(usize::MAX),
            sequence: r.i64(1)?,
            answer: r.text(2)?.to_owned(),
            flagged: r.i64(3)? == 1,
            saved: r.i64(4)?,
            marks: r.opt_i64(5)?,
        })
    })
}

/// Goes on from this session; the one before answers no more. Logged, since it may be somebody else.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn take_over(tx: &mut Tx<'_>, actor: &Actor, sat: &Sat, sitter: Sitter, now: i64) -> anyhow::Result<()> {
    let attempt = match running(tx, sat, sitter, now) {
        Err(e) if e.downcast_ref() == Some(&NotTaken::Elsewhere) => last(tx, sat.test.id, sitter.person)?,
        other => return other.map(|_| ()),
    };
    let Some(attempt) = attempt else { return refuse(NotTaken::NotBegun) };
    tx.execute("update attempt set seat = $2 where row_id = $1", &[attempt.id.into(), sitter.seat.into()])?;
    tell(tx, actor, "在另一设备接续作答", sat, sitter.person);
    Ok(())
}

/// Hands in; once more changes nothing.
///
/// # Errors
/// [`NotTaken`] where nothing runs for this session; else when the store cannot be written.
pub fn hand_in(tx: &mut Tx<'_>, actor: &Actor, sat: &Sat, sitter: Sitter, now: i64) -> anyhow::Result<()> {
    match running(tx, sat, sitter, now) {
        Ok(attempt) => {
            let over = now >= attempt.due;
            end(tx, sat, &attempt, now.min(attempt.due), over)?;
            tell(tx, actor, if over { "到时收卷" } else { "交卷" }, sat, sitter.person);
            Ok(())
        }
        Err(e) => match e.downcast_ref() {
            Some(NotTaken::Ended(_) | NotTaken::Late(_)) => Ok(()),
            _ => Err(e),
        },
    }
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, what: &str, sat: &Sat, person: i64) {
    let told = json!({ "title": format!("{what}“{}”", sat.test.rules.title), "test": sat.test.id });
    let about = About { unit: Some(sat.test.rules.unit), persons: [person].into(), ..About::default() };
    audit::note_of(tx, actor, Entry::Test, told, about);
}

/// Ends the attempts of a test whose time is over, each at its time; gives how many.
///
/// # Errors
/// When the store cannot be written.
pub fn end_late(tx: &mut Tx<'_>, sat: &Sat, now: i64) -> anyhow::Result<usize> {
    let sql =
        format!("select {COLUMNS} from attempt where test_id = $1 and ended_at is null and due_at < $2 limit 200");
    let late = tx.rows(&sql, &[sat.test.id.into(), (now - ON_ITS_WAY).into()], read)?;
    for attempt in &late {
        end(tx, sat, attempt, attempt.due, true)?;
    }
    if !late.is_empty() {
        let actor = Actor { name: "程序".into(), account: None, at: now };
        let what = format!("到时收卷{}份", late.len());
        test::tell(tx, &actor, &what, (sat.test.id, &sat.test.rules), &json!({ "attempts": late.len() }));
    }
    Ok(late.len())
}

fn end(tx: &mut Tx<'_>, sat: &Sat, attempt: &Attempt, at: i64, by_clock: bool) -> anyhow::Result<()> {
    test::hold_shared(tx, sat.test.id)?;
    let score = marking::score(tx, sat, attempt.id)?;
    let sql = "update attempt set ended_at = $2, by_clock = $3, score = $4 where row_id = $1 and ended_at is null";
    tx.execute(sql, &[attempt.id.into(), at.into(), i64::from(by_clock).into(), score.into()])?;
    audit::guard(tx, Guarded::Attempt, attempt.id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_comes_back() {
        let asked = vec![
            Asked { question: 3, options: vec![2, 0, 1] },
            Asked { question: 0, options: vec![] },
            Asked { question: 11, options: (0..26).rev().collect() },
        ];
        assert_eq!(order(&written(&asked)), asked);
    }

    #[test]
    fn letters_mean_what_was_shown() {
        let asked = Asked { question: 0, options: vec![2, 0, 1] };
        let of =
            |kind, values: &[&str]| meant(kind, &asked, &values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(Kind::Multiple, &["C", "A", "A"]), Ok(Given::Chosen(vec![1, 2])));
        assert_eq!(of(Kind::Single, &["B"]), Ok(Given::Chosen(vec![0])));
        assert_eq!(of(Kind::Single, &[""]), Ok(Given::Chosen(vec![])), "taken back");
        for (kind, values) in [(Kind::Single, &["A", "B"][..]), (Kind::Single, &["D"]), (Kind::Multiple, &["a"])] {
            assert!(of(kind, values).is_err(), "{values:?}");
        }
        let long = "长".repeat(LONGEST_FILL + 1);
        assert!(of(Kind::Fill, &[&long]).is_err() && of(Kind::Short, &[&long]).is_ok());
    }
}
