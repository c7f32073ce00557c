//! Explains one verdict by the fold that gave it: what was counted, what was not and why, and how the pace stands.

use super::{
    engine::{Engine, Question},
    eval::{Eval, Frame, Trace},
    judge::{self, Verdict},
    load::{self, Ask, Cut, Shared},
    repeat,
    subject::subjects,
    world::{Node, World},
};
use crate::{day::Day, db::Tx, ratio::Ratio};

/// A verdict with everything that led to it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// One entry a part.
    pub parts: Vec<PartExplanation>,
    /// Labels of the windows of this subject, in order.
    pub windows: Vec<std::sync::Arc<str>>,
}

/// How one part came about.
#[derive(Clone, Debug)]
pub struct PartExplanation {
    /// Rows looked at, with record ids.
    pub rows: Vec<Looked>,
    /// The bounds within which they were looked at.
    pub frame: Frame,
    /// Days elapsed, days in all, points behind; `None` without a pace.
    pub pace: Option<(i64, i64, Ratio)>,
}

/// A row that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// Position of its ledger in the layout.
    pub table: usize,
    /// Record id; 0 where the row has none.
    pub record: i64,
    /// An event's day, an item's opening; persons have none.
    pub day: Option<Day>,
    /// What became of it.
    pub trace: Trace,
}

/// Explains the verdict of requirement `i` on a subject (its key) in a window; `None` if there is no such verdict.
///
/// # Errors
/// When the store cannot be read.
pub fn explain(
    tx: &mut Tx<'_>,
    engine: &Engine,
    i: usize,
    key: &[i64],
    window: &str,
    q: &Question,
    shared: &mut Shared,
) -> anyhow::Result<Option<Explanation>> {
    let mut needs = engine.needs[i].clone();
    needs.tables.values_mut().for_each(|n| n.lookup = true);
    let together = repeat::with_repeats(tx, engine, i, [key[0]].into(), &[])?;
    let ranges: Vec<(i64, i64)> = together.into_iter().flatten().map(|id| (id, id)).collect();
    let cuts = if ranges.is_empty() { Vec::new() } else { engine.cuts(&[i], &needs) };
    let slice = cuts.into_iter().map(|(t, column)| (t, Cut { column, ranges: ranges.clone() })).collect();
    let mut union = engine.union.clone();
    union.merge(&needs);
    let ask = Ask { needs: &needs, union: &union, known_at: q.known_at, as_of: q.as_of, given: &engine.given, slice };
    let world = load::world(tx, &engine.layout, &engine.workdays, &ask, shared)?;
    let mut eval = Eval::new(&world, &engine.given, q.as_of);
    eval.only = ranges;
    Ok(explain_in(engine, &eval, &world, i, key, window))
}

fn explain_in(
    engine: &Engine,
    eval: &Eval<'_>,
    world: &World<'_>,
    i: usize,
    key: &[i64],
    window: &str,
) -> Option<Explanation> {
    let c = &engine.compiled[i];
    let all = judge::judge(eval, c, &engine.rules);
    let own: Vec<&Verdict> = all.iter().filter(|v| *v.subject == *key && !v.closed).collect();
    let verdict = (*own.iter().find(|v| *v.window.label == *window)?).clone();
    let subject = subjects(eval, c).iter().find(|s| *s.key == *key)?.clone();
    let traces = judge::trace_window(eval, c, &engine.rules, &subject, &verdict.window);
    let record = |node: Node| world.tables[node.table].ids.get(node.row).copied().unwrap_or_default();
    let parts = traces.into_iter().enumerate().map(|(n, (traces, frame))| PartExplanation {
        rows: traces
            .into_iter()
            .map(|trace| Looked {
                table: trace.node.table,
                record: record(trace.node),
                day: world.tables[trace.node.table].opens.get(trace.node.row).copied().and_then(shown),
                trace,
            })
            .collect(),
        frame,
        pace: judge::pace(eval, c, &engine.rules, &subject, &verdict, n),
    });
    let parts = parts.collect();
    Some(Explanation { parts, windows: own.iter().map(|v| v.window.label.clone()).collect(), verdict })
}

/// The day on which a window's facts begin and end, for showing: `None` where it has no bound.
pub fn shown(day: Day) -> Option<Day> {
    (day != Day::MIN && day != Day::MAX).then_some(day)
}
