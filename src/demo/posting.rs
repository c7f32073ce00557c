//! 一线锻炼与挂职.

use anyhow::Result;

use crate::{day::Day, org::builtin::DUTIES};

use super::{
    City, Out,
    people::{Organ, Person, Role},
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{after, on, ymd},
    whole,
};

/// 挂职 that begin in March 2025, by organ: 14 in all.
const SECONDED: [usize; 13] = [0, 1, 1, 2, 1, 1, 2, 1, 2, 1, 0, 0, 2];
const HOSTS: [&str; 4] = ["云岭高新技术开发区", "青禾工业园区", "砚池智能制造园区", "麦浦粮食产业园"];

/// Writes the organ's postings.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let there = organ.members(on(1, 1)).count();
    let percent = match organ.profile.postings {
        Level::Good => 21,
        Level::Uneven => 15,
        Level::Poor => 8,
    };
    let all = (there * percent).div_ceil(100);
    let seconded = SECONDED.get(organ.no as usize).copied().unwrap_or(0);
    earlier(city, organ, out)?;
    for (k, person) in chosen(city, organ, all, seconded).into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 50, u64::from(organ.no), k as u64]);
        if k < seconded {
            second(city, organ, out, &mut rng, person, k)?;
        } else {
            send(city, organ, out, &mut rng, person, starts(city, organ, k, all))?;
        }
    }
    Ok(())
}

/// Who goes: young ones on 挂职, then others of the staff; who moves from 青禾区 in July is the first after them.
fn chosen<'o>(city: &City, organ: &'o Organ, all: usize, seconded: usize) -> Vec<&'o Person> {
    let mover = (organ.no == 1).then(|| organ.with(city, Role::Staff(3, 2)));
    let fit = |p: &&Person| {
        p.stays.len() == 1
            && p.stays[0].to.is_none()
            && !p.newcomer
            && p.stays[0].duty == DUTIES[3]
            && p.code.organ == organ.no
    };
    let staff: Vec<&Person> = organ.people.iter().filter(fit).collect();
    let (young, others): (Vec<&Person>, Vec<&Person>) = staff.into_iter().partition(|p| p.young);
    let mut chosen: Vec<&Person> = young.iter().take(seconded).copied().chain(mover).collect();
    let mut rest: Vec<&Person> = others.into_iter().chain(young.into_iter().skip(seconded)).collect();
    rest.sort_by_key(|p| (p.code.seq % 7, p.code.seq));
    chosen.extend(rest.into_iter().take(all.saturating_sub(chosen.len())));
    chosen
}

/// Five in six leave evenly from mid-February to September, the rest after the October holidays.
fn starts(city: &City, organ: &Organ, k: usize, all: usize) -> Day {
    if organ.no == 1 && k == 1 {
        return on(3, 10);
    }
    let early = all * 84 / 100;
    let (first, last, k, n) =
        if k < early { (on(2, 17), on(9, 26), k, early) } else { (on(10, 27), on(12, 5), k - early, all - early) };
    city.clock.open(first.plus((last.0 - first.0) * k as i32 / n.max(1) as i32))
}

/// 重大项目一线: three to six months; ends and report are filled in when they come.
fn send(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, person: &Person, starts: Day) -> Result<()> {
    let planned = starts.plus(rng.between(90, 180) as i32);
    let ended = planned.plus(rng.between(-6, 8) as i32);
    let values: Values = vec![
        ("person", person.code.into()),
        ("kind", if rng.chance(80) { "其他" } else { "重大项目一线" }.into()),
        ("host", "市级重点项目现场指挥部".into()),
        ("starts", starts.into()),
        ("planned_end", planned.into()),
        ("division", rng.pick(&["要素保障", "进度调度", "手续代办", "群众工作"]).into()),
    ];
    let code = out.code("posting", organ.no);
    let at = city.clock.typed(rng, starts, 2);
    let mut record = Record::new(code, Some(person.unit(starts)), at, &organ.desk, values);
    if ended < ymd(2026, 4, 3) {
        let report = city.clock.later(ended, rng.between(1, 15));
        let change: Values = vec![("ended", ended.into()), ("report", report.into()), ("opinion", "表现良好".into())];
        record = record.then(city.clock.typed(rng, report, 2), "填实际结束和报告", change);
    }
    out.put(record)
}

/// 挂职 from 3 March for a year; 鹿鸣县's second comes back after eight months.
fn second(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, person: &Person, k: usize) -> Result<()> {
    let starts = on(3, 3);
    let early = organ.no == 8 && k == 1;
    let ended = if early { on(11, 7) } else { ymd(2026, 3, 2) };
    let (code, typed) = (out.code("posting", organ.no), city.clock.typed(rng, starts, 2));
    let values: Values = vec![
        ("person", person.code.into()),
        ("kind", "挂职".into()),
        ("host", rng.pick(&HOSTS).into()),
        ("host_post", "管委会副科长（挂职）".into()),
        ("starts", starts.into()),
        ("planned_end", ymd(2026, 3, 2).into()),
        ("number", format!("云发改人〔2025〕{}号", 10 + organ.no).into()),
    ];
    let unit = Some(person.unit(starts));
    let talked = city.clock.later(on(8, 25), i64::from(organ.no));
    let record = Record::new(code, unit, typed, &organ.desk, values);
    let record = record.then(city.clock.typed(rng, talked, 2), "填中期谈话", vec![("mid_talk", talked.into())]);
    let report = city.clock.later(ended, 8);
    let change: Values = vec![
        ("ended", ended.into()),
        ("report", report.into()),
        ("early_reason", early.then_some("原单位急需，经批准提前返回").into()),
    ];
    out.put(record.then(city.clock.typed(rng, report, 1), "填实际结束和报告", change))?;
    rate(city, organ, out, rng, (person, "挂职期初", city.clock.later(starts, 7)), (code, typed), (55, 72))?;
    rate(city, organ, out, rng, (person, "挂职期满", city.clock.later(ended, 10)), (code, typed), (76, 94))
}

/// 挂职 of 2024 that end in this year: one as it should be, one without its review, one broken off.
fn earlier(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let (starts, planned, ended, report, rated) = match organ.no {
        3 => (ymd(2024, 8, 5), on(8, 4), on(8, 4), Some(on(8, 20)), None),
        5 => (ymd(2024, 9, 2), on(9, 1), on(9, 1), Some(on(9, 12)), Some(on(9, 10))),
        10 => (ymd(2024, 6, 3), on(6, 2), on(3, 14), None, None),
        _ => return Ok(()),
    };
    let mut rng = Rng::of(&[city.seed, 51, u64::from(organ.no)]);
    let person = organ.with(city, Role::Staff(1, 3));
    let (code, typed) = (out.code("posting", organ.no), city.clock.typed(&mut rng, on(1, 3), 2));
    let values: Values = vec![
        ("person", person.code.into()),
        ("kind", "挂职".into()),
        ("host", HOSTS[0].into()),
        ("starts", starts.into()),
        ("planned_end", planned.into()),
    ];
    let change: Values = vec![
        ("ended", ended.into()),
        ("report", report.into()),
        ("early_reason", report.is_none().then_some("个人原因提前结束").into()),
    ];
    let at = city.clock.typed(&mut rng, report.unwrap_or(ended), 1);
    let record = Record::new(code, Some(person.unit(starts)), typed, &organ.desk, values);
    out.put(record.then(at, "填实际结束", change))?;
    match rated {
        Some(day) => rate(city, organ, out, &mut rng, (person, "挂职期满", day), (code, typed), (78, 90)),
        None => Ok(()),
    }
}

fn rate(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    (person, purpose, day): (&Person, &'static str, Day),
    (posting, typed): (Code, i64),
    (low, high): (i64, i64),
) -> Result<()> {
    let at = after(typed, city.clock.typed(rng, day, 2));
    let values: Values = vec![
        ("person", person.code.into()),
        ("purpose", purpose.into()),
        ("posting", posting.into()),
        ("day", day.into()),
        ("score", whole(rng.between(low, high))),
        ("result", if purpose == "挂职期满" { Cell::from("达标") } else { Cell::Empty }),
    ];
    out.add(organ, "rating", person.unit(day), at, values)
}
