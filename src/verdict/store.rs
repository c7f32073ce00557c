//! Verdicts in the store: written as differences, counted per organ in the same transaction.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{
    judge::{State, TargetNow, Verdict},
    light::Light,
    rollup::{Leaves, Tally},
};
use crate::{
    day::Day,
    db::{Row, Tx, Value},
    directive::model::TargetOp,
    ratio::Ratio,
};

/// Before the state in the counts: of closed subjects.
const CLOSED: &str = "closed_";

/// A verdict as stored and exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Table id.
    pub requirement: String,
    /// Record id, or the first cell of a combination.
    pub subject: i64,
    /// The other cells of a combination, joined by `|`.
    pub rest: String,
    /// When.
    pub window: String,
    /// First day; `None` without begin.
    pub from: Option<Day>,
    /// Last day; `None` without end.
    pub to: Option<Day>,
    /// Last day before it shuts.
    pub shut: Option<Day>,
    /// The state.
    pub state: State,
    /// The light.
    pub light: Light,
    /// 已补.
    pub late: bool,
    /// Of a closed subject.
    pub closed: bool,
    /// Exact values, joined by `; `.
    pub value: String,
    /// Exact targets, joined by `; `.
    pub target: String,
    /// States of the parts, joined by `; `.
    pub parts: String,
    /// Lights of the parts, joined by `; `.
    pub lights: String,
    /// Numerator and denominator of the first part.
    pub counted: (i64, i64),
    /// The subject's unit.
    pub unit: Option<i64>,
    /// Its organ.
    pub organ: Option<i64>,
    /// Settings missing, joined by `、`.
    pub unset: String,
}

/// What people see of a verdict first, as it is kept beside what changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// As [`State::as_str`].
    pub state: String,
    /// As [`Light::as_str`].
    pub light: String,
    /// 已补.
    pub late: bool,
    /// The exact values of its parts.
    pub value: String,
}

impl From<&Stored> for Face {
    fn from(v: &Stored) -> Face {
        Face { state: v.state.as_str().into(), light: v.light.as_str().into(), late: v.late, value: v.value.clone() }
    }
}

/// The cells of a subject behind the first, as verdicts are stored.
pub fn rest(subject: &[i64]) -> String {
    subject.iter().skip(1).map(i64::to_string).collect::<Vec<_>>().join("|")
}

impl Stored {
    /// A verdict on a requirement.
    pub fn of(requirement: &str, v: &Verdict) -> Stored {
        // A window that is only the day asked has no bounds of its own.
        let asked = matches!(&*v.window.label, "standing" | "once");
        let day = |d: Day| (d != Day::MIN && d != Day::MAX && !asked).then_some(d);
        Stored {
            requirement: requirement.to_owned(),
            subject: v.subject.first().copied().unwrap_or_default(),
            rest: rest(&v.subject),
            window: v.window.label.to_string(),
            from: day(v.window.from),
            to: day(v.window.to),
            shut: day(v.window.shut),
            state: v.state,
            light: v.light,
            late: v.late,
            closed: v.closed,
            value: v.value_text(),
            target: v.target_text(),
            parts: v.parts_text(),
            lights: v.parts.iter().map(|p| p.light.as_str()).collect::<Vec<_>>().join("; "),
            counted: v.parts.first().map_or((0, 0), |p| p.counted),
            unit: v.unit,
            organ: v.organ,
            unset: v.unset.join("、"),
        }
    }

    /// The columns in the order of [`Stored::read`].
    pub const COLUMNS: &str = "requirement, subject, rest, window_label, window_from, window_to, shut, state, light, \
        late, closed, value, target, parts, lights, num, den, unit_id, organ_id, unset";

    /// Reads a row of [`Stored::COLUMNS`].
    ///
    /// # Errors
    /// When a column does not hold what it should.
    pub fn read(r: &Row<'_>) -> anyhow::Result<Stored> {
        let text = |i| -> anyhow::Result<String> { Ok(r.text(i)?.to_owned()) };
        let day = |i| -> anyhow::Result<Option<Day>> { Ok(r.opt_text(i)?.and_then(Day::parse)) };
        Ok(Stored {
            requirement: text(0)?,
            subject: r.i64(1)?,
            rest: text(2)?,
            window: text(3)?,
            from: day(4)?,
            to: day(5)?,
            shut: day(6)?,
            state: State::parse(r.text(7)?).unwrap_or(State::Unknown),
            light: Light::parse(r.text(8)?).unwrap_or(Light::None),
            late: r.i64(9)? == 1,
            closed: r.i64(10)? == 1,
            value: text(11)?,
            target: text(12)?,
            parts: text(13)?,
            lights: text(14)?,
            counted: (r.i64(15)?, r.i64(16)?),
            unit: r.opt_i64(17)?,
            organ: r.opt_i64(18)?,
            unset: text(19)?,
        })
    }

    fn values(&self) -> Vec<Value> {
        let day = |d: Option<Day>| Value::from(d.map(|d| d.to_string()));
        vec![
            self.requirement.as_str().into(),
            self.subject.into(),
            self.rest.as_str().into(),
            self.window.as_str().into(),
            day(self.from),
            day(self.to),
            day(self.shut),
            self.state.as_str().into(),
            self.light.as_str().into(),
            i64::from(self.late).into(),
            i64::from(self.closed).into(),
            self.value.as_str().into(),
            self.target.as_str().into(),
            self.parts.as_str().into(),
            self.lights.as_str().into(),
            self.counted.0.into(),
            self.counted.1.into(),
            self.unit.into(),
            self.organ.into(),
            self.unset.as_str().into(),
        ]
    }

    /// The verdict as a leaf of a total.
    pub fn leaf(&self) -> Leaves {
        Leaves::one(self.state, self.light, self.closed, self.late, self.counted)
    }

    /// The first part's target, if it is a number.
    pub fn first_target(&self) -> Option<Ratio> {
        Ratio::parse(self.target.split("; ").next().unwrap_or_default())
    }

    fn key(&self) -> (String, i64, String, String) {
        (self.requirement.clone(), self.subject, self.rest.clone(), self.window.clone())
    }
}

/// The stored verdicts of a requirement on some subjects, or on all.
///
/// # Errors
/// When the store cannot be read.
pub fn of_requirement(tx: &mut Tx<'_>, requirement: &str, subject: Option<i64>) -> anyhow::Result<Vec<Stored>> {
    let mut params: Vec<Value> = vec![requirement.into()];
    params.extend(subject.map(Value::from));
    let one = if subject.is_some() { " and subject = $2" } else { "" };
    let sql = format!(
        "select {} from verdict where requirement = $1{one} order by subject, rest, window_label",
        Stored::COLUMNS
    );
    tx.rows(&sql, &params, Stored::read)
}

/// What a judgement changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Verdicts that do not stand any more.
    pub gone: Vec<Stored>,
    /// Verdicts that stand now.
    pub come: Vec<Stored>,
}

impl Replaced {
    /// How many rows were taken away and written.
    pub fn rows(&self) -> u64 {
        (self.gone.len() + self.come.len()) as u64
    }

    /// Adds what another judgement changed.
    pub fn extend(&mut self, other: Replaced) {
        self.gone.extend(other.gone);
        self.come.extend(other.come);
    }
}

/// Puts new verdicts of a requirement in the place of the old ones; only what differs is written.
///
/// # Errors
/// When the store cannot be written.
pub fn replace(tx: &mut Tx<'_>, old: &[Stored], new: &[Stored]) -> anyhow::Result<Replaced> {
    let (gone, come) = differing(old.to_vec(), new.to_vec());
    for o in &gone {
        tx.execute(
            "delete from verdict where requirement = $1 and subject = $2 and rest = $3 and window_label = $4",
            &[o.requirement.as_str().into(), o.subject.into(), o.rest.as_str().into(), o.window.as_str().into()],
        )?;
    }
    insert(tx, &come.iter().collect::<Vec<_>>())?;
    let mut changes = Changes::default();
    gone.iter().for_each(|o| changes.count(o, -1));
    come.iter().for_each(|n| changes.count(n, 1));
    changes.write(tx)?;
    Ok(Replaced { gone, come })
}

/// Of the old rows those that do not stand any more, of the new those that do not stand yet.
pub fn differing(old: Vec<Stored>, new: Vec<Stored>) -> (Vec<Stored>, Vec<Stored>) {
    let mut by_key: HashMap<(String, i64, String, String), Stored> = old.into_iter().map(|o| (o.key(), o)).collect();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for n in new {
        match by_key.remove(&n.key()) {
            Some(o) if o == n => {}
            Some(o) => {
                gone.push(o);
                come.push(n);
            }
            None => come.push(n),
        }
    }
    gone.extend(by_key.into_values());
    (gone, come)
}

fn insert(tx: &mut Tx<'_>, rows: &[&Stored]) -> anyhow::Result<()> {
    let columns: Vec<&str> = Stored::COLUMNS.split(',').map(str::trim).collect();
    let values: Vec<Vec<Value>> = rows.iter().map(|r| r.values()).collect();
    tx.bulk("verdict", &columns, values.iter().map(Vec::as_slice))?;
    Ok(())
}

/// Which row of the counts: requirement, window, organ and state.
pub(super) type CountKey = (String, String, i64, String);

/// Changes of the counts.
#[derive(Default)]
pub(super) struct Changes {
    by: BTreeMap<CountKey, Change>,
}

#[derive(Default)]
struct Change {
    sums: Sums,
    shut: Option<Day>,
    target: String,
}

/// What a row of the counts adds up: how many, numerators, denominators, late ones, those behind, red ones.
pub(super) type Sums = [i64; 6];

impl Changes {
    pub(super) fn count(&mut self, v: &Stored, sign: i64) {
        let state = if v.closed { format!("{CLOSED}{}", v.state.as_str()) } else { v.state.as_str().to_owned() };
        let change = self.by.entry((v.requirement.clone(), v.window.clone(), v.organ.unwrap_or(0), state)).or_default();
        let leaf = v.leaf();
        let more = [leaf.n, leaf.counted.0, leaf.counted.1, leaf.late, leaf.behind, leaf.red];
        change.sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += sign * n);
        if sign > 0 {
            (change.shut, change.target) = (v.shut, v.target.clone());
        }
    }

    /// The sums that are not nothing.
    pub(super) fn sums(self) -> BTreeMap<CountKey, Sums> {
        self.by.into_iter().map(|(key, c)| (key, c.sums)).filter(|(_, sums)| *sums != Sums::default()).collect()
    }

    pub(super) fn write(self, tx: &mut Tx<'_>) -> anyhow::Result<()> {
        for ((requirement, window, organ, state), c) in self.by {
            if c.sums == Sums::default() {
                continue;
            }
            let [n, num, den, late, behind, red] = c.sums;
            tx.execute(
                "insert into verdict_tally (requirement, window_label, organ_id, state, shut, n, num, den, late, behind, red, target) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                 on conflict (requirement, window_label, organ_id, state) do update set \
                 n = verdict_tally.n + excluded.n, num = verdict_tally.num + excluded.num, \
                 den = verdict_tally.den + excluded.den, late = verdict_tally.late + excluded.late, \
                 behind = verdict_tally.behind + excluded.behind, red = verdict_tally.red + excluded.red, \
                 shut = case when excluded.target <> '' then excluded.shut else verdict_tally.shut end, \
                 target = case when excluded.target <> '' then excluded.target else verdict_tally.target end",
                &[
                    requirement.into(),
                    window.into(),
                    organ.into(),
                    state.into(),
                    c.shut.map(|d| d.to_string()).into(),
                    n.into(),
                    num.into(),
                    den.into(),
                    late.into(),
                    behind.into(),
                    red.into(),
                    c.target.into(),
                ],
            )?;
        }
        Ok(())
    }
}

/// Counts of one requirement in one window, whole or of one organ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Table id.
    pub requirement: String,
    /// Window.
    pub window: String,
    /// Organ; 0 for subjects without a unit.
    pub organ: i64,
    /// Last day before the window shuts.
    pub shut: Option<Day>,
    /// The counts.
    pub tally: Tally,
    /// Figures in it.
    pub figures: i64,
    /// The requirement's own target, for `pool`.
    pub target: Option<Ratio>,
}

impl Counted {
    fn count(&mut self, leaves: &Leaves) {
        self.tally.count(leaves);
        self.figures += if leaves.state == State::Figure && !leaves.closed { leaves.n } else { 0 };
    }
}

/// All counts, by requirement, window and organ.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, requirement: Option<&str>, organ: Option<i64>) -> anyhow::Result<Vec<Counted>> {
    let mut filter = String::from("n <> 0");
    let mut params: Vec<Value> = Vec::new();
    if let Some(id) = requirement {
        params.push(id.into());
        filter.push_str(&format!(" and requirement = ${}", params.len()));
    }
    if let Some(id) = organ {
        params.push(id.into());
        filter.push_str(&format!(" and organ_id = ${}", params.len()));
    }
    let sql = format!(
        "select requirement, window_label, organ_id, state, shut, n, num, den, late, behind, target, red from verdict_tally \
         where {filter} order by requirement, window_label, organ_id"
    );
    let mut found: Vec<Counted> = Vec::new();
    tx.each(&sql, &params, |r| {
        let (requirement, window, organ) = (r.text(0)?, r.text(1)?, r.i64(2)?);
        let same = |c: &Counted| c.requirement == requirement && c.window == window && c.organ == organ;
        if !found.last().is_some_and(same) {
            found.push(Counted {
                requirement: requirement.to_owned(),
                window: window.to_owned(),
                organ,
                shut: r.opt_text(4)?.and_then(Day::parse),
                ..Counted::default()
            });
        }
        let Some(c) = found.last_mut() else { return Ok(()) };
        let leaves = leaves(r)?;
        c.count(&leaves);
        if !leaves.closed && !matches!(leaves.state, State::Na | State::Figure) {
            c.target = c.target.or(Ratio::parse(r.text(10)?.split("; ").next().unwrap_or_default()));
        }
        Ok(())
    })?;
    Ok(found)
}

/// What a row of the counts holds, in the columns of [`counts`].
fn leaves(r: &Row<'_>) -> anyhow::Result<Leaves> {
    let text = r.text(3)?;
    let (closed, state) = text.strip_prefix(CLOSED).map_or((false, text), |state| (true, state));
    Ok(Leaves {
        state: State::parse(state).with_context(|| format!("verdict_tally holds the state {text}"))?,
        closed,
        n: r.i64(5)?,
        counted: (r.i64(6)?, r.i64(7)?),
        late: r.i64(8)?,
        behind: r.i64(9)?,
        red: r.i64(11)?,
    })
}

/// A stored target for `pool`, which is always a lower bound unless the requirement says otherwise.
pub fn pool_target(op: TargetOp, value: Ratio) -> TargetNow {
    TargetNow { op, value, upper: value, whole: None }
}

/// The counts of some verdicts, for a unit below its organ.
pub fn count_again<'v>(verdicts: impl Iterator<Item = &'v Stored>) -> Vec<Counted> {
    let mut by: BTreeMap<(String, String), Counted> = BTreeMap::new();
    for v in verdicts.filter(|v| !v.closed) {
        let c = by.entry((v.requirement.clone(), v.window.clone())).or_insert_with(|| Counted {
            requirement: v.requirement.clone(),
            window: v.window.clone(),
            shut: v.shut,
            target: v.first_target(),
            ..Counted::default()
        });
        c.count(&v.leaf());
    }
    by.into_values().collect()
}
