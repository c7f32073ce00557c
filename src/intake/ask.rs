//! What is asked of columns beyond what a record must have: a field that a verdict looks at and that no head names may stand
//! under a head that means nothing here.

use crate::{
    directive::model::{FieldType, Ledger},
    form,
    sheet::{
        RawCell, Table,
        header::{Doubt, HeaderMatch, Target, says_date},
    },
    verdict::engine::Engine,
};

/// Asks about each filled column that means nothing, where a field that a verdict looks at has none, and offers every field
/// without a column; where a date is asked about, every date without one.
pub(super) fn ask(engine: &Engine, ledger: &Ledger, table: &Table, header: &mut HeaderMatch) {
    let has = |t: Target| header.columns.iter().any(|c| c.target == t);
    let open = |i: &usize| {
        let ty = &ledger.fields[*i].ty;
        !matches!(ty, FieldType::Derived | FieldType::File) && !has(Target::Field(*i)) && !has(Target::Number(*i))
    };
    let judged = form::judged(engine, ledger);
    let mut free: Vec<usize> = (0..ledger.fields.len()).filter(open).collect();
    let wanted = free.iter().any(|i| judged.contains(i));
    // What a verdict looks at comes first.
    free.sort_by_key(|i| !judged.contains(i));
    let is_date = |t: &Target| matches!(t, Target::Field(i) if ledger.fields[*i].ty == FieldType::Date);
    let free: Vec<Target> = free.into_iter().map(Target::Field).collect();
    let unknown = |index: usize| header.columns.iter().any(|c| c.index == index && c.target == Target::Unknown);
    for doubt in &mut header.doubts {
        let any = unknown(doubt.index) && !says_date(&doubt.key) && !doubt.key.contains('#');
        let dated = doubt.choices.iter().any(is_date);
        let more = free.iter().filter(|t| any || (dated && is_date(t))).copied();
        let more: Vec<Target> = more.filter(|t| !doubt.choices.contains(t)).collect();
        doubt.choices.extend(more);
    }
    if !wanted {
        return;
    }
    let filled = |index: usize| {
        let below = table.rows.iter().filter(|r| r.number > header.row);
        below.filter_map(|r| r.cells.get(index)).any(|cell| *cell != RawCell::Empty)
    };
    let asked = |index: usize| header.doubts.iter().any(|d| d.index == index);
    let new: Vec<Doubt> = header
        .columns
        .iter()
        .filter(|c| c.target == Target::Unknown && !asked(c.index) && filled(c.index))
        .map(|c| Doubt { index: c.index, head: c.head.clone(), key: c.key.clone(), choices: free.clone() })
        .collect();
    header.doubts.extend(new);
    header.doubts.sort_by_key(|d| d.index);
}
