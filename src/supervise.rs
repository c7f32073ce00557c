//! 督办: the office presses a unit about a matter, the unit replies, the office closes it or sends it back.
//!
//! ```text
//! issued ► open ── reply of the unit ► replied ── closed by the office ► closed
//!            ▲                            │
//!            └── sent back with a reason ─┘        open and overdue: told to the office, once
//! ```
//!
//! It changes no verdict, and no verdict closes it. Who sees the unit sees its matters.

use serde_json::json;

use crate::{
    audit::{self, About, Guarded, Kind},
    auth::account::Refused,
    clock::{Moment, day_of},
    day::Day,
    db::{Db, Row, Tx, Value},
    deed::Deed,
    scope::{Actor, Scope},
    verdict::store::rest,
};

/// Held while a number is given, so that two never get the same.
const NUMBERS: i64 = 0x0073_7570_6572;
/// Most characters of a title.
pub const TITLE: usize = 60;
/// Most characters of a demand, a reply, a reason.
pub const LONGEST: usize = 1_000;
/// The events by which a person moves a matter.
pub const DEEDS: &[&str] = &["issue", "reply", "return", "close"];

/// How a matter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The unit is to reply.
    Open,
    /// It has; the office is to close it or to send it back.
    Replied,
    /// Closed by the office.
    Closed,
}

impl State {
    /// All, in the order of lists.
    pub const ALL: [State; 3] = [State::Open, State::Replied, State::Closed];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Replied => "replied",
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
            State::Open => "待回复",
            State::Replied => "已回复",
            State::Closed => "已销号",
        }
    }
}

/// A matter: all that a 督办单 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervision {
    /// Under which it is kept.
    pub id: i64,
    /// Year of issue, and its number in that year, from 1.
    pub number: (i64, i64),
    /// The verdict that it comes from: requirement, subject, window.
    pub verdict: Option<(String, Vec<i64>, String)>,
    /// The requirement that it rests on: that of the verdict, or one named by hand.
    pub requirement: Option<String>,
    /// Record id of the unit that is to reply.
    pub unit: i64,
    /// What it is about.
    pub title: String,
    /// What is demanded.
    pub demand: String,
    /// Last day for the reply.
    pub due: Day,
    /// How it stands.
    pub state: State,
    /// When it was issued, µs.
    pub issued: i64,
    /// By whom.
    pub by: String,
    /// When it was told to the office that there is no reply, µs.
    pub escalated: Option<i64>,
}

impl Supervision {
    /// `督办〔2025〕3号`.
    pub fn number(&self) -> String {
        let (year, sequence) = self.number;
        format!("督办〔{year}〕{sequence}号")
    }

    /// No reply, and the last day is over.
    pub fn overdue(&self, today: Day) -> bool {
        self.state == State::Open && self.due < today
    }
}

/// A matter to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The verdict that it comes from.
    pub verdict: Option<(String, Vec<i64>, String)>,
    /// The requirement that it rests on where it comes from no verdict.
    pub requirement: Option<String>,
    /// Record id of the unit that is to reply.
    pub unit: i64,
    /// What it is about.
    pub title: String,
    /// What is demanded.
    pub demand: String,
    /// Last day for the reply.
    pub due: Day,
}

/// Something that happened to a matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `issue`, `reply`, `return`, `close`, `escalate`.
    pub kind: String,
    /// When, µs.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// Due day of an order or of its return.
    pub day: Option<Day>,
    /// What was demanded, replied, or why it was sent back or closed.
    pub text: String,
}

/// What is done to a matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The unit's reply.
    Reply(String),
    /// The office sends it back: why, and until when.
    Return(String, Day),
    /// The office closes it: why.
    Close(String),
}

impl Word {
    /// From which state, into which one.
    fn step(&self) -> (State, State) {
        match self {
            Word::Reply(_) => (State::Open, State::Replied),
            Word::Return(..) => (State::Replied, State::Open),
            Word::Close(_) => (State::Replied, State::Closed),
        }
    }

    fn told(&self) -> (&'static str, &'static str, &str, Option<Day>) {
        match self {
            Word::Reply(text) => ("reply", "回复督办", text, None),
            Word::Return(text, due) => ("return", "退回督办回复", text, Some(*due)),
            Word::Close(text) => ("close", "督办销号", text, None),
        }
    }
}

/// What a list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How they stand; none: any.
    pub states: Vec<State>,
    /// Units (record ids); `None`: any.
    pub units: Option<Vec<i64>>,
    /// Only those told to the office.
    pub escalated: bool,
    /// Only those whose last day is this one or later.
    pub due_from: Option<Day>,
    /// Only those whose last day is before this one.
    pub due_before: Option<Day>,
    /// Only those to which an account did something; then what it did last comes first.
    pub deed: Option<Deed>,
}

const COLUMNS: &str = "row_id, requirement, subject, rest, window_label, unit_id, title, demand, due, state, issued_at, \
                       issued_by, escalated_at, year, sequence";
/// What is most urgent first.
const ORDER: &str = "case state when 'open' then 0 when 'replied' then 1 else 2 end, \
                     case when state = 'open' then due end nulls last, row_id desc";

fn read(r: &Row<'_>) -> anyhow::Result<Supervision> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.map(str::to_owned));
    let verdict = match (text(1)?, r.opt_i64(2)?, text(4)?) {
        (Some(requirement), Some(first), Some(window)) => {
            let rest = text(3)?.unwrap_or_default();
            let rest = rest.split('|').filter_map(|t| t.parse().ok());
            Some((requirement, std::iter::once(first).chain(rest).collect(), window))
        }
        _ => None,
    };
    Ok(Supervision {
        id: r.i64(0)?,
        number: (r.i64(13)?, r.i64(14)?),
        verdict,
        requirement: text(1)?,
        unit: r.i64(5)?,
        title: r.text(6)?.to_owned(),
        demand: r.text(7)?.to_owned(),
        due: Day::parse(r.text(8)?).unwrap_or(Day::MIN),
        state: State::parse(r.text(9)?).unwrap_or(State::Closed),
        issued: r.i64(10)?,
        by: r.text(11)?.to_owned(),
        escalated: r.opt_i64(12)?,
    })
}

/// Issues a matter under the next number of the year and logs it; gives where it is kept.
///
/// # Errors
/// When the store cannot be written.
pub fn issue(tx: &mut Tx<'_>, actor: &Actor, new: &New) -> anyhow::Result<i64> {
    tx.lock(&[NUMBERS])?;
    let year = i64::from(day_of(actor.at).ymd().0);
    let last = tx.one("select max(sequence) from supervision where year = $1", &[year.into()], |r| r.opt_i64(0))?;
    let sequence = last.flatten().unwrap_or(0) + 1;
    let sql = "insert into supervision (requirement, subject, rest, window_label, unit_id, title, demand, due, state, \
               issued_at, issued_by, year, sequence) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12) returning row_id";
    let of = new.verdict.as_ref();
    let rest = of.map(|(_, s, _)| rest(s));
    let params: [Value; 12] = [
        of.map(|(id, ..)| id.clone()).or_else(|| new.requirement.clone()).into(),
        of.and_then(|(_, s, _)| s.first().copied()).into(),
        rest.into(),
        of.map(|(.., window)| window.clone()).into(),
        new.unit.into(),
        new.title.as_str().into(),
        new.demand.as_str().into(),
        new.due.into(),
        actor.at.into(),
        actor.name.as_str().into(),
        year.into(),
        sequence.into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    tell(tx, actor, id, ("issue", "签发督办", &new.demand, Some(new.due)))?;
    Ok(id)
}

/// Does something to a matter and logs it.
///
/// # Errors
/// [`Refused`] when it does not stand so that this can be done, which another may have changed meanwhile; else when the
/// store cannot be written.
pub fn say(tx: &mut Tx<'_>, actor: &Actor, id: i64, word: &Word) -> anyhow::Result<()> {
    let matter = get(tx, id)?.ok_or_else(|| Refused("没有这件督办。".into()))?;
    let (from, to) = word.step();
    let due = if let Word::Return(_, due) = word { *due } else { matter.due };
    let sql = "update supervision set state = $3, due = $4 where row_id = $1 and state = $2";
    if tx.execute(sql, &[id.into(), from.as_str().into(), to.as_str().into(), due.into()])? == 0 {
        // Another may have been faster since it was read.
        let now = get(tx, id)?.map_or(matter.state, |now| now.state);
        let why = match now {
            State::Open => "单位还没有回复。",
            State::Replied => "已经有人回复了，等领导小组办公室销号或退回。",
            State::Closed => "这件督办已经销号。",
        };
        return Err(Refused(why.into()).into());
    }
    tell(tx, actor, id, word.told())
}

/// Notes what happened, and logs it.
fn tell(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: i64,
    (kind, title, text, day): (&str, &str, &str, Option<Day>),
) -> anyhow::Result<()> {
    let sql = "insert into supervision_event (supervision_id, kind, at, actor, account, day, text) \
               values ($1, $2, $3, $4, $5, $6, $7)";
    let params: [Value; 7] = [
        id.into(),
        kind.into(),
        actor.at.into(),
        actor.name.as_str().into(),
        actor.account.into(),
        day.map(|d| d.to_string()).into(),
        text.into(),
    ];
    tx.execute(sql, &params)?;
    audit::guard(tx, Guarded::Supervision, id);
    let Some(matter) = get(tx, id)? else { return Ok(()) };
    let told = json!({ "title": format!("{title}（{}）", matter.number()), "supervision": id, "text": text });
    audit::note_of(tx, actor, Kind::Supervise, told, About { unit: Some(matter.unit), ..About::default() });
    Ok(())
}

/// Tells the office, once, of matters without a reply whose last day is over; gives how many.
///
/// # Errors
/// When the store fails.
pub fn patrol(db: &Db, now: Moment) -> anyhow::Result<usize> {
    let sql = "select row_id from supervision where state = 'open' and due < $1 and escalated_at is null";
    let late = db.read(|tx| tx.rows(sql, &[now.day.into()], |r| r.i64(0)))?;
    let mut told = 0;
    for id in late {
        told += db.write(move |tx| {
            let sql = "update supervision set escalated_at = $2 where row_id = $1 and state = 'open' and escalated_at is null";
            if tx.execute(sql, &[id.into(), now.instant.into()])? == 0 {
                return Ok(0);
            }
            let actor = Actor { name: "程序".into(), account: None, at: now.instant };
            tell(tx, &actor, id, ("escalate", "督办超期上报", "到期没有回复，上报领导小组办公室", None))?;
            Ok(1)
        })?;
    }
    Ok(told)
}

/// One, whoever asks.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Supervision>> {
    tx.one(&format!("select {COLUMNS} from supervision where row_id = $1"), &[id.into()], read)
}

/// What happened to a matter, in order.
///
/// # Errors
/// When the store cannot be read.
pub fn history(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<Told>> {
    let sql = "select kind, at, actor, day, text from supervision_event where supervision_id = $1 order by row_id";
    tx.rows(sql, &[id.into()], |r| {
        Ok(Told {
            kind: r.text(0)?.to_owned(),
            at: r.i64(1)?,
            actor: r.text(2)?.to_owned(),
            day: r.opt_text(3)?.and_then(Day::parse),
            text: r.text(4)?.to_owned(),
        })
    })
}

/// The conditions of a list.
fn conditions(tx: &Tx<'_>, scope: &Scope, filter: &Filter, params: &mut Vec<Value>) -> String {
    let mut all = vec!["1 = 1".to_owned()];
    let list = |ids: &mut dyn Iterator<Item = &i64>| ids.map(i64::to_string).collect::<Vec<_>>().join(",");
    let mut among = |ids: String| {
        params.push(ids.into());
        format!("unit_id {}", tx.among(&format!("${}", params.len())))
    };
    if let Scope::Within(reach) = scope {
        all.push(among(list(&mut reach.units.iter())));
    }
    if let Some(units) = &filter.units {
        all.push(among(list(&mut units.iter())));
    }
    if !filter.states.is_empty() {
        let states: Vec<String> = filter.states.iter().map(|s| format!("'{}'", s.as_str())).collect();
        all.push(format!("state in ({})", states.join(", ")));
    }
    if filter.escalated {
        all.push("escalated_at is not null".into());
    }
    all.extend(filter.deed.map(|deed| deed.condition("supervision")));
    for (day, is) in [(filter.due_from, ">="), (filter.due_before, "<")] {
        if let Some(day) = day {
            params.push(day.into());
            all.push(format!("due {is} ${}", params.len()));
        }
    }
    all.join(" and ")
}

/// Those of units in scope: a page of them (`skip`, `limit`), what is most urgent first.
///
/// # Errors
/// When the store cannot be read.
pub fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    (skip, limit): (u64, u64),
) -> anyhow::Result<Vec<Supervision>> {
    let mut params = Vec::new();
    let wanted = conditions(tx, scope, filter, &mut params);
    let n = params.len();
    params.extend([(limit as i64).into(), (skip as i64).into()]);
    let order = filter.deed.map_or_else(|| ORDER.to_owned(), |deed| deed.order("supervision"));
    let sql =
        format!("select {COLUMNS} from supervision where {wanted} order by {order} limit ${} offset ${}", n + 1, n + 2);
    tx.rows(&sql, &params, read)
}

/// How many of units in scope stand in each way.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> anyhow::Result<Vec<(State, u64)>> {
    let mut params = Vec::new();
    let wanted = conditions(tx, scope, filter, &mut params);
    let sql = format!("select state, count(*) from supervision where {wanted} group by state");
    let found = tx.rows(&sql, &params, |r| Ok((State::parse(r.text(0)?), r.i64(1)?)))?;
    let mut found: Vec<(State, u64)> =
        found.into_iter().filter_map(|(s, n)| Some((s?, u64::try_from(n).ok()?))).collect();
    found.sort();
    Ok(found)
}

/// Those of one verdict.
///
/// # Errors
/// When the store cannot be read.
pub fn of_verdict(
    tx: &mut Tx<'_>,
    scope: &Scope,
    requirement: &str,
    subject: &[i64],
    window: &str,
) -> anyhow::Result<Vec<Supervision>> {
    let sql = format!(
        "select {COLUMNS} from supervision where requirement = $1 and subject = $2 and rest = $3 and window_label = $4 \
         order by row_id"
    );
    let first = subject.first().copied().unwrap_or_default();
    let mut found = tx.rows(&sql, &[requirement.into(), first.into(), rest(subject).into(), window.into()], read)?;
    found.retain(|s| scope.has_unit(s.unit));
    Ok(found)
}
