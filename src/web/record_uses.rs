//! Which verdicts count a record, and which look at it and do not.
//!
//! For each requirement whose measure reads the ledger the subjects are found to which the record belongs, and the
//! record alone is traced through the windows around its days. The states are those stored.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dashboard::named,
    frame::Desk,
    subject, summary,
    view::{record::Use, words::Link},
};
use crate::{
    day::Day,
    directive::model::{Each, FieldType},
    installation::Current,
    ledger::row::Stored as Row,
    org::builtin,
    verdict::{
        compile::{Compiled, Fold, Relate, Rows},
        engine::Engine,
        eval::{Eval, Fate, Subject},
        explain::{Looked, shown},
        judge,
        load::{self, Ask, Cut, Shared},
        needs::Needs,
        sight,
        store::{self, Stored},
        subject::subjects,
        window::Window,
        words::{Context, fate, window_name},
        world::{EMPTY, Node, World},
    },
};

/// Verdicts listed at most.
const SHOWN: usize = 40;

/// A verdict that concerns the record.
struct Found {
    /// Position of the requirement.
    i: usize,
    verdict: Stored,
    /// `None`: the record itself is judged; else what became of it.
    fate: Option<(&'static str, String)>,
}

/// The verdicts that concern a record, those that count it first; and why there are none.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(desk: &mut Desk<'_, '_>, table: usize, row: &Row) -> anyhow::Result<(Vec<Use>, String)> {
    if row.voided_at.is_some() {
        return Ok((Vec::new(), "已作废的记录不计入判定。".into()));
    }
    let current = desk.current.clone();
    let mut found = judged(desk, &current, table, row.record_id)?;
    if table >= builtin::COUNT {
        let days = Days::of(&current, table, row);
        let mut looking = Looking { current: &current, table, row, days, shared: current.organisation.clone() };
        for i in 0..current.engine.compiled.len() {
            if reads(&current.engine.compiled[i], table) {
                looking.requirement(desk, i, &mut found)?;
            }
        }
    }
    found.sort_by_key(|f| f.fate.as_ref().is_some_and(|(outcome, _)| !counts(outcome)));
    found.truncate(SHOWN);
    let none = if table < builtin::COUNT {
        "组织机构和设定影响所有判定，这里不逐条列出。"
    } else {
        "没有判定直接计算这条记录。"
    };
    Ok((words(desk, &current, &found)?, if found.is_empty() { none.into() } else { String::new() }))
}

fn counts(outcome: &str) -> bool {
    matches!(outcome, "计入" | "只计入分母")
}

fn words(desk: &mut Desk<'_, '_>, current: &Current, found: &[Found]) -> anyhow::Result<Vec<Use>> {
    let engine = &current.engine;
    let verdicts: Vec<(usize, &Stored)> = found.iter().map(|f| (f.i, &f.verdict)).collect();
    let names = crate::subjects::names(desk.tx, engine, verdicts.iter().copied())?;
    let line = |f: &Found| {
        let v = &f.verdict;
        let (code, requirement) = named(engine, f.i);
        let title = match f.fate {
            None => requirement.text,
            Some(_) => crate::subjects::title(engine, f.i, &crate::subjects::key(v), &names),
        };
        let text = format!("{code} {title}　{}", window_name(&v.window));
        let state = summary::tag(v.state, v.light, v.late).word().to_owned();
        let (word, refused, note) = match &f.fate {
            None => (state, false, "以本条为判定对象".to_owned()),
            Some((outcome, reason)) if counts(outcome) => {
                let note = if reason.is_empty() { (*outcome).to_owned() } else { format!("{outcome}：{reason}") };
                (state, false, note)
            }
            Some((outcome, reason)) => ((*outcome).to_owned(), true, reason.clone()),
        };
        Use { verdict: Link::new(text, subject::href(engine, f.i, v, &names)), word, refused, note }
    };
    Ok(found.iter().map(line).collect())
}

/// The verdicts on the record itself: of each requirement that of the window that runs, or else the last.
fn judged(desk: &mut Desk<'_, '_>, current: &Current, table: usize, record: i64) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (i, c) in current.engine.compiled.iter().enumerate() {
        if c.table != table || !c.per.is_empty() || c.requirement.each == Each::System {
            continue;
        }
        let mut all = sight::of_requirement(desk.tx, &current.engine, &desk.scope, &c.requirement.id, Some(record))?;
        all.retain(|v| !v.closed);
        all.sort_by_key(|v| (v.from, v.to));
        found.extend(all.pop().map(|verdict| Found { i, verdict, fate: None }));
    }
    Ok(found)
}

/// The sources of a measure.
fn sources(fold: &Fold) -> Vec<&Rows> {
    match fold {
        Fold::Count(rows)
        | Fold::Sum(rows, _)
        | Fold::Distinct(rows, _)
        | Fold::Share(rows, _)
        | Fold::Change(rows, ..)
        | Fold::Latest(rows, _) => vec![rows],
        Fold::Ratio(top, bottom) => sources(top).into_iter().chain(sources(bottom)).collect(),
        Fold::Span(..) | Fold::Holds(_) => Vec::new(),
    }
}

fn reads(c: &Compiled, table: usize) -> bool {
    c.folds.iter().flat_map(sources).any(|rows| rows.table == table)
}

/// Whether the record's fate depends on other rows of its ledger.
fn with_others(c: &Compiled, table: usize) -> bool {
    let latest = c.folds.iter().any(|f| matches!(f, Fold::Latest(rows, _) if rows.table == table));
    let related = |rows: &Rows| rows.filter.has.iter().any(|has| has.table == table);
    latest || c.folds.iter().flat_map(sources).any(|r| r.table == table && r.last_per.is_some() || related(r))
}

/// The days and periods that a record names, by which windows are chosen.
struct Days {
    days: Vec<Day>,
    periods: Vec<String>,
}

impl Days {
    fn of(current: &Current, table: usize, row: &Row) -> Days {
        let fields = &current.engine.layout.ledgers[table].fields;
        let texts = |wanted: FieldType| {
            let of = fields.iter().zip(&row.values).filter(move |(f, _)| f.ty == wanted);
            of.filter_map(|(_, v)| v.as_text())
        };
        Days {
            days: texts(FieldType::Date).filter_map(Day::parse).collect(),
            periods: texts(FieldType::Period).map(str::to_owned).collect(),
        }
    }

    /// Whether the window is one of several and holds none of the days.
    fn concern(&self, window: &Window, alone: bool) -> bool {
        alone
            || self.periods.iter().any(|p| **p == *window.label)
            || self.days.iter().any(|d| window.from <= *d && *d <= window.to)
    }
}

/// A record looked for in the verdicts.
struct Looking<'a> {
    current: &'a Current,
    table: usize,
    row: &'a Row,
    days: Days,
    /// Tables read whole for one requirement serve the next.
    shared: Shared,
}

impl Looking<'_> {
    fn requirement(&mut self, desk: &mut Desk<'_, '_>, i: usize, found: &mut Vec<Found>) -> anyhow::Result<()> {
        let engine = &self.current.engine;
        let c = &engine.compiled[i];
        let needs = with_ids(&engine.needs[i]);
        let ask = Ask {
            needs: &needs,
            union: &with_ids(&engine.union),
            known_at: None,
            as_of: desk.now.day,
            given: &engine.given,
            slice: self.slice(c, &needs),
        };
        let world = load::world(desk.tx, &engine.layout, &engine.workdays, &ask, &mut self.shared)?;
        let Some(row) = world.tables[self.table].row_of(self.row.record_id) else { return Ok(()) };
        let node = Node { table: self.table, row };
        let mut eval = Eval::new(&world, &engine.given, desk.now.day);
        eval.only = first_keys(&eval, c, node).into_iter().map(|key| (key, key)).collect();
        if eval.only.iter().any(|(key, _)| *key == EMPTY) {
            return Ok(());
        }
        for subject in subjects(&eval, c).iter() {
            let mut stored: Option<Vec<Stored>> = None;
            let windows = judge::windows(&eval, c, &engine.rules, subject);
            let alone = windows.len() == 1;
            for window in windows.into_iter().filter(|w| self.days.concern(w, alone)) {
                let Some(fate) = self.fate(&world, &eval, i, subject, &window, node) else { continue };
                let all = match &mut stored {
                    Some(all) => all,
                    None => stored.insert(of_subject(desk, engine, c, subject)?),
                };
                if let Some(verdict) = all.iter().find(|v| *v.window == *window.label).cloned() {
                    found.push(Found { i, verdict, fate: Some(fate) });
                }
            }
        }
        Ok(())
    }

    /// The record alone of its ledger, and nothing of other facts, unless they are reached from it.
    fn slice(&self, c: &Compiled, needs: &Needs) -> BTreeMap<usize, Cut> {
        let cut = |ranges| Cut { column: None, ranges };
        let own = |table: usize| table == self.table && !with_others(c, table);
        let mut slice = BTreeMap::new();
        for (table, need) in needs.tables.iter().filter(|(t, _)| **t >= builtin::COUNT) {
            if own(*table) {
                slice.insert(*table, cut(vec![(self.row.record_id, self.row.record_id)]));
            } else if *table != self.table && *table != c.table && !need.whole {
                slice.insert(*table, cut(Vec::new()));
            }
        }
        slice
    }

    /// What becomes of the record in a window; `None` if no part looks at it.
    fn fate(
        &self,
        world: &World<'_>,
        eval: &Eval<'_>,
        i: usize,
        subject: &Subject,
        window: &Window,
        node: Node,
    ) -> Option<(&'static str, String)> {
        let engine = &self.current.engine;
        let c = &engine.compiled[i];
        let traces = judge::trace_window(eval, c, &engine.rules, subject, window);
        let record = world.tables[node.table].ids[node.row];
        let mut best: Option<(&'static str, String)> = None;
        for (part, (traces, frame)) in c.requirement.parts.iter().zip(traces) {
            let Some(trace) = traces.into_iter().find(|t| t.node == node) else { continue };
            let counted = matches!(trace.fate, Fate::Counted);
            let day = shown(world.tables[node.table].opens[node.row]);
            let looked = Looked { table: node.table, record, day, trace };
            let told = fate(Context::of(engine, i), part, &looked, &frame, window);
            if best.is_none() || counted {
                best = Some((told.outcome, told.reason));
            }
        }
        best
    }
}

/// The same with the ids of all rows.
fn with_ids(needs: &Needs) -> Needs {
    let mut needs = needs.clone();
    needs.tables.values_mut().for_each(|need| need.lookup = true);
    needs
}

/// The first keys of the subjects to which a record can belong; none where it may be any.
fn first_keys(eval: &Eval<'_>, c: &Compiled, node: Node) -> BTreeSet<i64> {
    if matches!(c.requirement.each, Each::System | Each::Unit) {
        return BTreeSet::new();
    }
    let day = eval.world.tables[node.table].opens[node.row];
    let value = |access| eval.value(node, access, day, Day::MAX);
    let mut keys = BTreeSet::new();
    for rows in c.folds.iter().flat_map(sources).filter(|r| r.table == node.table) {
        let key = match &rows.relate {
            Relate::Combination => c.per.first().map(value),
            Relate::Via(pairs) => pairs.first().and_then(|(own, subject)| match subject {
                None => Some(value(own)),
                Some(subject) if c.per.first().is_some_and(|per| per.text == subject.text) => Some(value(own)),
                Some(_) => None,
            }),
            Relate::All | Relate::Owner => None,
        };
        match key {
            Some(key) => keys.insert(key),
            None => return BTreeSet::new(),
        };
    }
    keys
}

/// The stored verdicts on a subject.
fn of_subject(
    desk: &mut Desk<'_, '_>,
    engine: &Engine,
    c: &Compiled,
    subject: &Subject,
) -> anyhow::Result<Vec<Stored>> {
    let first = subject.key.first().copied().unwrap_or_default();
    let rest = store::rest(&subject.key);
    let mut all = sight::of_requirement(desk.tx, engine, &desk.scope, &c.requirement.id, Some(first))?;
    all.retain(|v| v.rest == rest && !v.closed);
    Ok(all)
}
