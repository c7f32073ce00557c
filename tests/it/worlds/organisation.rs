//! Three to eight units, one of them perhaps closed or split; persons with several posts, gaps and charges.

use std::collections::BTreeMap;

use dongliang::{
    check::Rows,
    day::Day,
    directive::example::{ExampleRow, RowValue},
    org::builtin::DUTIES,
};

use super::{Genes, day_in, id, row, text};

/// The city of C; the districts A, and perhaps B; their sections; E and E1 in the place of a unit that closed.
pub(super) fn grow(genes: &mut Genes<'_>, as_of: Day) -> Rows {
    let units = units(genes, as_of);
    let persons: Vec<ExampleRow> = (0..3 + genes.pick(5)).map(|n| person(genes, n, as_of)).collect();
    let mut posts = Vec::new();
    for person in &persons {
        posts_of(genes, &id(person), &units, as_of, &mut posts);
    }
    correct(genes, as_of, &units, &mut posts);
    let charges = (0..genes.pick(4)).map(|n| charge(genes, n, &units, &persons, as_of)).collect();
    let all = [("unit", units), ("person", persons), ("post", posts), ("charge", charges)];
    all.map(|(name, rows)| (name.to_owned(), rows)).into()
}

fn unit(id: &str, level: &str, parent: Option<&str>, from: Day) -> ExampleRow {
    let mut unit = row(&[("id", text(id)), ("level", text(level)), ("from", text(from))]);
    unit.extend(parent.map(|p| ("parent".to_owned(), text(p))));
    unit
}

fn units(genes: &mut Genes<'_>, as_of: Day) -> Vec<ExampleRow> {
    let old = Day::from_ymd(2020, 1, 1).expect("a new year's day");
    let late = |genes: &mut Genes<'_>| if genes.chance(15) { genes.day(as_of) } else { old };
    let mut units =
        vec![unit("A", "区县", Some("C"), old), unit("A1", "科室", Some("A"), old), unit("C", "市", None, old)];
    if genes.chance(50) {
        units.push(unit("C1", "科室", Some("C"), late(genes)));
    }
    if genes.chance(60) {
        let from = late(genes);
        units.push(unit("B", "区县", Some("C"), from));
        units.push(unit("B1", "科室", Some("B"), from));
    }
    if genes.chance(40) {
        let closes = genes.day(as_of);
        let which = genes.pick(4);
        let section = which == 3;
        for unit in units.iter_mut().filter(|u| id(u) == "A1" || (id(u) == "A" && !section)) {
            unit.insert("to".into(), text(closes));
        }
        // Closed without a successor, or split off the day after.
        if which > 0 {
            let next = closes.plus(1);
            if !section {
                units.push(unit("E", "区县", Some("C"), next));
            }
            units.push(unit("E1", "科室", Some(if section { "A" } else { "E" }), next));
        }
    }
    units
}

fn person(genes: &mut Genes<'_>, n: usize, as_of: Day) -> ExampleRow {
    let mut person = row(&[("id", text(format!("p{}", n + 1)))]);
    // Long since no longer young, long young, or just about to be 36.
    let born = match genes.pick(8) {
        0..=2 => Day::from_ymd(1975, 1, 1),
        3 | 4 => Day::from_ymd(1995, 6, 15),
        5 | 6 => Some(as_of.plus_years(-36).plus(genes.pick(300) as i32 - 200)),
        _ => None,
    };
    person.extend(born.map(|d| ("born".to_owned(), text(d))));
    match genes.pick(4) {
        0 | 1 => person.insert("backbone".into(), RowValue::Flag(true)),
        2 => person.insert("backbone".into(), RowValue::Flag(false)),
        _ => None,
    };
    person
}

/// A post in the life of its unit; none if its days do not fit in.
fn post(genes: &mut Genes<'_>, person: &str, unit: &ExampleRow, from: Day, as_of: Day) -> Option<ExampleRow> {
    let opens = day_in(unit, "from").unwrap_or(Day::MIN);
    let from = from.max(opens);
    let mut to = genes.chance(30).then(|| genes.day(as_of)).filter(|to| *to >= from);
    if let Some(closes) = day_in(unit, "to") {
        to = Some(to.map_or(closes, |to| to.min(closes)));
    }
    if to.is_some_and(|to| to < from) {
        return None;
    }
    let duty = genes.of(&[DUTIES[3], DUTIES[3], DUTIES[2], DUTIES[1], DUTIES[0]]);
    let mut post =
        row(&[("person", text(person)), ("unit", text(id(unit))), ("duty", text(duty)), ("from", text(from))]);
    post.extend(to.map(|to| ("to".to_owned(), text(to))));
    match genes.pick(6) {
        4 => post.insert("main".into(), RowValue::Flag(true)),
        5 => post.insert("main".into(), RowValue::Flag(false)),
        _ => None,
    };
    Some(post)
}

fn posts_of(genes: &mut Genes<'_>, person: &str, units: &[ExampleRow], as_of: Day, posts: &mut Vec<ExampleRow>) {
    let mut from = Day::from_ymd(2020, 1, 1).expect("a new year's day");
    if genes.chance(20) {
        from = genes.day(as_of);
    }
    for _ in 0..1 + usize::from(genes.chance(45)) + usize::from(genes.chance(25)) {
        let unit = genes.of(units);
        let Some(mut post) = post(genes, person, unit, from, as_of) else { continue };
        // The next one begins the day after, after a gap, or beside it.
        from = match (day_in(&post, "to"), genes.pick(3)) {
            (Some(to), 0) => to.plus(1),
            (Some(to), 1) => to.plus(2 + genes.pick(60) as i32),
            _ => genes.day(as_of),
        };
        post.insert("id".into(), text(format!("o{:02}", posts.len())));
        posts.push(post);
    }
}

/// Posts that were typed late, voided, or corrected to another unit or duty.
fn correct(genes: &mut Genes<'_>, as_of: Day, units: &[ExampleRow], posts: &mut Vec<ExampleRow>) {
    for n in 0..posts.len() {
        match genes.pick(20) {
            15 | 16 => {
                posts[n].insert("recorded".into(), text(genes.day(as_of)));
            }
            17 => {
                posts[n].insert("voided".into(), text(genes.day(as_of)));
            }
            18 | 19 => {
                let mut next = posts[n].clone();
                let unit = genes.of(units);
                if day_in(unit, "to").is_none() && day_in(unit, "from") <= day_in(&next, "from") {
                    next.insert("unit".into(), text(id(unit)));
                }
                next.insert("duty".into(), text(genes.of(&DUTIES)));
                next.insert("replaces".into(), text(id(&posts[n])));
                next.insert("recorded".into(), text(genes.day(as_of)));
                next.insert("id".into(), text(format!("o{:02}", posts.len())));
                posts.push(next);
            }
            _ => {}
        }
    }
}

fn charge(genes: &mut Genes<'_>, n: usize, units: &[ExampleRow], persons: &[ExampleRow], as_of: Day) -> ExampleRow {
    let sections: Vec<&ExampleRow> = units.iter().filter(|u| u.get("level") == Some(&text("科室"))).collect();
    let (unit, person) = (*genes.of(&sections), genes.of(persons));
    let opens = day_in(unit, "from").unwrap_or(Day::MIN);
    let from = if genes.chance(40) { genes.day(as_of).max(opens) } else { opens };
    let mut charge = row(&[
        ("id", text(format!("g{n}"))),
        ("person", text(id(person))),
        ("unit", text(id(unit))),
        ("from", text(from)),
    ]);
    if genes.chance(30) {
        charge.insert("to".into(), text(genes.day(as_of).max(from)));
    }
    charge
}

/// Ids of the units and persons.
pub(super) fn ids(base: &Rows) -> BTreeMap<String, Vec<String>> {
    base.iter().map(|(ledger, rows)| (ledger.clone(), rows.iter().map(id).collect())).collect()
}
