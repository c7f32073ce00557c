//! 集体决策 and 提任: meetings, decisions, appointments.

use anyhow::Result;

use crate::{day::Day, org::builtin::DUTIES};

use super::{
    City, Out,
    people::{Organ, Person},
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    talk,
    time::{after, day_of, on},
};

/// A meeting on its way.
#[derive(Clone, Copy)]
struct Meeting {
    code: Code,
    day: Day,
    typed: i64,
}

/// Writes the organ's meetings, decisions and appointments.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let meetings = meetings(city, organ, out)?;
    decisions(city, organ, out, &meetings)?;
    appointments(city, organ, out)
}

/// 党组会 early and 领导班子会议 late in each month.
fn meetings(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<Vec<Meeting>> {
    let mut all = Vec::new();
    for n in 0..24_u32 {
        let mut rng = Rng::of(&[city.seed, 70, u64::from(organ.no), u64::from(n)]);
        let (month, kind) = (n / 2 + 1, ["党组会", "领导班子会议"][n as usize % 2]);
        let (from, to) = if n % 2 == 0 { (on(month, 6), on(month, 13)) } else { (on(month, 19), on(month, 27)) };
        let Some(day) = city.clock.within(&mut rng, from, to) else { continue };
        let due = 1 + organ.members(day).filter(|m| m.1.duty == DUTIES[1]).count() as i64;
        let code = out.code("meeting", organ.no);
        let typed = city.clock.typed(&mut rng, day, 2);
        let values: Values = vec![
            ("kind", kind.into()),
            ("title", format!("{}第{}次{kind}", organ.short, month).into()),
            ("day", day.into()),
            ("due", Cell::Int(due)),
            ("present", Cell::Int(due - i64::from(rng.chance(250)))),
            ("chair", organ.chief(day).map(|p| p.code).into()),
        ];
        out.put(Record::new(code, Some(organ.code), typed, &organ.desk, values))?;
        all.push(Meeting { code, day, typed });
    }
    if organ.profile.decisions != Level::Good {
        let (code, day) = (out.code("meeting", organ.no), on(7, 10));
        let typed = city.clock.typed(&mut Rng::of(&[city.seed, 71, u64::from(organ.no)]), day, 1);
        let values: Values = vec![("kind", "其他会议".into()), ("title", "局务碰头会".into()), ("day", day.into())];
        out.put(Record::new(code, Some(organ.code), typed, &organ.desk, values))?;
        all.push(Meeting { code, day, typed });
    }
    Ok(all)
}

/// “三重一大”: each after the meeting that took it. Where this is done unevenly one has no meeting and one was taken up
/// only afterwards; where badly, four have none. In well-kept books one missing link was completed.
fn decisions(city: &City, organ: &Organ, out: &mut Out<'_>, meetings: &[Meeting]) -> Result<()> {
    const TITLES: [(&str, &str); 5] = [
        ("大额资金使用", "信息化运维经费安排"),
        ("重大项目安排", "年度重点项目推进计划"),
        ("重大决策", "价格听证方案"),
        ("重要人事任免", "科室负责人任免"),
        ("大额资金使用", "前期工作经费分配"),
    ];
    for n in 0..16_usize {
        let mut rng = Rng::of(&[city.seed, 72, u64::from(organ.no), n as u64]);
        let meeting = meetings[(n * 3 / 2) % 24.min(meetings.len())];
        let level = organ.profile.decisions;
        let (mut link, mut day) = (Some(meeting), city.clock.later(meeting.day, rng.between(0, 4)));
        match (level, n) {
            (Level::Uneven, 8) | (Level::Poor, 3 | 6 | 9 | 11) => link = None,
            // Decided first, taken to the meeting afterwards.
            (Level::Uneven | Level::Poor, 10) => day = city.clock.open(meeting.day.plus(-9)),
            // Taken at a meeting that is no collective one.
            (Level::Poor, 7) => {
                link = meetings.last().copied();
                day = link.map_or(day, |m| m.day);
            }
            _ => {}
        }
        let (kind, title) = TITLES[(n + organ.no as usize) % 5];
        let completed = level == Level::Good && n == 5;
        let ayes = organ.members(day).filter(|m| m.1.unit == organ.code).count() as i64;
        let typed = link.map_or(0, |m| m.typed);
        let at = after(typed, city.clock.typed(&mut rng, day.max(meeting.day), 2));
        let values: Values = vec![
            ("kind", kind.into()),
            ("title", format!("{title}（{}号）", n + 1).into()),
            ("day", day.into()),
            ("meeting", link.filter(|_| !completed).map(|m| m.code).into()),
            ("amount", if kind == "大额资金使用" { Cell::Fen(rng.between(20, 300) * 1_000_000) } else { Cell::Empty }),
            ("vote", if kind == "重要人事任免" { "票决" } else { "口头" }.into()),
            ("ayes", Cell::Int(ayes)),
            ("noes", Cell::Int(0)),
            ("last_word", true.into()),
            ("outcome", "同意".into()),
        ];
        let mut record = Record::new(out.code("decision", organ.no), Some(organ.code), at, &organ.desk, values);
        if let (true, Some(meeting)) = (completed, link) {
            let then = city.clock.typed(&mut rng, day_of(at).plus(1), 4);
            record = record.then(then, "补填研究的会议", vec![("meeting", meeting.code.into())]);
        }
        out.put(record)?;
    }
    Ok(())
}

/// Everybody who rises in the year, and two whose 职级 does.
fn appointments(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let rank = |duty: &str| DUTIES.iter().position(|d| *d == duty);
    let mut due: Vec<(&Person, &'static str, Day)> = Vec::new();
    for person in &organ.people {
        if let [before, now] = person.stays.as_slice()
            && (rank(now.duty) < rank(before.duty) || before.duty == DUTIES[0])
            && now.unit.organ == organ.no
        {
            let title = match now.duty {
                "主要负责同志" => "局长",
                "班子成员" => "班子成员（副职）",
                _ => "科长",
            };
            due.push((person, title, now.from));
        }
    }
    let days = [on(4, 14).plus(organ.no as i32 % 20), on(8, 18).plus(organ.no as i32 % 20)];
    let steady = organ.people.iter().filter(|p| p.stays.len() == 1 && p.stays[0].to.is_none() && !p.young);
    for (person, day) in steady.skip(12).step_by(17).zip(days) {
        due.push((person, "晋升一级主任科员", city.clock.open(day)));
    }
    for (n, (person, title, takes)) in due.into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 73, u64::from(organ.no), n as u64]);
        appoint(city, organ, out, &mut rng, (person, title, takes), n)?;
    }
    Ok(())
}

/// One appointment with its 任前谈话 and pledge. Where this is done unevenly the first has no pledge before taking post;
/// where badly, no talk either.
fn appoint(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    (person, title, takes): (&Person, &'static str, Day),
    n: usize,
) -> Result<()> {
    let decided = city.clock.open(takes.plus(-16));
    let pledged = city.clock.open(takes.plus(-7));
    let lacks = organ.profile.appointments != Level::Good && n == 0;
    let unspoken = organ.profile.appointments == Level::Poor && n == 0;
    let code = out.code("appointment", organ.no);
    let typed = city.clock.typed(rng, decided, 1);
    let values: Values = vec![
        ("person", person.code.into()),
        ("title", title.into()),
        ("decided", decided.into()),
        ("takes_post", takes.into()),
        ("notice_from", decided.into()),
        ("notice_to", decided.plus(6).into()),
    ];
    let pledged = if lacks { city.clock.later(takes, 12) } else { pledged };
    let record = Record::new(code, Some(organ.code), typed, &organ.desk, values);
    let change: Values = vec![("pledged", pledged.into()), ("signing", "纸质扫描".into())];
    out.put(record.then(city.clock.typed(rng, pledged, 1), "填承诺日期", change))?;
    if unspoken {
        return Ok(());
    }
    let day = city.clock.open(takes.plus(-8));
    let talker = organ.chief(day).filter(|c| c.code != person.code);
    let talker = talker.or_else(|| organ.in_charge(organ.sections[0].code, day)).filter(|t| t.code != person.code);
    let Some(talker) = talker else { return Ok(()) };
    talk::hold(city, organ, out, rng, ("任前", talker, person), day)
}
