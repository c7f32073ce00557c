//! Fields of a set that the directive names only in part (the 6, 8 and 10): what is written there is one of the names that
//! stand, in a row of a file as in a form. Names are given in the settings, by the office; nobody else invents one.

use super::value;
use crate::{
    db::Value,
    directive::{
        ledger_of,
        model::{Each, Field, FieldType, Ledger, Measure, Slots},
        nearest,
    },
    sheet::{
        CellError, Checked, CheckedRow, Stored,
        header::Target,
        letters,
        value::{choices_in_words, find_choice},
    },
    verdict::engine::Engine,
};

/// Positions of a ledger's fields that take their values from such a set, each with the names that stand.
pub type Named = Vec<(usize, Vec<String>)>;

/// The set that a text field takes its values from: where a requirement counts how many members of it were covered.
pub fn slots(engine: &Engine, ledger: &Ledger, field: &Field) -> Option<Slots> {
    let counted = |measure: &Measure| {
        matches!(measure, Measure::Distinct(source, path)
            if ledger_of(&source.of) == ledger.name && path.len() == 1 && path[0] == field.name)
    };
    let mut requirements = engine.package.requirements.iter().filter(|r| r.enabled && r.each != Each::System);
    let name =
        requirements.find(|r| r.slots.is_some() && r.parts.iter().any(|p| counted(&p.measure)))?.slots.as_ref()?;
    engine.given.slots.get(name).filter(|_| field.ty == FieldType::Text).cloned()
}

/// All such fields of a ledger.
pub fn named(engine: &Engine, ledger: &Ledger) -> Named {
    let fields = ledger.fields.iter().enumerate();
    fields.filter_map(|(i, field)| Some((i, slots(engine, ledger, field)?.named))).collect()
}

/// Brings names that are spelled alike to the spelling that stands, so that they are one.
pub(crate) fn spell(named: &Named, checked: &mut Checked) {
    for (i, of) in named {
        for row in checked.rows.iter_mut().chain(&mut checked.broken) {
            if let Stored::Text(text) = &row.values[*i]
                && let Some(name) = find_choice(text, of)
            {
                row.values[*i] = Stored::Text(name.to_owned());
            }
        }
    }
}

/// Takes out rows with a name that does not stand. One that the record has already may stay: it was recorded when it was
/// still a name. `standing` tells what the record has that a row corrects.
pub(crate) fn apply<'v>(
    ledger: &Ledger,
    named: &Named,
    checked: &mut Checked,
    standing: &dyn Fn(&CheckedRow) -> Option<&'v [Value]>,
) {
    for (i, of) in named {
        let column = checked.header.columns.iter().find(|c| c.target == Target::Field(*i));
        let (column, head) = column
            .map_or_else(|| (String::new(), ledger.fields[*i].title.clone()), |c| (letters(c.index), c.head.clone()));
        let error = |row: &CheckedRow| {
            let Stored::Text(text) = &row.values[*i] else { return None };
            let stays = standing(row).is_some_and(|values| values[*i] == value(&row.values[*i]));
            (!stays && !of.contains(text)).then(|| CellError {
                row: row.number,
                column: column.clone(),
                head: head.clone(),
                shown: text.chars().take(40).collect(),
                reason: "没有这个名称".into(),
                mend: mend(text, of),
            })
        };
        let errors = checked.told().filter_map(error).collect();
        checked.refuse(errors);
    }
}

fn mend(text: &str, of: &[String]) -> String {
    const EMPTY: &str = "还没有定名的由领导小组办公室在“设置”中定名，定名前先空着";
    if of.is_empty() {
        return EMPTY.into();
    }
    let near = nearest(text, of.iter().map(String::as_str)).map_or_else(String::new, |n| format!("是不是“{n}”？"));
    format!("{near}{}；{EMPTY}", choices_in_words(of))
}
