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

impl Tally {
    /// Counts a leaf.
    pub fn add(&mut self, v: &Verdict) {
        if v.closed {
            return self.add_closed(v.state, 1);
        }
        match v.state {
            State::Pass => self.pass += 1,
            State::Fail => self.fail += 1,
            State::Open => self.open += 1,
            State::Na => self.na += 1,
            State::Unknown => self.unknown += 1,
            State::Figure => return,
        }
        if let (false, Some(part)) = (v.state == State::Na, v.parts.first()) {
            self.num += part.counted.0;
            self.den += part.counted.1;
        }
        self.late += i64::from(v.late);
        self.behind += i64::from(v.state == State::Open && v.light >= Light::Yellow);
        self.red += i64::from(v.state == State::Open && v.light == Light::Red);
    }

    /// Counts subjects that have closed, by their last verdict.
    pub fn add_closed(&mut self, state: State, n: i64) {
        match state {
            State::Pass => self.closed_pass += n,
            State::Open => self.closed_open += n,
            State::Unknown => self.closed_unknown += n,
            State::Fail | State::Na | State::Figure => {}
        }
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
