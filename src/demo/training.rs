//! 教育培训 of one organ: who went to the city's classes, its own classes, 业务学习 and 现场教学.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    activity::{self, Held, Mark},
    money,
    people::{Organ, Person},
    profile::Level,
    record::{Cell, Code, Values},
    rng::Rng,
    system::{self, AUGUST, CLASSES, HALLS, JUNE},
    time::{after, on},
    whole,
};

/// Writes the organ's part in the city's training and its own.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    for (i, class) in CLASSES.iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 20, u64::from(organ.no), i as u64]);
        let held = system::class_held(city, i);
        let sent = sent(organ, &held, i);
        let marks = if class.test { marks(organ, &mut rng, sent.len(), i) } else { vec![Mark::There; sent.len()] };
        activity::attend(city, organ, out, &mut rng, &held, sent.into_iter().zip(marks))?;
    }
    if organ.no == 6 {
        retrain(city, organ, out)?;
    }
    for i in 0..HALLS.len() {
        let mut rng = Rng::of(&[city.seed, 21, u64::from(organ.no), i as u64]);
        let held = system::hall_held(city, i);
        let all = organ.members(held.starts).count();
        let guests = activity::some(organ, held.starts, all / 4, rng.below(1000));
        activity::attend(city, organ, out, &mut rng, &held, guests.into_iter().map(|p| (p, Mark::There)))?;
    }
    own_classes(city, organ, out)?;
    study(city, organ, out)?;
    outside(city, organ, out)?;
    if organ.no > 0 {
        on_the_spot(city, organ, out)?;
    }
    Ok(())
}

/// Whom the organ sends to a class: one in seven.
fn sent<'o>(organ: &'o Organ, held: &Held, i: usize) -> Vec<&'o Person> {
    let seventh = organ.members(held.starts).count() / 7;
    let n = match (i, organ.no) {
        (JUNE, 5) | (AUGUST, 11 | 12) => seventh.max(10) / 10 * 10,
        (JUNE, 6) => seventh.max(11) / 11 * 11,
        _ => seventh,
    };
    activity::some(organ, held.starts, n, i as u64 * 5)
}

/// How they did in the closed-book test.
fn marks(organ: &Organ, rng: &mut Rng, n: usize, i: usize) -> Vec<Mark> {
    let failing = match (i, organ.no) {
        (JUNE, 5) => n / 5,
        (JUNE, 6) => n * 3 / 11,
        (AUGUST, 11) => n / 10,
        (AUGUST, 12) => 0,
        _ => n * failing_percent(organ) / 100,
    };
    let mut marks = activity::scores(rng, n, failing);
    let mut passed = marks.iter_mut().filter(|m| matches!(m, Mark::Score(s) if *s >= 60));
    match (i, organ.no) {
        (1, 7) => {
            passed.by_ref().take(1).for_each(|m| *m = Mark::Missed);
            passed.take(1).for_each(|m| *m = Mark::Excused("参加抗旱值守"));
        }
        // 7 passed, 1 failed, 2 unknown of 10: between 70 and 90 %.
        (AUGUST, 11) => passed.take(n / 5).for_each(|m| *m = Mark::Unmarked),
        // 9 passed, 1 unknown of 10: at least 90 %.
        (AUGUST, 12) => passed.take(n / 10).for_each(|m| *m = Mark::Unmarked),
        _ => {}
    }
    marks
}

fn failing_percent(organ: &Organ) -> usize {
    match organ.profile.tests {
        Level::Good => 6,
        Level::Uneven => 12,
        Level::Poor => 36,
    }
}

/// 砚池区 trains those of the June class again in July.
fn retrain(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let mut rng = Rng::of(&[city.seed, 22]);
    let first = system::class_held(city, JUNE);
    let sent = sent(organ, &first, JUNE);
    let more: Values = vec![
        ("closed_book", true.into()),
        ("makes_up", first.code.into()),
        ("way", "集中讲座".into()),
        ("hours", whole(8)),
        ("remark", "六月班合格率不到80%，重新组织".into()),
    ];
    let title = format!("{}（重训）", CLASSES[JUNE].title);
    let held = activity::hold(city, organ, out, &mut rng, ("专业培训", title), (on(7, 8), on(7, 9)), more)?;
    let marks = activity::scores(&mut rng, sent.len(), sent.len() / 11);
    activity::attend(city, organ, out, &mut rng, &held, sent.into_iter().zip(marks))
}

/// Two classes of its own, both with a closed-book test; the second is paid from the budget.
fn own_classes(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const TITLES: [&str; 2] = ["项目谋划与储备实务班", "依法行政与审批实务班"];
    for (n, (starts, ends)) in [(on(4, 8), on(4, 9)), (on(9, 2), on(9, 4))].into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 23, u64::from(organ.no), n as u64]);
        let more: Values = vec![
            ("closed_book", true.into()),
            ("funded", (n == 1).into()),
            ("way", "集中讲座".into()),
            ("place", format!("{}会议中心", organ.place).into()),
            ("hours", whole(12)),
        ];
        let title = format!("{}{}", organ.place, TITLES[n]);
        let held = activity::hold(city, organ, out, &mut rng, ("专业培训", title), (starts, ends), more)?;
        let many = organ.members(starts).count();
        let people = activity::some(organ, starts, many * 2 / 5, rng.below(100));
        let marks = activity::scores(&mut rng, people.len(), people.len() * failing_percent(organ) / 100);
        activity::attend(city, organ, out, &mut rng, &held, people.into_iter().zip(marks))?;
        // One scholar or one of industry, and one of the system's own.
        let outside = (organ.no as usize * 3 + n) % 8 * 10 + n * 4;
        let own = (organ.no as usize + n * 3) % 8 * 10 + [9, 7][n];
        system::lecture(city, organ, out, &held, &[outside, own])?;
        book(city, organ, out, &mut rng, &held, system::expert(outside))?;
        if n == 1 {
            money::checks(city, organ, out, &held)?;
        }
    }
    Ok(())
}

fn book(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, held: &Held, expert: Code) -> Result<()> {
    let values: Values = vec![
        ("expert", expert.into()),
        ("day", held.starts.into()),
        ("purpose", "授课".into()),
        ("topic", "业务培训授课".into()),
        ("activity", held.code.into()),
    ];
    let at = after(held.typed, city.clock.typed(rng, held.ends, 1));
    out.add(organ, "booking", organ.code, at, values)
}

/// 业务学习 every ten days.
fn study(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const TOPICS: [&str; 6] = ["政策文件", "投资管理办法", "价格法规", "统计口径", "招投标案例", "信息报送要求"];
    for n in 0..36_u32 {
        let mut rng = Rng::of(&[city.seed, 24, u64::from(organ.no), u64::from(n)]);
        let (month, third) = (n / 3 + 1, n % 3);
        let (from, to) = (on(month, 5 + third * 8), on(month, 12 + third * 8));
        let Some(day) = city.clock.within(&mut rng, from, to) else { continue };
        let more: Values = vec![("way", "集中讲座".into()), ("hours", whole(2)), ("planned", count(organ, day))];
        let title = format!("业务学习：{}", TOPICS[(n as usize + organ.no as usize) % 6]);
        let held = activity::hold(city, organ, out, &mut rng, ("其他培训", title), (day, day), more)?;
        let people = activity::everybody(organ, day, &mut rng, 70);
        activity::attend(city, organ, out, &mut rng, &held, people.into_iter())?;
    }
    Ok(())
}

/// Hours that the province's online academy has acknowledged, as its list says.
fn outside(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const COURSES: [&str; 3] = ["宏观经济形势", "数字政府建设", "公文规范"];
    let mut rng = Rng::of(&[city.seed, 26, u64::from(organ.no)]);
    let day = on(5, 30);
    let at = city.clock.typed(&mut rng, day, 3);
    for (n, person) in activity::some(organ, day, 3, rng.below(100)).into_iter().enumerate() {
        let values: Values = vec![
            ("person", person.code.into()),
            ("authority", "云岭干部网络学院".into()),
            ("course", COURSES[n % 3].into()),
            ("day", day.into()),
            ("hours", whole(10)),
            ("way", "网络自学".into()),
        ];
        out.add(organ, "outside_hours", person.unit(day), at, values)?;
    }
    Ok(())
}

fn count(organ: &Organ, day: Day) -> Cell {
    Cell::Int(organ.members(day).count() as i64)
}

/// 现场教学, each quarter where it is done well; 棠梨县's of the third quarter names no project.
fn on_the_spot(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let project = Code { ledger: "project", organ: organ.no, seq: 1 };
    let days = match organ.profile.field {
        Level::Good | Level::Uneven => vec![on(3, 6), on(5, 20), on(8, 13), on(11, 6)],
        Level::Poor => vec![on(3, 20), on(12, 4)],
    };
    for (n, day) in days.into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 25, u64::from(organ.no), n as u64]);
        let day = city.clock.later(day, i64::from(organ.no % 9));
        let named = organ.profile.field != Level::Uneven || n != 2;
        // Whether 苇泊县's was paid from the budget has not been said.
        let funded = if organ.no == 11 { Cell::Empty } else { Cell::Flag(false) };
        let more: Values = vec![
            ("funded", funded),
            ("project", named.then_some(project).into()),
            ("way", "现场教学".into()),
            ("place", format!("{}项目现场", organ.place).into()),
            ("hours", whole(4)),
        ];
        let title = format!("{}现场教学（第{}次）", organ.place, n + 1);
        let held = activity::hold(city, organ, out, &mut rng, ("现场教学", title), (day, day), more)?;
        let people = activity::some(organ, day, organ.members(day).count() / 3, rng.below(100));
        activity::attend(city, organ, out, &mut rng, &held, people.into_iter().map(|p| (p, Mark::There)))?;
    }
    Ok(())
}
