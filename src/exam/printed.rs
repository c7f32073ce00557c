//! The forms of a test that were printed for a room without computers. Once made they stay: printing again gives the same,
//! and an answer sheet read later is read by the order of its form.

use serde_json::json;

use super::{
    attempt::{order, written},
    paper::{Chosen, Form, MOST_FORMS, forms},
    test::{State, Test},
};
use crate::{
    audit::{self, About, Guarded, Kind},
    auth::account::Refused,
    db::{Tx, Value},
    scope::Actor,
};

/// Held by who makes forms, so that two who print at once get the same.
const LOCK: i64 = 0x70_7269_6e74;

/// The forms of a test, by letter.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<Form>> {
    let sql = "select letter, asked from test_form where test_id = $1 order by letter";
    tx.rows(sql, &[id.into()], |r| {
        Ok(Form { letter: r.text(0)?.chars().next().unwrap_or('?'), asked: order(r.text(1)?) })
    })
}

/// The first forms of a published test for printing with their keys, which is logged; those that are not there yet are made
/// by the seed.
///
/// # Errors
/// [`Refused`] for a draft, and for more forms of a test that is over than were printed before; else when the store cannot
/// be written.
pub fn take(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (test, paper): (&Test, &[Chosen]),
    count: usize,
    seed: u64,
) -> anyhow::Result<Vec<Form>> {
    if !(1..=MOST_FORMS).contains(&count) {
        return Err(Refused(format!("卷数应为1至{MOST_FORMS}。")).into());
    }
    tx.lock(&[LOCK])?;
    let mut all = of_test(tx, test.id)?;
    let fresh: Vec<Form> = forms(paper, count, seed).into_iter().skip(all.len()).collect();
    match test.state {
        State::Draft => return Err(Refused("考试还没有发布，发布后才能打印试卷。".into()).into()),
        State::Closed if !fresh.is_empty() => {
            return Err(Refused(format!("考试已结束，只能再次打印原有的{}份卷。", all.len())).into());
        }
        _ => {}
    }
    for form in &fresh {
        let sql = "insert into test_form (test_id, letter, asked, made_at, made_by) values ($1, $2, $3, $4, $5)";
        let params: [Value; 5] = [
            test.id.into(),
            form.letter.to_string().into(),
            written(&form.asked).into(),
            actor.at.into(),
            actor.name.as_str().into(),
        ];
        tx.execute(sql, &params)?;
        audit::guard(tx, Guarded::Test, test.id);
    }
    all.extend(fresh);
    all.truncate(count);
    let title = format!("试卷“{}”{}卷，含答案", test.rules.title, letters(&all));
    let about = About { unit: Some(test.rules.unit), ..About::default() };
    audit::note_of(tx, actor, Kind::Export, json!({ "title": title, "test": test.id }), about);
    Ok(all)
}

/// `A、B`.
pub fn letters(forms: &[Form]) -> String {
    forms.iter().map(|f| f.letter.to_string()).collect::<Vec<_>>().join("、")
}
