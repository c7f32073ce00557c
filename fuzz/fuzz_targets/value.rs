//! Any text into every type of field: what is read is shown as text that reads back as the same value.
#![no_main]

use dongliang::{
    directive::model::{Field, FieldType},
    sheet::{Lookup, Names, RawCell, Resolve, Stored, display, value},
};
use libfuzzer_sys::fuzz_target;

struct Nobody;

impl Resolve for Nobody {
    fn unit(&self, _: &str, _: Option<i64>) -> Lookup {
        Lookup::None
    }
    fn person(&self, _: &str, _: Option<i64>) -> Lookup {
        Lookup::None
    }
    fn record(&self, _: &str, _: &str) -> Lookup {
        Lookup::None
    }
}

impl Names for Nobody {
    fn person(&self, _: i64) -> String {
        String::new()
    }
    fn unit(&self, _: i64) -> String {
        String::new()
    }
    fn record(&self, _: &str, _: i64) -> String {
        String::new()
    }
}

fuzz_target!(|text: &str| {
    let choices = || vec!["政策解读".to_owned(), "项目评审".to_owned(), "一、二".to_owned()];
    let types = [
        FieldType::Text,
        FieldType::Integer,
        FieldType::Decimal,
        FieldType::Money,
        FieldType::Date,
        FieldType::Flag,
        FieldType::Person,
        FieldType::Unit,
        FieldType::Period,
        FieldType::File,
        FieldType::Choice(choices()),
        FieldType::Choices(choices()),
        FieldType::Ref("project".into()),
    ];
    for name in ["remark", "id_number"] {
        for ty in types.clone() {
            let field = Field { name: name.into(), ty, ..Field::default() };
            let around = value::Around::new(&Nobody);
            let Ok((stored, _)) = value::parse(&RawCell::Text(text.to_owned()), &field, &around) else { continue };
            if stored == Stored::Null {
                continue;
            }
            let shown = display(&field, &stored, &Nobody);
            assert_eq!(value::parse(&RawCell::Text(shown), &field, &around), Ok((stored, None)));
        }
    }
});
