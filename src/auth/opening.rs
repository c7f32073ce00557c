//! Who may see sensitive values whole: of which fields, of which records.
//!
//! A role opens them only in the units of that very role; besides it everybody opens what is recorded of himself, and
//! notes of a talk are open to those who held it: the persons whom each record of such a ledger must name, and named when
//! it was first recorded. A later correction gives nobody notes that were not his: else whoever may correct might read.

use super::{Organisation, Permission, Reader, scope_with};
use crate::{
    db::Tx,
    directive::model::{FieldType, Ledger},
    ledger::{row::Stored, store},
    scope::Scope,
};

/// The ledger of persons.
pub const PERSON: &str = "person";

/// What a role must be able to do to open a ledger's sensitive fields; `None` where it has none.
pub fn needed(ledger: &Ledger) -> Option<Permission> {
    if ledger.fields.iter().any(|f| f.confidential) {
        Some(Permission::OpenNotes)
    } else {
        ledger.fields.iter().any(|f| f.sensitive).then_some(Permission::OpenNumbers)
    }
}

/// Positions of the fields that a permission opens.
pub fn fields(ledger: &Ledger, permission: Permission) -> Vec<usize> {
    let notes = permission == Permission::OpenNotes;
    (0..ledger.fields.len())
        .filter(|i| ledger.fields[*i].sensitive && ledger.fields[*i].confidential == notes)
        .collect()
}

/// What those fields are called: `身份证号、联系电话`.
pub fn titles(ledger: &Ledger, permission: Permission) -> String {
    fields(ledger, permission).into_iter().map(|i| ledger.fields[i].title.as_str()).collect::<Vec<_>>().join("、")
}

/// The units in which roles with that permission are held; nothing of the reader's own. `None` without such a role.
pub fn reach(reader: &Reader, organisation: &Organisation<'_>, permission: Permission) -> Option<Scope> {
    if !reader.may(permission) {
        return None;
    }
    Some(scope_with(reader, organisation, permission).of_roles())
}

/// Positions of the fields of a record that the reader may open.
///
/// # Errors
/// When the store cannot be read.
pub fn of_record(
    tx: &mut Tx<'_>,
    reader: &Reader,
    organisation: &Organisation<'_>,
    ledger: &Ledger,
    row: &Stored,
) -> anyhow::Result<Vec<usize>> {
    let Some(permission) = needed(ledger) else { return Ok(Vec::new()) };
    let open = || fields(ledger, permission);
    if let Some(person) = reader.person.filter(|p| reader.pending.is_none() && has_part(ledger, row, *p)) {
        let history = store::history(tx, ledger, &Scope::All, row.record_id)?;
        if history.first().is_some_and(|first| has_part(ledger, first, person)) {
            return Ok(open());
        }
    }
    let Some(scope) = reach(reader, organisation, permission) else { return Ok(Vec::new()) };
    let within = store::get(tx, ledger, &scope, row.record_id, None)?.is_some();
    Ok(if within { open() } else { Vec::new() })
}

/// The record is the person's own, or one of a talk that he held or that was held with him.
fn has_part(ledger: &Ledger, row: &Stored, person: i64) -> bool {
    if ledger.name == PERSON {
        return row.record_id == person;
    }
    let notes = ledger.fields.iter().any(|f| f.confidential);
    let named = ledger.fields.iter().zip(&row.values).filter(|(f, _)| f.ty == FieldType::Person && f.required);
    notes && named.into_iter().any(|(_, value)| value.as_i64() == Some(person))
}
