//! 更正申请: a person says that a record is wrong; somebody in charge of the unit answers within a set time.
//!
//! Nothing is ticked off: a request is open until it is answered, overdue when its last day has passed, and it is
//! accepted only when the record was corrected or voided after it was asked.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;

use crate::{
    audit::{self, Guarded, Kind},
    auth::account::Refused,
    day::Day,
    db::{Row, Tx, Value},
    directive::model::Ledger,
    doubt::GONE,
    ledger::{Stored, store},
    scope::{Actor, Scope},
};

/// Workdays within which a request is to be answered. The law (个人信息保护法 art. 50) says 及时 and gives no number.
pub const WORKDAYS: u32 = 15;
/// Most characters of what is wrong, what is right, and of an answer.
pub const LONGEST: usize = 500;
/// Most requests of an account that are open at a time.
pub const OPEN: i64 = 20;

/// A request as it is made.
#[derive(Clone, Debug)]
pub struct New {
    /// Who asks.
    pub account: i64,
    /// Record id of the person whom it concerns.
    pub person: i64,
    /// Name of the ledger.
    pub ledger: String,
    /// The record and the revision that the person saw.
    pub record: (i64, i64),
    /// The unit whose people answer.
    pub unit: Option<i64>,
    /// What is wrong.
    pub wrong: String,
    /// What is right; empty if it was not said.
    pub proposed: String,
    /// Last day for the answer.
    pub due: Day,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not answered, still in time.
    Open,
    /// Not answered in time.
    Overdue,
    /// The record was corrected.
    Accepted,
    /// Refused with a reason.
    Refused,
}

impl State {
    /// On pages.
    pub fn title(self) -> &'static str {
        match self {
            State::Open => "待答复",
            State::Overdue => "已超期",
            State::Accepted => "已更正",
            State::Refused => "未采纳",
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// Who asked: account and its name.
    pub by: (i64, String),
    /// The person whom it concerns.
    pub person: i64,
    /// Name of the ledger.
    pub ledger: String,
    /// The record and the revision that the person saw.
    pub record: (i64, i64),
    /// The unit whose people answer.
    pub unit: Option<i64>,
    /// What is wrong.
    pub wrong: String,
    /// What is right; empty if it was not said.
    pub proposed: String,
    /// When it was asked, µs.
    pub asked: i64,
    /// Last day for the answer.
    pub due: Day,
    /// When, by whom, whether it was accepted, and the words.
    pub answer: Option<Answer>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When, µs.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// The record was corrected.
    pub accepted: bool,
    /// Why not, or what else is to be said.
    pub words: String,
}

impl Request {
    /// How it stands on a day.
    pub fn state(&self, today: Day) -> State {
        match &self.answer {
            Some(answer) if answer.accepted => State::Accepted,
            Some(_) => State::Refused,
            None if self.due < today => State::Overdue,
            None => State::Open,
        }
    }
}

/// Makes a request and logs it. One that waits already in the same words is not made twice: its number is given again.
///
/// # Errors
/// [`Refused`] when too many are open; else when the store cannot be written.
pub fn ask(tx: &mut Tx<'_>, actor: &Actor, new: &New) -> anyhow::Result<i64> {
    // Two at once must see each other.
    tx.lock(&[new.account])?;
    let sql = "select row_id from correction_request where account_id = $1 and ledger = $2 and record_id = $3 \
               and wrong = $4 and proposed = $5 and answered_at is null";
    let same: [Value; 5] =
        [new.account.into(), (&new.ledger).into(), new.record.0.into(), (&new.wrong).into(), (&new.proposed).into()];
    if let Some(id) = tx.one(sql, &same, |r| r.i64(0))? {
        return Ok(id);
    }
    let sql = "select count(*) from correction_request where account_id = $1 and answered_at is null";
    let open = tx.one(sql, &[new.account.into()], |r| r.i64(0))?.unwrap_or(0);
    if open >= OPEN {
        return Err(Refused(format!("还有{open}件更正申请没有答复，请等答复后再提出。")).into());
    }
    let sql = "insert into correction_request (account_id, person_id, ledger, record_id, revision, unit_id, wrong, \
               proposed, asked_at, due) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning row_id";
    let params: [Value; 10] = [
        new.account.into(),
        new.person.into(),
        (&new.ledger).into(),
        new.record.0.into(),
        new.record.1.into(),
        new.unit.into(),
        (&new.wrong).into(),
        (&new.proposed).into(),
        actor.at.into(),
        new.due.into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    audit::guard(tx, Guarded::Request, id);
    let told =
        json!({ "title": format!("第{id}号更正申请"), "ledger": new.ledger, "record": new.record.0, "request": id });
    audit::note(tx, actor, Kind::Request, told);
    Ok(id)
}

/// The current state of the record that a request is about: whether it was corrected or voided after it was asked.
///
/// # Errors
/// When the store cannot be read.
pub fn corrected(tx: &mut Tx<'_>, ledger: &Ledger, request: &Request) -> anyhow::Result<Option<Stored>> {
    let rows = store::history(tx, ledger, &Scope::All, request.record.0)?;
    let last = rows.into_iter().last();
    Ok(last.filter(|row| row.revision > request.record.1 || row.voided_at.is_some()))
}

/// Answers a request and logs it. Whether the record was corrected is looked up here.
///
/// # Errors
/// [`Refused`] when it was answered already, or is to be accepted and the record is as it was; else when the store
/// cannot be written.
pub fn answer(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ledger: &Ledger,
    id: i64,
    (accepted, words): (bool, &str),
) -> anyhow::Result<()> {
    let Some(request) = get(tx, id)? else { return Err(Refused("没有这件申请。".into()).into()) };
    if accepted && corrected(tx, ledger, &request)?.is_none() {
        let text = "这条记录在申请之后还没有更正。请先在记录页上更正，再答复“已更正”。";
        return Err(Refused(text.into()).into());
    }
    let sql = "update correction_request set answered_at = $2, answered_by = $3, accepted = $4, answer = $5 \
               where row_id = $1 and answered_at is null";
    let params: [Value; 5] =
        [id.into(), actor.at.into(), (&actor.name).into(), i64::from(accepted).into(), words.into()];
    if tx.execute(sql, &params)? == 0 {
        return Err(Refused("这件申请已经有人答复了。".into()).into());
    }
    audit::guard(tx, Guarded::Request, id);
    let title = format!("答复第{id}号更正申请：{}", if accepted { "已更正" } else { "未采纳" });
    let told = json!({ "title": title, "ledger": request.ledger, "record": request.record.0, "request": id });
    audit::note(tx, actor, Kind::Request, told);
    Ok(())
}

const COLUMNS: &str = "c.row_id, c.account_id, a.name, c.person_id, c.ledger, c.record_id, c.revision, c.unit_id, \
                       c.wrong, c.proposed, c.asked_at, c.due, c.answered_at, c.answered_by, c.accepted, c.answer";
const FROM: &str = "correction_request c join account a on a.row_id = c.account_id";

fn read(r: &Row<'_>) -> anyhow::Result<Request> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let due = r.text(11)?;
    let answer = match r.opt_i64(12)? {
        Some(at) => Some(Answer { at, by: text(13)?, accepted: r.opt_i64(14)? == Some(1), words: text(15)? }),
        None => None,
    };
    ensure!(Day::parse(due).is_some(), "更正申请的期限“{due}”不是日期");
    Ok(Request {
        id: r.i64(0)?,
        by: (r.i64(1)?, text(2)?),
        person: r.i64(3)?,
        ledger: text(4)?,
        record: (r.i64(5)?, r.i64(6)?),
        unit: r.opt_i64(7)?,
        wrong: text(8)?,
        proposed: text(9)?,
        asked: r.i64(10)?,
        due: Day::parse(due).unwrap_or(Day::MIN),
        answer,
    })
}

/// A request.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Request>> {
    tx.one(&format!("select {COLUMNS} from {FROM} where c.row_id = $1"), &[id.into()], read)
}

/// Requests of an account, the newest first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<Request>> {
    let sql = format!("select {COLUMNS} from {FROM} where c.account_id = $1 order by c.row_id desc");
    tx.rows(&sql, &[account.into()], read)
}

/// Requests that the scope reaches by their unit, a page of them and how many there are: open ones first, the most
/// urgent in front, then the answered, the newest first. Those without a unit are for who may see all.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, scope: &Scope, skip: i64, limit: i64) -> anyhow::Result<(Vec<Request>, i64)> {
    let (mut params, mut within): (Vec<Value>, String) = (Vec::new(), String::new());
    if let Scope::Within(reach) = scope {
        params.push(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
        within = format!(" where c.unit_id {}", tx.among("$1"));
    }
    let all = tx.one(&format!("select count(*) from {FROM}{within}"), &params, |r| r.i64(0))?.unwrap_or(0);
    let n = params.len();
    params.extend([limit.into(), skip.into()]);
    let order = "case when c.answered_at is null then 0 else 1 end, case when c.answered_at is null then c.due end, \
                 c.row_id desc";
    let sql = format!("select {COLUMNS} from {FROM}{within} order by {order} limit ${} offset ${}", n + 1, n + 2);
    Ok((tx.rows(&sql, &params, read)?, all))
}

/// How many that the scope reaches wait for an answer.
///
/// # Errors
/// When the store cannot be read.
pub fn open(tx: &mut Tx<'_>, scope: &Scope) -> anyhow::Result<u64> {
    let (mut params, mut within): (Vec<Value>, String) = (Vec::new(), String::new());
    if let Scope::Within(reach) = scope {
        params.push(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
        within = format!(" and unit_id {}", tx.among("$1"));
    }
    let sql = format!("select count(*) from correction_request where answered_at is null{within}");
    Ok(tx.one(&sql, &params, |r| r.i64(0))?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Whether a reader with this scope answers for the request's unit.
pub fn reaches(scope: &Scope, request: &Request) -> bool {
    match (scope, request.unit) {
        (Scope::All, _) => true,
        (Scope::Within(_), Some(unit)) => scope.has_unit(unit),
        (Scope::Within(_), None) => false,
    }
}

/// Takes away what requests and their answers say of records that are deleted by rule; that they were there, when and by
/// whom stays.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn forget(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<()> {
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let among = tx.among("$3");
    let sql = format!(
        "update correction_request set wrong = $1, proposed = '', answer = $1 where ledger = $2 \
         and answered_at is not null and record_id {among} returning row_id"
    );
    let changed = tx.rows(&sql, &[GONE.into(), ledger.into(), list.into()], |r| r.i64(0))?;
    changed.into_iter().for_each(|id| audit::guard(tx, Guarded::Request, id));
    Ok(())
}
