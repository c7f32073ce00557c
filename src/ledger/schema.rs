//! From a definition to its table: made once, then only ever widened.
//!
//! A new package adds ledgers, columns and choices, renames by `was`, and retires what it no longer names: retired
//! tables and columns stay, with what was recorded. A type never changes.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use sha2::{Digest, Sha256};

use super::row::{self, COMMON, index_column, is_number, quoted, stored_fields, table, table_name};
use crate::{
    audit::Mark,
    db::Tx,
    directive::model::{Field, FieldType, Ledger},
    hex::hex,
};

/// Further indexes by the ledger's name: lists of columns, compiled from the requirements that read the ledger.
pub type Indexes = BTreeMap<String, Vec<Vec<String>>>;

/// What a new package changes in the tables, for people to read.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A ledger that was not there (its title).
    AddLedger(String),
    /// A ledger under another name (titles).
    RenameLedger(String, String),
    /// A ledger that is no longer named (title).
    RetireLedger(String),
    /// A field that was not there (titles of ledger and field).
    AddField(String, String),
    /// A field under another name (titles of ledger, field before and field now).
    RenameField(String, String, String),
    /// A field that is no longer named (titles of ledger and field).
    RetireField(String, String),
    /// A further choice (titles of ledger and field, choice).
    AddChoice(String, String, String),
    /// A choice that is no longer offered (titles of ledger and field, choice).
    RetireChoice(String, String, String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::AddLedger(l) => write!(f, "新增台账“{l}”"),
            Change::RenameLedger(from, to) => write!(f, "台账“{from}”改名为“{to}”"),
            Change::RetireLedger(l) => write!(f, "台账“{l}”停用，已有记录保留"),
            Change::AddField(l, x) => write!(f, "“{l}”新增栏目“{x}”"),
            Change::RenameField(l, from, to) => write!(f, "“{l}”的栏目“{from}”改名为“{to}”"),
            Change::RetireField(l, x) => write!(f, "“{l}”的栏目“{x}”停用，已有内容保留"),
            Change::AddChoice(l, x, c) => write!(f, "“{l}”的“{x}”新增选项“{c}”"),
            Change::RetireChoice(l, x, c) => write!(f, "“{l}”的“{x}”不再提供选项“{c}”，已有记录不变"),
        }
    }
}

/// Makes the table of a ledger, its counter and its indexes. A table that is there from an earlier package is widened.
/// A derived ledger has no table.
pub fn create(tx: &mut Tx<'_>, ledger: &Ledger, extra: &[Vec<String>]) -> anyhow::Result<()> {
    if ledger.derived {
        return Ok(());
    }
    check_names(ledger)?;
    let have: BTreeMap<String, String> = tx.columns(&table_name(ledger))?.into_iter().collect();
    if have.is_empty() {
        let fields: String = columns(ledger).map(|(name, ty)| format!(",\n    {} {ty}", quoted(&name))).collect();
        tx.ddl(&format!("create table {} (\n    {COMMON_COLUMNS}{fields}\n)", table(ledger)))?;
    }
    for (name, ty) in columns(ledger).filter(|_| !have.is_empty()) {
        match have.get(&name) {
            None => tx.ddl(&format!("alter table {} add column {} {ty}", table(ledger), quoted(&name)))?,
            Some(was) => ensure!(
                was == ty,
                "台账“{}”的栏目 {name} 以前用过，当时的类型不同，不能再用这个名称：请换一个名称",
                ledger.title
            ),
        }
    }
    tx.execute("insert into counter (name, next) values ($1, 1) on conflict do nothing", &[(&ledger.name).into()])?;
    index(tx, ledger, extra)
}

const COMMON_COLUMNS: &str = "row_id {id},
    record_id bigint not null,
    revision bigint not null,
    record_code text,
    unit_id bigint,
    recorded_at bigint not null,
    recorded_by text not null,
    voided_at bigint,
    voided_by text,
    void_reason text,
    import_id bigint";

/// Columns of the fields with their types; a sensitive field has a second one for its blind index.
fn columns(ledger: &Ledger) -> impl Iterator<Item = (String, &'static str)> {
    stored_fields(ledger).flat_map(|(_, f)| {
        let own = (f.name.clone(), if is_number(f) { "bigint" } else { "text" });
        std::iter::once(own).chain(f.sensitive.then(|| (index_column(f), "text")))
    })
}

fn check_names(ledger: &Ledger) -> anyhow::Result<()> {
    let mut seen: Vec<String> = COMMON.iter().map(|c| (*c).to_owned()).collect();
    for (name, _) in columns(ledger) {
        let lower = name.to_ascii_lowercase();
        ensure!(
            !seen.contains(&lower),
            "台账“{}”的栏目名 {name} 重复，或与程序自用的列重名：请换一个名称",
            ledger.title
        );
        seen.push(lower);
    }
    Ok(())
}

/// Makes the indexes that the ledger needs now and drops those it no longer needs.
pub fn index(tx: &mut Tx<'_>, ledger: &Ledger, extra: &[Vec<String>]) -> anyhow::Result<()> {
    let wanted: BTreeMap<String, String> = wanted_indexes(ledger, extra).into_iter().collect();
    let have = tx.indexes(&table_name(ledger))?;
    for name in have.iter().filter(|n| !wanted.contains_key(*n)) {
        tx.ddl(&format!("drop index {}", quoted(name)))?;
    }
    for (name, over) in wanted.iter().filter(|(n, _)| !have.contains(n)) {
        let unique = if over.starts_with("(record_id, revision)") { "unique " } else { "" };
        tx.ddl(&format!("create {unique}index {} on {} {over}", quoted(name), table(ledger)))?;
    }
    Ok(())
}

/// Drops all indexes of a ledger that is still empty, so that millions of rows load several times faster;
/// [`index`] makes them afterwards.
pub fn drop_indexes(tx: &mut Tx<'_>, ledger: &Ledger) -> anyhow::Result<()> {
    for name in tx.indexes(&table_name(ledger))? {
        tx.ddl(&format!("drop index {}", quoted(&name)))?;
    }
    Ok(())
}

/// Names and definitions of the indexes.
fn wanted_indexes(ledger: &Ledger, extra: &[Vec<String>]) -> Vec<(String, String)> {
    let list = |columns: &[&str]| columns.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    let mut current = extra.to_vec();
    match ledger.opening() {
        Some(day) => current.extend([list(&["unit_id", day]), list(&[day, "record_id"])]),
        // For its unit, and in the default order of a list, which has persons without a unit last.
        None if ledger.field("name").is_some() => {
            current.extend([list(&["unit_id"]), list(&[UNIT_IS_NULL, "unit_id", "name", "record_id"])]);
        }
        None => current.extend([list(&["unit_id"]), list(&[UNIT_IS_NULL, "unit_id", "record_id"])]),
    }
    current.extend(stored_fields(ledger).filter(|(_, f)| f.sensitive).map(|(_, f)| vec![index_column(f)]));
    // An index serves every list it begins with.
    let lists = current.clone();
    current.retain(|c| !lists.iter().any(|longer| longer.len() > c.len() && longer.starts_with(c)));
    current.sort();
    current.dedup();
    let always = [
        (list(&["record_id", "revision"]), ""),
        (list(&["record_code"]), "where record_code is not null"),
        (list(&["import_id"]), "where import_id is not null"),
        (list(&["voided_at"]), "where voided_at is not null"),
    ];
    let current = current.into_iter().map(|c| (c, "where voided_at is null"));
    always.into_iter().chain(current).map(|(columns, condition)| index_of(ledger, &columns, condition)).collect()
}

/// The one expression in an index.
const UNIT_IS_NULL: &str = "(unit_id is null)";

/// A name that people can read and PostgreSQL does not cut (63 bytes), and what the index is over.
fn index_of(ledger: &Ledger, columns: &[String], condition: &str) -> (String, String) {
    let ours = |c: &str| c == UNIT_IS_NULL || COMMON.contains(&c);
    let quoted: Vec<String> = columns.iter().map(|c| if ours(c) { c.clone() } else { row::quoted(c) }).collect();
    let over = format!("({}) {condition}", quoted.join(", "));
    let hash = Sha256::digest(format!("{} {over}", ledger.name));
    let readable = columns.iter().filter(|c| *c != UNIT_IS_NULL).map(String::as_str).collect::<Vec<_>>().join("_");
    let mut name = format!("{}_{readable}", table_name(ledger));
    name.truncate(name.floor_char_boundary(50));
    (format!("{name}_{}", hex(&hash[..3])), over)
}

/// What `new` changes against `old`, or everything that it may not do, in Chinese.
pub fn plan(old: &[Ledger], new: &[Ledger]) -> Result<Vec<Change>, Vec<String>> {
    let (mut changes, mut refused) = (Vec::new(), Vec::new());
    for ledger in new {
        match before(old, new, ledger) {
            None => changes.push(Change::AddLedger(ledger.title.clone())),
            Some(was) => {
                if was.name != ledger.name {
                    changes.push(Change::RenameLedger(was.title.clone(), ledger.title.clone()));
                }
                plan_fields(old, new, (was, ledger), &mut changes, &mut refused);
            }
        }
    }
    let gone = old.iter().filter(|o| !new.iter().any(|n| before(old, new, n).is_some_and(|was| was.name == o.name)));
    changes.extend(gone.map(|o| Change::RetireLedger(o.title.clone())));
    if refused.is_empty() { Ok(changes) } else { Err(refused) }
}

fn plan_fields(
    old: &[Ledger],
    new: &[Ledger],
    (was, ledger): (&Ledger, &Ledger),
    changes: &mut Vec<Change>,
    refused: &mut Vec<String>,
) {
    let title = || ledger.title.clone();
    for (_, field) in stored_fields(ledger) {
        let Some(earlier) = field_before(was, ledger, field) else {
            changes.push(Change::AddField(title(), field.title.clone()));
            continue;
        };
        if earlier.name != field.name {
            changes.push(Change::RenameField(title(), earlier.title.clone(), field.title.clone()));
        }
        if !same_type(old, new, earlier, field) {
            refused.push(format!(
                "台账“{}”的栏目“{}”（{}）不能改变类型或是否加密：请另设新栏目，旧栏目停用",
                ledger.title, field.title, field.name
            ));
        }
        let (had, has) = (choices(&earlier.ty), choices(&field.ty));
        let missing =
            |from: &[String], of: &[String]| of.iter().filter(|c| !from.contains(c)).cloned().collect::<Vec<_>>();
        let (add, retire) = (missing(had, has), missing(has, had));
        changes.extend(add.into_iter().map(|c| Change::AddChoice(title(), field.title.clone(), c)));
        changes.extend(retire.into_iter().map(|c| Change::RetireChoice(title(), field.title.clone(), c)));
    }
    let kept =
        |f: &Field| stored_fields(ledger).any(|(_, n)| field_before(was, ledger, n).is_some_and(|o| o.name == f.name));
    let gone = stored_fields(was).filter(|(_, f)| !kept(f));
    changes.extend(gone.map(|(_, f)| Change::RetireField(title(), f.title.clone())));
}

/// The ledger under its own name, else under the one it had.
fn before<'a>(old: &'a [Ledger], new: &[Ledger], ledger: &Ledger) -> Option<&'a Ledger> {
    let named = |name: &str| old.iter().find(|o| o.name == name);
    let was = ledger.was.as_deref().filter(|was| !new.iter().any(|n| n.name == *was));
    named(&ledger.name).or_else(|| named(was?))
}

/// The field under its own name, else under the one it had; only fields with a column.
fn field_before<'a>(was: &'a Ledger, ledger: &Ledger, field: &Field) -> Option<&'a Field> {
    let named = |name: &str| stored_fields(was).find(|(_, f)| f.name == name).map(|(_, f)| f);
    let earlier = field.was.as_deref().filter(|was| ledger.field(was).is_none());
    named(&field.name).or_else(|| named(earlier?))
}

fn same_type(old: &[Ledger], new: &[Ledger], earlier: &Field, field: &Field) -> bool {
    let same = match (&earlier.ty, &field.ty) {
        (FieldType::Choice(_), FieldType::Choice(_)) | (FieldType::Choices(_), FieldType::Choices(_)) => true,
        (FieldType::Ref(a), FieldType::Ref(b)) => {
            let target = new.iter().find(|l| l.name == *b).and_then(|l| before(old, new, l));
            a == b || target.is_some_and(|t| t.name == *a)
        }
        (a, b) => a == b,
    };
    same && earlier.sensitive == field.sensitive
}

fn choices(ty: &FieldType) -> &[String] {
    match ty {
        FieldType::Choice(of) | FieldType::Choices(of) => of,
        _ => &[],
    }
}

/// Brings the tables from `old` to `new` and gives what was changed; changes nothing if anything is refused.
/// Ledgers and fields that both know under one name are left alone, so that it can be run again.
pub fn migrate(tx: &mut Tx<'_>, old: &[Ledger], new: &[Ledger], extra: &Indexes) -> anyhow::Result<Vec<Change>> {
    let changes = match plan(old, new) {
        Ok(changes) => changes,
        Err(refused) => bail!(refused.join("\n")),
    };
    for ledger in new.iter().filter(|l| !l.derived) {
        if let Some(was) = before(old, new, ledger).filter(|was| !was.derived) {
            rename(tx, was, ledger)?;
        }
        create(tx, ledger, extra.get(&ledger.name).map_or(&[], Vec::as_slice))?;
    }
    Ok(changes)
}

fn rename(tx: &mut Tx<'_>, was: &Ledger, ledger: &Ledger) -> anyhow::Result<()> {
    if was.name != ledger.name {
        // Names of indexes follow the table's.
        drop_indexes(tx, was)?;
        tx.ddl(&format!("alter table {} rename to {}", table(was), table(ledger)))?;
        tx.trail().mark(&Mark::Ledger { from: was.name.clone(), to: ledger.name.clone() });
        let names = [(&ledger.name).into(), (&was.name).into()];
        tx.execute("update counter set name = $1 where name = $2", &names)?;
        for told in ["import", "import_batch", "correction_request", "doubt", "once", "attachment"] {
            tx.execute(&format!("update {told} set ledger = $1 where ledger = $2"), &names)?;
        }
    }
    for (_, field) in stored_fields(ledger) {
        let Some(earlier) = field_before(was, ledger, field).filter(|e| e.name != field.name) else { continue };
        let mut pairs = vec![(earlier.name.clone(), field.name.clone())];
        pairs.extend(field.sensitive.then(|| (index_column(earlier), index_column(field))));
        for (from, to) in pairs {
            tx.trail().mark(&Mark::Column { ledger: ledger.name.clone(), from: from.clone(), to: to.clone() });
            let (from, to) = (quoted(&from), quoted(&to));
            tx.ddl(&format!("alter table {} rename column {from} to {to}", table(ledger)))?;
        }
    }
    Ok(())
}
