//! Templates that were made for an earlier package: what has another name is recognised, and what is different is told.

use crate::{
    db::Tx,
    directive::model::{Field, FieldType, Ledger, Package},
    installation::package,
    sheet::{
        header::{Answers, Target},
        norm,
    },
};

/// What a template says of the package that it was made for.
pub fn version(package: &Package) -> &str {
    package.hash.get(..12).unwrap_or(&package.hash)
}

/// What is to be told about a template of another version than the package in force; columns that have another name now are
/// added to the answers.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn told(
    tx: &mut Tx<'_>,
    current: &Package,
    ledger: &Ledger,
    made_for: &str,
    answers: &mut Answers,
) -> anyhow::Result<Vec<String>> {
    if made_for == version(current) {
        return Ok(Vec::new());
    }
    let sql = "select hash, title from package where substr(hash, 1, 12) = $1 order by row_id desc limit 1";
    let known = tx.one(sql, &[made_for.into()], |r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned())))?;
    let Some((hash, title)) = known else {
        return Ok(vec!["这个模板不是本系统现行或以前的版本，请核对各列，或下载新的模板。".into()]);
    };
    let older = package(tx, &hash)?;
    let before = ledger.was.as_deref().and_then(|was| older.ledger(was)).or_else(|| older.ledger(&ledger.name));
    let Some(before) = before else { return Ok(Vec::new()) };
    let mut told = vec![format!("这个模板是按以前的文件要求“{title}”做的，请核对下列变化，或下载新的模板。")];
    let typed = |f: &&Field| f.ty != FieldType::Derived;
    let same = |old: &Field, new: &Field| new.name == old.name || new.was.as_deref() == Some(&old.name);
    for old in before.fields.iter().filter(typed) {
        match ledger.fields.iter().position(|new| same(old, new)) {
            None => told.push(format!("“{}”已不再登记，不导入。", old.title)),
            Some(i) if ledger.fields[i].title != old.title => {
                told.push(format!("“{}”现称“{}”，已自动对应。", old.title, ledger.fields[i].title));
                answers.entry(norm::key(&old.title)).or_insert(Target::Field(i));
            }
            Some(_) => {}
        }
    }
    let added = ledger.fields.iter().filter(typed).filter(|new| !before.fields.iter().any(|old| same(old, new)));
    for new in added.filter(|f| f.required) {
        told.push(format!("新增了必填的“{}”。", new.title));
    }
    // The package is another one, but not for this ledger.
    Ok(if told.len() > 1 { told } else { Vec::new() })
}
