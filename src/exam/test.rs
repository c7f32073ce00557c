//! A test: what is asked, when, and of whom. Until it is published it may be changed; then its paper and its list (应考)
//! are frozen, so that nobody can be added or left out when the results are known.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    paper::{Chosen, marks},
    roll::Listed,
};
use crate::{
    audit::{self, About, Guarded, Kind},
    auth::account::Refused,
    clock::chinese,
    db::{Hold, Row, Tx, Value},
    questions::bank,
    scope::{Actor, Scope},
};

/// Most characters of a title.
pub const TITLE: usize = 60;
/// Longest duration, minutes.
pub const LONGEST: i64 = 300;
/// Attempts, at most.
pub const MOST_ATTEMPTS: i64 = 3;

/// How a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// May be changed.
    Draft,
    /// Published: paper and list are frozen.
    Open,
    /// Everybody has handed in, all is marked, and the results are recorded.
    Closed,
}

impl State {
    /// All, in their order.
    pub const ALL: [State; 3] = [State::Draft, State::Open, State::Closed];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Open => "open",
            State::Closed => "closed",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// On pages.
    pub fn title(self) -> &'static str {
        match self {
            State::Draft => "拟制中",
            State::Open => "已发布",
            State::Closed => "已结束",
        }
    }
}

/// A question of a test's paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Number in the bank.
    pub number: i64,
    /// Its version.
    pub version: i64,
    /// Marks in tenths.
    pub marks: u32,
}

/// What the organiser sets. Instants are µs UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What it is called.
    pub title: String,
    /// Record id of the class that it closes; its results become that class's.
    pub activity: Option<i64>,
    /// Record id of the unit that arranges it.
    pub unit: i64,
    /// It may be begun from then on.
    pub opens: i64,
    /// Until then; nobody answers after it, but in minutes of the own.
    pub closes: i64,
    /// Minutes from the beginning.
    pub minutes: i64,
    /// How often one may begin; the best counts.
    pub attempts: i64,
    /// From then on each sees the own mistakes; not before the end.
    pub review: i64,
}

impl Rules {
    /// What is wrong with them: fields of the form, each with why.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let length = self.title.chars().count();
        let time = 1..=LONGEST;
        let found = [
            (!(1..=TITLE).contains(&length)).then(|| ("title", format!("名称：请填写，最多{TITLE}字。"))),
            (self.closes <= self.opens).then(|| ("closes", format!("截止时间应晚于开放时间{}。", chinese(self.opens)))),
            (!time.contains(&self.minutes)).then(|| ("minutes", format!("时长应为1至{LONGEST}分钟。"))),
            (time.contains(&self.minutes)
                && self.closes > self.opens
                && self.closes - self.opens < self.minutes * MINUTE)
                .then(|| ("minutes", "从开放到截止不足一次作答的时长：请推迟截止时间或缩短时长。".into())),
            (!(1..=MOST_ATTEMPTS).contains(&self.attempts))
                .then(|| ("attempts", format!("次数应为1至{MOST_ATTEMPTS}。"))),
            (self.review < self.closes)
                .then(|| ("review", format!("错题公布时间应不早于截止时间{}。", chinese(self.closes)))),
        ];
        found.into_iter().flatten().collect()
    }
}

/// A minute in µs.
pub const MINUTE: i64 = 60_000_000;

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its number.
    pub id: i64,
    /// What the organiser set.
    pub rules: Rules,
    /// How it stands.
    pub state: State,
    /// What is asked.
    pub items: Vec<Item>,
    /// Who made it.
    pub made_by: String,
    /// Where its paper comes from.
    pub origin: Origin,
    /// Its own pass line and the first form's that it stands for, both of 100, times 10,000; `None` where the line of all
    /// tests holds.
    pub line: Option<(i64, i64)>,
    /// How that line came about, or why there is none; empty for a first form and before the end.
    pub line_note: String,
    /// Standard error of a score, of 100, times 10,000.
    pub error: Option<i64>,
    /// The most minutes that anybody on its list has besides.
    pub extra: i64,
}

/// Where a paper comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The test with which it shares questions.
    pub first: Option<i64>,
    /// The blueprint as it was typed; empty where it is not known.
    pub blueprint: String,
}

impl Test {
    /// When nobody answers any more (µs), whatever minutes anybody has besides.
    pub fn ends(&self) -> i64 {
        self.rules.closes + self.extra * MINUTE
    }

    /// Whether scores are told at an instant (µs): nobody answers any more.
    pub fn is_told(&self, now: i64) -> bool {
        self.state == State::Closed || now > self.ends()
    }

    /// When the review opens (µs): not before the scores are told.
    pub fn reviewed_from(&self) -> i64 {
        self.rules.review.max(self.ends())
    }

    /// Whether own answers are shown at an instant (µs): the review is open.
    pub fn is_reviewed(&self, now: i64) -> bool {
        self.is_told(now) && now >= self.rules.review
    }

    /// `2025年6月30日 09:00 至 11:00`.
    pub fn window(&self) -> String {
        let (from, to) = (chinese(self.rules.opens), chinese(self.rules.closes));
        let same_day = from.split(' ').next() == to.split(' ').next();
        let to = if same_day { to.split(' ').nth(1).unwrap_or_default() } else { &to };
        format!("{from} 至 {to}")
    }

    /// `100`: its full marks.
    pub fn full(&self) -> String {
        marks(self.items.iter().map(|i| i.marks).sum())
    }
}

const COLUMNS: &str = "t.row_id, t.title, t.activity_id, t.unit_id, t.opens_at, t.closes_at, t.minutes, t.attempts, \
                       t.review_at, t.state, t.paper, t.made_by, t.first_id, t.blueprint, t.line, t.first_line, \
                       t.line_note, t.error, \
                       (select coalesce(max(l.extra), 0) from test_roll l where l.test_id = t.row_id)";

pub(super) fn read(r: &Row<'_>) -> anyhow::Result<Test> {
    Ok(Test {
        id: r.i64(0)?,
        rules: Rules {
            title: r.text(1)?.to_owned(),
            activity: r.opt_i64(2)?,
            unit: r.i64(3)?,
            opens: r.i64(4)?,
            closes: r.i64(5)?,
            minutes: r.i64(6)?,
            attempts: r.i64(7)?,
            review: r.i64(8)?,
        },
        state: State::parse(r.text(9)?).unwrap_or(State::Closed),
        items: serde_json::from_str(r.text(10)?)?,
        made_by: r.text(11)?.to_owned(),
        origin: Origin { first: r.opt_i64(12)?, blueprint: r.text(13)?.to_owned() },
        line: r.opt_i64(14)?.zip(r.opt_i64(15)?),
        line_note: r.text(16)?.to_owned(),
        error: r.opt_i64(17)?,
        extra: r.i64(18)?,
    })
}

/// Held by whatever makes scores (PostgreSQL), with the number of the test.
const LOCK: i64 = 0x7465 << 48;

/// Holds tests until the transaction ends, so that marks are given, keys corrected and results recorded one after the other.
///
/// # Errors
/// When the store cannot be reached.
pub(super) fn hold(tx: &mut Tx<'_>, ids: &[i64]) -> anyhow::Result<()> {
    tx.lock(&ids.iter().map(|id| LOCK ^ id).collect::<Vec<_>>())
}

/// The same for who hands in, beside others who do.
///
/// # Errors
/// When the store cannot be reached.
pub(super) fn hold_shared(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<()> {
    tx.hold(&[Hold::Shared(LOCK ^ id)])
}

/// One, whoever asks.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Test>> {
    tx.one(&format!("select {COLUMNS} from test t where t.row_id = $1"), &[id.into()], read)
}

/// Those of units in scope, the latest first, from `skip` on at most `limit`; and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, scope: &Scope, (skip, limit): (u64, u64)) -> anyhow::Result<(Vec<Test>, u64)> {
    let (mut wanted, mut params) = ("1 = 1".to_owned(), Vec::<Value>::new());
    if let Scope::Within(reach) = scope {
        params.push(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
        wanted = format!("t.unit_id {}", tx.among("$1"));
    }
    let all = tx.one(&format!("select count(*) from test t where {wanted}"), &params, |r| r.i64(0))?.unwrap_or(0);
    let n = params.len();
    params.extend([(limit as i64).into(), (skip as i64).into()]);
    let sql = format!(
        "select {COLUMNS} from test t where {wanted} order by t.opens_at desc, t.row_id desc limit ${} offset ${}",
        n + 1,
        n + 2
    );
    Ok((tx.rows(&sql, &params, read)?, u64::try_from(all)?))
}

/// The published tests on whose list a person stands, the latest first, at most 200; with why the person need not sit.
///
/// # Errors
/// When the store cannot be read.
pub fn of_person(tx: &mut Tx<'_>, person: i64) -> anyhow::Result<Vec<(Test, Option<String>)>> {
    let sql = format!(
        "select {COLUMNS}, r.excused from test_roll r join test t on t.row_id = r.test_id \
         where r.person_id = $1 and t.state <> 'draft' order by t.opens_at desc, t.row_id desc limit 200"
    );
    tx.rows(&sql, &[person.into()], |r| Ok((read(r)?, r.opt_text(19)?.map(str::to_owned))))
}

/// The tests that a person may answer now (µs) and has not handed in: number, title, end.
///
/// # Errors
/// When the store cannot be read.
pub fn waiting(tx: &mut Tx<'_>, person: i64, now: i64) -> anyhow::Result<Vec<(i64, String, i64)>> {
    let sql = "select t.row_id, t.title, t.closes_at from test_roll r join test t on t.row_id = r.test_id \
               where r.person_id = $1 and r.excused is null and t.state = 'open' and t.opens_at <= $2 and t.closes_at > $2 \
               and not exists (select 1 from attempt a where a.test_id = t.row_id and a.person_id = r.person_id \
               and a.ended_at is not null) order by t.closes_at, t.row_id";
    tx.rows(sql, &[person.into(), now.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned(), r.i64(2)?)))
}

/// The tests that close a class, in their order.
///
/// # Errors
/// When the store cannot be read.
pub fn of_activity(tx: &mut Tx<'_>, activity: i64) -> anyhow::Result<Vec<Test>> {
    let sql = format!("select {COLUMNS} from test t where t.activity_id = $1 order by t.row_id");
    tx.rows(&sql, &[activity.into()], read)
}

/// A paper as it is asked: the versions of its questions, in the order of the test.
///
/// # Errors
/// When the store cannot be read, or a version is not there.
pub fn paper(tx: &mut Tx<'_>, items: &[Item]) -> anyhow::Result<Vec<Chosen>> {
    let mut chosen = Vec::with_capacity(items.len());
    for item in items {
        let kept = bank::version(tx, item.number, item.version)?;
        let kept = kept.ok_or_else(|| anyhow::anyhow!("题库里没有第{}号题第{}版", item.number, item.version))?;
        chosen.push(Chosen { number: item.number, version: item.version, question: kept.question, marks: item.marks });
    }
    Ok(chosen)
}

/// What a paper becomes in a test.
pub fn items(chosen: &[Chosen]) -> Vec<Item> {
    chosen.iter().map(|c| Item { number: c.number, version: c.version, marks: c.marks }).collect()
}

/// Makes a draft, and logs it; gives its number.
///
/// # Errors
/// [`Refused`] where the rules do not hold together; else when the store cannot be written.
pub fn make(tx: &mut Tx<'_>, actor: &Actor, rules: &Rules, items: &[Item]) -> anyhow::Result<i64> {
    if let Some((_, why)) = rules.faults().into_iter().next() {
        return Err(Refused(why).into());
    }
    let sql = "insert into test (title, activity_id, unit_id, opens_at, closes_at, minutes, attempts, review_at, state, \
               paper, made_at, made_by) values ($1, $2, $3, $4, $5, $6, $7, $8, 'draft', $9, $10, $11) returning row_id";
    let mut params = values(rules);
    params.extend([serde_json::to_string(items)?.into(), actor.at.into(), actor.name.as_str().into()]);
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    tell(tx, actor, "拟制考试", (id, rules), &json!({ "questions": items.len() }));
    Ok(id)
}

/// Changes the rules of a draft; its class, unit and paper stay.
///
/// # Errors
/// [`Refused`] where the rules do not hold together or it is no draft any more; else when the store cannot be written.
pub fn change(tx: &mut Tx<'_>, actor: &Actor, test: &Test, rules: &Rules) -> anyhow::Result<()> {
    if let Some((_, why)) = rules.faults().into_iter().next() {
        return Err(Refused(why).into());
    }
    let sql = "update test set title = $2, opens_at = $3, closes_at = $4, minutes = $5, attempts = $6, review_at = $7 \
               where row_id = $1 and state = 'draft'";
    let params: [Value; 7] = [
        test.id.into(),
        rules.title.as_str().into(),
        rules.opens.into(),
        rules.closes.into(),
        rules.minutes.into(),
        rules.attempts.into(),
        rules.review.into(),
    ];
    if tx.execute(sql, &params)? == 0 {
        return Err(Refused("考试已经发布或草稿已经删除，安排没有修改。".into()).into());
    }
    tell(tx, actor, "修改考试草稿", (test.id, rules), &json!({ "before": test.rules.title }));
    Ok(())
}

/// Says where the paper of a draft comes from.
///
/// # Errors
/// When the store cannot be written.
pub fn set_origin(tx: &mut Tx<'_>, id: i64, origin: &Origin) -> anyhow::Result<()> {
    let sql = "update test set first_id = $2, blueprint = $3 where row_id = $1 and state = 'draft'";
    audit::guard(tx, Guarded::Test, id);
    tx.execute(sql, &[id.into(), origin.first.into(), origin.blueprint.as_str().into()]).map(|_| ())
}

fn values(rules: &Rules) -> Vec<Value> {
    vec![
        rules.title.as_str().into(),
        rules.activity.into(),
        rules.unit.into(),
        rules.opens.into(),
        rules.closes.into(),
        rules.minutes.into(),
        rules.attempts.into(),
        rules.review.into(),
    ]
}

/// Publishes a draft: its paper and its list are frozen.
///
/// # Errors
/// [`Refused`] where it is no draft any more, is over already, has no questions or no list; else when the store cannot be
/// written.
pub fn publish(tx: &mut Tx<'_>, actor: &Actor, id: i64, listed: &[Listed], now: i64) -> anyhow::Result<()> {
    let test = get(tx, id)?.ok_or_else(|| Refused("没有这场考试。".into()))?;
    let refuse = |why: &str| anyhow::Error::from(Refused(why.into()));
    if test.items.is_empty() {
        return Err(refuse("试卷里还没有题。"));
    }
    if listed.iter().all(|l| l.excused.is_some()) {
        return Err(refuse("应考名单是空的：请先登记参训人员，或改用单位的干部。"));
    }
    if test.rules.closes <= now {
        return Err(refuse("截止时间已经过去，请另拟一场。"));
    }
    // Two tests of a class would each write its results, and one could be sat until it is passed. A second sitting of those
    // near the line is another matter (`resit::check`).
    if let Some(activity) = test.rules.activity
        && let Some(other) = of_activity(tx, activity)?
            .into_iter()
            .find(|t| t.id != id && t.state != State::Draft && test.origin.first != Some(t.id))
    {
        let why = format!(
            "这个班的成绩由考试“{}”登记，一个班只能有一场。合格率不到的，按改进措施重新组织培训，为那个班另考第二卷。",
            other.rules.title
        );
        return Err(Refused(why).into());
    }
    let sql =
        "update test set state = 'open', published_at = $2, published_by = $3 where row_id = $1 and state = 'draft'";
    if tx.execute(sql, &[id.into(), actor.at.into(), actor.name.as_str().into()])? == 0 {
        return Err(refuse("这场考试已经发布。"));
    }
    let rows: Vec<[Value; 5]> = listed
        .iter()
        .map(|l| [id.into(), l.person.into(), l.organ.into(), l.extra.into(), l.excused.clone().into()])
        .collect();
    tx.bulk("test_roll", &["test_id", "person_id", "organ_id", "extra", "excused"], rows.iter().map(|r| &r[..]))?;
    let rows: Vec<[Value; 4]> = (0_i64..)
        .zip(&test.items)
        .map(|(place, i)| [id.into(), place.into(), i.number.into(), i.version.into()])
        .collect();
    tx.bulk("test_item", &["test_id", "question", "number", "version"], rows.iter().map(|r| &r[..]))?;
    let due = listed.iter().filter(|l| l.excused.is_none()).count();
    tell(tx, actor, "发布考试", (id, &test.rules), &json!({ "listed": due, "excused": listed.len() - due }));
    Ok(())
}

/// Drops a draft.
///
/// # Errors
/// [`Refused`] where it is published; else when the store cannot be written.
pub fn drop(tx: &mut Tx<'_>, actor: &Actor, id: i64) -> anyhow::Result<()> {
    let test = get(tx, id)?.ok_or_else(|| Refused("没有这场考试。".into()))?;
    if tx.execute("delete from test where row_id = $1 and state = 'draft'", &[id.into()])? == 0 {
        return Err(Refused("已经发布的考试不能删除。".into()).into());
    }
    tell(tx, actor, "删除考试草稿", (id, &test.rules), &json!({}));
    Ok(())
}

/// Whether any question of a test is out.
///
/// # Errors
/// When the store cannot be read.
pub fn is_out(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<bool> {
    Ok(tx.one("select 1 from test_withdrawn where test_id = $1 limit 1", &[id.into()], |r| r.i64(0))?.is_some())
}

/// The questions of a test that count for nobody, by their places, with why.
///
/// # Errors
/// When the store cannot be read.
pub fn withdrawn(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<(usize, String)>> {
    let sql = "select question, reason from test_withdrawn where test_id = $1 order by question";
    tx.rows(sql, &[id.into()], |r| Ok((usize::try_from(r.i64(0)?).unwrap_or(usize::MAX), r.text(1)?.to_owned())))
}

/// The places of [`withdrawn`].
///
/// # Errors
/// When the store cannot be read.
pub fn out(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<BTreeSet<usize>> {
    Ok(withdrawn(tx, id)?.into_iter().map(|(place, _)| place).collect())
}

/// Logs something about a test.
pub(super) fn tell(tx: &mut Tx<'_>, actor: &Actor, what: &str, (id, rules): (i64, &Rules), more: &serde_json::Value) {
    audit::guard(tx, Guarded::Test, id);
    let mut told = json!({ "title": format!("{what}“{}”", rules.title), "test": id });
    if let (Some(told), Some(more)) = (told.as_object_mut(), more.as_object()) {
        told.extend(more.clone());
    }
    audit::note_of(tx, actor, Kind::Test, told, About { unit: Some(rules.unit), ..About::default() });
}
