//! Pickers of a form: records looked for by what was typed, and offered to be picked.

use std::collections::HashMap;

use super::{
    asked::echo,
    record_form::Filled,
    view::record_form::{Opt, Pick},
};
use crate::{
    db::Tx,
    form::{self, Around, Fault, Hit, Hits, Plan, Typed},
    scope::Scope,
    verdict::world::{PERSON, UNIT},
};

/// So few records are offered before anything is typed.
const FEW: usize = 8;
/// Characters that are looked for.
const LONGEST: usize = 50;

/// Records picked by what was typed: where it leads to one record alone, that one; else what it could be. What is typed
/// beside a picked record was typed after it, so it is looked for, and the picked one stands only if it is among what is found.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn pick(
    tx: &mut Tx<'_>,
    around: &Around<'_>,
    plan: &Plan,
    typed: &mut Typed,
) -> anyhow::Result<(HashMap<String, Hits>, Vec<Fault>)> {
    let (mut hits, mut faults) = (HashMap::new(), Vec::new());
    for input in plan.inputs() {
        let form::Control::Pick(to) = &input.control else { continue };
        let Some(table) = around.current.engine.layout.index(to) else { continue };
        let (text, picked) = (typed.text(&input.key).to_owned(), typed.picked(&input.key));
        let fault = |text: String| Fault { key: input.key.clone(), text };
        if let Some(id) = picked.filter(|_| text.is_empty()) {
            if around.one(tx, table, id)?.is_none() {
                typed.pick(&input.key, None);
                faults.push(fault(format!("{}：选定的记录已不在，请重新查找。", input.title)));
            }
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let text: String = text.chars().take(LONGEST).collect();
        let readable = !text.contains(char::is_control);
        let found = if readable { around.search(tx, table, &text)? } else { Hits::default() };
        let standing = picked.filter(|id| found.hits.iter().any(|h| h.id == *id));
        typed.pick(&input.key, found.only().map(|h| h.id).or(standing));
        if typed.picked(&input.key).is_none() {
            faults.push(fault(match found.total {
                0 => format!("{}：没有找到“{}”，请核对名称，或改填编号。", input.title, echo(&text)),
                n => format!("{}：符合“{}”的有{n}个，请选定一个。", input.title, echo(&text)),
            }));
        }
        hits.insert(input.key.clone(), found);
    }
    Ok((hits, faults))
}

/// A picker as it is shown.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn picker(
    tx: &mut Tx<'_>,
    around: &Around<'_>,
    input: &form::Input,
    to: &str,
    filled: &Filled,
) -> anyhow::Result<Pick> {
    let Some(table) = around.current.engine.layout.index(to) else { return Ok(Pick::default()) };
    let (text, picked) = (filled.typed.text(&input.key), filled.typed.picked(&input.key));
    let mut pick = Pick { text: text.to_owned(), here: filled.here == input.key, ..Pick::default() };
    let mut hits = Vec::new();
    if let Some(found) = filled.hits.get(&input.key).filter(|f| f.only().is_none()) {
        pick.told = match found.total {
            0 => format!("没有找到“{}”，请核对名称，或改填编号。", echo(text)),
            n if n > found.hits.len() => format!("共{n}个，只列前{}个，请再加字。", found.hits.len()),
            n => format!("共{n}个，请选定。"),
        };
        hits.clone_from(&found.hits);
    } else if text.is_empty() && picked.is_none() {
        let all = *around.scope == Scope::All;
        // Of so many persons nobody is offered before something is typed.
        if !(all && matches!(table, PERSON | UNIT)) {
            let found = around.search(tx, table, "")?;
            if found.total <= FEW {
                hits = found.hits;
            }
        }
    }
    if let Some(id) = picked.filter(|id| !hits.iter().any(|h| h.id == *id)) {
        hits.splice(0..0, around.one(tx, table, id)?);
    }
    // What was picked stands there; the text was only the way to it.
    if picked.is_some() && filled.hits.get(&input.key).is_none_or(|f| f.only().is_some() || f.total == 0) {
        pick.text.clear();
    }
    let option =
        |hit: Hit| Opt { checked: picked == Some(hit.id), value: hit.id.to_string(), label: hit.title, note: hit.note };
    pick.hits = hits.into_iter().map(option).collect();
    if !input.required && !pick.hits.is_empty() {
        let none = picked.is_none() && pick.text.is_empty();
        pick.hits.push(Opt { label: "不填".into(), checked: none, ..Opt::default() });
    }
    Ok(pick)
}
