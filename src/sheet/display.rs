//! A stored value as text for people, for exports and for messages: the inverse of [`super::value::parse`].

use std::borrow::Cow;

use crate::directive::model::{Field, FieldType};

use super::{
    Stored,
    number::{self, money_unit},
};

/// Names of records. What these return must be found again by the matching [`super::Resolve`], so namesakes need their
/// code in it, as in `张三（RY0012）`.
pub trait Names {
    /// Name of a person.
    fn person(&self, id: i64) -> String;
    /// Name of a unit.
    fn unit(&self, id: i64) -> String;
    /// Code, else title, of a record.
    fn record(&self, ledger: &str, id: i64) -> String;
}

/// Names for whoever shows references in another way: a record by its id.
#[derive(Clone, Copy, Debug)]
pub struct Ids;

impl Names for Ids {
    fn person(&self, id: i64) -> String {
        id.to_string()
    }

    fn unit(&self, id: i64) -> String {
        id.to_string()
    }

    fn record(&self, _: &str, id: i64) -> String {
        id.to_string()
    }
}

/// The text of a value; empty for [`Stored::Null`]. Money is in 元, or in the unit that the field's title names.
pub fn display(field: &Field, value: &Stored, names: &dyn Names) -> String {
    match (value, &field.ty) {
        (Stored::Null, _) => String::new(),
        (Stored::I64(id), FieldType::Person) => names.person(*id),
        (Stored::I64(id), FieldType::Unit) => names.unit(*id),
        (Stored::I64(id), FieldType::Ref(ledger)) => names.record(ledger, *id),
        (Stored::I64(n), FieldType::Flag) => (if *n == 0 { "否" } else { "是" }).to_owned(),
        (Stored::I64(n), ty) => numeral(*n, ty, &field.title),
        (Stored::Text(text), FieldType::Choices(of)) => several(text, of).into_owned(),
        (Stored::Text(text), _) => text.clone(),
    }
}

/// A number of the type as exact text.
pub(super) fn numeral(n: i64, ty: &FieldType, title: &str) -> String {
    match ty {
        FieldType::Decimal => number::scaled_text(n, 4),
        FieldType::Money => number::scaled_text(n, money_unit(title).ilog10() as usize),
        _ => n.to_string(),
    }
}

/// Choices parted by 、, unless a choice has a separator in it.
fn several<'a>(text: &'a str, of: &[String]) -> Cow<'a, str> {
    if of.iter().any(|c| c.contains(['、', '，', ',', ';', '；'])) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace('|', "、"))
    }
}
