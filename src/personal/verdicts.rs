//! Verdicts that concern a person: on himself, and on each record in which he has a part.

use serde::Serialize;

use super::own;
use crate::{
    db::Tx,
    installation::Current,
    spelling::requirement_code,
    subjects,
    verdict::{sight, store::Stored, words::window_name},
};

/// The latest verdict of each demand on the person, and on each record in which the person has a part, in the order of the
/// demands: position of the demand and the verdict.
///
/// # Errors
/// When the store cannot be read.
pub fn latest(tx: &mut Tx<'_>, current: &Current, person: i64) -> anyhow::Result<Vec<(usize, Stored)>> {
    let engine = &current.engine;
    let own = own::scope(current, person);
    let mut params = Vec::new();
    let Some(seen) = sight::condition(tx, engine, &own, &mut params) else { return Ok(Vec::new()) };
    let sql = format!(
        "select {} from verdict where closed = 0 and {seen} order by requirement, subject, rest, window_from desc, window_label desc",
        Stored::COLUMNS
    );
    let mut all = tx.rows(&sql, &params, Stored::read)?;
    all.dedup_by(|a, b| (&a.requirement, a.subject, &a.rest) == (&b.requirement, b.subject, &b.rest));
    let mut all: Vec<(usize, Stored)> =
        all.into_iter().filter_map(|v| Some((engine.position(&v.requirement)?, v))).collect();
    all.sort_by_key(|(i, _)| *i);
    Ok(all)
}

/// A verdict in words, for the own copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// `干-21 导师每月指导不少于2次`.
    #[serde(rename = "要求")]
    pub requirement: String,
    /// On what, and when: `孙建国—林峰　2025年9月`.
    #[serde(rename = "对象和期间")]
    pub subject: String,
    /// `未达标（已补）`.
    #[serde(rename = "结论")]
    pub state: String,
}

/// The latest verdicts in words.
///
/// # Errors
/// When the store cannot be read.
pub fn told(tx: &mut Tx<'_>, current: &Current, person: i64) -> anyhow::Result<Vec<Told>> {
    let engine = &current.engine;
    let latest = latest(tx, current, person)?;
    let names = subjects::names(tx, engine, latest.iter().map(|(i, v)| (*i, v)))?;
    let told = |(i, v): &(usize, Stored)| {
        let r = &engine.compiled[*i].requirement;
        let on = subjects::title(engine, *i, &subjects::key(v), &names);
        let late = if v.late { "（已补）" } else { "" };
        Told {
            requirement: format!("{} {}", requirement_code(&r.pillar, &r.id), r.title),
            subject: format!("{on}　{}", window_name(&v.window)),
            state: format!("{}{late}", v.state.chinese()),
        }
    };
    Ok(latest.iter().map(told).collect())
}
