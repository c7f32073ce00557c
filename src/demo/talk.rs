//! 廉政谈话: who then holds the office talks to whoever is then under it.

use anyhow::Result;

use crate::{day::Day, org::builtin::DUTIES};

use super::{
    City, Out,
    people::{Organ, Person, Stay},
    profile::Level,
    record::{Record, Values},
    rng::Rng,
    time::{day_of, on},
};

/// Spans in which talks are held: four a year for 普通干部, three for heads of 科室, two for deputies.
fn spans(duty: &str) -> Vec<(Day, Day)> {
    match duty {
        "普通干部" => {
            vec![(on(2, 10), on(3, 25)), (on(5, 8), on(6, 20)), (on(8, 4), on(9, 19)), (on(11, 3), on(12, 12))]
        }
        "科室负责人" => vec![(on(3, 3), on(4, 18)), (on(6, 16), on(7, 25)), (on(10, 27), on(12, 5))],
        "班子成员" => vec![(on(5, 12), on(6, 27)), (on(10, 27), on(12, 5))],
        _ => Vec::new(),
    }
}

/// Writes the year's talks.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    for (i, person) in organ.people.iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 80, u64::from(organ.no), i as u64]);
        // Drawn once for the person, so that it is the same ones who are left out.
        let left_out = rng.chance(380);
        for stay in person.stays.iter().filter(|s| s.unit.organ == organ.no) {
            let spans = spans(stay.duty);
            for (n, (from, to)) in spans.iter().enumerate() {
                let (from, to) = ((*from).max(stay.from), stay.to.unwrap_or(*to).min(*to));
                if skipped(organ.profile.talks, n, spans.len(), left_out, &mut rng) {
                    continue;
                }
                let Some(day) = city.clock.within(&mut rng, from, to) else { continue };
                if let Some(talker) = talker(organ, stay, day).filter(|t| t.code != person.code) {
                    hold(city, organ, out, &mut rng, ("例行", talker, person), day)?;
                }
            }
        }
        if rng.chance(15) {
            let Some(day) = city.clock.within(&mut rng, on(4, 1), on(11, 28)) else { continue };
            let here = person.on(day).filter(|s| s.unit.organ == organ.no);
            if let Some(talker) = here.and_then(|s| talker(organ, s, day)).filter(|t| t.code != person.code) {
                hold(city, organ, out, &mut rng, ("提醒", talker, person), day)?;
            }
        }
    }
    Ok(())
}

/// Where talks are uneven, some of the staff miss the third; where poor, hardly any is held after the first.
fn skipped(level: Level, n: usize, all: usize, left_out: bool, rng: &mut Rng) -> bool {
    match level {
        Level::Good => false,
        Level::Uneven => left_out && all == 4 && n == 2,
        Level::Poor if n + 1 == all => rng.chance(300),
        Level::Poor => n > 0 && rng.chance(880) || all == 2 && n == 0,
    }
}

/// Who owes somebody in this post a talk on that day.
fn talker<'o>(organ: &'o Organ, stay: &Stay, day: Day) -> Option<&'o Person> {
    match stay.duty {
        "班子成员" => organ.chief(day),
        "科室负责人" => organ.in_charge(stay.unit, day),
        "普通干部" => organ.holder(stay.unit, DUTIES[2], day),
        _ => None,
    }
}

/// Writes one talk.
pub(super) fn hold(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    (kind, talker, listener): (&'static str, &Person, &Person),
    day: Day,
) -> Result<()> {
    const POINTS: [&str; 6] = [
        "严守工作纪律，项目评审不打招呼",
        "管好八小时以外，规范与企业交往",
        "带头执行请示报告制度",
        "按程序使用资金，不搞变通",
        "注意公文和数据保密",
        "家风和子女经商情况提醒",
    ];
    const REPLIES: [&str; 3] = ["表示按要求落实", "谈了思想和工作情况，愿意改进", "提出一条工作建议"];
    let values: Values = vec![
        ("kind", kind.into()),
        ("talker", talker.code.into()),
        ("listener", listener.code.into()),
        ("day", day.into()),
        ("points", rng.pick(&POINTS).into()),
        ("reply", rng.pick(&REPLIES).into()),
        ("place", "谈话室".into()),
        ("circle", "谈话人、谈话对象、机关党委".into()),
    ];
    let at = city.clock.typed(rng, day, 3);
    let mut record = Record::new(out.code("talk", organ.no), Some(listener.unit(day)), at, &organ.desk, values.clone());
    if rng.chance(10) {
        let then = city.clock.typed(rng, day_of(at).plus(1), 3);
        record = record.then(then, "补跟进事项", vec![("follow_up", "一个月后回访".into())]);
    }
    out.put(record)?;
    if rng.chance(4) {
        let twice =
            Record::new(out.code("talk", organ.no), Some(listener.unit(day)), at + 120_000_000, &organ.desk, values);
        let found = city.clock.typed(rng, day_of(at).plus(1), 5);
        out.put(twice.void(found, "重复录入"))?;
    }
    Ok(())
}
