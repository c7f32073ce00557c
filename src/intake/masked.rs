//! Masked values that come back: an export shows sensitive fields masked, and such a file may be corrected elsewhere and
//! taken in again. A mask that fits the recorded value means that it was not changed; any other mask is no value.

use std::collections::HashMap;

use crate::{
    db::Tx,
    directive::model::Ledger,
    ledger::{
        Keys,
        mask::{is_mask, mask},
    },
    sheet::{CellError, Checked, Stored},
};

/// Puts recorded values in the place of their masks, and takes rows out whose masks fit nothing.
///
/// # Errors
/// When the store cannot be read, or a recorded value not be opened.
pub(super) fn keep(tx: &mut Tx<'_>, ledger: &Ledger, keys: &Keys, checked: &mut Checked) -> anyhow::Result<()> {
    let sensitive: Vec<usize> = (0..ledger.fields.len()).filter(|i| ledger.fields[*i].sensitive).collect();
    let masked = |value: &Stored| matches!(value, Stored::Text(t) if is_mask(t));
    // Codes of the rows with masks, so that nothing else is opened.
    let mut recorded: HashMap<String, Vec<Option<String>>> = HashMap::new();
    for row in checked.rows.iter().filter(|row| sensitive.iter().any(|i| masked(&row.values[*i]))) {
        recorded.insert(row.code.clone().unwrap_or_default(), Vec::new());
    }
    if recorded.is_empty() {
        return Ok(());
    }
    let columns: String = sensitive.iter().map(|i| format!(", \"{}\"", ledger.fields[*i].name)).collect();
    let sql = format!(
        "select record_code{columns} from l_{} where voided_at is null and record_code is not null order by record_id",
        ledger.name
    );
    tx.each(&sql, &[], |r| {
        if let Some(sealed) = recorded.get_mut(r.text(0)?) {
            let all = (1..=sensitive.len()).map(|i| Ok(r.opt_text(i)?.map(str::to_owned)));
            *sealed = all.collect::<anyhow::Result<_>>()?;
        }
        Ok(())
    })?;
    let mut wrong = Vec::new();
    for row in &mut checked.rows {
        let sealed = recorded.get(row.code.as_deref().unwrap_or_default());
        for (n, i) in sensitive.iter().enumerate() {
            if !masked(&row.values[*i]) {
                continue;
            }
            let field = &ledger.fields[*i];
            let known = sealed.and_then(|all| all.get(n).cloned().flatten());
            let fits = match (&known, &row.values[*i]) {
                (Some(known), Stored::Text(shown)) => mask(field, &keys.open(known)?) == *shown,
                _ => false,
            };
            match known.filter(|_| fits) {
                Some(known) => row.values[*i] = Stored::Text(known),
                None => wrong.push((row.number, field.title.clone(), row.values[*i].clone())),
            }
        }
    }
    for (row, head, shown) in wrong {
        checked.rows.retain(|r| r.number != row);
        checked.bad_rows += usize::from(!checked.errors.iter().any(|e| e.row == row));
        checked.error_count += 1;
        checked.errors.push(CellError {
            row,
            head,
            shown: if let Stored::Text(shown) = shown { shown } else { String::new() },
            reason: "是遮蔽后的内容，与已登记的对不上".into(),
            mend: "请填写完整内容；不改的，删去这一列再导入".into(),
            ..CellError::default()
        });
    }
    checked.errors.sort_by_key(|e| e.row);
    Ok(())
}
