//! A record that a small form asks for, by the pickers of the record forms: looked for by name, initials or number among
//! those in scope, offered to be picked.

use super::{app::App, frame::Desk, post::Seat, record_form::Filled, record_pick, view::record_form::Pick};
use crate::{
    db::Tx,
    form::{self, Around, At, Control, Group, Input, Plan, Typed},
    scope::Scope,
};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Under which name it is posted.
    pub(super) key: &'static str,
    /// What it is called.
    pub(super) title: &'static str,
    /// The ledger that it is looked for in.
    pub(super) ledger: &'static str,
    /// It must be filled.
    pub(super) required: bool,
}

/// What was posted.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// The record; with neither it nor something wrong nothing was asked for.
    pub(super) id: Option<i64>,
    /// What is wrong.
    pub(super) wrong: Option<String>,
    /// How it is shown again.
    pub(super) pick: Pick,
    /// 查找 was pressed: nothing is to be done yet.
    pub(super) find: bool,
}

impl Asked {
    fn plan(self) -> Plan {
        let input = Input {
            at: At::Unit,
            key: self.key.into(),
            title: self.title.into(),
            hint: String::new(),
            required: self.required,
            judged: String::new(),
            control: Control::Pick(self.ledger.into()),
        };
        Plan { groups: vec![Group { inputs: vec![input], ..Group::default() }], ..Plan::default() }
    }
}

/// A picker in which a record stands already, or none.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn blank(desk: &mut Desk<'_, '_>, app: &App, asked: Asked, id: Option<i64>) -> anyhow::Result<Pick> {
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let directory = app.directory.of(desk.tx)?;
    let around = Around { current: &current, directory: &directory, scope: &scope, today: desk.now.day };
    let mut filled = Filled::default();
    filled.typed.pick(asked.key, id);
    shown(desk.tx, &around, &asked.plan(), &filled)
}

/// Reads what was posted, among the records that a scope reaches.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn read(seat: &Seat, scope: &Scope, asked: Asked) -> anyhow::Result<Picked> {
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let directory = seat.app.directory.of(tx)?;
        let around = Around { current: &current, directory: &directory, scope, today: seat.now.day };
        let plan = asked.plan();
        let here = Some(seat.fields.get("find")).filter(|f| *f == asked.key).unwrap_or_default().to_owned();
        let mut filled = Filled { typed: Typed::of(&plan, seat.fields.pairs()), here, ..Filled::default() };
        let before = filled.typed.picked(asked.key);
        let (hits, mut faults) = record_pick::pick(tx, &around, &plan, &mut filled.typed)?;
        // Looked for in vain, what stood there stays.
        if !filled.here.is_empty() && hits.get(asked.key).is_some_and(|h| h.total == 0) {
            filled.typed.pick(asked.key, before);
        }
        filled.hits = hits;
        let id = filled.typed.picked(asked.key);
        let find = !filled.here.is_empty();
        let nothing = asked.required && id.is_none() && faults.is_empty();
        let nothing = nothing.then(|| format!("{}：请填写名称或编号，查找后选定。", asked.title));
        let wrong = faults.pop().map(|f| f.text).or(nothing).filter(|_| !find);
        Ok(Picked { id, wrong, pick: shown(tx, &around, &plan, &filled)?, find })
    })
}

fn shown(tx: &mut Tx<'_>, around: &Around<'_>, plan: &Plan, filled: &Filled) -> anyhow::Result<Pick> {
    let Some(input) = plan.inputs().next() else { return Ok(Pick::default()) };
    let form::Control::Pick(to) = &input.control else { return Ok(Pick::default()) };
    record_pick::picker(tx, around, input, to, filled)
}
