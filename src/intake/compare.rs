//! Rows of a file beside those that stand, one by one: which are new, which are there already, and what the others correct.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Prepared, value};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::{FieldType, Ledger},
    export::cell,
    ledger::{self, Keys, mask::mask},
    names::Names,
    scope::Scope,
    sheet::{self, Checked, CheckedRow, Stored, header::Target},
    verdict::{
        kind::Kind,
        words::window_name,
        world::{Layout, UNIT},
    },
};

/// A row that stands and that a row of the file would take the place of.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Record id.
    pub record: i64,
    /// Revision.
    pub revision: i64,
    /// Unit.
    pub unit: Option<i64>,
    /// Values by field, sensitive ones sealed.
    pub values: Vec<Value>,
}

impl Standing {
    /// Record id and revision.
    pub fn at(&self) -> (i64, i64) {
        (self.record, self.revision)
    }
}

/// A field that a row of the file would change: its title, the text before and after.
pub(super) type Difference = (String, String, String);

/// Whether the file has a column for a field.
pub(super) fn has_column(checked: &Checked, field: usize) -> bool {
    let header = &checked.header;
    header.column(Target::Field(field)).or(header.column(Target::Number(field))).is_some()
}

/// Whether the file names units.
pub(super) fn names_units(checked: &Checked) -> bool {
    checked.header.column(Target::Unit).or(checked.header.column(Target::Section)).is_some()
}

/// Takes out the rows that stand in the ledger, and gives each with the import that brought it: rows with a code, if
/// everything that the file gives is equal there; those without, if everything is. Sensitive fields are compared by their
/// blind index, where the file has a column for them. Those of units that the scope does not reach are left for `reach`.
pub(super) fn known(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    (keys, scope): (&Keys, &Scope),
    checked: &mut Checked,
) -> anyhow::Result<Vec<(u32, Option<i64>)>> {
    let compared: Vec<usize> = (0..ledger.fields.len())
        .filter(|i| ledger.fields[*i].ty != FieldType::Derived)
        .filter(|i| !ledger.fields[*i].sensitive || has_column(checked, *i))
        .collect();
    let given: Vec<bool> = compared.iter().map(|i| has_column(checked, *i)).collect();
    // Templates have no columns for files.
    let told: Vec<bool> =
        compared.iter().zip(&given).map(|(i, g)| *g || ledger.fields[*i].ty != FieldType::File).collect();
    let column = |i: &usize| {
        let field = &ledger.fields[*i];
        format!(", \"{}{}\"", field.name, if field.sensitive { "_index" } else { "" })
    };
    let columns: String = compared.iter().map(column).collect();
    let typed = ledger.unit_from.is_none();
    let unit = if typed { "unit_id" } else { "cast(null as bigint)" };
    let sql = format!(
        "select record_code, import_id, {unit}, unit_id{columns} from l_{} where voided_at is null",
        ledger.name
    );
    let names_units = names_units(checked);
    // A row as it is compared: with a code by what the file gives.
    let said = |code: Option<&str>, unit: Option<i64>, values: Vec<Value>| match code {
        None => format!("{unit:?} {:?}", only(&values, &told)),
        Some(code) => format!("{code:?} {:?} {:?}", unit.filter(|_| names_units), only(&values, &given)),
    };
    let mut standing: HashMap<String, (Option<i64>, Option<i64>)> = HashMap::new();
    tx.each(&sql, &[], |r| {
        let values = (0..compared.len()).map(|i| r.value(i + 4)).collect::<anyhow::Result<Vec<_>>>()?;
        standing.insert(said(r.opt_text(0)?, r.opt_i64(2)?, values), (r.opt_i64(1)?, r.opt_i64(3)?));
        Ok(())
    })?;
    let compare = |row: &CheckedRow, i: usize| match &row.values[i] {
        Stored::Text(plain) if ledger.fields[i].sensitive => keys.blind_index(plain).into(),
        other => value(other),
    };
    let mut found: BTreeMap<u32, Option<i64>> = BTreeMap::new();
    for row in &checked.rows {
        let values: Vec<Value> = compared.iter().map(|i| compare(row, *i)).collect();
        let same = standing.get(&said(row.code.as_deref(), row.unit.filter(|_| typed), values));
        let Some((import, unit)) = same else { continue };
        // That another unit has such a record is not told: the row is refused like any of another unit.
        let values: Vec<Value> = row.values.iter().map(value).collect();
        if *scope == Scope::All || ledger::writable(tx, ledger, scope, *unit, &values)? {
            found.insert(row.number, *import);
        }
    }
    checked.rows.retain(|row| !found.contains_key(&row.number));
    Ok(found.into_iter().collect())
}

/// Those of the values that are marked.
fn only<'v>(values: &'v [Value], marked: &[bool]) -> Vec<&'v Value> {
    values.iter().zip(marked).filter(|(_, marked)| **marked).map(|(v, _)| v).collect()
}

/// Rows whose code stands in the ledger with other values: they would correct that record. What the file has no column for
/// stays as it is: sheets are passed around with some of the columns.
pub(super) fn corrections(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    checked: &mut Checked,
) -> anyhow::Result<HashMap<u32, Standing>> {
    let stored: Vec<usize> = (0..ledger.fields.len()).filter(|i| ledger.fields[*i].ty != FieldType::Derived).collect();
    let absent: Vec<usize> = stored.iter().copied().filter(|i| !has_column(checked, *i)).collect();
    let unit_stays = ledger.unit_from.is_none() && !names_units(checked);
    let mut by_code: HashMap<String, Vec<&mut CheckedRow>> = HashMap::new();
    for row in checked.rows.iter_mut().chain(&mut checked.broken) {
        if let Some(code) = row.code.clone() {
            by_code.entry(code).or_default().push(row);
        }
    }
    if by_code.is_empty() {
        return Ok(HashMap::new());
    }
    let columns: String = stored.iter().map(|i| format!(", \"{}\"", ledger.fields[*i].name)).collect();
    let sql = format!(
        "select record_code, record_id, revision, unit_id{columns} from l_{} \
         where voided_at is null and record_code is not null order by record_id",
        ledger.name
    );
    let mut found = HashMap::new();
    tx.each(&sql, &[], |r| {
        let Some(rows) = by_code.get_mut(r.text(0)?) else { return Ok(()) };
        let mut values = vec![Value::Null; ledger.fields.len()];
        for (n, i) in stored.iter().enumerate() {
            values[*i] = r.value(n + 4)?;
        }
        let standing = Standing { record: r.i64(1)?, revision: r.i64(2)?, unit: r.opt_i64(3)?, values };
        for row in rows {
            if unit_stays {
                row.unit = standing.unit;
            }
            for i in &absent {
                row.values[*i] = cell(&standing.values[*i]);
            }
            found.insert(row.number, standing.clone());
        }
        Ok(())
    })?;
    Ok(found)
}

/// What the first rows that correct a record would change: row, code, differences. Sensitive values are masked.
///
/// # Errors
/// When the store cannot be read, or a recorded value not be opened.
pub(super) fn differences(
    tx: &mut Tx<'_>,
    (layout, table): (&Layout, usize),
    keys: &Keys,
    prepared: &Prepared,
    most: usize,
) -> anyhow::Result<Vec<(u32, String, Vec<Difference>)>> {
    let ledger = &layout.ledgers[table];
    let corrected = prepared.checked.rows.iter().filter_map(|r| Some((r, prepared.corrections.get(&r.number)?)));
    let corrected: Vec<_> = corrected.take(most).collect();
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (row, standing) in &corrected {
        wanted.entry(UNIT).or_default().extend(row.unit.into_iter().chain(standing.unit));
        for (i, kind) in layout.kinds[table].iter().enumerate() {
            let Kind::Ref(to) = kind else { continue };
            let ids = [value(&row.values[i]), standing.values[i].clone()];
            wanted.entry(*to).or_default().extend(ids.iter().filter_map(Value::as_i64).filter(|id| *id > 0));
        }
    }
    let names = Names::load(tx, layout, &wanted)?;
    let mut found = Vec::new();
    for (row, standing) in corrected {
        let mut differences: Vec<Difference> = Vec::new();
        if ledger.unit_from.is_none() && row.unit != standing.unit {
            let name = |id: Option<i64>| id.map_or_else(String::new, |id| names.title(UNIT, id).to_owned());
            differences.push(("单位".into(), name(standing.unit), name(row.unit)));
        }
        for (i, field) in ledger.fields.iter().enumerate() {
            let [old, new] = [cell(&standing.values[i]), row.values[i].clone()];
            if field.ty == FieldType::Derived || old == new {
                continue;
            }
            if field.sensitive {
                let plain = |v: &Stored| match v {
                    Stored::Text(text) => keys.open(text).unwrap_or_else(|_| text.clone()),
                    _ => String::new(),
                };
                let (old, new) = (plain(&old), plain(&new));
                if old != new {
                    let shown = |text: &str| if text.is_empty() { String::new() } else { mask(field, text) };
                    let (old, new) = (shown(&old), shown(&new));
                    let new = if old == new { format!("{new}（遮去的部分有改动）") } else { new };
                    differences.push((field.title.clone(), old, new));
                }
                continue;
            }
            let text = |stored: &Stored| match (stored, &layout.kinds[table][i], &field.ty) {
                (Stored::I64(id), Kind::Ref(_), _) if *id < 0 => format!("本文件第{}行", -id),
                (Stored::I64(id), Kind::Ref(to), _) => names.title(*to, *id).to_owned(),
                (Stored::Text(day), _, FieldType::Date) => Day::parse(day).map_or_else(|| day.clone(), Day::chinese),
                (Stored::Text(period), _, FieldType::Period) => window_name(period),
                (other, ..) => sheet::display(field, other, &sheet::Ids),
            };
            differences.push((field.title.clone(), text(&old), text(&new)));
        }
        found.push((row.number, row.code.clone().unwrap_or_default(), differences));
    }
    Ok(found)
}
