//! Remedies in the store.

use crate::{
    audit::{self, Guarded},
    day::Day,
    db::{Row, Tx, Value},
    deed::Deed,
    scope::{Actor, Scope},
    verdict::{
        engine::Engine,
        sight,
        store::{Stored, rest},
    },
};

use super::model::State;

/// A remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Its number.
    pub id: i64,
    /// Table id of the requirement.
    pub requirement: String,
    /// The cells of the verdict's subject.
    pub subject: Vec<i64>,
    /// The verdict's window.
    pub window: String,
    /// The consequence, as the package has it: `remind`, `retrain`, `interview` …
    pub act: String,
    /// The verdict's unit.
    pub unit: Option<i64>,
    /// Its organ.
    pub organ: Option<i64>,
    /// How it stands.
    pub state: State,
    /// When it was drafted, µs.
    pub drafted: i64,
    /// Last day, once confirmed.
    pub due: Option<Day>,
    /// Record id of who is responsible, once confirmed.
    pub person: Option<i64>,
    /// Day of the first thing that was done since it took effect or opened again.
    pub acted: Option<Day>,
    /// When it was told to the office that it is overdue, µs.
    pub escalated: Option<i64>,
}

impl Remedy {
    /// Confirmed, and its last day is over.
    pub fn overdue(&self, today: Day) -> bool {
        self.state == State::Active && self.due.is_some_and(|d| d < today)
    }

    /// The last cells of the subject, as verdicts are stored.
    pub fn rest(&self) -> String {
        rest(&self.subject)
    }
}

/// Something that happened to a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `draft`, `confirm`, `drop`, `act`, `escalate`, `withdraw`, `close`, `reopen`.
    pub kind: String,
    /// When, µs.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// Due day of a confirmation, day of an act.
    pub day: Option<Day>,
    /// Who is responsible.
    pub person: Option<i64>,
    /// Reason, or what was done.
    pub text: String,
}

/// What a list of remedies is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How they stand; none: any.
    pub states: Vec<State>,
    /// Table ids of requirements; none: any.
    pub requirements: Vec<String>,
    /// Consequence.
    pub act: Option<String>,
    /// Units (record ids), by the verdict's; `None`: any.
    pub units: Option<Vec<i64>>,
    /// Only those told to the office.
    pub escalated: bool,
    /// Only those whose last day is this one or later.
    pub due_from: Option<Day>,
    /// Only those whose last day is before this one.
    pub due_before: Option<Day>,
    /// Only those for which this person is responsible.
    pub person: Option<i64>,
    /// Only those to which an account did something; then what it did last comes first.
    pub deed: Option<Deed>,
}

const COLUMNS: &str = "row_id, requirement, subject, rest, window_label, act, unit_id, organ_id, state, drafted_at, due, \
                       person_id, acted_on, escalated_at";
/// What is most urgent first: drafts, then what is due soonest, then what is over, the newest first.
const ORDER: &str = "case state when 'draft' then 0 when 'active' then 1 else 2 end, \
                     case when state = 'active' then due end nulls last, row_id desc";

fn read(r: &Row<'_>) -> anyhow::Result<Remedy> {
    let day = |i| -> anyhow::Result<Option<Day>> { Ok(r.opt_text(i)?.and_then(Day::parse)) };
    let rest = r.text(3)?.split('|').filter_map(|t| t.parse().ok());
    Ok(Remedy {
        id: r.i64(0)?,
        requirement: r.text(1)?.to_owned(),
        subject: std::iter::once(r.i64(2)?).chain(rest).collect(),
        window: r.text(4)?.to_owned(),
        act: r.text(5)?.to_owned(),
        unit: r.opt_i64(6)?,
        organ: r.opt_i64(7)?,
        state: State::parse(r.text(8)?).unwrap_or(State::Withdrawn),
        drafted: r.i64(9)?,
        due: day(10)?,
        person: r.opt_i64(11)?,
        acted: day(12)?,
        escalated: r.opt_i64(13)?,
    })
}

/// One, whoever asks.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Remedy>> {
    tx.one(&format!("select {COLUMNS} from remedy where row_id = $1"), &[id.into()], read)
}

/// Those that fit a condition (SQL over the table), in their order.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn that(tx: &mut Tx<'_>, condition: &str, params: &[Value]) -> anyhow::Result<Vec<Remedy>> {
    tx.rows(&format!("select {COLUMNS} from remedy where {condition} order by row_id"), params, read)
}

/// Those of one verdict.
///
/// # Errors
/// When the store cannot be read.
pub fn of_verdict(tx: &mut Tx<'_>, requirement: &str, subject: &[i64], window: &str) -> anyhow::Result<Vec<Remedy>> {
    let sql = format!(
        "select {COLUMNS} from remedy where requirement = $1 and subject = $2 and rest = $3 and window_label = $4 \
         order by row_id"
    );
    let first = subject.first().copied().unwrap_or_default();
    tx.rows(&sql, &[requirement.into(), first.into(), rest(subject).into(), window.into()], read)
}

/// The conditions of a list, as SQL over the table alone.
fn conditions(tx: &Tx<'_>, engine: &Engine, scope: &Scope, filter: &Filter, params: &mut Vec<Value>) -> String {
    let mut all: Vec<String> = sight::condition(tx, engine, scope, params).into_iter().collect();
    let mut bind = |value: Value| {
        params.push(value);
        format!("${}", params.len())
    };
    let mut any = |column: &str, values: Vec<Value>| {
        let places: Vec<String> = values.into_iter().map(&mut bind).collect();
        format!("{column} in ({})", places.join(", "))
    };
    if !filter.states.is_empty() {
        all.push(any("state", filter.states.iter().map(|s| s.as_str().into()).collect()));
    }
    if !filter.requirements.is_empty() {
        all.push(any("requirement", filter.requirements.iter().map(|id| id.as_str().into()).collect()));
    }
    if let Some(act) = &filter.act {
        all.push(any("act", vec![act.as_str().into()]));
    }
    if let Some(person) = filter.person {
        all.push(any("person_id", vec![person.into()]));
    }
    if let Some(units) = &filter.units {
        let list = units.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let place = bind(list.into());
        all.push(format!("unit_id {}", tx.among(&place)));
    }
    if filter.escalated {
        all.push("escalated_at is not null".into());
    }
    all.extend(filter.deed.map(|deed| deed.condition("remedy")));
    for (day, is) in [(filter.due_from, ">="), (filter.due_before, "<")] {
        if let Some(day) = day {
            let place = bind(day.into());
            all.push(format!("due {is} {place}"));
        }
    }
    if all.is_empty() { "1 = 1".into() } else { all.join(" and ") }
}

/// Those that the scope reaches, as their verdicts are: a page of them (`skip`, `limit`).
///
/// # Errors
/// When the store cannot be read.
pub fn list(
    tx: &mut Tx<'_>,
    engine: &Engine,
    scope: &Scope,
    filter: &Filter,
    (skip, limit): (u64, u64),
) -> anyhow::Result<Vec<Remedy>> {
    let mut params = Vec::new();
    let wanted = conditions(tx, engine, scope, filter, &mut params);
    let n = params.len();
    params.extend([(limit as i64).into(), (skip as i64).into()]);
    let order = filter.deed.map_or_else(|| ORDER.to_owned(), |deed| deed.order("remedy"));
    let sql =
        format!("select {COLUMNS} from remedy where {wanted} order by {order} limit ${} offset ${}", n + 1, n + 2);
    tx.rows(&sql, &params, read)
}

/// How many there are of each value of a column: `state`, `act`, `requirement`.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(
    tx: &mut Tx<'_>,
    engine: &Engine,
    scope: &Scope,
    filter: &Filter,
    column: &'static str,
) -> anyhow::Result<Vec<(String, u64)>> {
    let mut params = Vec::new();
    let wanted = conditions(tx, engine, scope, filter, &mut params);
    let sql = format!("select {column}, count(*) from remedy where {wanted} group by {column} order by {column}");
    tx.rows(&sql, &params, |r| Ok((r.text(0)?.to_owned(), u64::try_from(r.i64(1)?).unwrap_or(0))))
}

/// How many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn count(tx: &mut Tx<'_>, engine: &Engine, scope: &Scope, filter: &Filter) -> anyhow::Result<u64> {
    Ok(counts(tx, engine, scope, filter, "state")?.into_iter().map(|(_, n)| n).sum())
}

/// What happened to a remedy, in order.
///
/// # Errors
/// When the store cannot be read.
pub fn history(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<Told>> {
    let sql = "select kind, at, actor, day, person_id, text from remedy_event where remedy_id = $1 order by row_id";
    tx.rows(sql, &[id.into()], |r| {
        Ok(Told {
            kind: r.text(0)?.to_owned(),
            at: r.i64(1)?,
            actor: r.text(2)?.to_owned(),
            day: r.opt_text(3)?.and_then(Day::parse),
            person: r.opt_i64(4)?,
            text: r.text(5)?.to_owned(),
        })
    })
}

/// Notes what happened.
pub(super) fn tell(tx: &mut Tx<'_>, actor: &Actor, remedy: i64, told: &Told) -> anyhow::Result<()> {
    let sql = "insert into remedy_event (remedy_id, kind, at, actor, account, day, person_id, text) \
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params: [Value; 8] = [
        remedy.into(),
        told.kind.as_str().into(),
        told.at.into(),
        told.actor.as_str().into(),
        actor.account.into(),
        told.day.map(|d| d.to_string()).into(),
        told.person.into(),
        told.text.as_str().into(),
    ];
    audit::guard(tx, Guarded::Remedy, remedy);
    tx.execute(sql, &params).map(|_| ())
}

/// An event of now without further particulars.
pub(super) fn plain(actor: &Actor, kind: &str, text: impl Into<String>) -> Told {
    Told { kind: kind.into(), at: actor.at, actor: actor.name.clone(), day: None, person: None, text: text.into() }
}

/// Makes a draft for a verdict; `None` where there is one already.
///
/// # Errors
/// When the store cannot be written.
pub fn draft(tx: &mut Tx<'_>, actor: &Actor, verdict: &Stored, act: &str) -> anyhow::Result<Option<i64>> {
    let sql = "insert into remedy (requirement, subject, rest, window_label, act, unit_id, organ_id, state, drafted_at) \
               values ($1, $2, $3, $4, $5, $6, $7, 'draft', $8) \
               on conflict (requirement, subject, rest, window_label, act) do nothing returning row_id";
    let params: [Value; 8] = [
        verdict.requirement.as_str().into(),
        verdict.subject.into(),
        verdict.rest.as_str().into(),
        verdict.window.as_str().into(),
        act.into(),
        verdict.unit.into(),
        verdict.organ.into(),
        actor.at.into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?;
    if let Some(id) = id {
        tell(tx, actor, id, &plain(actor, "draft", ""))?;
    }
    Ok(id)
}

/// Lets a remedy stand otherwise, if it still stands as it was seen to; gives whether it did.
pub(super) fn set_state(tx: &mut Tx<'_>, remedy: &Remedy, to: State) -> anyhow::Result<bool> {
    let sql = "update remedy set state = $3 where row_id = $1 and state = $2";
    Ok(tx.execute(sql, &[remedy.id.into(), remedy.state.as_str().into(), to.as_str().into()])? == 1)
}

/// Notes when a remedy was told to the office, if it still stands as it was seen to and was not told before; gives whether
/// it did.
pub(super) fn set_escalated(tx: &mut Tx<'_>, remedy: &Remedy, at: i64) -> anyhow::Result<bool> {
    let sql = "update remedy set escalated_at = $3 where row_id = $1 and state = $2 and escalated_at is null";
    Ok(tx.execute(sql, &[remedy.id.into(), remedy.state.as_str().into(), at.into()])? == 1)
}
