//! 搜索: whatever somebody may see, by a part of its name, the initials of its Pinyin, or its number.
//!
//! Persons and units are looked for in the directory of the pickers ([`crate::form::Directory`]), records that have a
//! name among their names ([`Titles`]), both in memory; every other record by the beginning of its number, which an index
//! serves, and pairs by both persons.
//! What fits is then asked for under the reader's scope, so that hits and counts hold nothing outside it
//! (`ledger::select::visible`). Sensitive fields stand in none of these places and are found by nothing.

mod demands;
mod papers;
mod titles;

use std::collections::{HashMap, HashSet};

pub use demands::demands;
pub use papers::papers;
pub use titles::Titles;

use crate::{
    db::Tx,
    form::{Around, Hits, directory::Fit},
    ledger::query::{self, Filter, Query},
    names,
    org::builtin,
    scope::Scope,
    sheet::norm,
};

/// Characters that are looked for at most.
pub const LONGEST: usize = 50;
/// Persons, units, requirements and papers listed at most.
pub const SHOWN: usize = 20;
/// Records listed at most of each ledger, of which there are some forty.
pub const SHOWN_EACH: usize = 5;

/// Records whose numbers begin alike are counted up to here, in each ledger and spelling.
const COUNTED: i64 = 1_000;

/// Records of the package's ledgers that fit a text: the ledger's position with its hits, ledgers without any left out.
///
/// # Errors
/// When the store cannot be read.
pub fn records(
    tx: &mut Tx<'_>,
    around: &Around<'_>,
    titles: &Titles,
    text: &str,
) -> anyhow::Result<Vec<(usize, Hits)>> {
    let layout = &around.current.engine.layout;
    let mut found = Vec::new();
    for table in builtin::COUNT..layout.ledgers.len() {
        let ledger = &layout.ledgers[table];
        if ledger.derived {
            continue;
        }
        let mut fits: Vec<(Fit, i64)> = match names::title_fields(ledger).0 {
            Some(title) => titles.of(tx, ledger, &title)?.iter().filter_map(|e| Some((e.fit(text)?, e.id))).collect(),
            None => Vec::new(),
        };
        if *around.scope != Scope::All && !fits.is_empty() {
            let ids = fits.iter().map(|(_, id)| *id).collect();
            let asked = Query { filters: vec![Filter::Records(ids)], ..Query::default() };
            let seen: HashSet<i64> = query::records(tx, ledger, around.scope, &asked)?.into_iter().collect();
            fits.retain(|(_, id)| seen.contains(id));
        }
        let mut places: HashMap<i64, usize> = fits.iter().enumerate().map(|(n, (_, id))| (*id, n)).collect();
        let mut more: Vec<(Fit, i64)> = Vec::new();
        for number in spellings(text) {
            let found = query::beginning(tx, ledger, around.scope, &number, COUNTED)?;
            let fit = |code: &str| if code == number { Fit::Whole } else { Fit::Begins };
            more.extend(found.iter().map(|(id, code)| (fit(code), *id)));
        }
        let paired = around.paired(tx, ledger, &norm::plain(text))?;
        more.extend(paired.into_iter().map(|id| (Fit::Within, id)));
        for (fit, id) in more {
            match places.get(&id) {
                Some(n) => fits[*n].0 = fits[*n].0.min(fit),
                None => {
                    places.insert(id, fits.len());
                    fits.push((fit, id));
                }
            }
        }
        if fits.is_empty() {
            continue;
        }
        // The newest first among those that fit alike.
        fits.sort_unstable_by_key(|(fit, id)| (*fit, std::cmp::Reverse(*id)));
        let first: Vec<i64> = fits.iter().take(SHOWN_EACH).map(|(_, id)| *id).collect();
        found.push((table, Hits { hits: around.listed(tx, table, &first)?, total: fits.len(), exact: false }));
    }
    Ok(found)
}

/// A number as it was typed, and in capitals.
fn spellings(text: &str) -> impl Iterator<Item = String> {
    let capitals = Some(text.to_ascii_uppercase()).filter(|c| c != text);
    std::iter::once(text.to_owned()).chain(capitals)
}
