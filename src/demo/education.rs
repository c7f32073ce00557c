//! 廉政教育 of one organ: 集中廉政教育, 以案促改, and the test that completes everybody's file.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    activity::{self, Mark},
    people::{Organ, Person},
    profile::Level,
    record::{Cell, Values},
    rng::Rng,
    time::on,
    whole,
};

const BOTH: &[&str] = &["中央八项规定精神学习", "警示教育片"];
const STUDY: &[&str] = &["中央八项规定精神学习"];

/// Writes the organ's integrity education.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let level = organ.profile.education;
    let shift = organ.no % 8;
    let gatherings: &[(u32, u32, &'static [&'static str])] = match level {
        Level::Good => &[(2, 18, BOTH), (5, 13, BOTH), (8, 19, BOTH), (11, 11, BOTH)],
        // The film of the third quarter was left out.
        Level::Uneven => &[(3, 4, BOTH), (6, 10, BOTH), (9, 9, STUDY), (12, 2, BOTH)],
        Level::Poor => &[(3, 18, STUDY), (12, 9, BOTH)],
    };
    for (n, (month, day, contents)) in gatherings.iter().enumerate() {
        let day = city.clock.later(on(*month, *day), i64::from(shift));
        // What was shown is not known of one gathering of 苇泊县.
        let contents = if organ.no == 11 && n == 0 { Cell::Empty } else { Cell::List(contents) };
        let more: Values = vec![("contents", contents), ("way", "集中讲座".into()), ("hours", whole(3))];
        gather(city, organ, out, (30, n), ("集中廉政教育", format!("第{}次集中廉政教育", n + 1)), day, more)?;
    }
    cases(city, organ, out)?;
    test(city, organ, out)
}

fn cases(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let level = organ.profile.education;
    let days: &[(u32, u32, bool)] = match level {
        Level::Good => &[(4, 22, true), (9, 11, true)],
        // The first names no case; the second comes late.
        Level::Uneven => &[(5, 22, false), (11, 18, true)],
        Level::Poor => &[(12, 16, true)],
    };
    for (n, (month, day, named)) in days.iter().enumerate() {
        let day = city.clock.later(on(*month, *day), i64::from(organ.no % 5));
        let case = named.then(|| format!("{}通报的工程领域典型案件", organ.place));
        let more: Values = vec![
            ("case", case.into()),
            ("rectified", named.then_some("完善项目评审回避办法").into()),
            ("hours", whole(3)),
        ];
        gather(city, organ, out, (31, n), ("以案促改", format!("以案促改专题活动（第{}次）", n + 1)), day, more)?;
    }
    Ok(())
}

/// An activity for everybody.
fn gather(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    (stream, n): (u64, usize),
    kind: (&'static str, String),
    day: Day,
    more: Values,
) -> Result<()> {
    let mut rng = Rng::of(&[city.seed, stream, u64::from(organ.no), n as u64]);
    let held = activity::hold(city, organ, out, &mut rng, kind, (day, day), more)?;
    let people = activity::everybody(organ, day, &mut rng, 60);
    activity::attend(city, organ, out, &mut rng, &held, people.into_iter())
}

/// 廉政知识测试 in June, and in November for those who missed it; where it is done badly only in November and by most.
fn test(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let poor = organ.profile.education == Level::Poor;
    let (first, second) = (on(6, 17), on(11, 13));
    let june = |person: &Person| person.on(first).is_some() && person.code.seq % 11 != 4;
    let rounds: &[Day] = if poor { &[second] } else { &[first, second] };
    for (n, day) in rounds.iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 32, u64::from(organ.no), n as u64]);
        let kind = ("廉政知识测试", format!("2025年廉政知识测试{}", if n == 0 { "" } else { "（补测）" }));
        let more: Values = vec![("hours", whole(1))];
        let held = activity::hold(city, organ, out, &mut rng, kind, (*day, *day), more)?;
        let due = |p: &&Person| match (poor, n) {
            (true, _) => p.code.seq % 10 < 7,
            (false, 0) => june(p),
            (false, _) => !june(p),
        };
        let people: Vec<&Person> = organ.members(*day).map(|m| m.0).filter(due).collect();
        let marks: Vec<Mark> = people.iter().map(|_| Mark::Score(rng.between(66, 100))).collect();
        activity::attend(city, organ, out, &mut rng, &held, people.into_iter().zip(marks))?;
    }
    Ok(())
}
