//! How ready a group is in a topic: the rounded mean of what is left in the memories of its persons, from ten on.
//!
//! Groups are organs, which do not overlap, and there is no sum of them, so that nobody can be found by taking one group from
//! another; and a figure goes in steps of five percent.

use std::collections::{BTreeMap, HashMap};

use super::own;
use crate::{
    day::Day,
    db::Tx,
    exam::recall,
    installation::Current,
    questions::bank,
    scope::Scope,
    verdict::world::{PERSON, UNIT},
};

/// Percent of a step.
const STEP: f64 = 5.0;

/// An organ's readiness in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Record id of the organ.
    pub organ: i64,
    /// The topic, without what lies under it.
    pub topic: String,
    /// Percent, in steps of five; `None` for fewer than ten persons.
    pub percent: Option<u32>,
}

/// Of each person the sum of what is left, and of how many questions.
type Persons = HashMap<i64, (f64, u32)>;

/// Of the organs in scope, by organ and topic.
///
/// # Errors
/// When the store cannot be read.
pub fn of_organs(tx: &mut Tx<'_>, current: &Current, scope: &Scope, today: Day) -> anyhow::Result<Vec<Ready>> {
    let organisation = &current.organisation;
    let (Some(people), Some(units), Some(chart)) =
        (organisation.table(PERSON), organisation.table(UNIT), organisation.chart())
    else {
        return Ok(Vec::new());
    };
    let topics: HashMap<i64, String> = bank::current(tx, None)?
        .into_iter()
        .map(|k| (k.number, k.question.topic.split('/').next().unwrap_or_default().to_owned()))
        .collect();
    let organ = |person: i64| {
        let post = chart.post_on(people.row_of(person)?, today)?;
        let organ = *units.ids.get(*chart.organ.get(post.unit)?)?;
        scope.has_unit(organ).then_some(organ)
    };
    let mut organs: HashMap<i64, Option<i64>> = HashMap::new();
    let mut groups: BTreeMap<(i64, &str), Persons> = BTreeMap::new();
    tx.each("select person_id, question, day, stability, difficulty from recall", &[], |r| {
        let (person, question) = (r.i64(0)?, r.i64(1)?);
        let of = *organs.entry(person).or_insert_with(|| organ(person));
        let (Some(organ), Some(topic), Some(day)) = (of, topics.get(&question), Day::parse(r.text(2)?)) else {
            return Ok(());
        };
        let left = own::memory(r.i64(3)?, r.i64(4)?).recall(i64::from(today.0 - day.0));
        let own = groups.entry((organ, topic.as_str())).or_default().entry(person).or_default();
        *own = (own.0 + left, own.1 + 1);
        Ok(())
    })?;
    let ready = |((organ, topic), of): ((i64, &str), Persons)| {
        let means: Vec<f64> = of.values().map(|(sum, n)| sum / f64::from(*n)).collect();
        let percent = recall::readiness(&means).map(|r| ((r * 100.0 / STEP).round() * STEP) as u32);
        Ready { organ, topic: topic.to_owned(), percent }
    };
    Ok(groups.into_iter().map(ready).collect())
}
