//! Behind every judgement: drafts what was missed, and takes the steps that follow from the verdicts.
//!
//! What was judged is told by `verdict_news`. Each requirement is gone through in one transaction that holds what a fact
//! would hold, so that no verdict turns between the look at it and the step. Whatever is done twice changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::{
    audit::{self, About, Kind},
    clock::Moment,
    day::Day,
    db::{Tx, Value},
    directive::model::{OnFail, Requirement, When},
    installation::{Current, Installation},
    scope::Actor,
    verdict::{
        engine::{Engine, Question},
        explain,
        store::Stored,
        touch::{self, EVERY, EVERYTHING},
        window::bounds,
    },
};

use super::{
    again::Repeats,
    model::{self, Event, Good, Seen, State, Step, seen, step},
    store::{self, Remedy, plain, set_state, tell},
};

/// Workdays that are left for what is typed late, where the package does not say (setting `draft_days`).
const WAIT: i64 = 3;
/// Drafts made in one transaction.
const AT_ONCE: usize = 500;
/// Who drafts and closes.
const PROGRAM: &str = "程序";

/// Steps that were taken in a transaction, for its entry in the log.
#[derive(Default)]
struct Done {
    steps: Vec<Json>,
    kinds: BTreeMap<&'static str, usize>,
    units: BTreeSet<Option<i64>>,
}

impl Done {
    fn add(&mut self, remedy: i64, unit: Option<i64>, kind: &'static str) {
        self.steps.push(json!({ "remedy": remedy, "did": kind }));
        *self.kinds.entry(kind).or_default() += 1;
        self.units.insert(unit);
    }

    /// One entry for all of them.
    fn log(self, tx: &mut Tx<'_>, actor: &Actor, requirement: &str) -> usize {
        let word = |kind: &str| match kind {
            "draft" => "起草",
            "withdraw" => "撤销草稿",
            "close" => "随判定办结",
            "reopen" => "判定又变，恢复办理",
            _ => "超期上报",
        };
        if self.steps.is_empty() {
            return 0;
        }
        let said: Vec<String> = self.kinds.iter().map(|(kind, n)| format!("{}{n}件", word(kind))).collect();
        let title = format!("改进措施：{}", said.join("，"));
        let n = self.steps.len();
        let payload = json!({ "title": title, "requirement": requirement, "steps": self.steps });
        let unit = if self.units.len() == 1 { self.units.into_iter().next().flatten() } else { None };
        audit::note_of(tx, actor, Kind::Remedy, payload, About { unit, ..About::default() });
        n
    }
}

/// Looks at everything that was judged since it last looked; gives how many steps were taken.
///
/// # Errors
/// When the store fails; what was not looked at waits.
pub fn run(installation: &Installation) -> anyhow::Result<usize> {
    let db = &installation.db;
    let news = db.read(|tx| {
        let sql = "select requirement, subject from verdict_news order by requirement, subject limit 1000";
        tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))
    })?;
    if news.is_empty() {
        return Ok(0);
    }
    let now = installation.clock.now();
    let current = db.read(|tx| installation.current(tx))?;
    let mut taken = 0;
    if news.iter().any(|(id, _)| id == EVERYTHING) {
        for (i, c) in current.engine.compiled.iter().enumerate() {
            if !c.requirement.on_fail.is_empty() {
                while let Some(n) = pass(installation, now, (i, None), &[])? {
                    taken += n;
                }
            }
        }
        taken += past(installation, &current, now)? + overdue(installation, now)?;
    }
    for (id, subject) in news {
        match current.engine.position(&id) {
            Some(i) => {
                while let Some(n) = pass(installation, now, (i, Some(subject)), &[])? {
                    taken += n;
                }
            }
            // Everything was looked at above; what is not demanded any more has nothing to look at.
            None => {
                db.write(move |tx| {
                    let sql = "delete from verdict_news where requirement = $1 and subject = $2";
                    tx.execute(sql, &[id.into(), subject.into()]).map(|_| ())
                })?;
            }
        }
    }
    Ok(taken)
}

/// Has a remedy's verdict looked at again.
pub(super) fn ask_again(tx: &mut Tx<'_>, remedy: &Remedy) -> anyhow::Result<()> {
    let first = remedy.subject.first().copied().unwrap_or_default();
    touch::news(tx, &remedy.requirement, first)
}

/// Goes through a requirement, or one subject of it; gives how many steps were taken, `None` when none was.
/// `known`: what verdicts say that are not stored any more.
fn pass(
    installation: &Installation,
    now: Moment,
    (i, subject): (usize, Option<i64>),
    known: &[(i64, Seen)],
) -> anyhow::Result<Option<usize>> {
    let (inst, known) = (installation.clone(), known.to_vec());
    let taken = installation.db.write(move |tx| {
        touch::let_fact_in(tx)?;
        let current = inst.current_in_write(tx)?;
        let Some(c) = current.engine.compiled.get(i) else { return Ok(0) };
        // What it repeats may end with it.
        let earlier = earlier(tx, &current, i, subject)?;
        touch::hold(tx, i, subject, &earlier)?;
        let only = subject.filter(|s| *s != EVERY);
        let look = |only| Look { r: &c.requirement, current: &current, i, subject: only, today: now.day };
        let actor = Actor { name: PROGRAM.into(), account: None, at: now.instant };
        // Before it is followed, so that what is told meanwhile waits for its own turn.
        if let Some(subject) = subject {
            let sql = "delete from verdict_news where requirement = $1 and subject = $2";
            tx.execute(sql, &[c.requirement.id.as_str().into(), subject.into()])?;
        }
        let mut done = Done::default();
        for earlier in earlier {
            look(Some(earlier)).follow(tx, &actor, &[], &mut done)?;
        }
        look(only).follow(tx, &actor, &known, &mut done)?;
        look(only).draft(tx, &actor, &mut done)?;
        Ok(done.log(tx, &actor, &c.requirement.id))
    })?;
    Ok((taken > 0).then_some(taken))
}

/// What a subject repeats, however often.
fn earlier(tx: &mut Tx<'_>, current: &Current, i: usize, subject: Option<i64>) -> anyhow::Result<BTreeSet<i64>> {
    let Some(subject) = subject.filter(|s| *s != EVERY) else { return Ok(BTreeSet::new()) };
    match Repeats::of(current, i, &[subject]) {
        Some(repeats) => repeats.earlier(tx, subject),
        None => Ok(BTreeSet::new()),
    }
}

/// One requirement, or one subject of it, looked at on a day.
struct Look<'a> {
    r: &'a Requirement,
    current: &'a Current,
    /// Where the requirement stands.
    i: usize,
    subject: Option<i64>,
    today: Day,
}

impl Look<'_> {
    /// What the verdicts say to the remedies that there are.
    fn follow(&self, tx: &mut Tx<'_>, actor: &Actor, known: &[(i64, Seen)], done: &mut Done) -> anyhow::Result<()> {
        for remedy in self.remedies(tx, known)? {
            let seen = match known.iter().find(|(id, _)| *id == remedy.id) {
                Some((_, seen)) => *seen,
                None => match self.seen(tx, &remedy)? {
                    Some(seen) => seen,
                    None => continue,
                },
            };
            let Step::To(next) = step(remedy.state, remedy.escalated.is_some(), Event::Judged(seen)) else { continue };
            anyhow::ensure!(set_state(tx, &remedy, next)?, "措施第{}号同时有人在办，稍后再看", remedy.id);
            let (kind, text) = match (next, seen) {
                (State::Withdrawn, Seen::Good(good)) => ("withdraw", good.words()),
                (State::Withdrawn, _) => ("withdraw", "判定不再是未达标"),
                (State::Closed, Seen::Good(good)) => ("close", good.words()),
                (State::Active, _) => ("reopen", "判定又转为未达标"),
                _ => ("draft", "判定又转为未达标"),
            };
            if kind == "reopen" {
                self.due_anew(tx, &remedy)?;
            }
            tell(tx, actor, remedy.id, &plain(actor, kind, text))?;
            done.add(remedy.id, remedy.unit, kind);
        }
        Ok(())
    }

    /// What was closed and opens again has at least the consequence's own time, and waits for something to be done.
    fn due_anew(&self, tx: &mut Tx<'_>, remedy: &Remedy) -> anyhow::Result<()> {
        let words = self.r.on_fail.iter().find(|f| f.act == remedy.act).map_or("", |f| f.due.as_str());
        let workdays = &self.current.engine.workdays;
        let due = model::due(words, self.today, workdays).unwrap_or_else(|| workdays.after(self.today, 10));
        let due = remedy.due.map_or(due, |before| before.max(due));
        let sql = "update remedy set due = $2, acted_on = null where row_id = $1";
        tx.execute(sql, &[remedy.id.into(), due.into()]).map(|_| ())
    }

    /// Remedies of what is looked at that a verdict can still move.
    /// What is over moves only where its verdict is missed (again).
    fn remedies(&self, tx: &mut Tx<'_>, known: &[(i64, Seen)]) -> anyhow::Result<Vec<Remedy>> {
        let known = known.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(",");
        let among = tx.among("$3");
        let condition = format!(
            "requirement = $1 and (cast($2 as bigint) is null or subject = $2) and (state in ('draft', 'active') \
             or state in ('closed', 'withdrawn') and (row_id {among} or exists (select 1 from verdict v where \
             v.requirement = remedy.requirement and v.subject = remedy.subject and v.rest = remedy.rest \
             and v.window_label = remedy.window_label and v.state in ('fail', 'open'))))"
        );
        store::that(tx, &condition, &[self.r.id.as_str().into(), self.subject.into(), known.into()])
    }

    /// What the stored verdict says to a remedy; `None` where it was an earlier package's to judge.
    fn seen(&self, tx: &mut Tx<'_>, remedy: &Remedy) -> anyhow::Result<Option<Seen>> {
        let sql = format!(
            "select {} from verdict where requirement = $1 and subject = $2 and rest = $3 and window_label = $4",
            Stored::COLUMNS
        );
        let first = remedy.subject.first().copied().unwrap_or_default();
        let key: [Value; 4] =
            [self.r.id.as_str().into(), first.into(), remedy.rest().into(), remedy.window.as_str().into()];
        let Some(v) = tx.one(&sql, &key, Stored::read)? else {
            return Ok((!is_past(&self.current.engine, remedy)).then_some(Seen::Good(Good::Gone)));
        };
        let said = seen(v.state, v.late, &self.r.when);
        if said != Seen::Bad {
            return Ok(Some(said));
        }
        if matches!(self.r.when, When::Every(_)) && self.met_later(tx, remedy, &v)? {
            return Ok(Some(Seen::Good(Good::Later)));
        }
        let again = match Repeats::of(self.current, self.i, &remedy.subject) {
            Some(repeats) => repeats.met(tx, v.subject, &v.rest)?,
            None => false,
        };
        Ok(Some(if again { Seen::Good(Good::Again) } else { said }))
    }

    /// Something was done, and a later period of the subject that had not ended by then is met.
    fn met_later(&self, tx: &mut Tx<'_>, remedy: &Remedy, v: &Stored) -> anyhow::Result<bool> {
        let (Some(acted), Some(from)) = (remedy.acted, v.from) else { return Ok(false) };
        let sql = "select 1 from verdict where requirement = $1 and subject = $2 and rest = $3 and state = 'pass' \
                   and window_from > $4 and window_to >= $5 and shut < $6";
        let key: [Value; 6] = [
            self.r.id.as_str().into(),
            v.subject.into(),
            v.rest.as_str().into(),
            from.into(),
            acted.into(),
            self.today.into(),
        ];
        Ok(tx.one(sql, &key, |r| r.i64(0))?.is_some())
    }

    /// Drafts what was missed.
    fn draft(&self, tx: &mut Tx<'_>, actor: &Actor, done: &mut Done) -> anyhow::Result<()> {
        let engine = &self.current.engine;
        let wait = engine.given.whole("draft_days").unwrap_or(WAIT).clamp(0, 60);
        let by = model::shut_by(self.today, wait as u32, &engine.workdays);
        let latest = match self.r.when {
            When::Every(_) => match latest(tx, &self.r.id, by)? {
                Some(label) => Some(label),
                None => return Ok(()),
            },
            _ => None,
        };
        let open = if matches!(self.r.when, When::Once(_)) { "('fail', 'open')" } else { "('fail')" };
        for OnFail { act, .. } in &self.r.on_fail {
            let sql = format!(
                "select {} from verdict where requirement = $1 and (cast($2 as bigint) is null or subject = $2) \
                 and (cast($3 as text) is null or window_label = $3) and (shut is null or shut <= $4) and late = 0 \
                 and closed = 0 and state in {open} and not exists (select 1 from remedy m where \
                 m.requirement = verdict.requirement and m.subject = verdict.subject and m.rest = verdict.rest \
                 and m.window_label = verdict.window_label and m.act = $5) \
                 order by subject, rest, window_label limit {AT_ONCE}",
                Stored::COLUMNS
            );
            let key: [Value; 5] =
                [self.r.id.as_str().into(), self.subject.into(), latest.clone().into(), by.into(), act.as_str().into()];
            for verdict in tx.rows(&sql, &key, Stored::read)? {
                if let Some(id) = store::draft(tx, actor, &verdict, act)? {
                    done.add(id, verdict.unit, "draft");
                }
            }
        }
        Ok(())
    }
}

/// The latest window of a requirement that had shut by a day.
fn latest(tx: &mut Tx<'_>, requirement: &str, by: Day) -> anyhow::Result<Option<String>> {
    let sql = "select window_label from verdict_tally where requirement = $1 and shut <= $2 and n <> 0 \
               order by shut desc limit 1";
    tx.one(sql, &[requirement.into(), by.into()], |r| Ok(r.text(0)?.to_owned()))
}

/// Whether a remedy's window began before the package in force, so that its verdict is not among those stored.
fn is_past(engine: &Engine, remedy: &Remedy) -> bool {
    let begins = bounds(remedy.window.trim_start_matches("by ")).map(|(from, _)| from);
    begins.is_some_and(|day| day < engine.rules.from)
}

/// Remedies on verdicts that an earlier package judged: asked of that package.
fn past(installation: &Installation, current: &Current, now: Moment) -> anyhow::Result<usize> {
    let open = installation.db.read(|tx| {
        let unjudged = "state in ('draft', 'active', 'closed') and not exists (select 1 from verdict v where \
                        v.requirement = remedy.requirement and v.subject = remedy.subject and v.rest = remedy.rest \
                        and v.window_label = remedy.window_label)";
        store::that(tx, unjudged, &[])
    })?;
    let mut by: BTreeMap<usize, Vec<(i64, Seen)>> = BTreeMap::new();
    for remedy in open {
        let Some(i) = current.engine.position(&remedy.requirement) else { continue };
        if !is_past(&current.engine, &remedy) {
            continue;
        }
        // What renamed its columns since cannot be asked any more: the remedy stays as it is.
        let seen = installation.db.read(|tx| asked(tx, installation, &remedy, now.day)).unwrap_or(Seen::Unclear);
        by.entry(i).or_default().push((remedy.id, seen));
    }
    let mut taken = 0;
    for (i, known) in by {
        taken += pass(installation, now, (i, None), &known)?.unwrap_or(0);
    }
    Ok(taken)
}

/// What the package that was in force in the remedy's window says today.
fn asked(tx: &mut Tx<'_>, installation: &Installation, remedy: &Remedy, today: Day) -> anyhow::Result<Seen> {
    let at = installation.at(tx, today, None, Some(&remedy.window))?;
    let Some(i) = at.engine.position(&remedy.requirement) else { return Ok(Seen::Unclear) };
    let q = Question { as_of: today, ..Question::default() };
    let mut shared = at.organisation.clone();
    let found = explain::explain(tx, &at.engine, i, &remedy.subject, &remedy.window, &q, &mut shared)?;
    let when = &at.engine.compiled[i].requirement.when;
    Ok(found.map_or(Seen::Good(Good::Gone), |e| seen(e.verdict.state, e.verdict.late, when)))
}

/// Tells the office, once, what is overdue.
fn overdue(installation: &Installation, now: Moment) -> anyhow::Result<usize> {
    installation.db.write(move |tx| {
        let actor = Actor { name: PROGRAM.into(), account: None, at: now.instant };
        let late = store::that(tx, "state = 'active' and due < $1 and escalated_at is null", &[now.day.into()])?;
        let mut done = Done::default();
        for m in late {
            let next = step(m.state, m.escalated.is_some(), Event::Overdue);
            if next == Step::Escalates && store::set_escalated(tx, &m, now.instant)? {
                tell(tx, &actor, m.id, &plain(&actor, "escalate", "到期没有办结，上报领导小组办公室"))?;
                done.add(m.id, m.unit, "escalate");
            }
        }
        Ok(done.log(tx, &actor, EVERYTHING))
    })
}
