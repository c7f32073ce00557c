//! Totals of a unit, a district, the system: always from leaf verdicts of one window, never means of means (section 5).

use super::{
    judge::{State, TargetNow, Verdict},
    light::Light,
};
use crate::{directive::model::Rollup, ratio::Ratio};

/// Leaf verdicts of one requirement in one window, counted by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// 达标.
    pub pass: i64,
    /// 未达标.
    pub fail: i64,
    /// 进行中.
    pub open: i64,
    /// 不适用.
    pub na: i64,
    /// 数据不足.
    pub unknown: i64,
    /// Passes of closed subjects, by their last verdict, for `count met`.
    pub closed_pass: i64,
    /// Closed subjects of which the last verdict was open.
    pub closed_open: i64,
    /// Closed subjects of which the last verdict was unknown.
    pub closed_unknown: i64,
    /// Σ numerators and Σ denominators as counted.
    pub num: i64,
    /// See `num`.
    pub den: i64,
    /// Fails made good since.
    pub late: i64,
    /// Open verdicts with a yellow or red light.
    pub behind: i64,
    /// Open verdicts with a red light.
    pub red: i64,
}

/// A total.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// State of the total.
    pub state: State,
    /// Its value; `None` if there is none.
    pub value: Option<Ratio>,
    /// Its target.
    pub target: Option<Ratio>,
}

/// Leaf verdicts that are alike in state: one, or as many as a row of counts holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaves {
    /// Their state.
    pub state: State,
    /// Of closed subjects.
    pub closed: bool,
    /// How many.
    pub n: i64,
    /// Σ numerators and Σ denominators of their first parts.
    pub counted: (i64, i64),
    /// Of them made good since.
    pub late: i64,
    /// Of them open with a yellow or red light.
    pub behind: i64,
    /// Of them open with a red light.
    pub red: i64,
}

impl Leaves {
    /// One verdict.
    pub fn one(state: State, light: Light, closed: bool, late: bool, counted: (i64, i64)) -> Leaves {
        let open = |from: Light| i64::from(state == State::Open && light >= from);
        Leaves {
            state,
            closed,
            n: 1,
            counted,
            late: i64::from(late),
            behind: open(Light::Yellow),
            red: open(Light::Red),
        }
    }
}

impl Tally {
    /// Counts leaves: of closed subjects how many may yet be met, of figures nothing, of 不适用 how many.
    pub fn count(&mut self, leaves: &Leaves) {
        let n = match (leaves.closed, leaves.state) {
            (true, State::Pass) => &mut self.closed_pass,
            (true, State::Open) => &mut self.closed_open,
            (true, State::Unknown) => &mut self.closed_unknown,
            (true, State::Fail | State::Na) | (_, State::Figure) => return,
            (false, State::Pass) => &mut self.pass,
            (false, State::Fail) => &mut self.fail,
            (false, State::Open) => &mut self.open,
            (false, State::Na) => &mut self.na,
            (false, State::Unknown) => &mut self.unknown,
        };
        *n += leaves.n;
        if leaves.closed || leaves.state == State::Na {
            return;
        }
        self.num += leaves.counted.0;
        self.den += leaves.counted.1;
        self.late += leaves.late;
        self.behind += leaves.behind;
        self.red += leaves.red;
    }

    /// Counts a verdict.
    pub fn add(&mut self, v: &Verdict) {
        let counted = v.parts.first().map_or((0, 0), |p| p.counted);
        self.count(&Leaves::one(v.state, v.light, v.closed, v.late, counted));
    }

    /// Takes in another tally.
    pub fn merge(&mut self, o: &Tally) {
        self.pass += o.pass;
        self.fail += o.fail;
        self.open += o.open;
        self.na += o.na;
        self.unknown += o.unknown;
        self.closed_pass += o.closed_pass;
        self.closed_open += o.closed_open;
        self.closed_unknown += o.closed_unknown;
        self.num += o.num;
        self.den += o.den;
        self.late += o.late;
        self.behind += o.behind;
        self.red += o.red;
    }

    /// Leaves that are judged: all but 不适用.
    pub fn judged(&self) -> i64 {
        self.pass + self.fail + self.open + self.unknown
    }
}

/// The total of a tally; `target` is the requirement's own in that window, for `pool`.
pub fn total(rollup: &Rollup, tally: &Tally, target: Option<&TargetNow>) -> Option<Total> {
    match rollup {
        Rollup::None => None,
        Rollup::CountMet(n) => {
            let least = tally.pass + tally.closed_pass;
            let open = tally.open + tally.closed_open;
            let greatest = least + open + tally.unknown + tally.closed_unknown;
            let state = match () {
                () if least >= *n => State::Pass,
                () if greatest < *n => State::Fail,
                () if open > 0 => State::Open,
                () => State::Unknown,
            };
            Some(Total { state, value: Some(Ratio::whole(least)), target: Some(Ratio::whole(*n)) })
        }
        Rollup::ShareMet => {
            let state = match tally {
                t if t.judged() == 0 => State::Na,
                t if t.fail > 0 => State::Fail,
                t if t.open > 0 => State::Open,
                t if t.unknown > 0 => State::Unknown,
                _ => State::Pass,
            };
            Some(Total { state, value: Ratio::new(tally.pass, tally.judged()), target: Some(Ratio::ONE) })
        }
        Rollup::Pool => {
            let value = Ratio::new(tally.num, tally.den);
            let met = target.zip(value).and_then(|(t, v)| t.met(Some(v), Some(v)));
            let state = match (tally, met) {
                (t, _) if t.judged() == 0 => State::Na,
                (t, _) if t.open > 0 => State::Open,
                (_, None) => State::Unknown,
                // An unknown leaf keeps the pool from passing, not from failing.
                (t, Some(true)) if t.unknown > 0 => State::Unknown,
                (_, Some(true)) => State::Pass,
                (_, Some(false)) => State::Fail,
            };
            Some(Total { state, value, target: target.map(|t| t.value) })
        }
    }
}
