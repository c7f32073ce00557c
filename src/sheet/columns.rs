//! What each head of a sheet is, and what cannot be told and is asked: a date without a name, columns that fit equally, a
//! required column under no known word.

use std::collections::BTreeMap;

use crate::directive::model::{Field, FieldType, Ledger};

use super::{
    RawCell, Row,
    header::{Ambiguity, Doubt, HeadColumn, HeaderMatch, Target, one_line, target_title, unit_is_typed},
    letters, norm,
    words::Words,
};

/// The columns of a row of heads: what each is, and what people are to be asked.
pub(super) fn columns_of(words: &Words, row: &Row, ledger: &Ledger) -> HeaderMatch {
    let mut out = HeaderMatch { row: row.number, ..HeaderMatch::default() };
    let mut ranks = Vec::new();
    let keys = keys(row);
    for (index, cell) in row.cells.iter().enumerate().filter(|(_, c)| **c != RawCell::Empty) {
        let (rank, targets) = words.look(&keys[index], &cell.text());
        let mut column = HeadColumn { index, head: one_line(cell), key: keys[index].clone(), target: Target::Unknown };
        match targets.as_slice() {
            [one] => column.target = *one,
            [] => {}
            // Which of the dates it is, is asked below.
            _ if words.is_vague(&column.key) => {}
            several => {
                out.ambiguous.push(two_meanings(index, &column.head, several, ledger));
                out.doubts.push(Doubt::of(&column, several.to_vec()));
            }
        }
        ranks.push(rank);
        out.columns.push(column);
    }
    which_date(words, &mut out);
    one_column_each(&mut out, &ranks, ledger);
    let has = |t: Target| out.columns.iter().any(|c| c.target == t);
    let absent = |(i, f): (usize, &Field)| {
        (f.required && f.ty != FieldType::Derived && !has(Target::Field(i))).then(|| f.title.clone())
    };
    out.missing = ledger.fields.iter().enumerate().filter_map(absent).collect();
    ask_for_missing(&mut out, ledger);
    out
}

/// Of each cell of a row the head as it is compared, with which one it is where it stands several times.
fn keys(row: &Row) -> Vec<String> {
    let bare: Vec<String> = row.cells.iter().map(|cell| norm::key(&one_line(cell))).collect();
    let key = |(i, key): (usize, &String)| {
        let same = |upto: usize| bare[..upto].iter().filter(|other| *other == key).count();
        if key.is_empty() || same(bare.len()) == 1 { key.clone() } else { format!("{key}#{}", same(i) + 1) }
    };
    bare.iter().enumerate().map(key).collect()
}

/// 日期, 时间 and the like say that it is a date, and not which: people are asked where several dates have no column of their
/// own, and where no word of the ledger's names it so. What such a word names stands until they have answered.
fn which_date(words: &Words, out: &mut HeaderMatch) {
    let vague: Vec<usize> = (0..out.columns.len()).filter(|i| words.is_vague(&out.columns[*i].key)).collect();
    let plain = |i: &usize| !vague.contains(i);
    let taken: Vec<Target> = (0..out.columns.len()).filter(plain).map(|i| out.columns[i].target).collect();
    let free: Vec<Target> = words.dates().iter().copied().filter(|t| !taken.contains(t)).collect();
    for i in &vague {
        let column = &mut out.columns[*i];
        let own = column.target;
        if !free.contains(&own) {
            column.target = Target::Unknown;
        }
        let settled = free.is_empty() || (free == [own] && vague.len() == 1);
        if !settled {
            out.doubts.push(Doubt::of(column, free.clone()));
        }
    }
}

/// Where required columns are missing, each column that means nothing here may be one of them.
fn ask_for_missing(out: &mut HeaderMatch, ledger: &Ledger) {
    let has = |t: Target| out.columns.iter().any(|c| c.target == t);
    let fields = ledger.fields.iter().enumerate().filter(|(_, f)| f.required && f.ty != FieldType::Derived);
    let mut missing: Vec<Target> = fields.map(|(i, _)| Target::Field(i)).filter(|t| !has(*t)).collect();
    if unit_is_typed(ledger) && !has(Target::Unit) && !has(Target::Section) {
        missing.push(Target::Unit);
    }
    let unknown = out.columns.iter().filter(|c| c.target == Target::Unknown);
    let new: Vec<Doubt> = unknown
        .filter(|c| !missing.is_empty() && out.doubts.iter().all(|d| d.index != c.index))
        .map(|c| Doubt::of(c, missing.clone()))
        .collect();
    out.doubts.extend(new);
    out.doubts.sort_by_key(|d| d.index);
}

fn two_meanings(index: usize, head: &str, targets: &[Target], ledger: &Ledger) -> Ambiguity {
    let names: Vec<String> = targets.iter().map(|t| target_title(*t, ledger)).collect();
    Ambiguity {
        columns: letters(index),
        head: head.to_owned(),
        reason: format!("可能是{}", names.join("或")),
        fatal: targets.iter().any(|t| is_required(*t, ledger)),
    }
}

/// Keeps the best-spelled column of each target; the others are said and ignored.
fn one_column_each(out: &mut HeaderMatch, ranks: &[u8], ledger: &Ledger) {
    let mut by_target: BTreeMap<Target, Vec<usize>> = BTreeMap::new();
    for (i, column) in out.columns.iter().enumerate() {
        if !matches!(column.target, Target::Unknown | Target::Ignored) {
            by_target.entry(column.target).or_default().push(i);
        }
    }
    for (target, mut places) in by_target.into_iter().filter(|(_, places)| places.len() > 1) {
        if let Some((number, field)) = beside_a_name(out, target, &places, ledger) {
            out.columns[number].target = Target::Number(field);
            places.retain(|i| *i != number);
            if places.len() == 1 {
                continue;
            }
        }
        places.sort_by_key(|i| ranks[*i]);
        let tied = ranks[places[0]] == ranks[places[1]];
        let used = &out.columns[places[0]];
        let columns: Vec<String> = places.iter().map(|i| letters(out.columns[*i].index)).collect();
        let title = target_title(target, ledger);
        let reason = format!("这些列都是{title}，只读 {} 列", letters(used.index));
        let fatal = tied && is_required(target, ledger);
        out.ambiguous.push(Ambiguity { columns: columns.join("、"), head: used.head.clone(), reason, fatal });
        if tied {
            for i in &places {
                let column = &out.columns[*i];
                if out.doubts.iter().all(|d| d.index != column.index) {
                    out.doubts.push(Doubt::of(column, vec![target]));
                }
            }
        }
        for i in &places[1..] {
            out.columns[*i].target = Target::Unknown;
        }
    }
}

/// Of the columns of one person the one that gives the number, where another gives the name.
fn beside_a_name(out: &HeaderMatch, target: Target, places: &[usize], ledger: &Ledger) -> Option<(usize, usize)> {
    let Target::Field(field) = target else { return None };
    if ledger.fields[field].ty != FieldType::Person {
        return None;
    }
    let number = |i: &&usize| {
        let head = norm::key(&out.columns[**i].head);
        ["编号", "工号", "编码"].iter().any(|tail| head.ends_with(tail))
    };
    let found = places.iter().find(number)?;
    places.iter().any(|i| !number(&i)).then_some((*found, field))
}

fn is_required(target: Target, ledger: &Ledger) -> bool {
    match target {
        Target::Field(i) => ledger.fields[i].required,
        Target::Unit => unit_is_typed(ledger),
        _ => false,
    }
}
