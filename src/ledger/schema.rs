//! temp
use crate::{
    db::Tx,
    directive::model::{FieldType, Ledger},
};
/// temp
pub fn create(tx: &mut Tx<'_>, l: &Ledger, _extra: &[Vec<String>]) -> anyhow::Result<()> {
    let mut s = format!(
        "create table l_{} (row_id {{id}}, record_id bigint, revision bigint, record_code text, unit_id bigint, recorded_at bigint, recorded_by text, voided_at bigint, voided_by text, void_reason text, import_id bigint",
        l.name
    );
    for f in l.fields.iter().filter(|f| f.ty != FieldType::Derived) {
        let t = match f.ty {
            FieldType::Integer
            | FieldType::Decimal
            | FieldType::Money
            | FieldType::Flag
            | FieldType::Person
            | FieldType::Unit
            | FieldType::Ref(_) => "bigint",
            _ => "text",
        };
        s.push_str(&format!(", \"{}\" {t}", f.name));
    }
    s.push(')');
    tx.ddl(&s)
}
