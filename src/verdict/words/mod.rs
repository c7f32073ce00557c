//! Says a requirement, a verdict and its explanation in official plain Chinese.
//!
//! Pure functions over data: nothing is judged here and nothing is read. They know no requirement and no package;
//! titles of ledgers and fields come from the definitions, the words for units of counting from [`noun`].

pub mod fate;
pub mod lead;
pub mod mend;
pub mod noun;
pub mod number;
pub mod period;
pub mod rule;
pub mod scale;
pub mod short;
pub mod state;
pub mod sum;
pub mod total;

mod clause;
mod reason;
mod rows;

use super::{
    compile::Given,
    engine::Engine,
    world::{Layout, PERSON, UNIT},
};
use crate::directive::{
    model::{Count, Each, Requirement, Slots},
    setting_title,
};

pub use fate::{Fated, fate};
pub use lead::lead;
pub use mend::{Doing, Mend, Mends, needs};
pub use noun::subject_kind;
pub use period::{when, window_name};
pub use rule::{Fact, act_words, due_words, facts, rule};
pub use scale::{Scale, scale, target, value};
pub use short::short_rule;
pub use state::{light_word, state_word};
pub use sum::{Sum, Term, sums};
pub use total::{rollup, state_sentence};

/// A requirement with what its words rest on: the definitions of the ledgers, the settings in force.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Ledgers with their titles.
    pub layout: &'a Layout,
    /// Settings and slots in force.
    pub given: &'a Given,
    /// The requirement.
    pub requirement: &'a Requirement,
}

impl<'a> Context<'a> {
    /// A requirement as it stands in a package.
    pub fn new(layout: &'a Layout, given: &'a Given, requirement: &'a Requirement) -> Context<'a> {
        Context { layout, given, requirement }
    }

    /// The requirement at this position among the compiled ones.
    pub fn of(engine: &'a Engine, i: usize) -> Context<'a> {
        Context::new(&engine.layout, &engine.given, &engine.compiled[i].requirement)
    }

    /// Position of the subjects' ledger; units for the system.
    fn table(&self) -> usize {
        match &self.requirement.each {
            Each::System | Each::Unit => UNIT,
            Each::Person => PERSON,
            Each::Ledger(name) => self.layout.index(name).unwrap_or(UNIT),
        }
    }

    /// A number of days and the setting it stands in: `15日（设定“培训班结束后几日内录成绩”）`.
    fn days(&self, count: &Count) -> String {
        match count {
            Count::Days(n) => format!("{n}日"),
            Count::Setting(name) => match self.given.whole(name) {
                Some(n) => format!("{n}日（{}）", setting(name)),
                None => format!("若干日（{}，尚未设定）", setting(name)),
            },
        }
    }

    /// The slots on which the targets rest.
    fn slots(&self) -> Option<(&'a str, &'a Slots)> {
        let name = self.requirement.slots.as_deref()?;
        self.given.slots.get(name).map(|slots| (name, slots))
    }

    /// The slots, if not all are named yet.
    fn open_slots(&self) -> Option<(&'a str, &'a Slots)> {
        self.slots().filter(|(_, slots)| (slots.named.len() as i64) < slots.size)
    }
}

/// A setting by its title: `设定“闭卷测试合格分”`.
fn setting(name: &str) -> String {
    format!("设定“{}”", setting_title(name))
}

/// `①` for the first part; nothing where there is only one.
fn ordinal(ctx: Context<'_>, i: usize) -> String {
    let several = ctx.requirement.parts.len() > 1;
    "①②③④⑤⑥⑦⑧⑨⑩".chars().nth(i).filter(|_| several).map_or_else(String::new, String::from)
}
