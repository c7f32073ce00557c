//! Two people who corrected one record at once: what each of them wrote, side by side.

use std::collections::HashMap;

use super::{
    app::App,
    columns_value::{Shown, wanted},
    frame::Desk,
    org_units::Units,
};
use crate::{directive::model::FieldType, ledger::row::Stored, names::Names};

/// The versions of a record that two people corrected, beside what the second typed: fields in which they differ.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn differing(
    desk: &mut Desk<'_, '_>,
    app: &App,
    table: usize,
    [opened, now, own]: [&Stored; 3],
) -> anyhow::Result<Vec<[String; 4]>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let units = Units::of(&current);
    let rows = [opened.clone(), now.clone(), own.clone()];
    let names = Names::load(desk.tx, layout, &wanted(layout, table, &rows, units.as_ref()))?;
    let derived = HashMap::new();
    let keys = &app.installation.keys;
    let shown = Shown { layout, table, names: &names, units: units.as_ref(), keys, derived: &derived };
    let ledger = &layout.ledgers[table];
    let mut differ = Vec::new();
    for (i, field) in ledger.fields.iter().enumerate().filter(|(_, f)| f.ty != FieldType::Derived) {
        let mine = if field.sensitive { "（加密保存）".to_owned() } else { shown.text(own, i) };
        let texts = [shown.text(opened, i), shown.text(now, i), mine];
        let same = texts[0] == texts[1] && (texts[1] == texts[2] || field.sensitive);
        if !same {
            let [a, b, c] = texts;
            differ.push([field.title.clone(), a, b, c]);
        }
    }
    let unit = |row: &Stored| row.unit.map_or_else(String::new, |id| shown.unit(id).text);
    if opened.unit != now.unit || now.unit != own.unit {
        differ.push(["单位".into(), unit(opened), unit(now), unit(own)]);
    }
    let code = |row: &Stored| row.code.clone().unwrap_or_default();
    if opened.code != now.code || now.code != own.code {
        differ.push(["编号".into(), code(opened), code(now), code(own)]);
    }
    Ok(differ)
}
