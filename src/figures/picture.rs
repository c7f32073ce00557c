//! The verdicts that figures are taken from.

use std::{collections::BTreeMap, sync::Arc};

use super::{past, period::Period};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::Each,
    installation::{Current, Installation, meta},
    scope::Scope,
    verdict::{
        engine::{Engine, Question},
        item::Item,
        sight,
        store::{self, Counted, Stored},
    },
};

/// The verdicts that may be seen, at one moment.
#[derive(Clone)]
pub struct Picture {
    /// Package, settings and organisation by which they were judged.
    pub at: Arc<Current>,
    /// The day as of which they were judged.
    pub day: Day,
    /// The last day told of.
    pub until: Day,
    /// The past period that is looked back at; `None`: the present.
    pub past: Option<Period>,
    /// Their counts by requirement, window and organ.
    pub counts: Arc<Vec<Counted>>,
    scope: Scope,
    /// Those of the past, which are not in the store.
    judged: Arc<Vec<Stored>>,
}

impl Picture {
    /// The verdicts as they stand; `today` where nothing is judged yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn now(tx: &mut Tx<'_>, current: &Arc<Current>, scope: &Scope, today: Day) -> anyhow::Result<Picture> {
        let day = meta(tx, "judged_day")?.and_then(|d| Day::parse(&d)).unwrap_or(today);
        let counts = sight::counts(tx, scope, None, None)?;
        let at = Arc::clone(current);
        let (counts, judged) = (Arc::new(counts), Arc::default());
        Ok(Picture { at, day, until: day, past: None, counts, scope: scope.clone(), judged })
    }

    /// The verdicts of a period: of one that runs as they stand; of a past one judged anew as of its end, by the package,
    /// the settings and the chart of then, and by what was recorded up to an instant (µs; `None`: up to now). The last ones
    /// are kept ([`past`]); so it is asked for by readers alone, who see nothing that may be rolled back.
    ///
    /// # Errors
    /// When the store cannot be read, or what was in force then can no longer be judged by.
    pub fn of(
        tx: &mut Tx<'_>,
        installation: &Installation,
        scope: &Scope,
        period: &Period,
        known_at: Option<i64>,
    ) -> anyhow::Result<Picture> {
        let today = installation.clock.now().day;
        if !period.is_over(today) {
            let current = installation.current(tx)?;
            return Picture::now(tx, &current, scope, today);
        }
        let key = match known_at {
            None => {
                let current = installation.current(tx)?;
                Some(past::Key::of(tx, &current, period, scope)?)
            }
            // What was known at an instant is asked for once, for a paper.
            Some(_) => None,
        };
        if let Some(kept) = key.as_ref().and_then(|key| installation.pasts.get(key)) {
            return Ok(kept);
        }
        let day = period.asked(today);
        let at = installation.at(tx, day, known_at, Some(period.label()))?;
        // A period that was over before the directive began has nothing to tell.
        let nothing = (period.to < at.engine.rules.from).then(Vec::new);
        let q = Question { which: nothing, as_of: day, known_at, ..Question::default() };
        let (judged, counts) = judge(tx, &at, &q, scope)?;
        let past = Some(period.clone());
        let (counts, judged) = (Arc::new(counts), Arc::new(judged));
        let picture = Picture { at, day, until: period.until(today), past, counts, scope: scope.clone(), judged };
        if let Some(key) = key {
            installation.pasts.keep(key, &picture);
        }
        Ok(picture)
    }

    /// The verdicts of today on the whole, judged anew by what `at` holds whatever stands in the store: for trying what is
    /// not in force. Gives them too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tried(tx: &mut Tx<'_>, at: &Arc<Current>, today: Day) -> anyhow::Result<(Picture, Vec<Stored>)> {
        let scope = Scope::All;
        let (judged, counts) = judge(tx, at, &Question { as_of: today, ..Question::default() }, &scope)?;
        let (at, counts) = (Arc::clone(at), Arc::new(counts));
        Ok((Picture { at, day: today, until: today, past: None, counts, scope, judged: Arc::default() }, judged))
    }

    /// What judges.
    pub fn engine(&self) -> &Engine {
        &self.at.engine
    }

    /// The counts of one organ, or of one of its 科室.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn counts_of(&self, tx: &mut Tx<'_>, unit: i64, organ: bool) -> anyhow::Result<Vec<Counted>> {
        if organ {
            return Ok(self.counts.iter().filter(|c| c.organ == unit).cloned().collect());
        }
        if self.past.is_some() {
            return Ok(store::count_again(self.judged.iter().filter(|v| v.unit == Some(unit))));
        }
        let mut params = vec![unit.into()];
        let seen = sight::condition(tx, self.engine(), &self.scope, &mut params);
        let seen = seen.map_or_else(String::new, |c| format!(" and {c}"));
        let sql = format!("select {} from verdict where unit_id = $1 and closed = 0{seen}", Stored::COLUMNS);
        Ok(store::count_again(tx.rows(&sql, &params, Stored::read)?.iter()))
    }

    /// The one verdict of a demand on a unit itself in the windows of an item, if there is just one.
    pub(super) fn own(&self, tx: &mut Tx<'_>, item: &Item, unit: i64) -> anyhow::Result<Option<Stored>> {
        let r = &self.engine().compiled[item.i].requirement;
        if !matches!(r.each, Each::Unit | Each::System) {
            return Ok(None);
        }
        let mut own: Vec<Stored> = match &self.past {
            None => sight::of_requirement(tx, self.engine(), &self.scope, &r.id, Some(unit))?,
            Some(_) => self.judged.iter().filter(|v| v.requirement == r.id && v.subject == unit).cloned().collect(),
        };
        own.retain(|v| !v.closed && item.windows.contains(&v.window));
        Ok(if own.len() == 1 { own.pop() } else { None })
    }

    /// Verdicts of an item on subjects that the unit owns, at most `limit`, by unit and subject; `bad`: of those that are
    /// missed, behind or unclear alone.
    pub(super) fn below(
        &self,
        tx: &mut Tx<'_>,
        item: &Item,
        (unit, organ): (i64, bool),
        (bad, limit): (bool, usize),
    ) -> anyhow::Result<Vec<Stored>> {
        let id = &self.engine().compiled[item.i].requirement.id;
        if self.past.is_some() {
            let owned = |v: &&Stored| if organ { v.organ == Some(unit) } else { v.unit == Some(unit) };
            let there = |v: &&Stored| v.requirement == *id && !v.closed && item.windows.contains(&v.window);
            let fits = |v: &&Stored| !bad || is_bad(v);
            return Ok(self.judged.iter().filter(there).filter(owned).filter(fits).take(limit).cloned().collect());
        }
        let mut params: Vec<Value> = vec![unit.into(), id.as_str().into()];
        let windows: Vec<String> = item
            .windows
            .iter()
            .map(|w| {
                params.push(w.as_str().into());
                format!("${}", params.len())
            })
            .collect();
        let seen = sight::condition(tx, self.engine(), &self.scope, &mut params);
        let seen = seen.map_or_else(String::new, |c| format!(" and {c}"));
        let owner = if organ { "organ_id" } else { "unit_id" };
        let bad = match bad {
            true => " and (state in ('fail', 'unknown') or state = 'open' and light in ('yellow', 'red'))",
            false => "",
        };
        let sql = format!(
            "select {} from verdict where {owner} = $1 and requirement = $2 and window_label in ({}) and closed = 0{bad}{seen} \
             order by unit_id, subject, rest, window_label limit {limit}",
            Stored::COLUMNS,
            windows.join(", ")
        );
        tx.rows(&sql, &params, Stored::read)
    }
}

/// The verdicts that answer a question and may be seen, as the store gives them, with their counts.
fn judge(tx: &mut Tx<'_>, at: &Current, q: &Question, scope: &Scope) -> anyhow::Result<(Vec<Stored>, Vec<Counted>)> {
    let engine = &at.engine;
    let seen = |v: &Stored| match scope {
        Scope::All => true,
        Scope::Within(_) => v.unit.is_some_and(|u| scope.has_unit(u)),
    };
    let mut judged: Vec<Stored> = Vec::new();
    engine.evaluate_with(tx, q, &mut at.organisation.clone(), &mut |cut| {
        let id = &engine.compiled[cut.requirement].requirement.id;
        judged.extend(cut.verdicts.iter().map(|v| Stored::of(id, v)).filter(seen));
        Ok(())
    })?;
    // As the store gives them, so that the same are told of.
    judged.sort_by_cached_key(|v| (v.unit, v.subject, v.rest.clone(), v.window.clone()));
    let mut by: BTreeMap<i64, Vec<&Stored>> = BTreeMap::new();
    for v in &judged {
        by.entry(v.organ.unwrap_or(0)).or_default().push(v);
    }
    let mut counts = Vec::new();
    for (organ, own) in by {
        counts.extend(store::count_again(own.into_iter()).into_iter().map(|c| Counted { organ, ..c }));
    }
    counts.sort_by(|a, b| (&a.requirement, &a.window, a.organ).cmp(&(&b.requirement, &b.window, b.organ)));
    Ok((judged, counts))
}

/// Missed, unclear, or open with a yellow or red light.
fn is_bad(v: &Stored) -> bool {
    use crate::verdict::{judge::State, light::Light};
    matches!(v.state, State::Fail | State::Unknown) || (v.state == State::Open && v.light >= Light::Yellow)
}
