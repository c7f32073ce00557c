//! Addresses of lists and records, and the links that name a record.

use super::view::{url::segment, words::Link};
use crate::{
    directive::model::Ledger,
    names::Names,
    verdict::world::{Layout, UNIT},
};

/// A record under its title; a unit leads to its own page, a derived row to its list.
pub(super) fn to(layout: &Layout, names: &Names, table: usize, id: i64) -> Link {
    let ledger = &layout.ledgers[table];
    let code = names.code(table, id);
    let href = match table {
        UNIT => format!("/units/{}", segment(&code)),
        _ if ledger.derived => list_path(ledger),
        _ => record_href(ledger, &code),
    };
    match names.title(table, id) {
        "" => Link::new(code, href),
        title => Link::new(title, href),
    }
}

/// A record's page, by its code or its id.
pub(super) fn record_href(ledger: &Ledger, code: &str) -> String {
    format!("/ledgers/{}/{}", ledger.name, segment(code))
}

/// A ledger's list.
pub(super) fn list_path(ledger: &Ledger) -> String {
    if is_person(ledger) { "/people".into() } else { format!("/ledgers/{}", ledger.name) }
}

/// Whether it is the ledger of persons.
pub(super) fn is_person(ledger: &Ledger) -> bool {
    ledger.name == "person"
}
