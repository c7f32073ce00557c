//! Who is judged: the population of a requirement as of a day, with the days on which each subject is there (4.2).

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use super::{
    compile::Compiled,
    eval::{Eval, Frame, Subject},
    world::{EMPTY, Node, PERSON, UNIT},
};
use crate::{
    day::Day,
    directive::model::{Each, LedgerKind},
};

/// All subjects of a requirement; those of which `where` is false are left out, those of which it cannot be told are not
/// (3.8). [`Eval::only`] restricts them to a slice.
pub fn subjects(eval: &Eval<'_>, c: &Compiled) -> Rc<Vec<Subject>> {
    match c.requirement.each {
        Each::Person if c.filter.is_empty() => eval.persons(|| found(eval, c)),
        _ => Rc::new(found(eval, c)),
    }
}

fn found(eval: &Eval<'_>, c: &Compiled) -> Vec<Subject> {
    let wanted = |id: i64| eval.only.is_empty() || eval.only.iter().any(|(a, b)| *a <= id && id <= *b);
    let rows = |table: usize| {
        let ids = &eval.world.tables[table].ids;
        if eval.only.is_empty() {
            return (0..ids.len()).collect();
        }
        let span = |(a, b): &(i64, i64)| ids.partition_point(|id| id < a)..ids.partition_point(|id| id <= b);
        let mut rows: Vec<usize> = eval.only.iter().flat_map(span).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    match &c.requirement.each {
        Each::System => system(eval).into_iter().collect(),
        Each::Person => rows(PERSON).into_iter().filter_map(|row| person(eval, c, row)).collect(),
        _ if !c.per.is_empty() => combinations(eval, c).into_iter().filter(|s| wanted(s.key[0])).collect(),
        _ => rows(c.table).into_iter().filter_map(|row| record(eval, c, row)).collect(),
    }
}

/// The frame in which a subject's own conditions are read: the day asked.
pub fn today(eval: &Eval<'_>) -> Frame {
    Frame {
        from: Day::MIN,
        to: eval.as_of,
        seen: eval.as_of,
        shut: eval.as_of,
        running: false,
        label: None,
        cutoff: eval.as_of,
    }
}

fn bare(eval: &Eval<'_>, node: Node, opens: Day) -> Subject {
    Subject {
        node,
        rows: Vec::new(),
        key: Arc::new([eval.world.tables[node.table].ids[node.row]]),
        opens,
        life: Vec::new(),
        doubtful: Vec::new(),
        unclear: false,
    }
}

fn system(eval: &Eval<'_>) -> Option<Subject> {
    let units = &eval.world.tables[UNIT];
    let tops = &eval.world.chart.tops;
    let there = |u: &&usize| units.opens[**u] <= eval.as_of;
    let alive = |u: &&usize| there(u) && units.closing(**u) >= eval.as_of;
    let row = *tops.iter().find(alive).or_else(|| tops.iter().rfind(there))?;
    let mut subject = bare(eval, Node { table: UNIT, row }, units.opens[row]);
    subject.life = vec![(units.opens[row], planned(eval, units.closing(row)))];
    Some(subject)
}

/// A later closing is only a plan (4.10); on the closing day itself the coming days still count as there (4.3).
fn planned(eval: &Eval<'_>, closes: Day) -> Day {
    if closes >= eval.as_of { Day::MAX } else { closes }
}

fn record(eval: &Eval<'_>, c: &Compiled, row: usize) -> Option<Subject> {
    let table = &eval.world.tables[c.table];
    let opens = table.opens[row];
    if opens > eval.as_of {
        return None;
    }
    let mut subject = bare(eval, Node { table: c.table, row }, opens);
    match eval.conditions(subject.node, opens, &c.filter, &subject, &today(eval)) {
        Err(_) => return None,
        Ok(unclear) => subject.unclear = unclear.is_some(),
    }
    let event = matches!(eval.world.layout.ledgers[c.table].kind, LedgerKind::Event { .. });
    subject.life = vec![(opens, if event { Day::MAX } else { planned(eval, table.closing(row)) })];
    Some(subject)
}

/// A person's life is each day in post on which `where` holds.
fn person(eval: &Eval<'_>, c: &Compiled, row: usize) -> Option<Subject> {
    let chart = &eval.world.chart;
    let mut days = if c.filter.is_empty() {
        chart.posts(row).iter().flat_map(|p| [p.from, p.to.plus(1)]).collect()
    } else {
        let mut days = chart.changes(row);
        days.extend(birthdays(eval, row));
        days
    };
    days.retain(|d| *d <= eval.as_of);
    days.sort_unstable();
    days.dedup();
    let mut subject = bare(eval, Node { table: PERSON, row }, Day::MIN);
    let frame = today(eval);
    for (i, from) in days.iter().enumerate() {
        let to = days.get(i + 1).map_or(Day::MAX, |next| next.plus(-1));
        if chart.post_on(row, *from).is_none() {
            continue;
        }
        subject.opens = *from;
        let told = eval.conditions(subject.node, *from, &c.filter, &subject, &frame);
        let Ok(unclear) = told else { continue };
        push(&mut subject.life, (*from, to));
        if unclear.is_some() {
            push(&mut subject.doubtful, (*from, to));
        }
    }
    subject.opens = subject.life.first()?.0;
    Some(subject)
}

fn push(spans: &mut Vec<(Day, Day)>, span: (Day, Day)) {
    match spans.last_mut() {
        Some(last) if last.1 != Day::MAX && last.1.plus(1) == span.0 => last.1 = span.1,
        _ => spans.push(span),
    }
}

/// The day on which a person is no longer young.
fn birthdays(eval: &Eval<'_>, row: usize) -> Option<Day> {
    let column = eval.world.layout.ledgers[PERSON].field_index("born")?;
    let born = eval.world.tables[PERSON].cell(row, column);
    let age = eval.given.whole("young_age")?;
    if born == EMPTY {
        return None;
    }
    let (y, m, d) = Day(born as i32).ymd();
    let year = y + i32::try_from(age).ok()? + 1;
    Day::from_ymd(year, m, d).or_else(|| Day::from_ymd(year, 3, 1))
}

fn combinations(eval: &Eval<'_>, c: &Compiled) -> Vec<Subject> {
    let table = &eval.world.tables[c.table];
    let frame = today(eval);
    let mut groups: BTreeMap<Vec<i64>, Subject> = BTreeMap::new();
    for row in 0..table.len() {
        let opens = table.opens[row];
        if opens > eval.as_of {
            continue;
        }
        let node = Node { table: c.table, row };
        let own = bare(eval, node, opens);
        let Ok(unclear) = eval.conditions(node, opens, &c.filter, &own, &frame) else { continue };
        let key: Vec<i64> = c.per.iter().map(|p| eval.value(node, p, opens, Day::MAX)).collect();
        if key.contains(&EMPTY) {
            continue;
        }
        let group = groups.entry(key).or_insert_with_key(|key| Subject { key: key.as_slice().into(), ..own });
        group.rows.push(row);
        group.unclear |= unclear.is_some();
        group.opens = group.opens.min(opens);
        group.life = vec![(group.opens, Day::MAX)];
    }
    groups.into_values().collect()
}

impl Subject {
    /// Days there from one day to another, both included.
    pub fn days_there(&self, from: Day, to: Day) -> i64 {
        days_in(&self.life, from, to)
    }

    /// The last day there up to `day`.
    pub fn last_day(&self, day: Day) -> Option<Day> {
        self.life.iter().rfind(|(a, _)| *a <= day).map(|(_, b)| (*b).min(day))
    }

    /// `where` cannot be told on any day there from one day to another: one on which it holds suffices (4.2).
    pub fn unclear_in(&self, from: Day, to: Day) -> bool {
        let doubtful = days_in(&self.doubtful, from, to);
        self.unclear || (doubtful > 0 && doubtful == self.days_there(from, to))
    }
}

fn days_in(spans: &[(Day, Day)], from: Day, to: Day) -> i64 {
    spans.iter().map(|(a, b)| i64::from(((*b).min(to).0 - (*a).max(from).0 + 1).max(0))).sum()
}
