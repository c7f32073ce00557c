//! 导师帮带: pairs, guidance month by month, and reviews of ability.

use anyhow::Result;

use crate::{
    day::{Day, days_in_month},
    org::builtin::DUTIES,
};

use super::{
    City, Out,
    people::{Organ, Person},
    profile::Level,
    record::{Code, Record, Values},
    rng::Rng,
    time::{after, day_of, instant, on, ymd},
};

/// A mentor and a young cadre.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Position among the organ's persons.
    pub(super) mentor: usize,
    /// Position among the organ's persons.
    pub(super) mentee: usize,
    from: Day,
    to: Option<Day>,
    /// The mentor is a 业务骨干, as R-18 asks.
    pub(super) backbone: bool,
}

/// Pairs of an organ.
pub(super) fn pairs(city: &City, organ: &Organ) -> Vec<Pair> {
    let mut rng = Rng::of(&[city.seed, 3, u64::from(organ.no)]);
    let share = match organ.profile.mentors {
        Level::Good => 100,
        Level::Uneven => 68,
        Level::Poor => 40,
    };
    let mut mentors = mentors(organ);
    let mut pairs: Vec<Pair> = Vec::new();
    let young: Vec<usize> = (0..organ.people.len()).filter(|i| organ.people[*i].young).collect();
    for (k, mentee) in young.iter().enumerate() {
        let person = &organ.people[*mentee];
        let becomes_36 = person.born == ymd(1989, 8, 15);
        let chosen = k * share / 100 != (k + 1) * share / 100;
        if !(chosen || becomes_36) || (person.newcomer && organ.profile.mentors == Level::Poor) {
            continue;
        }
        let arrived = person.stays.iter().find(|s| s.unit.organ == organ.no).map_or(Day::MIN, |s| s.from);
        let from = if arrived > on(1, 1) {
            city.clock.later(arrived, if person.newcomer { 28 } else { 6 })
        } else {
            city.clock.within(&mut rng, on(1, 6), on(2, 28)).unwrap_or(on(1, 6))
        };
        let leaves = person.stays.iter().find(|s| s.unit.organ == organ.no).and_then(|s| s.to);
        let Some(mentor) = mentors.next() else { break };
        pairs.push(Pair { mentor, mentee: *mentee, from, to: leaves, backbone: true });
    }
    match organ.no {
        // One mentor with two at once.
        9 if pairs.len() > 1 => pairs[1].mentor = pairs[0].mentor,
        // A mentor who is no 业务骨干.
        10 if !pairs.is_empty() => pairs[0].backbone = false,
        // A change of mentor.
        12 if !pairs.is_empty() => {
            if let Some(mentor) = mentors.next() {
                let next = Pair { mentor, from: on(5, 21), ..pairs[0].clone() };
                pairs[0].to = Some(on(5, 20));
                pairs.push(next);
            }
        }
        _ => {}
    }
    pairs
}

/// Who may be a mentor: staff and heads who are there all year, those of different 科室 in turn.
fn mentors(organ: &Organ) -> impl Iterator<Item = usize> + use<> {
    let settled = |p: &Person| !p.young && p.stays.len() == 1 && p.stays[0].to.is_none();
    let office = |p: &Person| [DUTIES[2], DUTIES[3]].contains(&p.stays[0].duty);
    let mut fit: Vec<usize> =
        (0..organ.own).filter(|i| settled(&organ.people[*i]) && office(&organ.people[*i])).collect();
    fit.sort_by_key(|i| (i % 5, *i));
    fit.into_iter()
}

/// Writes pairs, guidance and reviews.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    for (n, pair) in organ.pairs.iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 4, u64::from(organ.no), n as u64]);
        let (mentor, mentee) = (&organ.people[pair.mentor], &organ.people[pair.mentee]);
        let code = out.code("mentor_pair", organ.no);
        let typed = city.clock.typed(&mut rng, pair.from, 1);
        let values: Values = vec![
            ("mentor", mentor.code.into()),
            ("mentee", mentee.code.into()),
            ("starts", pair.from.into()),
            ("planned_end", pair.from.plus_years(1).plus(180).into()),
            ("plan", "每月两次，按所列方面逐项指导，年中小结一次".into()),
        ];
        let mut record = Record::new(code, Some(mentee.unit(pair.from)), typed, &organ.desk, values);
        if let Some(to) = pair.to {
            let at = city.clock.typed(&mut rng, to.plus(1), 0);
            record = record.then(at, "填终止日期", vec![("ended", to.into()), ("end_reason", "中止".into())]);
        }
        out.put(record)?;
        for month in 1..=12 {
            guide(city, organ, out, (n, pair, code, typed), month, &mut rng)?;
        }
    }
    reviews(city, organ, out)
}

/// One pair's guidance in one month.
fn guide(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    (n, pair, code, typed): (usize, &Pair, Code, i64),
    month: u32,
    rng: &mut Rng,
) -> Result<()> {
    let length = days_in_month(2025, month);
    let first = pair.from.max(on(month, 1));
    let last = pair.to.unwrap_or(Day::MAX).min(on(month, length));
    if first > last {
        return Ok(());
    }
    let there = i64::from(last.0 - first.0 + 1);
    let due = 2 * there / i64::from(length);
    let missed = match organ.profile.mentors {
        Level::Good => n == 1 && month == 2,
        Level::Uneven => (n == 0 && month == 9) || rng.chance(250),
        Level::Poor => (n == 0 && month == 9) || rng.chance(680),
    };
    let held = if missed { rng.between(0, (due - 1).max(0)) } else { due + i64::from(rng.chance(150)) };
    for k in 0..held {
        let (from, to) = (first.plus((there * k / held) as i32), first.plus((there * (k + 1) / held) as i32 - 1));
        let Some(day) = city.clock.within(rng, from, to) else { continue };
        session(city, organ, out, (pair, code, typed), day, rng)?;
    }
    Ok(())
}

/// One guidance, as it was typed: mostly within days, in 砚池区 that of March only in May.
fn session(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    (pair, of, pair_typed): (&Pair, Code, i64),
    day: Day,
    rng: &mut Rng,
) -> Result<()> {
    const AREAS: [&str; 3] = ["政策解读", "项目评审", "公文写作"];
    const POINTS: [&str; 8] = [
        "逐条讲解新出台的投资政策，结合在办项目说明适用范围",
        "一起看可研报告，指出测算依据不足的两处",
        "修改一份请示，讲清行文关系和结尾用语",
        "讲评一次项目评审会的意见归纳",
        "讲解专项债项目要件和常见退件原因",
        "带看一处在建工地，说明进度调度怎样核实",
        "讲解审批事项受理条件，演练一次补正告知",
        "共同起草一篇调研提纲，讨论问题清单",
    ];
    const WAYS: [&str; 3] = ["面谈", "现场", "线上"];
    let mentee = &organ.people[pair.mentee];
    let late = organ.no == 6 && (on(3, 1)..=on(3, 31)).contains(&day);
    let confirmed = day.plus(rng.between(0, 2) as i32);
    let at = if late { city.clock.typed(rng, on(5, 6), 3) } else { city.clock.typed(rng, confirmed, 2) };
    let at = after(pair_typed, at);
    let area = rng.pick(&AREAS);
    let (open, forgotten) = (rng.chance(60), organ.profile.mentors == Level::Poor && rng.chance(150));
    let values: Values = vec![
        ("pair", of.into()),
        ("day", day.into()),
        ("area", area.into()),
        ("content", rng.pick(&POINTS).into()),
        ("confirmed", if open || forgotten { None } else { Some(confirmed) }.into()),
        ("way", rng.pick(&WAYS).into()),
    ];
    let code = out.code("guidance", organ.no);
    let mut record = Record::new(code, Some(mentee.unit(day)), at, &organ.desk, values.clone());
    if open && !forgotten {
        let then = city.clock.later(day_of(at), 2);
        let at = instant(then, 10 * 60 + 5);
        record = record.then(at, "帮带对象确认", vec![("confirmed", then.into())]);
    }
    if rng.chance(12) {
        let other = AREAS[(AREAS.iter().position(|a| *a == area).unwrap_or(0) + 1) % 3];
        let at = city.clock.typed(rng, day_of(record.last()).plus(1), 2);
        record = record.then(at, "内容类别填错", vec![("area", other.into())]);
        if rng.chance(300) {
            let at = city.clock.typed(rng, day_of(at).plus(1), 1);
            record = record.then(at, "补指导要点", vec![("content", rng.pick(&POINTS).into())]);
        }
    }
    out.put(record)?;
    if rng.chance(6) {
        let twice =
            Record::new(out.code("guidance", organ.no), Some(mentee.unit(day)), at + 60_000_000, &organ.desk, values);
        let found = city.clock.typed(rng, day_of(at).plus(1), 3);
        out.put(twice.void(found, "重复录入"))?;
    }
    Ok(())
}

/// 业务能力评定: a first round in spring, the year's in September.
fn reviews(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let rounds = match organ.profile.ratings {
        Level::Good => vec![(on(3, 17), 30), (on(9, 15), 10)],
        Level::Uneven => vec![(on(9, 16), 24)],
        Level::Poor => return Ok(()),
    };
    for (round, (day, failing)) in rounds.into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 5, u64::from(organ.no), round as u64]);
        let young: Vec<(&Person, Code)> = organ.members(day).filter(|m| m.0.young).map(|m| (m.0, m.1.unit)).collect();
        let many = young.len() as i64 * failing;
        let fail = if organ.profile.ratings == Level::Good { many / 100 } else { (many + 99) / 100 } as usize;
        for (i, (person, unit)) in young.into_iter().enumerate() {
            let day = city.clock.later(day, i as i64 % 9);
            let below = i < fail;
            let score = if below { rng.between(48, 59) } else { rng.between(68, 96) };
            let values: Values = vec![
                ("person", person.code.into()),
                ("purpose", "业务能力".into()),
                ("day", day.into()),
                ("score", super::whole(score)),
                ("result", if below { "未达标" } else { "达标" }.into()),
                ("alone", (score >= 70).into()),
            ];
            let at = city.clock.typed(&mut rng, day, 2);
            out.add(organ, "rating", unit, at, values)?;
        }
    }
    Ok(())
}
