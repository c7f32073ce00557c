//! What was typed into a form, or stands in it to begin with.

use std::collections::BTreeMap;

use super::fields::{At, Control, Input, Plan};
use crate::{
    db::Value,
    directive::model::{FieldType, Ledger},
    ledger::{Keys, Stored, mask::mask},
    sheet::{self, display},
};

/// Before the key of an input: the record that was picked.
const PICKED: &str = "i.";
/// Characters of one input that are kept; more is refused and only its head shown again.
const KEPT: usize = 20_000;

/// The texts of a form by input, and the records picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    texts: BTreeMap<String, String>,
    picked: BTreeMap<String, i64>,
}

impl Typed {
    /// From the pairs of a posted form. Several values under one key are joined as a cell would hold them.
    pub fn of(plan: &Plan, pairs: &[(String, String)]) -> Typed {
        let mut typed = Typed::default();
        for input in plan.inputs() {
            let all: Vec<&str> = pairs.iter().filter(|(k, _)| *k == input.key).map(|(_, v)| v.as_str()).collect();
            typed.put(&input.key, all.join("|"));
            let picked = format!("{PICKED}{}", input.key);
            let id = pairs.iter().find(|(k, _)| *k == picked).and_then(|(_, v)| v.parse().ok());
            typed.picked.extend(id.map(|id| (input.key.clone(), id)));
        }
        typed
    }

    /// From a row that is to be corrected. Sensitive values stand there as everybody sees them.
    ///
    /// # Errors
    /// When a sealed value cannot be opened.
    pub fn of_row(plan: &Plan, ledger: &Ledger, keys: &Keys, row: &Stored) -> anyhow::Result<Typed> {
        let mut typed = Typed::default();
        for input in plan.inputs() {
            match (input.at, &input.control) {
                (At::Unit, _) => typed.picked.extend(row.unit.map(|id| (input.key.clone(), id))),
                (At::Code, _) => typed.put(&input.key, row.code.clone().unwrap_or_default()),
                (At::Field(i), Control::Pick(_)) => {
                    typed.picked.extend(row.values[i].as_i64().map(|id| (input.key.clone(), id)));
                }
                (At::Field(i), _) => {
                    let field = &ledger.fields[i];
                    let text = match &row.values[i] {
                        Value::Text(sealed) if field.sensitive => mask(field, &keys.open(sealed)?),
                        // As the boxes of the form are valued.
                        Value::Text(chosen) if matches!(field.ty, FieldType::Choices(_)) => chosen.clone(),
                        value => display(field, &crate::export::cell(value), &sheet::Ids),
                    };
                    typed.put(&input.key, text);
                }
            }
        }
        Ok(typed)
    }

    /// Puts a text in the place of what was there.
    pub fn put(&mut self, key: &str, text: impl Into<String>) {
        let text: String = text.into().replace("\r\n", "\n").chars().take(KEPT).collect();
        self.texts.insert(key.to_owned(), text);
    }

    /// Picks a record, or none.
    pub fn pick(&mut self, key: &str, id: Option<i64>) {
        match id {
            Some(id) => self.picked.insert(key.to_owned(), id),
            None => self.picked.remove(key),
        };
    }

    /// The text of an input, without blanks around it.
    pub fn text(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", |t| t.trim())
    }

    /// The record picked.
    pub fn picked(&self, key: &str) -> Option<i64> {
        self.picked.get(key).copied()
    }

    /// Whether nothing is in an input.
    pub fn is_empty(&self, input: &Input) -> bool {
        self.text(&input.key).is_empty() && self.picked(&input.key).is_none()
    }
}
