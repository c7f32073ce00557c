//! What stands in a calendar: classes, tests, days on which something is due. Titles and times, no results and no reasons.

use std::collections::BTreeSet;

use crate::{
    class::read::{self, Class},
    clock::end_of_day,
    day::Day,
    db::Tx,
    exam::test::{self, State as Tested},
    installation::Current,
    ledger::{
        query::{self, Filter, Order, Query},
        row::table,
    },
    remedy::{self, State as Stands, store::Filter as Remedies},
    scope::Scope,
    verdict::words::act_words,
};

/// Days back and ahead.
const SPAN: (i32, i32) = (62, 366);
/// Entries of a kind.
const MOST: u64 = 1_000;

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Whole days, both included.
    Days(Day, Day),
    /// Instants, µs.
    Instants(i64, i64),
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for the same thing, whenever it is read.
    pub key: String,
    /// When.
    pub when: When,
    /// What.
    pub title: String,
    /// Where; empty for not said.
    pub place: String,
}

fn of_class(class: Class) -> Event {
    Event {
        key: format!("class-{}", class.record),
        when: When::Days(class.starts, class.ends),
        title: class.title,
        place: class.place,
    }
}

fn of_test(test: &test::Test) -> Event {
    Event {
        key: format!("test-{}", test.id),
        when: When::Instants(test.rules.opens, test.rules.closes),
        title: format!("考试：{}", test.rules.title),
        place: String::new(),
    }
}

fn of_remedy(m: &remedy::Remedy) -> Option<Event> {
    let due = m.due.filter(|_| m.state == Stands::Active)?;
    Some(Event {
        key: format!("remedy-{}", m.id),
        when: When::Days(due, due),
        title: format!("到期：{}（改进措施第{}号）", act_words(&m.act), m.id),
        place: String::new(),
    })
}

/// A person's own: the classes in which he takes part, the tests on whose list he stands, what he is responsible for.
///
/// # Errors
/// When the store cannot be read.
pub fn own(tx: &mut Tx<'_>, current: &Current, person: i64, today: Day) -> anyhow::Result<Vec<Event>> {
    let (from, to) = (today.plus(-SPAN.0), today.plus(SPAN.1));
    let mut events = Vec::new();
    if let (Some(activity), Some(attendance)) = (read::ledger(current, "activity"), read::ledger(current, "attendance"))
    {
        let sql = format!(
            "select distinct \"activity\" from {} where voided_at is null and \"person\" = $1 and \"activity\" is not null",
            table(attendance)
        );
        let classes: BTreeSet<i64> = tx.rows(&sql, &[person.into()], |r| r.i64(0))?.into_iter().collect();
        let between = Filter::Between { field: "starts".into(), from: from.into(), to: to.into() };
        let filters = vec![Filter::Records(classes), between];
        let order = Order::By { field: "starts".into(), descending: false };
        let query = Query { filters, order, ..Query::default() };
        let rows = query::list(tx, activity, &Scope::All, &query, (MOST as i64, 0))?;
        events.extend(rows.iter().filter_map(|row| Class::of(activity, row)).map(of_class));
    }
    let tests = test::of_person(tx, person)?;
    let near = |t: &test::Test| (end_of_day(from)..end_of_day(to)).contains(&t.rules.closes);
    events.extend(tests.iter().filter(|(t, excused)| excused.is_none() && near(t)).map(|(t, _)| of_test(t)));
    let mine = Remedies { states: vec![Stands::Active], person: Some(person), ..Remedies::default() };
    let due = remedy::store::list(tx, &current.engine, &Scope::All, &mine, (0, MOST))?;
    events.extend(due.iter().filter_map(of_remedy));
    Ok(events)
}

/// A unit's, as far as a scope sees it: the classes and tests that it holds with what belongs to it, and what is due there.
///
/// # Errors
/// When the store cannot be read.
pub fn of_unit(tx: &mut Tx<'_>, current: &Current, scope: &Scope, unit: i64, today: Day) -> anyhow::Result<Vec<Event>> {
    let (from, to) = (today.plus(-SPAN.0), today.plus(SPAN.1));
    let units = current.organisation.owned(unit);
    let within = match scope {
        Scope::All => units,
        Scope::Within(_) => units.into_iter().filter(|u| scope.has_unit(*u)).collect(),
    };
    let scope = Scope::units(within.clone());
    let mut events: Vec<Event> =
        read::between(tx, current, &scope, (from, to), Some(&within))?.into_iter().map(of_class).collect();
    let (tests, _) = test::list(tx, &scope, (0, MOST))?;
    let near = |t: &test::Test| (end_of_day(from)..end_of_day(to)).contains(&t.rules.closes);
    events.extend(tests.iter().filter(|t| t.state != Tested::Draft && near(t)).map(of_test));
    let active = Remedies { states: vec![Stands::Active], ..Remedies::default() };
    let due = remedy::store::list(tx, &current.engine, &scope, &active, (0, MOST))?;
    events.extend(due.iter().filter_map(of_remedy));
    Ok(events)
}
