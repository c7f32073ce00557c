//! What an entry tells of a single record: its fields before and after.

use serde_json::{Map, Value as Json, json};

use super::kind::Kind;
use crate::{
    db::{Tx, Value},
    directive::model::{Field, FieldType, Ledger},
    ledger::Keys,
    org::builtin,
};

/// Stands for a sensitive value: that it changed is told, what it was is not.
pub(crate) const HIDDEN: &str = "（加密）";

/// Values of a record's fields, in the ledger's order; `None` where there was no row, or is none.
pub(crate) type Sides<'a> = (Option<&'a [Value]>, Option<&'a [Value]>);

/// Says what became of a record: new, corrected or voided.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    (ledger, keys): (&Ledger, &Keys),
    record: i64,
    sides: Sides<'_>,
    reason: Option<&str>,
) {
    let kind = match sides {
        _ if builtin::is_setting(&ledger.name) => Kind::Setting,
        (None, _) => Kind::Add,
        (Some(_), Some(_)) => Kind::Correct,
        (Some(_), None) => Kind::Void,
    };
    let mut told = Map::new();
    told.insert("record".into(), record.into());
    if let Some(reason) = reason {
        told.insert("reason".into(), reason.into());
    }
    for (name, own, other) in [("before", sides.0, sides.1), ("after", sides.1, sides.0)] {
        if let Some(own) = own {
            told.insert(name.into(), side(ledger, keys, own, other));
        }
    }
    tx.trail().tell(kind, Json::Object(told));
}

/// The fields of one side that the other has otherwise; all that are filled where there is no other.
fn side(ledger: &Ledger, keys: &Keys, own: &[Value], other: Option<&[Value]>) -> Json {
    let mut fields = Map::new();
    for (i, field) in ledger.fields.iter().enumerate().filter(|(_, f)| f.ty != FieldType::Derived) {
        let (value, beside) = (own.get(i).unwrap_or(&Value::Null), other.and_then(|o| o.get(i)));
        let differs = beside.map_or(!value.is_null(), |beside| match (value, beside) {
            // Cipher text differs each time, though it holds the same.
            (Value::Text(a), Value::Text(b)) if field.sensitive => keys.blind_index(a) != keys.blind_index(b),
            (a, b) => a != b,
        });
        if differs {
            fields.insert(field.name.clone(), written(field, value));
        }
    }
    Json::Object(fields)
}

fn written(field: &Field, value: &Value) -> Json {
    match value {
        Value::Null | Value::F64(_) => Json::Null,
        _ if field.sensitive => HIDDEN.into(),
        Value::I64(n) => json!(n),
        Value::Text(t) => json!(t),
    }
}
