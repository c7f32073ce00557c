//! Rules between rows that a single cell cannot break: units in a circle, a post outside its unit's life, a code that is
//! taken. Each finding names the row, what is wrong and how to mend it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::value;
use crate::{
    day::Day,
    db::Tx,
    directive::model::Ledger,
    facts, form,
    ledger::{Keys, store},
    sheet::{CellError, Checked, CheckedRow, Stored, header::Target, letters},
};

/// Takes rows that break a rule out of the checked ones and reports them. `corrects` is the record that the one row of a
/// form corrects; rows of a file correct the record of their code.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    checked: &mut Checked,
    corrects: Option<i64>,
) -> anyhow::Result<()> {
    let found = match ledger.name.as_str() {
        "unit" => circles(tx, ledger, &checked.rows, corrects)?,
        "post" | "charge" => outside(tx, ledger, &checked.rows)?,
        "attendance" => tested(tx, ledger, &checked.rows, corrects)?,
        _ => return Ok(()),
    };
    checked.refuse(found);
    Ok(())
}

/// Takes out rows with a 身份证号 that another record has already; `record` tells which record a row corrects.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn numbers(
    tx: &mut Tx<'_>,
    (ledger, keys): (&Ledger, &Keys),
    checked: &mut Checked,
    record: &dyn Fn(&CheckedRow) -> Option<i64>,
) -> anyhow::Result<()> {
    for field in facts::unique(ledger) {
        let rows: Vec<&CheckedRow> = checked.told().collect();
        let kept: Vec<_> = rows.iter().map(|row| (record(row), value(&row.values[field]))).collect();
        let values: Vec<_> = kept.iter().map(|(own, value)| (*own, value.as_text())).collect();
        let column = checked.header.columns.iter().find(|c| c.target == Target::Field(field));
        let (column, head) = column.map_or_else(
            || (String::new(), ledger.fields[field].title.clone()),
            |c| (letters(c.index), c.head.clone()),
        );
        let error = |i: usize| CellError {
            row: rows[i].number,
            column: column.clone(),
            head: head.clone(),
            reason: facts::TAKEN.into(),
            mend: facts::MEND.into(),
            ..CellError::default()
        };
        let errors = facts::taken(tx, (ledger, field), keys, &values)?.into_iter().map(error).collect();
        checked.refuse(errors);
    }
    Ok(())
}

/// Takes out rows that bring a record with a code under which another one, without a code, is found already; `record` tells
/// which record a row corrects.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn codes(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    checked: &mut Checked,
    record: &dyn Fn(&CheckedRow) -> Option<i64>,
) -> anyhow::Result<()> {
    let number = |row: &CheckedRow| row.code.as_deref().and_then(store::number_like).filter(|_| record(row).is_none());
    let numbers = checked.told().filter_map(number).collect();
    let taken = store::codeless(tx, ledger, &numbers)?;
    let column = checked.header.columns.iter().find(|c| c.target == Target::Code);
    let (column, head) = column.map_or_else(Default::default, |c| (letters(c.index), c.head.clone()));
    let hit = checked.told().filter(|row| number(row).is_some_and(|n| taken.contains(&n)));
    let errors = hit.map(|row| CellError {
        row: row.number,
        column: column.clone(),
        head: head.clone(),
        shown: row.code.clone().unwrap_or_default(),
        reason: form::IS_NUMBER.into(),
        mend: form::NUMBER_MEND.into(),
    });
    let errors = errors.collect();
    checked.refuse(errors);
    Ok(())
}

/// How many rows [`numbers`] has taken out.
pub(crate) fn taken(checked: &Checked) -> usize {
    checked.errors.iter().filter(|e| e.reason == facts::TAKEN).count()
}

/// Takes out units whose superior is in the same file and is not taken in.
pub(super) fn orphans(ledger: &Ledger, checked: &mut Checked) {
    let Some(parent) = ledger.field_index("parent").filter(|_| ledger.name == "unit") else { return };
    loop {
        let there: HashSet<i64> = checked.rows.iter().map(|r| -i64::from(r.number)).collect();
        let lost = |row: &&CheckedRow| matches!(row.values[parent], Stored::I64(id) if id < 0 && !there.contains(&id));
        let error = |row: &CheckedRow| CellError {
            row: row.number,
            head: ledger.fields[parent].title.clone(),
            reason: match row.values[parent] {
                Stored::I64(id) => format!("上级单位在第 {} 行，那一行没有导入", -id),
                _ => String::new(),
            },
            mend: "请先改正上级单位那一行".into(),
            ..CellError::default()
        };
        let errors: Vec<CellError> = checked.rows.iter().filter(lost).map(error).collect();
        if errors.is_empty() {
            return;
        }
        checked.refuse(errors);
    }
}

fn field<'r>(ledger: &Ledger, row: &'r CheckedRow, name: &str) -> Option<&'r Stored> {
    ledger.field_index(name).and_then(|i| row.values.get(i))
}

fn day(ledger: &Ledger, row: &CheckedRow, name: &str) -> Option<Day> {
    match field(ledger, row, name) {
        Some(Stored::Text(t)) => Day::parse(t),
        _ => None,
    }
}

/// Units whose superiors lead back to themselves, with the units that stand already.
fn circles(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    rows: &[CheckedRow],
    corrects: Option<i64>,
) -> anyhow::Result<Vec<CellError>> {
    let sql = "select record_id, record_code, \"parent\" from l_unit where voided_at is null";
    let standing = tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned), r.opt_i64(2)?)))?;
    let ids: HashMap<&str, i64> = standing.iter().filter_map(|(id, code, _)| Some((code.as_deref()?, *id))).collect();
    let mut parents: HashMap<i64, i64> =
        standing.iter().filter_map(|(id, _, parent)| Some((*id, (*parent)?))).collect();
    // New units stand under minus the number of their row.
    let coded = |row: &CheckedRow| row.code.as_deref().and_then(|c| ids.get(c).copied());
    let id_of = |row: &CheckedRow| corrects.or(coded(row)).unwrap_or(-i64::from(row.number));
    let updated: Vec<(&CheckedRow, i64)> = rows.iter().map(|row| (row, id_of(row))).collect();
    for (row, id) in &updated {
        if let Some(Stored::I64(parent)) = field(ledger, row, "parent") {
            parents.insert(*id, *parent);
        }
    }
    let circular = |start: i64| {
        let mut at = start;
        for _ in 0..=parents.len() {
            match parents.get(&at) {
                Some(up) if *up == start => return true,
                Some(up) => at = *up,
                None => return false,
            }
        }
        false
    };
    let error = |row: &CheckedRow| CellError {
        row: row.number,
        head: "上级单位".into(),
        reason: "上级单位成了一圈，这个单位成了自己的上级".into(),
        mend: "请改正上级单位".into(),
        ..CellError::default()
    };
    Ok(updated.iter().filter(|(_, id)| circular(*id)).map(|(row, _)| error(row)).collect())
}

/// Posts that begin before their unit or go on after it.
fn outside(tx: &mut Tx<'_>, ledger: &Ledger, rows: &[CheckedRow]) -> anyhow::Result<Vec<CellError>> {
    let sql = "select record_id, \"name\", \"from\", \"to\" from l_unit where voided_at is null";
    let day_of = |t: Option<&str>| t.and_then(Day::parse);
    let units: BTreeMap<i64, (String, Option<Day>, Option<Day>)> = tx
        .rows(sql, &[], |r| {
            let name = r.opt_text(1)?.unwrap_or_default().to_owned();
            Ok((r.i64(0)?, (name, day_of(r.opt_text(2)?), day_of(r.opt_text(3)?))))
        })?
        .into_iter()
        .collect();
    let mut found = Vec::new();
    for row in rows {
        let Some((name, opens, closes)) = row.unit.and_then(|u| units.get(&u)) else { continue };
        let error = |head: &str, shown: Day, reason: String| CellError {
            row: row.number,
            head: head.into(),
            shown: shown.chinese(),
            reason,
            mend: "请改正日期，或先改正单位的起止日期".into(),
            ..CellError::default()
        };
        match (day(ledger, row, "from"), opens) {
            (Some(from), Some(opens)) if from < *opens => {
                found.push(error("起始日期", from, format!("早于“{name}”的设立日期{}", opens.chinese())));
                continue;
            }
            _ => {}
        }
        match (day(ledger, row, "to"), day(ledger, row, "from"), closes) {
            (Some(to), _, Some(closes)) if to > *closes => {
                found.push(error("截止日期", to, format!("晚于“{name}”的撤销日期{}", closes.chinese())));
            }
            (None, Some(from), Some(closes)) => {
                found.push(error("截止日期", from, format!("没有填截止日期，而“{name}”已于{}撤销", closes.chinese())));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Results of a class with a test of its own: the test records them, and nobody types over what it has found. Before
/// it is closed nothing is to be typed, afterwards everything stays as it is.
fn tested(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    rows: &[CheckedRow],
    corrects: Option<i64>,
) -> anyhow::Result<Vec<CellError>> {
    const RESULT: [&str; 3] = ["sat", "score", "excuse"];
    let there: Vec<usize> = RESULT.iter().filter_map(|name| ledger.field_index(name)).collect();
    let Some(score) = ledger.field_index("score").filter(|_| there.len() == RESULT.len()) else {
        return Ok(Vec::new());
    };
    let columns: Vec<String> = there.iter().map(|i| format!("\"{}\"", ledger.fields[*i].name)).collect();
    let sql = format!(
        "select {} from l_attendance where voided_at is null and (record_id = $1 or record_code = $2)",
        columns.join(", ")
    );
    let mut found = Vec::new();
    for row in rows {
        let Some(Stored::I64(activity)) = field(ledger, row, "activity") else { continue };
        let Some((title, closed)) = facts::test_of(tx, *activity)? else { continue };
        let code = row.code.clone().filter(|_| corrects.is_none());
        let params = [corrects.unwrap_or_default().into(), code.unwrap_or_default().into()];
        let standing =
            tx.one(&sql, &params, |r| (0..there.len()).map(|i| r.value(i)).collect::<anyhow::Result<Vec<_>>>())?;
        let now: Vec<_> = there.iter().map(|i| value(&row.values[*i])).collect();
        let same = match &standing {
            Some(was) => *was == now,
            None => now.iter().all(crate::db::Value::is_null),
        };
        // Before the end the list may still be put right: who is excused, and why.
        let typed = !matches!(row.values[score], Stored::Null);
        if same || (!closed && !typed) {
            continue;
        }
        found.push(CellError {
            row: row.number,
            head: ledger.fields[score].title.clone(),
            reason: format!("这个班的考试情况和成绩由考试“{title}”登记，不能另外填写"),
            mend: "请保持原样；有误的，在考试页面办理（作废试题、更正答案、复核评分、撤销录入）".into(),
            ..CellError::default()
        });
    }
    Ok(found)
}
