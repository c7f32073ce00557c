//! 班次与活动 and who took part: the one way in which every kind of training and education is written.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    people::{Organ, Person},
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{after, day_of, instant},
    whole,
};

/// An activity that took place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) code: Code,
    pub(super) unit: Code,
    pub(super) starts: Day,
    pub(super) ends: Day,
    /// When it was typed.
    pub(super) typed: i64,
}

/// How somebody took part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// Was there; there was no test.
    There,
    /// Was not there, excused for this reason.
    Away(&'static str),
    /// Sat the test, with this score.
    Score(i64),
    /// Did not come to the test.
    Missed,
    /// Was let off the test for this reason.
    Excused(&'static str),
    /// Sat the test, but the score has not been filled in.
    Unmarked,
}

/// Writes an activity, typed when it is over.
pub(super) fn hold(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    (kind, title): (&'static str, String),
    (starts, ends): (Day, Day),
    more: Values,
) -> Result<Held> {
    let code = out.code("activity", organ.no);
    let held = Held { code, unit: organ.code, starts, ends, typed: city.clock.typed(rng, ends, 1) };
    out.put(record(organ, &held, kind, title, more))?;
    Ok(held)
}

/// The row of an activity.
pub(super) fn record(organ: &Organ, held: &Held, kind: &'static str, title: String, more: Values) -> Record {
    let mut values: Values = vec![
        ("kind", kind.into()),
        ("title", title.into()),
        ("starts", held.starts.into()),
        ("ends", held.ends.into()),
    ];
    // Both are filled in always: an empty one would leave open whether apply.
    for field in ["closed_book", "funded"] {
        if more.iter().all(|m| m.0 != field) {
            values.push((field, false.into()));
        }
    }
    values.extend(more);
    Record::new(held.code, Some(held.unit), held.typed, &organ.desk, values)
}

/// Writes who took part, as one list typed within days of the activity's end. Of a thousand scores some are typed wrong
/// and corrected, and a few rows are typed twice and voided.
pub(super) fn attend<'p>(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    held: &Held,
    marks: impl Iterator<Item = (&'p Person, Mark)>,
) -> Result<()> {
    let at = after(held.typed, city.clock.typed(rng, held.ends, 3));
    for (person, mark) in marks {
        let day = match mark {
            Mark::There | Mark::Away(_) => held.starts,
            _ => held.ends,
        };
        let (present, sat, score, excuse) = match mark {
            Mark::There => ("出席", "无测试", None, None),
            Mark::Away(why) => ("缺席", "无测试", None, Some(why)),
            Mark::Score(n) => ("出席", "已考", Some(n), None),
            Mark::Missed => ("缺席", "缺考", None, Some("未说明")),
            Mark::Excused(why) => ("缺席", "因故免考", None, Some(why)),
            Mark::Unmarked => ("出席", "已考", None, None),
        };
        let slip = score.filter(|_| rng.chance(8)).map(|n| n + rng.between(1, 4) * if n > 60 { -1 } else { 1 });
        let values: Values = vec![
            ("activity", held.code.into()),
            ("person", person.code.into()),
            ("day", day.into()),
            ("present", present.into()),
            ("sat", sat.into()),
            ("score", slip.or(score).map_or(Cell::Empty, whole)),
            ("excuse", excuse.into()),
        ];
        let unit = Some(person.unit(day));
        let mut record = Record::new(out.code("attendance", organ.no), unit, at, &organ.desk, values);
        if let (Some(_), Some(right)) = (slip, score) {
            let checked = city.clock.typed(rng, day_of(at).plus(1), 4);
            record = record.then(checked, "成绩复核更正", vec![("score", whole(right))]);
        }
        let twice = rng.chance(2).then(|| Record { code: out.code("attendance", organ.no), ..record.clone() });
        out.put(record)?;
        if let Some(mut twice) = twice {
            twice.revisions.truncate(1);
            let found = city.clock.later(day_of(at), 6);
            out.put(twice.void(instant(found, 11 * 60), "重复录入"))?;
        }
    }
    Ok(())
}

/// `n` of an organ's members on a day, spread over its units.
pub(super) fn some(organ: &Organ, day: Day, n: usize, offset: u64) -> Vec<&Person> {
    let members: Vec<&Person> = organ.members(day).map(|m| m.0).collect();
    let (all, n) = (members.len(), n.min(members.len()));
    (0..n).map(|k| members[(offset as usize % all.max(1) + k * all / n) % all]).collect()
}

/// Scores of a test: exactly `failing` of the `n` are below 60, wherever they sit.
pub(super) fn scores(rng: &mut Rng, n: usize, failing: usize) -> Vec<Mark> {
    let shift = rng.below(n.max(1) as u64) as usize;
    (0..n)
        .map(|i| {
            let fails = (i + shift) % n < failing;
            Mark::Score(if fails { rng.between(41, 58) } else { rng.between(62, 98) })
        })
        .collect()
}

/// Of a meeting for everybody: most are there, some are excused.
pub(super) fn everybody<'o>(organ: &'o Organ, day: Day, rng: &mut Rng, away: u64) -> Vec<(&'o Person, Mark)> {
    const WHY: [&str; 3] = ["因公出差", "病假", "公休假"];
    let mark = |rng: &mut Rng| if rng.chance(away) { Mark::Away(rng.pick(&WHY)) } else { Mark::There };
    organ.members(day).map(|(person, _)| (person, mark(rng))).collect()
}
