//! The records in which a person has a part, whole.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::{
    attach::{self, Attachment},
    clock,
    db::{Tx, Value},
    directive::{
        ledger_uses,
        model::{FieldType, Ledger, Requirement},
    },
    export,
    installation::Current,
    ledger::{
        Keys, Stored,
        query::{self, Query, Voided},
        store,
    },
    scope::{Part, Reach, Scope},
    sheet,
    verdict::world::{Layout, PERSON},
};

/// What a person may see as the one whom it concerns, whatever the roles.
pub fn scope(current: &Current, person: i64) -> Scope {
    Scope::Within(Arc::new(Reach { person: Some(person), parts: Arc::clone(&current.parts), ..Reach::default() }))
}

/// A ledger that names persons.
pub struct Named<'a> {
    /// Position of the ledger.
    pub table: usize,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// As what a person stands in it: titles of fields; empty where only another record leads to persons.
    pub roles: Vec<&'a str>,
    /// The demands that are judged from it.
    pub basis: Vec<&'a Requirement>,
}

/// The ledgers that name persons, the roster first, with the demands for which they are kept.
pub fn ledgers(current: &Current) -> Vec<Named<'_>> {
    let engine = &current.engine;
    let uses: BTreeMap<String, Vec<String>> = ledger_uses(&engine.package);
    let named =
        |(table, ledger): (usize, &Ledger)| !ledger.derived && (table == PERSON || current.parts.names(&ledger.name));
    let mut found: Vec<Named<'_>> = engine
        .layout
        .ledgers
        .iter()
        .enumerate()
        .filter(|l| named(*l))
        .map(|(table, ledger)| {
            let persons = ledger.fields.iter().filter(|f| f.ty == FieldType::Person);
            let ids = uses.get(&ledger.name).into_iter().flatten();
            Named {
                table,
                ledger,
                roles: if table == PERSON { vec!["本人"] } else { persons.map(|f| f.title.as_str()).collect() },
                basis: ids.filter_map(|id| engine.package.requirement(id)).collect(),
            }
        })
        .collect();
    found.sort_by_key(|n| n.table != PERSON);
    found
}

/// How many current records of a ledger concern a person.
///
/// # Errors
/// When the store cannot be read.
pub fn count(tx: &mut Tx<'_>, current: &Current, ledger: &Ledger, person: i64) -> anyhow::Result<i64> {
    query::count(tx, ledger, &scope(current, person), &Query::default(), None)
}

/// A row of the own data in words.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// 编号.
    #[serde(rename = "编号")]
    pub code: String,
    /// 第几版, from 1.
    #[serde(rename = "版次")]
    pub revision: i64,
    /// Filled fields: title and content.
    #[serde(rename = "内容")]
    pub fields: Vec<Field>,
    /// When it was recorded: `2025年6月30日 18:05`.
    #[serde(rename = "登记时间")]
    pub recorded: String,
    /// By whom.
    #[serde(rename = "登记人")]
    pub by: String,
    /// Its files, told with the last row: name, size, who brought it and when.
    #[serde(rename = "附件", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// When, by whom and why it was voided or corrected.
    #[serde(rename = "作废", skip_serializing_if = "Option::is_none")]
    pub voided: Option<String>,
}

/// A field of the own data.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// Title.
    #[serde(rename = "栏目")]
    pub title: String,
    /// Content.
    #[serde(rename = "内容")]
    pub text: String,
}

/// The own rows of a ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    /// Title of the ledger.
    #[serde(rename = "台账")]
    pub ledger: String,
    /// For which demands it is kept: titles.
    #[serde(rename = "依据")]
    pub basis: Vec<String>,
    /// How long.
    #[serde(rename = "保存期限")]
    pub keep: String,
    /// Rows, voided ones too.
    #[serde(rename = "记录")]
    pub records: Vec<Record>,
}

/// `10年`, or that nothing was laid down.
pub fn keep(ledger: &Ledger) -> String {
    ledger.keep.map_or_else(|| "未规定".to_owned(), |years| format!("{years}年"))
}

/// Everything that is kept about a person, by ledger, with its history. Sensitive fields are whole where the record
/// itself names the person, and stand for themselves as hidden where it is only reached over another record.
///
/// # Errors
/// When the store cannot be read or a sensitive value not opened.
pub fn sheets(tx: &mut Tx<'_>, current: &Current, keys: &Keys, person: i64) -> anyhow::Result<Vec<Sheet>> {
    let scope = scope(current, person);
    let all = Query { voided: Voided::Shown, ..Query::default() };
    let mut sheets = Vec::new();
    for named in ledgers(current) {
        let mut rows = Vec::new();
        query::each(tx, named.ledger, &scope, &all, |row| {
            rows.push(row);
            Ok(())
        })?;
        if rows.is_empty() {
            continue;
        }
        let layout = &current.engine.layout;
        let names = export::Names::of_rows(tx, layout, named.table, &rows)?;
        let words = Words { layout, table: named.table, names: &names, keys, person };
        let mut records = rows.iter().map(|row| words.record(row)).collect::<anyhow::Result<Vec<_>>>()?;
        let ids = rows.iter().map(|row| row.record_id).collect();
        let files = attach::of_records(tx, &named.ledger.name, &ids)?;
        for (row, record) in rows.iter().zip(&mut records) {
            let newest = rows.iter().filter(|r| r.record_id == row.record_id).map(|r| r.revision).max();
            if newest == Some(row.revision) {
                record.files = words.files(row, files.get(&row.record_id))?;
            }
        }
        sheets.push(Sheet {
            ledger: named.ledger.title.clone(),
            basis: named.basis.iter().map(|r| r.title.clone()).collect(),
            keep: keep(named.ledger),
            records,
        });
    }
    Ok(sheets)
}

/// What rows are told with.
struct Words<'a> {
    layout: &'a Layout,
    table: usize,
    names: &'a export::Names<'a>,
    keys: &'a Keys,
    person: i64,
}

impl Words<'_> {
    /// The files of a record, by their names where the person may know them.
    fn files(&self, row: &Stored, files: Option<&Vec<Attachment>>) -> anyhow::Result<Vec<String>> {
        let ledger = &self.layout.ledgers[self.table];
        let whole = self.table == PERSON || names_itself(ledger, row, self.person);
        let mut told = Vec::new();
        for file in files.into_iter().flatten() {
            let name = if whole { file.own_name(self.keys)? } else { file.label(ledger) };
            let removed = file
                .removed
                .as_ref()
                .map_or_else(String::new, |(at, by, reason)| format!("；{}由{by}移除：{reason}", clock::chinese(*at)));
            let (at, by) = &file.added;
            told.push(format!("{name}（{}字节，{}由{by}上传{removed}）", file.size, clock::chinese(*at)));
        }
        Ok(told)
    }

    fn record(&self, row: &Stored) -> anyhow::Result<Record> {
        let ledger = &self.layout.ledgers[self.table];
        let whole = self.table == PERSON || names_itself(ledger, row, self.person);
        let mut fields = Vec::new();
        if let Some(unit) = row.unit {
            fields.push(Field { title: "单位".into(), text: sheet::Names::unit(self.names, unit) });
        }
        for (field, value) in ledger.fields.iter().zip(&row.values).filter(|(_, v)| !v.is_null()) {
            let text = match value {
                Value::Text(sealed) if field.sensitive && whole => self.keys.open(sealed)?,
                _ if field.sensitive => "（加密，涉及他人）".to_owned(),
                value => sheet::display(field, &export::cell(value), self.names),
            };
            fields.push(Field { title: field.title.clone(), text });
        }
        let voided = row.voided_at.map(|at| {
            let reason = row.void_reason.as_deref().filter(|r| !r.is_empty());
            let reason = reason.map_or_else(String::new, |r| format!("：{r}"));
            format!("{}由{}作废{reason}", clock::chinese(at), row.voided_by.as_deref().unwrap_or_default())
        });
        Ok(Record {
            code: row.code.clone().unwrap_or_else(|| row.record_id.to_string()),
            revision: row.revision,
            fields,
            recorded: clock::chinese(row.recorded_at),
            by: row.recorded_by.clone(),
            files: Vec::new(),
            voided,
        })
    }
}

/// Whether a field of the record itself is the person.
fn names_itself(ledger: &Ledger, row: &Stored, person: i64) -> bool {
    let persons = ledger.fields.iter().zip(&row.values).filter(|(f, _)| f.ty == FieldType::Person);
    persons.into_iter().any(|(_, value)| value.as_i64() == Some(person))
}

/// The current row of a record, if it concerns the person.
///
/// # Errors
/// When the store cannot be read.
pub fn record(
    tx: &mut Tx<'_>,
    current: &Current,
    person: i64,
    ledger: &Ledger,
    record: i64,
) -> anyhow::Result<Option<Stored>> {
    if ledger.name != "person" && !current.parts.names(&ledger.name) {
        return Ok(None);
    }
    store::get(tx, ledger, &scope(current, person), record, None)
}

/// The fields by which a ledger names persons itself.
pub fn own_columns<'a>(current: &'a Current, ledger: &Ledger) -> impl Iterator<Item = &'a str> {
    current.parts.of_ledger(&ledger.name).iter().filter_map(|part| match part {
        Part::Own(column) => Some(column.as_str()),
        Part::Above(..) | Part::Below(..) => None,
    })
}
