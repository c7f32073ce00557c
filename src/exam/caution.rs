//! When the figures of a table mean little or nothing: told beside them, so that nobody takes them for more than they are.

use serde::Serialize;

use super::{
    irt::{Calibration, ItemFit, Model, REACH},
    items::{Analysis, Item, Warning},
};

/// Persons for Rasch's model, and for discrimination and reliability: with 30 a difficulty is known to about one standard
/// deviation of ability, a correlation to about 0.2 (Linacre 1994).
pub const FEWEST: u64 = 30;
/// Persons where each question has a slope of its own (Drasgow 1989).
pub const FEWEST_SLOPES: u64 = 200;
/// A standard error beyond this, of a slope or a difficulty, leaves nothing of the estimate: one standard deviation of ability.
pub const LARGEST_ERROR: f64 = 1.0;
/// The same of a reliability.
pub const LARGEST_ALPHA_ERROR: f64 = 0.2;
/// A slope beyond this is no question's: the search ran away.
pub const STEEP: f64 = 5.0;

/// Something to know before a figure is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caution {
    /// Which, for programs; `docs/EXAM.md` has all of them.
    pub warning: &'static str,
    /// The questions that are meant; empty where it is said of all figures.
    pub items: Vec<String>,
    /// In words.
    pub text: String,
}

/// Collects what holds.
#[derive(Default)]
struct Cautions(Vec<Caution>);

impl Cautions {
    fn all(&mut self, holds: bool, warning: &'static str, text: impl FnOnce() -> String) {
        if holds {
            self.0.push(Caution { warning, items: Vec::new(), text: text() });
        }
    }

    fn of<'a>(&mut self, names: impl Iterator<Item = &'a String>, warning: &'static str, text: &str) {
        let items: Vec<String> = names.cloned().collect();
        if !items.is_empty() {
            let text = format!("{text}：{}", items.join("、"));
            self.0.push(Caution { warning, items, text });
        }
    }
}

/// What to know of a calibration.
pub fn of_calibration(c: &Calibration) -> Vec<Caution> {
    let mut all = Cautions::default();
    all.all(!c.converged, "not_converged", || {
        "没有收敛，表中的数值不是估计值。题目或作答太少，或有题目区分不出水平；可改用 1pl，或去掉这样的题目".into()
    });
    let (fewest, model) = match c.model {
        Model::Rasch => (FEWEST, "1PL"),
        Model::TwoPl => (FEWEST_SLOPES, "2PL"),
    };
    all.all(c.persons < fewest, "few_persons", || {
        format!("只有{}人作答，{model} 至少要{fewest}人，估计值才有参考意义", c.persons)
    });
    let named = |holds: &dyn Fn(&ItemFit) -> bool| -> Vec<&String> {
        c.items.iter().filter(|i| holds(i)).map(|i| &i.name).collect()
    };
    let few = named(&|i| c.persons >= fewest && i.answered < fewest);
    all.of(few.into_iter(), "few_answers", &format!("作答不足{fewest}人的题目，估计值没有参考意义"));
    all.of(c.left_out.iter(), "constant", "全对、全错或无人作答，没有标定的题目");
    let beyond = named(&|i| i.difficulty.is_nan() || i.difficulty.abs() > REACH || i.slope.abs() > STEEP);
    let text = format!("难度在-{REACH}至{REACH}之外或斜率超过{STEEP}，超出能力的范围，不能当作估计值的题目");
    all.of(beyond.into_iter(), "out_of_range", &text);
    all.of(named(&|i| c.converged && i.slope <= 0.0).into_iter(), "negative_slope", "斜率不是正数，疑似答案有误的题目");
    let wide = |error: Option<f64>| error.is_none_or(|e| e.is_nan() || e > LARGEST_ERROR);
    let errors = named(&|i| c.converged && (wide(i.slope_se) || wide(i.difficulty_se)));
    let text = format!("斜率或难度的标准误大于{LARGEST_ERROR}（能力的一个标准差）或算不出来，估计值没有参考意义的题目");
    all.of(errors.into_iter(), "large_error", &text);
    all.0
}

/// What to know of an item analysis; what is to be looked at in single questions stands with them.
pub fn of_analysis(a: &Analysis) -> Vec<Caution> {
    let mut all = Cautions::default();
    all.all(a.persons < FEWEST, "few_persons", || {
        format!("只有{}人作答，不足{FEWEST}人：区分度和信度随个别人的作答变动，没有参考意义", a.persons)
    });
    all.all(a.persons >= FEWEST && a.complete < FEWEST, "few_complete", || {
        format!("各题都有作答的只有{}人，不足{FEWEST}人：平均分、标准差和信度没有参考意义", a.complete)
    });
    let named = |holds: &dyn Fn(&Item) -> bool| -> Vec<&String> {
        a.items.iter().filter(|i| holds(i)).map(|i| &i.name).collect()
    };
    all.of(named(&|i| i.answered == 0).into_iter(), "no_answers", "无人作答的题目");
    let constant = named(&|i| i.warnings.contains(&Warning::Constant));
    all.of(constant.into_iter(), "constant", "全对或全错，没有区分度的题目");
    let few = named(&|i| a.persons >= FEWEST && (1..FEWEST).contains(&i.answered));
    all.of(few.into_iter(), "few_answers", &format!("作答不足{FEWEST}人，区分度没有参考意义的题目"));
    all.all(a.alpha.is_none(), "no_alpha", || {
        "信度算不出来：各题都有作答的不足2人，题目不足2道，或者这些人总分都相同".into()
    });
    all.all(a.alpha.is_some_and(|alpha| alpha < 0.0), "negative_alpha", || {
        "信度为负：各题没有共同测到一样东西，或者作答太少；信度和测量标准误没有意义".into()
    });
    all.all(a.alpha_se.is_some_and(|error| error > LARGEST_ALPHA_ERROR), "large_alpha_error", || {
        format!("信度的标准误大于{LARGEST_ALPHA_ERROR}，信度没有参考意义")
    });
    all.0
}
