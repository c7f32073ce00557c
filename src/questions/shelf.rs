//! The bank as a list: what fits some conditions.

use super::{
    Difficulty, Kind,
    bank::{self, Kept},
};
use crate::db::{Tx, Value};

/// Which questions of the bank are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// May be asked.
    Usable,
    /// Has no clause yet.
    WithoutSource,
    /// Retired.
    Retired,
}

impl Stands {
    /// All, in the order of the page.
    pub const ALL: [Stands; 3] = [Stands::Usable, Stands::WithoutSource, Stands::Retired];

    /// On pages.
    pub fn title(self) -> &'static str {
        match self {
            Stands::Usable => "可用",
            Stands::WithoutSource => "缺出处",
            Stands::Retired => "已停用",
        }
    }

    /// Reads [`Stands::title`].
    pub fn parse(text: &str) -> Option<Stands> {
        Stands::ALL.into_iter().find(|s| s.title() == text)
    }

    /// Of a question.
    pub fn of(kept: &Kept) -> Stands {
        match (&kept.retired, kept.question.askable()) {
            (Some(_), _) => Stands::Retired,
            (None, true) => Stands::Usable,
            (None, false) => Stands::WithoutSource,
        }
    }

    fn condition(self) -> &'static str {
        match self {
            Stands::Usable => "q.retired_at is null and q.source <> ''",
            Stands::WithoutSource => "q.retired_at is null and q.source = ''",
            Stands::Retired => "q.retired_at is not null",
        }
    }
}

/// Conditions of the list; what is not there is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A number, or a part of what the question says.
    pub text: String,
    /// The topic with all under it.
    pub topic: Option<String>,
    /// How it is answered.
    pub kind: Option<Kind>,
    /// How hard.
    pub difficulty: Option<Difficulty>,
    /// In use.
    pub stands: Option<Stands>,
}

/// The last versions that fit, by number, from `skip` on at most `limit`; and how many fit.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, (skip, limit): (i64, i64)) -> anyhow::Result<(Vec<Kept>, i64)> {
    let mut wanted = vec![
        "not exists (select 1 from question n where n.number = q.number and n.version = q.version + 1)".to_owned(),
    ];
    let mut params: Vec<Value> = Vec::new();
    let mut place = |value: Value| {
        params.push(value);
        params.len()
    };
    match filter.text.parse::<i64>() {
        Ok(number) => wanted.push(format!("q.number = ${}", place(number.into()))),
        Err(_) if filter.text.is_empty() => {}
        Err(_) => {
            // As it stands in the JSON of the question, within which signs have another sign before them.
            let quoted = serde_json::to_string(&filter.text)?;
            let part = quoted.trim_matches('"').replace('!', "!!").replace('%', "!%").replace('_', "!_");
            wanted.push(format!("q.content like ${} escape '!'", place(format!("%{part}%").into())));
        }
    }
    if let Some(topic) = &filter.topic {
        let under = topic.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let (own, under) = (place(topic.as_str().into()), place(format!("{under}/%").into()));
        wanted.push(format!("(q.topic = ${own} or q.topic like ${under} escape '!')"));
    }
    if let Some(kind) = filter.kind {
        wanted.push(format!("q.kind = ${}", place(kind.as_str().into())));
    }
    if let Some(difficulty) = filter.difficulty {
        wanted.push(format!("q.difficulty = ${}", place(difficulty.as_str().into())));
    }
    if let Some(stands) = filter.stands {
        wanted.push(stands.condition().to_owned());
    }
    let wanted = wanted.join(" and ");
    let count = tx.one(&format!("select count(*) from question q where {wanted}"), &params, |r| r.i64(0))?;
    let n = params.len();
    params.extend([limit.into(), skip.into()]);
    let sql = format!("{} where {wanted} order by q.number limit ${} offset ${}", bank::SELECT, n + 1, n + 2);
    Ok((tx.rows(&sql, &params, bank::kept)?, count.unwrap_or(0)))
}

/// Topics of the bank with how many questions each has that are not retired.
///
/// # Errors
/// When the store cannot be read.
pub fn topics(tx: &mut Tx<'_>) -> anyhow::Result<Vec<(String, i64)>> {
    let sql = "select q.topic, count(*) from question q where q.retired_at is null and not exists \
               (select 1 from question n where n.number = q.number and n.version = q.version + 1) \
               group by q.topic order by q.topic";
    tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))
}
