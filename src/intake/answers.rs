//! What a unit has said the columns of its files are: asked once, and remembered for the unit and the ledger.

use crate::{
    db::Tx,
    directive::model::Ledger,
    sheet::header::{Answers, Target},
};

/// A target as it is stored and posted.
pub fn word(target: Target, ledger: &Ledger) -> String {
    match target {
        Target::Field(i) => ledger.fields[i].name.clone(),
        Target::Number(i) => format!("{}#", ledger.fields[i].name),
        Target::Code => "#code".into(),
        Target::Unit => "#unit".into(),
        Target::Section => "#section".into(),
        Target::Ignored | Target::Unknown => String::new(),
    }
}

/// The target of a word; `None` where the ledger has no such field any more.
pub fn target(word: &str, ledger: &Ledger) -> Option<Target> {
    Some(match word {
        "" => Target::Ignored,
        "#code" => Target::Code,
        "#unit" => Target::Unit,
        "#section" => Target::Section,
        name => match name.strip_suffix('#') {
            Some(name) => Target::Number(ledger.field_index(name)?),
            None => Target::Field(ledger.field_index(name)?),
        },
    })
}

/// What a unit has answered for a ledger.
///
/// # Errors
/// When the store cannot be read.
pub fn of(tx: &mut Tx<'_>, unit: i64, ledger: &Ledger) -> anyhow::Result<Answers> {
    let sql = "select head, target from import_answer where unit_id = $1 and ledger = $2";
    let rows =
        tx.rows(sql, &[unit.into(), (&ledger.name).into()], |r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned())))?;
    Ok(rows.into_iter().filter_map(|(head, word)| Some((head, target(&word, ledger)?))).collect())
}

/// Remembers answers: heads as they are compared, each with its word; a later one takes the place of an earlier.
///
/// # Errors
/// When the store cannot be written.
pub fn remember(
    tx: &mut Tx<'_>,
    (unit, ledger): (i64, &str),
    answers: &[(String, String)],
    (by, at): (&str, i64),
) -> anyhow::Result<()> {
    let sql = "insert into import_answer (unit_id, ledger, head, target, answered_at, answered_by) \
               values ($1, $2, $3, $4, $5, $6) on conflict (unit_id, ledger, head) \
               do update set target = excluded.target, answered_at = excluded.answered_at, answered_by = excluded.answered_by";
    for (head, word) in answers {
        let params = [unit.into(), ledger.into(), head.into(), word.into(), at.into(), by.into()];
        tx.execute(sql, &params)?;
    }
    Ok(())
}

/// Forgets what was answered about these heads, so that it is asked again.
///
/// # Errors
/// When the store cannot be written.
pub fn forget(tx: &mut Tx<'_>, (unit, ledger): (i64, &str), heads: &[String]) -> anyhow::Result<()> {
    for head in heads {
        let sql = "delete from import_answer where unit_id = $1 and ledger = $2 and head = $3";
        tx.execute(sql, &[unit.into(), ledger.into(), head.into()])?;
    }
    Ok(())
}
