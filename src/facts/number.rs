//! One 身份证号, one person: whether a value is another record's already. It is compared by the blind index, so that nothing
//! is opened, and with all records, whatever the writer may see: of whose it is nothing is told.

use std::collections::HashMap;

use crate::{
    db::{Tx, Value},
    directive::model::{Ledger, LedgerKind},
    ledger::{Keys, row::quoted},
    sheet::id_number::is_id_number,
};

/// A 身份证号 that another record has.
#[derive(Debug, thiserror::Error)]
#[error("{title}：{TAKEN}。{MEND}")]
pub struct NumberTaken {
    /// Name of the field.
    pub field: String,
    /// Its title.
    pub title: String,
}

/// What is said of it, and how to mend it.
pub(crate) const TAKEN: &str = "本系统已有此身份证号";
/// See [`TAKEN`].
pub(crate) const MEND: &str = "请联系人事部门";

/// The record of a value, and the value as it is compared.
type One = (Option<i64>, Option<String>);

/// So many values are looked up one by one.
const FEW: usize = 20;

/// Positions of the fields that no two records of a register may share.
pub(crate) fn unique(ledger: &Ledger) -> Vec<usize> {
    let fields = ledger.fields.iter().enumerate().filter(|(_, f)| is_id_number(f));
    if ledger.kind == LedgerKind::Register { fields.map(|(i, _)| i).collect() } else { Vec::new() }
}

/// Which of these values of a field, each of a record (`None`: a new one), other records have. A record that has its value
/// already keeps it.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn taken(
    tx: &mut Tx<'_>,
    (ledger, field): (&Ledger, usize),
    keys: &Keys,
    values: &[(Option<i64>, Option<&str>)],
) -> anyhow::Result<Vec<usize>> {
    let of = &ledger.fields[field];
    let column = quoted(&format!("{}{}", of.name, if of.sensitive { "_index" } else { "" }));
    let stored = |text: &str| if of.sensitive { keys.blind_index(text) } else { text.to_owned() };
    let kept: Vec<One> = values.iter().map(|(own, text)| (*own, text.map(stored))).collect();
    let from = format!("from {} where voided_at is null", quoted(&format!("l_{}", ledger.name)));
    let mut having: HashMap<String, Vec<i64>> = HashMap::new();
    let texts: Vec<&String> = kept.iter().filter_map(|(_, text)| text.as_ref()).collect();
    if texts.len() <= FEW {
        let sql = format!("select record_id {from} and {column} = $1");
        for text in texts {
            having.insert(text.clone(), tx.rows(&sql, &[Value::from(text.as_str())], |r| r.i64(0))?);
        }
    } else {
        tx.each(&format!("select record_id, {column} {from} and {column} is not null"), &[], |r| {
            having.entry(r.text(1)?.to_owned()).or_default().push(r.i64(0)?);
            Ok(())
        })?;
    }
    let is_taken = |(own, text): &One| {
        let records = text.as_ref().and_then(|text| having.get(text));
        records.is_some_and(|records| !records.is_empty() && own.is_none_or(|own| !records.contains(&own)))
    };
    Ok(kept.iter().enumerate().filter(|(_, one)| is_taken(one)).map(|(i, _)| i).collect())
}
