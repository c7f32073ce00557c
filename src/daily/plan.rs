//! What is to be published on which day. The program proposes a question for each workday; a person orders that, and
//! changes or drops what does not fit until its day has come.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::json;

use crate::{
    audit::{self, Guarded, Kind as Entry},
    auth::account::Refused,
    calendar::Workdays,
    clock::day_of,
    day::Day,
    db::{Row, Tx, Value},
    exam::test::{self, Item, State},
    questions::{Kind as QuestionKind, bank},
    scope::Actor,
};

/// Days that may be planned ahead.
pub const AHEAD: i32 = 120;
/// Days in which a question does not come back to everybody.
pub const REST: i32 = 180;
/// Most characters of a lesson, which a form of 64 KB can bring.
pub const LONGEST_LESSON: usize = 6_000;
/// Most characters of a title.
pub const TITLE: usize = 60;
/// Questions with which one may try oneself after a lesson.
pub const CHECKS: usize = 3;

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A question, every workday.
    Daily,
    /// A lesson, every week.
    Weekly,
    /// A test, every month.
    Monthly,
}

impl Kind {
    /// All, in the order of the directive.
    pub const ALL: [Kind; 3] = [Kind::Daily, Kind::Weekly, Kind::Monthly];

    /// On pages, in the ledger and in the store: 每日一题, 每周一课, 每月一考.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Daily => "每日一题",
            Kind::Weekly => "每周一课",
            Kind::Monthly => "每月一考",
        }
    }

    /// Reads [`Kind::title`].
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.title() == text)
    }
}

/// Something planned or published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// Its day.
    pub day: Day,
    /// What it is called.
    pub title: String,
    /// The question of a day.
    pub question: Option<i64>,
    /// The version that was published.
    pub version: Option<i64>,
    /// What a lesson says.
    pub body: String,
    /// Questions of a lesson, by number.
    pub checks: Vec<i64>,
    /// The test of a month.
    pub test: Option<i64>,
    /// Who planned it.
    pub by: String,
    /// When it was published, µs.
    pub released: Option<i64>,
    /// Its record in 题、课、考的发布.
    pub record: Option<i64>,
}

pub(super) const COLUMNS: &str =
    "row_id, kind, day, title, question, version, body, checks, test_id, planned_by, released_at, record_id";

pub(super) fn read(r: &Row<'_>) -> anyhow::Result<Release> {
    let (kind, day) = (Kind::parse(r.text(1)?), Day::parse(r.text(2)?));
    Ok(Release {
        id: r.i64(0)?,
        kind: kind.ok_or_else(|| anyhow::anyhow!("a release of no kind"))?,
        day: day.ok_or_else(|| anyhow::anyhow!("a release of no day"))?,
        title: r.text(3)?.to_owned(),
        question: r.opt_i64(4)?,
        version: r.opt_i64(5)?,
        body: r.opt_text(6)?.unwrap_or_default().to_owned(),
        checks: serde_json::from_str(r.text(7)?)?,
        test: r.opt_i64(8)?,
        by: r.text(9)?.to_owned(),
        released: r.opt_i64(10)?,
        record: r.opt_i64(11)?,
    })
}

/// What stands in a span of days, both included, by day and kind.
///
/// # Errors
/// When the store cannot be read.
pub fn between(tx: &mut Tx<'_>, from: Day, to: Day) -> anyhow::Result<Vec<Release>> {
    let sql = format!("select {COLUMNS} from release_plan where day >= $1 and day <= $2 order by day, row_id");
    let mut all = tx.rows(&sql, &[from.to_string().into(), to.to_string().into()], read)?;
    all.sort_by_key(|r| (r.day, r.kind));
    Ok(all)
}

/// One.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Release>> {
    tx.one(&format!("select {COLUMNS} from release_plan where row_id = $1"), &[id.into()], read)
}

/// What was published of a kind up to a day, the latest first, at most `limit`.
///
/// # Errors
/// When the store cannot be read.
pub fn published(tx: &mut Tx<'_>, kind: Kind, until: Day, limit: i64) -> anyhow::Result<Vec<Release>> {
    let sql = format!(
        "select {COLUMNS} from release_plan where kind = $1 and day <= $2 and released_at is not null order by day desc limit $3"
    );
    tx.rows(&sql, &[kind.title().into(), until.to_string().into(), limit.into()], read)
}

/// What a draft came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// Days that have a question now.
    pub days: usize,
    /// The first day for which the bank had none.
    pub short: Option<Day>,
}

/// Gives each workday of a span that has none a question: topics in turn, in each the one whose last day is longest ago, and
/// none that was asked within [`REST`] days or stands in a test that is not over.
///
/// # Errors
/// [`Refused`] where the span is none, or nothing can be asked; else when the store cannot be written.
pub fn draft(
    tx: &mut Tx<'_>,
    actor: &Actor,
    workdays: &Workdays,
    today: Day,
    (from, to): (Day, Day),
    topic: &str,
) -> anyhow::Result<Drafted> {
    coming(today, from)?;
    coming(today, to)?;
    if to < from {
        return Err(Refused("截止日期早于开始日期。".into()).into());
    }
    let taken: BTreeSet<Day> =
        between(tx, from, to)?.into_iter().filter(|r| r.kind == Kind::Daily).map(|r| r.day).collect();
    let days: Vec<Day> = (from.0..=to.0).map(Day).filter(|d| workdays.is_workday(*d) && !taken.contains(d)).collect();
    if days.is_empty() {
        return Err(Refused("这段时间没有工作日，或每个工作日都已排好。".into()).into());
    }
    let mut queues = queues(tx, topic)?;
    if queues.is_empty() {
        return Err(Refused("题库里没有可以发布的题：简答题、没有出处条款的题和未结束考试里的题不发布。".into()).into());
    }
    let (mut rows, mut short, mut turn): (Vec<[Value; 7]>, _, usize) = (Vec::new(), None, 0);
    for day in days {
        let rested = |q: &VecDeque<Candidate>| q.front().is_some_and(|c| c.last.is_none_or(|l| l.plus(REST) <= day));
        let Some(n) = (0..queues.len()).map(|i| (turn + i) % queues.len()).find(|i| rested(&queues[*i])) else {
            short = Some(day);
            break;
        };
        turn = n + 1;
        let Some(mut next) = queues[n].pop_front() else { break };
        rows.push(row(actor, Kind::Daily, day, &next.title, Some(next.number)));
        next.last = Some(day);
        queues[n].push_back(next);
    }
    if rows.is_empty() {
        return Err(Refused(format!("题库里的题都在{REST}天内发布过，请先补充题目。")).into());
    }
    tx.bulk("release_plan", &PLANNED, rows.iter().map(|r| &r[..]))?;
    // Those that stood there before were stated by who planned them.
    for new in between(tx, from, to)?.into_iter().filter(|r| r.kind == Kind::Daily && !taken.contains(&r.day)) {
        audit::guard(tx, Guarded::Release, new.id);
    }
    let told =
        json!({ "title": format!("每日一题：排定{}天", rows.len()), "from": from.to_string(), "to": to.to_string() });
    audit::note(tx, actor, Entry::Release, told);
    Ok(Drafted { days: rows.len(), short })
}

const PLANNED: [&str; 7] = ["kind", "day", "title", "question", "checks", "planned_at", "planned_by"];

fn row(actor: &Actor, kind: Kind, day: Day, title: &str, question: Option<i64>) -> [Value; 7] {
    [
        kind.title().into(),
        day.to_string().into(),
        title.into(),
        question.into(),
        "[]".into(),
        actor.at.into(),
        actor.name.as_str().into(),
    ]
}

/// A question that may be published.
struct Candidate {
    number: i64,
    title: String,
    last: Option<Day>,
}

/// The questions that may be published, one queue a topic, the longest rested first.
fn queues(tx: &mut Tx<'_>, topic: &str) -> anyhow::Result<Vec<VecDeque<Candidate>>> {
    let last = last_days(tx)?;
    let held = in_tests(tx)?;
    let mut topics: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for kept in bank::current(tx, Some(topic).filter(|t| !t.is_empty()))? {
        if may_be_published(&kept.question) && !held.contains(&kept.number) {
            let one = Candidate {
                number: kept.number,
                title: kept.question.brief(TITLE),
                last: last.get(&kept.number).copied(),
            };
            topics.entry(kept.question.topic).or_default().push(one);
        }
    }
    let mut queues: Vec<VecDeque<Candidate>> = Vec::new();
    for (_, mut of) in topics {
        of.sort_by_key(|c| (c.last, c.number));
        queues.push(of.into());
    }
    queues.sort_by_key(|q| q.front().map(|c| (c.last, c.number)));
    Ok(queues)
}

/// Can be marked at once, and says on what it rests.
fn may_be_published(question: &crate::questions::Question) -> bool {
    question.askable() && question.kind != QuestionKind::Short
}

/// The last day of each question, planned or past.
fn last_days(tx: &mut Tx<'_>) -> anyhow::Result<HashMap<i64, Day>> {
    let sql = "select question, max(day) from release_plan where question is not null group by question";
    let rows = tx.rows(sql, &[], |r| Ok((r.i64(0)?, Day::parse(r.text(1)?))))?;
    Ok(rows.into_iter().filter_map(|(n, d)| Some((n, d?))).collect())
}

/// The questions of tests that are not over: nobody is to see them before.
///
/// # Errors
/// When the store cannot be read.
pub fn in_tests(tx: &mut Tx<'_>) -> anyhow::Result<BTreeSet<i64>> {
    let papers = tx.rows("select paper from test where state <> 'closed'", &[], |r| Ok(r.text(0)?.to_owned()))?;
    let mut held = BTreeSet::new();
    for paper in papers {
        held.extend(serde_json::from_str::<Vec<Item>>(&paper)?.into_iter().map(|i| i.number));
    }
    Ok(held)
}

/// Plans a lesson, with questions of a topic by which one may try oneself.
///
/// # Errors
/// [`Refused`] where something is missing or the day is taken; else when the store cannot be written.
pub fn lesson(
    tx: &mut Tx<'_>,
    actor: &Actor,
    today: Day,
    day: Day,
    (title, body, topic): (&str, &str, &str),
) -> anyhow::Result<i64> {
    coming(today, day)?;
    free(tx, Kind::Weekly, day)?;
    let checks = checks(tx, topic)?;
    let sql = "insert into release_plan (kind, day, title, body, checks, planned_at, planned_by) \
               values ($1, $2, $3, $4, $5, $6, $7) returning row_id";
    let params: [Value; 7] = [
        Kind::Weekly.title().into(),
        day.to_string().into(),
        title.into(),
        body.into(),
        serde_json::to_string(&checks)?.into(),
        actor.at.into(),
        actor.name.as_str().into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    tell(tx, actor, id, "排定", (Kind::Weekly, day, title));
    Ok(id)
}

/// Changes a lesson that is not published yet; `topic`: its questions anew from it, `None` to leave them.
///
/// # Errors
/// [`Refused`] where it is published, or as [`lesson`]; else when the store cannot be written.
pub fn rewrite(
    tx: &mut Tx<'_>,
    actor: &Actor,
    today: Day,
    id: i64,
    (day, title, body, topic): (Day, &str, &str, Option<&str>),
) -> anyhow::Result<()> {
    let planned = waiting(tx, id)?;
    if planned.kind != Kind::Weekly {
        return Err(Refused("只有每周一课可以改写。".into()).into());
    }
    if day != planned.day {
        coming(today, day)?;
        free(tx, Kind::Weekly, day)?;
    }
    let checks = match topic {
        Some(topic) => checks(tx, topic)?,
        None => planned.checks,
    };
    let sql = "update release_plan set day = $2, title = $3, body = $4, checks = $5 \
               where row_id = $1 and released_at is null";
    let params: [Value; 5] =
        [id.into(), day.to_string().into(), title.into(), body.into(), serde_json::to_string(&checks)?.into()];
    still_waits(tx.execute(sql, &params)? == 1)?;
    tell(tx, actor, id, "改写", (Kind::Weekly, day, title));
    Ok(())
}

/// Questions of a topic by which one may try oneself; none for no topic.
fn checks(tx: &mut Tx<'_>, topic: &str) -> anyhow::Result<Vec<i64>> {
    if topic.is_empty() {
        return Ok(Vec::new());
    }
    let held = in_tests(tx)?;
    let of = bank::current(tx, Some(topic))?;
    let fits = of.iter().filter(|k| may_be_published(&k.question) && !held.contains(&k.number));
    let checks: Vec<i64> = fits.map(|k| k.number).take(CHECKS).collect();
    if checks.is_empty() {
        let there = of.iter().filter(|k| may_be_published(&k.question)).count();
        let why = match there {
            0 => format!("题库里没有主题“{topic}”下可以自测的题：简答题和没有出处条款的题不作自测。"),
            n => format!("主题“{topic}”下可以自测的{n}题都在未结束的考试里，结束前不能作自测，请换一个主题。"),
        };
        return Err(Refused(why).into());
    }
    Ok(checks)
}

/// Plans a published test as that of its month, on the day on which it opens.
///
/// # Errors
/// [`Refused`] where there is none, it opened before today, or the day is taken; else when the store cannot be written.
pub fn monthly(tx: &mut Tx<'_>, actor: &Actor, today: Day, id: i64) -> anyhow::Result<i64> {
    let test = test::get(tx, id)?.filter(|t| t.state == State::Open);
    let test = test.ok_or_else(|| Refused("没有这场已发布的考试。".into()))?;
    let day = day_of(test.rules.opens);
    coming(today, day)?;
    free(tx, Kind::Monthly, day)?;
    let sql = "insert into release_plan (kind, day, title, checks, test_id, planned_at, planned_by) \
               values ($1, $2, $3, '[]', $4, $5, $6) returning row_id";
    let params: [Value; 6] = [
        Kind::Monthly.title().into(),
        day.to_string().into(),
        test.rules.title.as_str().into(),
        id.into(),
        actor.at.into(),
        actor.name.as_str().into(),
    ];
    let made = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    tell(tx, actor, made, "排定", (Kind::Monthly, day, &test.rules.title));
    Ok(made)
}

/// The published tests that open from today on and are no month's yet: number and title.
///
/// # Errors
/// When the store cannot be read.
pub fn tests(tx: &mut Tx<'_>, since: i64) -> anyhow::Result<Vec<(i64, String)>> {
    let sql = "select t.row_id, t.title from test t where t.state = 'open' and t.opens_at >= $1 \
               and not exists (select 1 from release_plan r where r.test_id = t.row_id) order by t.opens_at, t.row_id limit 50";
    tx.rows(sql, &[since.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))
}

/// Puts another question in the place of a planned one.
///
/// # Errors
/// [`Refused`] where it is published already or the question may not be; else when the store cannot be written.
pub fn change(tx: &mut Tx<'_>, actor: &Actor, id: i64, number: i64) -> anyhow::Result<()> {
    let planned = waiting(tx, id)?;
    if planned.kind != Kind::Daily {
        return Err(Refused("只有每日一题可以换题。".into()).into());
    }
    if planned.question == Some(number) {
        return Err(Refused(format!("现在就是第{number}号题，没有换。")).into());
    }
    let kept = bank::versions(tx, number)?.pop().filter(|k| k.retired.is_none());
    let kept = kept.ok_or_else(|| Refused(format!("题库里没有第{number}号题，或它已停用。")))?;
    if !may_be_published(&kept.question) {
        return Err(Refused(format!("第{number}号题不能发布：简答题和没有出处条款的题不作每日一题。")).into());
    }
    if in_tests(tx)?.contains(&number) {
        return Err(Refused(format!("第{number}号题在一场未结束的考试里，结束前不能发布。")).into());
    }
    let sql = "select day from release_plan where question = $1 and row_id <> $2";
    let days = tx.rows(sql, &[number.into(), id.into()], |r| Ok(Day::parse(r.text(0)?)))?;
    if let Some(day) = days.into_iter().flatten().find(|day| (day.0 - planned.day.0).abs() < REST) {
        return Err(Refused(format!("第{number}号题排在{}，{REST}天内不再用，请换一道。", day.chinese())).into());
    }
    let title = kept.question.brief(TITLE);
    let sql = "update release_plan set question = $2, title = $3 where row_id = $1 and released_at is null";
    still_waits(tx.execute(sql, &[id.into(), number.into(), title.as_str().into()])? == 1)?;
    tell(tx, actor, id, "换题", (planned.kind, planned.day, &title));
    Ok(())
}

/// Takes something off the plan.
///
/// # Errors
/// [`Refused`] where it is published already; else when the store cannot be written.
pub fn drop(tx: &mut Tx<'_>, actor: &Actor, id: i64) -> anyhow::Result<()> {
    let planned = waiting(tx, id)?;
    let sql = "delete from release_plan where row_id = $1 and released_at is null";
    still_waits(tx.execute(sql, &[id.into()])? == 1)?;
    tell(tx, actor, id, "撤下", (planned.kind, planned.day, &planned.title));
    Ok(())
}

/// Moves what was missed, since the server did not run on its day, to today. A past day is never claimed.
///
/// # Errors
/// [`Refused`] where it is published or its day has not come; else when the store cannot be written.
pub fn today(tx: &mut Tx<'_>, actor: &Actor, today: Day, id: i64) -> anyhow::Result<()> {
    let planned = waiting(tx, id)?;
    if planned.day >= today {
        return Err(Refused("这一项还没有到日子，到时自动发布。".into()).into());
    }
    free(tx, planned.kind, today)?;
    let sql = "update release_plan set day = $2 where row_id = $1 and released_at is null";
    still_waits(tx.execute(sql, &[id.into(), today.to_string().into()])? == 1)?;
    tell(tx, actor, id, "改在当日发布", (planned.kind, today, &planned.title));
    Ok(())
}

/// What is planned and not published.
fn waiting(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Release> {
    let found = get(tx, id)?.ok_or_else(|| Refused("没有这一项，或已撤下。".into()))?;
    still_waits(found.released.is_none())?;
    Ok(found)
}

/// Refuses what would have changed nothing: of somebody else it was taken off meanwhile, or its hour has come.
fn still_waits(waits: bool) -> Result<(), Refused> {
    if waits { Ok(()) } else { Err(Refused("这一项已经发布或撤下，不能再改。".into())) }
}

fn coming(today: Day, day: Day) -> Result<(), Refused> {
    match day {
        d if d < today => Err(Refused(format!("{}已经过去，请从今天起排。", d.chinese()))),
        d if d > today.plus(AHEAD) => Err(Refused(format!("最多排到{AHEAD}天后（{}）。", today.plus(AHEAD).chinese()))),
        _ => Ok(()),
    }
}

fn free(tx: &mut Tx<'_>, kind: Kind, day: Day) -> anyhow::Result<()> {
    let sql = "select 1 from release_plan where kind = $1 and day = $2";
    match tx.one(sql, &[kind.title().into(), day.to_string().into()], |r| r.i64(0))? {
        None => Ok(()),
        Some(_) => Err(Refused(format!("{}已经排了{}。", day.chinese(), kind.title())).into()),
    }
}

/// Tells the log what was done to a row, and states it.
fn tell(tx: &mut Tx<'_>, actor: &Actor, id: i64, what: &str, (kind, day, title): (Kind, Day, &str)) {
    let told =
        json!({ "title": format!("{what}{}（{}）：{title}", kind.title(), day.chinese()), "day": day.to_string() });
    audit::note(tx, actor, Entry::Release, told);
    audit::guard(tx, Guarded::Release, id);
}
