//! Rows of examples, typed by the definition of their ledger.

use std::collections::BTreeMap;

use dongliang::{
    day::Day,
    directive::{
        example::{ExampleRow, RowValue},
        model::{FieldType, Ledger, Package},
    },
    org::builtin,
    ratio::Ratio,
};

use super::{BruteRow, Val, World};

/// The base rows with those to add: a row with an id that is there replaces it.
pub(super) fn world(
    package: &Package,
    base: &BTreeMap<String, Vec<ExampleRow>>,
    add: &BTreeMap<String, Vec<ExampleRow>>,
) -> World {
    let organisation = builtin::ledgers();
    let mut world = World::new();
    for (name, rows) in base.iter().chain(add) {
        let ledger = package.ledger(name).or_else(|| organisation.iter().find(|l| l.name == *name));
        let ledger = ledger.unwrap_or_else(|| panic!("no ledger {name}"));
        let into = world.entry(name.clone()).or_default();
        for written in rows {
            let row = row(ledger, written);
            match into.iter_mut().find(|r| r.id == row.id) {
                Some(old) => *old = row,
                None => into.push(row),
            }
        }
    }
    world
}

/// One row. Empty texts are empty fields.
fn row(ledger: &Ledger, written: &ExampleRow) -> BruteRow {
    let mut row = BruteRow::default();
    for (name, value) in written {
        let text = || match value {
            RowValue::Text(t) => t.clone(),
            other => panic!("{}.{name} is no text: {other:?}", ledger.name),
        };
        let day = || Day::parse(&text()).unwrap_or_else(|| panic!("{}.{name} is no day: {}", ledger.name, text()));
        match name.as_str() {
            _ if *value == RowValue::Text(String::new()) => {}
            "id" => row.id = text(),
            "unit" => row.unit = Some(text()),
            "recorded" => row.recorded = Some(day()),
            "voided" => row.voided = Some(day()),
            "replaces" => row.replaces = Some(text()),
            _ => {
                let field = ledger.field(name).unwrap_or_else(|| panic!("no field {}.{name}", ledger.name));
                let typed = typed(&field.ty, value);
                let typed = typed.unwrap_or_else(|| panic!("{}.{name}: {value:?}", ledger.name));
                row.values.insert(name.clone(), typed);
            }
        }
    }
    row
}

fn typed(ty: &FieldType, value: &RowValue) -> Option<Val> {
    let spelled = match value {
        RowValue::Text(t) | RowValue::Decimal(t) => t.clone(),
        RowValue::Int(n) => n.to_string(),
        RowValue::Flag(b) => b.to_string(),
        RowValue::List(list) => list.join("|"),
    };
    Some(match ty {
        FieldType::Integer => Val::Int(spelled.parse().ok()?),
        FieldType::Decimal => Val::Ratio(Ratio::parse_decimal(&spelled)?),
        FieldType::Money => Val::Money(fen(&spelled)?),
        FieldType::Date => Val::Day(Day::parse(&spelled)?),
        FieldType::Flag => Val::Flag(spelled.parse().ok()?),
        FieldType::Choices(_) => Val::List(spelled.split('|').filter(|c| !c.is_empty()).map(str::to_owned).collect()),
        FieldType::Text
        | FieldType::File
        | FieldType::Choice(_)
        | FieldType::Person
        | FieldType::Unit
        | FieldType::Period
        | FieldType::Ref(_)
        | FieldType::Derived => Val::Text(spelled),
    })
}

/// `5000元`, `300万元`, else 分.
fn fen(text: &str) -> Option<i64> {
    let (body, unit) = match (text.strip_suffix("万元"), text.strip_suffix('元')) {
        (Some(body), _) => (body, 1_000_000),
        (_, Some(body)) => (body, 100),
        _ => (text, 1),
    };
    let fen = Ratio::parse_decimal(body)?.times(Ratio::whole(unit))?;
    (fen.den() == 1).then(|| fen.num())
}
