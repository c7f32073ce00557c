//! The order of a list: read from `sort`, shown in the heads, said in the sentence above.

use super::{
    columns::{Column, head, is_sortable},
    frame::Ask,
    record_links::is_person,
    view::{
        ledger::{Head, Order as Arrow},
        url,
    },
};
use crate::{
    directive::model::{FieldType, Ledger},
    ledger::query::Order,
};

/// `sort=day`, or `sort=-day` from the greatest down; what may not be ordered by is the default order.
pub(super) fn read(ledger: &Ledger, ask: &Ask) -> Order {
    let Some(text) = ask.get("sort") else { return Order::Default };
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let field = ledger.field(name).filter(|f| is_sortable(ledger, f));
    field.map_or(Order::Default, |f| Order::By { field: f.name.clone(), descending })
}

/// The order in words.
pub(super) fn words(ledger: &Ledger, order: &Order) -> String {
    let (name, descending) = match order {
        Order::By { field, descending } => (field.as_str(), *descending),
        Order::Default if is_person(ledger) => return "按单位、姓名排列".into(),
        Order::Default => match ledger.opening() {
            Some(day) => (day, true),
            None => return "按名称排列".into(),
        },
    };
    let Some(field) = ledger.field(name) else { return String::new() };
    let way = match (&field.ty, descending) {
        (FieldType::Date | FieldType::Period, true) => "从近到远",
        (FieldType::Date | FieldType::Period, false) => "从远到近",
        (FieldType::Integer | FieldType::Decimal | FieldType::Money, true) => "从大到小",
        (FieldType::Integer | FieldType::Decimal | FieldType::Money, false) => "从小到大",
        (_, true) => "倒序",
        (_, false) => "顺序",
    };
    format!("按{}{way}排列", field.title)
}

/// The head of a column with the address that orders by it.
pub(super) fn column_head(ledger: &Ledger, column: Column, order: &Order, url: &url::Query) -> Head {
    let Column::Field(i) = column else {
        return Head { title: column.head(ledger), ..Head::default() };
    };
    field_head(ledger, i, column.is_numeric(ledger), order, url)
}

/// The head of a field.
pub(super) fn field_head(ledger: &Ledger, i: usize, numeric: bool, order: &Order, url: &url::Query) -> Head {
    let field = &ledger.fields[i];
    let arrow = match order {
        Order::By { field: by, descending } if *by == field.name => {
            if *descending {
                Arrow::Down
            } else {
                Arrow::Up
            }
        }
        Order::Default if ledger.opening() == Some(&field.name) => Arrow::Down,
        _ => Arrow::None,
    };
    let next = if arrow == Arrow::Up { format!("-{}", field.name) } else { field.name.clone() };
    let sort = is_sortable(ledger, field).then(|| url.with("sort", next).href());
    Head { title: head(field), sort, order: arrow, numeric }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directive::model::Field;

    #[test]
    fn persons_are_never_ordered_by_a_number() {
        let field = |name: &str, ty| Field { name: name.into(), title: name.into(), ty, ..Field::default() };
        let of = |fields: Vec<Field>| Ledger { name: "x".into(), fields, ..Ledger::default() };
        let persons = of(vec![field("person", FieldType::Person), field("hours", FieldType::Decimal)]);
        let units = of(vec![field("count", FieldType::Integer), field("score", FieldType::Decimal)]);
        let sortable = |ledger: &Ledger, name: &str| is_sortable(ledger, ledger.field(name).unwrap());
        assert!(!sortable(&persons, "hours") && !sortable(&units, "score"));
        assert!(sortable(&units, "count"));
    }
}
