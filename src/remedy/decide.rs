//! What persons do with a remedy: confirm it, drop it, say what was done. Nobody closes one.

use serde_json::json;

use crate::{
    audit::{self, About, Kind},
    auth::account::Refused,
    day::Day,
    db::Tx,
    scope::Actor,
};

use super::{
    model::{Event, State, Step, step},
    store::{self, Remedy, Told, plain, tell},
};

/// Most characters of a reason, and of what was done.
pub const LONGEST: usize = 500;

/// A person's word on a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It takes effect.
    Confirm {
        /// Last day.
        due: Day,
        /// Record id of who is responsible.
        person: i64,
        /// Why.
        reason: String,
    },
    /// It does not.
    Drop {
        /// Why.
        reason: String,
    },
    /// Something was done.
    Act {
        /// When.
        day: Day,
        /// What.
        text: String,
    },
}

impl Word {
    fn event(&self) -> Event {
        match self {
            Word::Confirm { .. } => Event::Confirm,
            Word::Drop { .. } => Event::Drop,
            Word::Act { .. } => Event::Act,
        }
    }

    fn told(&self, actor: &Actor) -> Told {
        match self {
            Word::Confirm { due, person, reason } => {
                Told { day: Some(*due), person: Some(*person), ..plain(actor, "confirm", reason) }
            }
            Word::Drop { reason } => plain(actor, "drop", reason),
            Word::Act { day, text } => Told { day: Some(*day), ..plain(actor, "act", text) },
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Word::Confirm { .. } => "确认改进措施",
            Word::Drop { .. } => "不采用改进措施",
            Word::Act { .. } => "记录改进措施的办理情况",
        }
    }
}

/// Takes a person's word and logs it.
///
/// # Errors
/// [`Refused`] when the remedy does not stand so that this can be done to it, which another may have changed meanwhile;
/// else when the store cannot be written.
pub fn say(tx: &mut Tx<'_>, actor: &Actor, id: i64, word: &Word) -> anyhow::Result<()> {
    let remedy = store::get(tx, id)?.ok_or_else(|| Refused("没有这项措施。".into()))?;
    let next = match step(remedy.state, remedy.escalated.is_some(), word.event()) {
        Step::To(next) => next,
        Step::Notes => remedy.state,
        Step::Stays | Step::Escalates | Step::Refused => return Err(too_late(remedy.state).into()),
    };
    if matches!(word, Word::Act { .. }) {
        // A later period that is met may now close it. Told first, as who looks takes the news before the remedy.
        super::patrol::ask_again(tx, &remedy)?;
    }
    if !store::set_state(tx, &remedy, next)? {
        // Another was faster since it was read.
        let now = store::get(tx, id)?.map_or(remedy.state, |now| now.state);
        return Err(too_late(now).into());
    }
    set(tx, &remedy, word)?;
    let told = word.told(actor);
    tell(tx, actor, id, &told)?;
    let payload = json!({
        "title": format!("{}（第{id}号）", word.title()), "remedy": id, "requirement": remedy.requirement,
        "window": remedy.window, "due": told.day.map(|d| d.to_string()), "text": told.text,
    });
    let about = About { unit: remedy.unit, persons: told.person.into_iter().collect(), ..About::default() };
    audit::note_of(tx, actor, Kind::Remedy, payload, about);
    Ok(())
}

fn set(tx: &mut Tx<'_>, remedy: &Remedy, word: &Word) -> anyhow::Result<()> {
    match word {
        Word::Confirm { due, person, .. } => {
            let sql = "update remedy set due = $2, person_id = $3 where row_id = $1";
            tx.execute(sql, &[remedy.id.into(), (*due).into(), (*person).into()])?;
        }
        Word::Act { day, .. } => {
            // By the first, so that who does more is not closed later.
            let first = remedy.acted.map_or(*day, |before| before.min(*day));
            tx.execute("update remedy set acted_on = $2 where row_id = $1", &[remedy.id.into(), first.into()])?;
        }
        Word::Drop { .. } => {}
    }
    Ok(())
}

fn too_late(state: State) -> Refused {
    let why = match state {
        State::Draft => "这项措施还没有确认，先确认或不采用。",
        State::Active => "这项措施已经有人确认了。",
        State::Closed => "这项措施已随判定办结。",
        State::Dropped => "这项措施已经有人决定不采用。",
        State::Withdrawn => "判定已经转好，这份草稿已自动撤销，不必再决定。",
    };
    Refused(why.into())
}
