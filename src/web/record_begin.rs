//! What stands in the form of a new record: from the day and the writer, from the record before it, from the address.

use super::{
    asked,
    dashboard::named,
    frame::{Ask, Desk},
    ledger_typed::record_of,
    record_form::Filled,
    record_saved,
    view::{url::Query as Address, verdict, words::Link},
};
use crate::{
    directive::model::{FieldType, Ledger},
    form::{At, Control, Plan, Typed, told},
    ledger::query::{self, Filter, Query},
    verdict::{window::is_label, words::window_name},
};

/// The verdict for whose sake a form was opened: requirement, subject, window. No field may begin so.
const VERDICT: [&str; 3] = ["_requirement", "_subject", "_window"];
/// The key of the form before this one, where somebody goes on with another record.
const SAVED: &str = "saved";

/// The address of a form that is to mend a verdict.
pub(super) fn address(ledger: &Ledger, verdict: [&str; 3]) -> Address {
    let blank = Address::new(format!("/ledgers/{}/new", ledger.name));
    VERDICT.iter().zip(verdict).fold(blank, |address, (key, value)| address.with(key, value))
}

/// Where a form is posted to: what it was opened for goes along.
pub(super) fn action(ask: &Ask, ledger: &Ledger) -> String {
    let blank = Address::new(format!("/ledgers/{}/new", ledger.name));
    kept(ask, blank).href()
}

/// Where the form of the next record is, after one that was saved under this key.
pub(super) fn again(ask: &Ask, ledger: &str, once: &str) -> String {
    kept(ask, Address::new(format!("/ledgers/{ledger}/new"))).with(SAVED, once).href()
}

fn kept(ask: &Ask, address: Address) -> Address {
    VERDICT.iter().filter_map(|key| Some((key, ask.get(key)?))).fold(address, |a, (key, value)| a.with(key, value))
}

/// The verdict for whose sake the form was opened, by the requirement and the window: whose it is stands in the form.
pub(super) fn wanted(desk: &Desk<'_, '_>) -> Option<Link> {
    let [requirement, subject, window] = VERDICT.map(|key| desk.ask.get(key));
    let (engine, window) = (&desk.current.engine, window.filter(|w| is_label(w))?);
    let (code, title) = named(engine, engine.position(requirement?)?);
    let text = format!("{code} {}　{}", title.text, window_name(window));
    Some(Link::new(text, verdict::href(requirement?, subject?, window)))
}

/// A form as it is opened: an event happened today and the unit is the writer's if there is but one; then what the record
/// before it had for what it belongs to; then what the address says, an empty value taking away what would stand there.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn filled(desk: &mut Desk<'_, '_>, table: usize, plan: &Plan) -> anyhow::Result<Filled> {
    let mut known: Vec<&str> = plan.inputs().map(|i| bare(&i.key)).collect();
    known.extend(VERDICT);
    known.push(SAVED);
    asked::keys(desk, &known);
    let current = desk.current.clone();
    let ledger = &current.engine.layout.ledgers[table];
    let mut filled = Filled::default();
    begin(desk, ledger, plan, &mut filled.typed)?;
    if let Some(once) = desk.ask.get(SAVED).map(str::to_owned) {
        filled.said = record_saved::before(desk, ledger, &once)?;
        go_on(desk, ledger, plan, &once, &mut filled.typed)?;
    }
    from_address(desk, plan, &mut filled.typed)?;
    Ok(filled)
}

/// The name of a field in an address.
fn bare(key: &str) -> &str {
    key.strip_prefix("f.").unwrap_or(key)
}

fn begin(desk: &Desk<'_, '_>, ledger: &Ledger, plan: &Plan, typed: &mut Typed) -> anyhow::Result<()> {
    if let (Some(day), None) = (ledger.opening(), ledger.closing()) {
        typed.put(&format!("f.{day}"), desk.now.day.to_string());
    }
    let mut units: Vec<i64> = desk.reader()?.held.iter().filter_map(|h| h.unit).collect();
    units.dedup();
    if let ([unit], true) = (units.as_slice(), plan.inputs().any(|i| i.key == "unit")) {
        typed.pick("unit", Some(*unit));
    }
    Ok(())
}

/// What the next record belongs to is most likely what the last one did: records and units that it refers to, its unit.
/// Whom it is about, when it was and what happened is another matter each time.
fn go_on(desk: &mut Desk<'_, '_>, ledger: &Ledger, plan: &Plan, once: &str, typed: &mut Typed) -> anyhow::Result<()> {
    let account = desk.reader()?.account;
    let known = if once.contains('\0') { None } else { told(desk.tx, once, account)? };
    let Some((record, _)) = known else { return Ok(()) };
    let query = Query { filters: vec![Filter::Records([record].into())], ..Query::default() };
    let rows = query::list(desk.tx, ledger, &desk.scope, &query, (1, 0))?;
    let Some(row) = rows.first() else { return Ok(()) };
    for input in plan.inputs() {
        let picked = match input.at {
            At::Unit => row.unit,
            At::Field(i) if matches!(ledger.fields[i].ty, FieldType::Ref(_) | FieldType::Unit) => {
                row.values[i].as_i64()
            }
            At::Field(_) | At::Code => None,
        };
        if picked.is_some() {
            typed.pick(&input.key, picked);
        }
    }
    Ok(())
}

fn from_address(desk: &mut Desk<'_, '_>, plan: &Plan, typed: &mut Typed) -> anyhow::Result<()> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    for input in plan.inputs() {
        let said = desk.ask.url.pairs.iter().find(|(key, _)| key == bare(&input.key)).map(|(_, value)| value.clone());
        let Some(text) = said else { continue };
        match &input.control {
            Control::Pick(to) => {
                if let Some(target) = layout.index(to) {
                    let id = record_of(desk, &layout.ledgers[target], &text)?;
                    typed.pick(&input.key, id);
                }
            }
            Control::One(of) | Control::List(of) | Control::Several(of) if !of.contains(&text) => {}
            Control::Slot(slots) if !slots.named.contains(&text) => {}
            _ => typed.put(&input.key, text),
        }
    }
    Ok(())
}
