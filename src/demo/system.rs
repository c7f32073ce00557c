//! What the 市发改委 does for the whole system: experts, classes, 发改大讲堂, daily questions, meetings of the leading group.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    activity::{self, Held},
    names,
    people::{self, Organ, Role, unit},
    profile,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{after, instant, on, ymd},
};

/// A class of the city: title, first day, days, closed-book test, paid from the budget.
pub(super) struct Class {
    pub(super) title: &'static str,
    first: (u32, u32),
    days: i32,
    pub(super) test: bool,
    pub(super) funded: bool,
}

const fn class(title: &'static str, first: (u32, u32), days: i32, test: bool, funded: bool) -> Class {
    Class { title, first, days, test, funded }
}

/// 专业培训 of the year. In that of June 云汀区 stands at exactly 80 % and 砚池区 below; in that of August marks are missing.
pub(super) const CLASSES: [Class; 11] = [
    class("固定资产投资统计与调度专班", (3, 11), 3, true, true),
    class("项目可研报告编制专班", (4, 15), 4, true, true),
    class("低空经济政策专题班", (5, 13), 2, false, false),
    class("新能源项目申报规范专班", (5, 27), 3, true, true),
    class("项目前期与资金申报专班", (6, 10), 3, true, true),
    class("价格与成本监审专班", (7, 15), 2, true, false),
    class("政府投资条例实务专班", (8, 19), 3, true, true),
    class("公文写作与督查专班", (9, 9), 2, true, false),
    class("数字经济与统计分析专班", (9, 23), 3, true, true),
    class("年度项目谋划专班", (10, 14), 3, true, false),
    class("绩效管理与审计整改专班", (11, 18), 3, true, true),
];
/// Position of the class of June among [`CLASSES`], and of that of August.
pub(super) const JUNE: usize = 4;
/// See [`JUNE`].
pub(super) const AUGUST: usize = 6;

/// 发改大讲堂: title, day, on the spot.
pub(super) const HALLS: [(&str, (u32, u32), bool); 9] = [
    ("宏观形势与项目谋划", (2, 20), false),
    ("产业链招引的方法", (3, 20), false),
    ("走进望舒储能电站", (4, 24), true),
    ("审批流程再造", (5, 22), false),
    ("走进青禾现代种业园", (6, 19), true),
    ("县域经济与以工代赈", (8, 28), false),
    ("走进砚池智能制造园", (9, 18), true),
    ("要素保障怎样跟着项目走", (10, 16), false),
    ("走进云汀滨水文旅带", (11, 20), true),
];

/// The `i`th class as it was held.
pub(super) fn class_held(city: &City, i: usize) -> Held {
    let class = &CLASSES[i];
    let starts = on(class.first.0, class.first.1);
    held(city, i, starts, starts.plus(class.days - 1))
}

/// The `i`th 大讲堂 as it was held.
pub(super) fn hall_held(city: &City, i: usize) -> Held {
    let day = on(HALLS[i].1.0, HALLS[i].1.1);
    held(city, CLASSES.len() + i, day, day)
}

fn held(city: &City, n: usize, starts: Day, ends: Day) -> Held {
    let mut rng = Rng::of(&[city.seed, 7, n as u64]);
    let code = Code { ledger: "activity", organ: 0, seq: n as u32 + 1 };
    Held { code, unit: unit(0, 2), starts, ends, typed: city.clock.typed(&mut rng, ends, 1) }
}

/// Experts of the city of about 1,000 persons; each further 区县 brings six.
const EXPERTS: usize = 104;

/// How many experts there are.
pub(super) fn experts(city: &City) -> usize {
    EXPERTS + 6 * (city.shape.organs.len() - 1 - profile::DISTRICTS)
}

/// The code of an expert by number (from 0).
pub(super) fn expert(i: usize) -> Code {
    Code { ledger: "expert", organ: 0, seq: i as u32 + 1 }
}

/// The category of an expert by number (from 0): four scholars, three of industry, two 业务骨干 and a 土专家 in ten.
pub(super) fn category(i: usize) -> &'static str {
    match i % 10 {
        0..=3 => "高校学者",
        4..=6 => "行业精英",
        7 | 8 => "业务骨干",
        _ => "土专家",
    }
}

/// Experts that had joined before the year: any of these may be invited at any time of it.
pub(super) const EARLY: usize = 86;

/// Writes what belongs to the whole system.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    write_experts(city, organ, out)?;
    for (i, class) in CLASSES.iter().enumerate() {
        let held = class_held(city, i);
        out.code("activity", 0);
        let more: Values = vec![
            ("closed_book", class.test.into()),
            ("funded", class.funded.into()),
            ("category", "专门业务培训".into()),
            ("fee_class", if class.funded { Cell::from("三类") } else { Cell::Empty }),
            ("way", "脱产".into()),
            ("agent", "云岭市发展改革培训中心".into()),
            ("hours", super::whole(i64::from(class.days) * 8)),
        ];
        out.put(activity::record(organ, &held, "专业培训", class.title.into(), more))?;
        lecture(city, organ, out, &held, &[i * 10 % EARLY, (i * 10 + 4 + i % 3) % EARLY])?;
    }
    for (i, (title, _, spot)) in HALLS.iter().enumerate() {
        let held = hall_held(city, i);
        out.code("activity", 0);
        let form = if *spot { "实地调研" } else { "讲授" };
        let more: Values = vec![("form", form.into()), ("hours", super::whole(3)), ("planned", Cell::Int(260))];
        let title = format!("发改大讲堂第{}期：{title}", i + 1);
        out.put(activity::record(organ, &held, "发改大讲堂", title, more))?;
        lecture(city, organ, out, &held, &[(i * 20 + 5) % EARLY])?;
    }
    publications(city, organ, out)?;
    meetings(city, organ, out)
}

fn write_experts(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const FIELDS: [&str; 6] = ["区域经济", "能源与双碳", "工程咨询", "财政与投融资", "数字经济", "公共管理"];
    let organs = city.shape.organs.len();
    for i in 0..experts(city) {
        let mut rng = Rng::of(&[city.seed, 8, i as u64]);
        let code = out.code("expert", 0);
        let late = (EARLY..EXPERTS).contains(&i).then(|| on(3, 3).plus((i - EARLY) as i32 * 12));
        let joined = city.clock.open(late.unwrap_or(ymd(2023, 5, 4).plus(rng.between(0, 500) as i32)));
        let at = city.clock.typed(&mut rng, joined.max(on(1, 3)), 0);
        let own = matches!(category(i), "业务骨干" | "土专家").then(|| {
            let (organ, section) = ((i * 7 % organs) as u32, 1 + (i % 4) as u32);
            people::person(city, organ, city.number(organ, Role::Head(section)))
        });
        let (employer, rank) = match (category(i), &own) {
            ("高校学者", _) => ("云岭大学".to_owned(), "教授"),
            ("行业精英", _) => ("云岭工程咨询有限公司".to_owned(), "正高级工程师"),
            (_, Some(person)) => (people::short(person.stays[0].unit.organ), "科长"),
            _ => ("云岭市发展改革培训中心".to_owned(), "高级工程师"),
        };
        let outside = own.is_none().then(|| names::person(city.seed ^ 0xE, i as u64));
        let values: Values = vec![
            ("name", outside.unwrap_or_else(|| own.as_ref().map_or_else(String::new, |p| p.name.clone())).into()),
            ("category", category(i).into()),
            ("joined", joined.into()),
            ("person", own.map(|p| p.code).into()),
            ("employer", employer.into()),
            ("rank", rank.into()),
            ("field", rng.pick(&FIELDS).into()),
            ("place", "云岭市".into()),
            ("fee_grade", if rank == "教授" { "正高" } else { "副高" }.into()),
            ("contact", names::phone(8_000_000 + i as u64).into()),
        ];
        let mut record = Record::new(code, Some(unit(0, 2)), at, &organ.desk, values);
        if let Some(left) = [(20, on(5, 30)), (47, on(8, 29))].iter().find(|l| l.0 == i) {
            record = record.then(instant(left.1, 15 * 60), "离库", vec![("left", left.1.into())]);
        }
        out.put(record)?;
    }
    Ok(())
}

/// Lectures of these experts on an activity's first days.
pub(super) fn lecture(city: &City, organ: &Organ, out: &mut Out<'_>, held: &Held, experts: &[usize]) -> Result<()> {
    let mut rng = Rng::of(&[city.seed, 9, u64::from(held.code.organ), u64::from(held.code.seq)]);
    for (n, i) in experts.iter().enumerate() {
        let day = held.starts.plus(n as i32).min(held.ends);
        let at = after(held.typed, city.clock.typed(&mut rng, held.ends, 2));
        let own = matches!(category(*i), "业务骨干" | "土专家");
        let values: Values = vec![
            ("activity", held.code.into()),
            ("expert", expert(*i).into()),
            ("day", day.into()),
            ("topic", ["政策与案例", "实务讲解", "经验与教训"][n % 3].into()),
            ("hours", super::whole(3)),
            ("fee", if own { Cell::Empty } else { Cell::Fen(200_000) }),
        ];
        out.add(organ, "lecture", held.unit, at, values)?;
    }
    Ok(())
}

/// 每日一题 on workdays but for three, 每周一课 but for one week, 每月一考; up to the end of January 2026.
fn publications(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const TOPICS: [&str; 5] = ["投资管理", "价格政策", "营商环境", "公文处理", "廉洁纪律"];
    let mut rng = Rng::of(&[city.seed, 10]);
    let missed = [on(2, 6), on(5, 20), on(8, 12)];
    let mut put = |out: &mut Out<'_>, kind: &'static str, day: Day, title: String, twice: bool| {
        let at = city.clock.typed(&mut rng, day, 0);
        let values: Values = vec![
            ("kind", kind.into()),
            ("day", day.into()),
            ("title", title.into()),
            ("channel", if kind == "每日一题" { "学习强国" } else { "发改内部培训系统" }.into()),
        ];
        let record = Record::new(out.code("publication", 0), Some(unit(0, 2)), at, &organ.desk, values);
        let record = if twice { record.void(at + 3_600_000_000, "重复录入") } else { record };
        out.put(record)
    };
    let (mut week, mut month) = (i32::MIN, 0);
    let last = ymd(2026, 1, 30);
    for day in (on(1, 2).0..=last.0).map(Day).filter(|d| city.clock.workdays.is_workday(*d)) {
        let topic = TOPICS[day.0 as usize % 5];
        if !missed.contains(&day) {
            put(out, "每日一题", day, format!("{topic}（{day}）"), false)?;
        }
        if [on(3, 14), on(9, 4)].contains(&day) {
            put(out, "每日一题", day, format!("{topic}（{day}）"), true)?;
        }
        let monday = day.0 - day.weekday() as i32;
        if monday != week && day != on(1, 27) {
            week = monday;
            put(out, "每周一课", day, format!("{topic}专题课"), false)?;
        }
        let (_, m, d) = day.ymd();
        if m != month && d >= 22 {
            month = m;
            put(out, "每月一考", day, format!("{m}月综合考"), false)?;
        }
    }
    Ok(())
}

/// 季度调度 and 听取汇报, with the issues raised and mostly settled.
fn meetings(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const TEXTS: [&str; 5] = [
        "帮带指导记录不及时",
        "挂职干部管理责任不清",
        "闭卷测试组织不统一",
        "项目专班人员变动没有交接",
        "风险点评估流于形式",
    ];
    let mut rng = Rng::of(&[city.seed, 11]);
    let days = [(on(3, 25), on(3, 31)), (on(6, 24), on(6, 30)), (on(9, 23), on(9, 29)), (on(12, 22), on(12, 29))];
    for (quarter, (work, report)) in days.into_iter().enumerate() {
        for (kind, title, day) in [("季度调度", "季度调度会", work), ("听取汇报", "领导小组听取汇报会", report)]
        {
            let at = city.clock.typed(&mut rng, day, 1);
            let meeting = out.code("meeting", 0);
            let values: Values = vec![
                ("kind", kind.into()),
                ("title", format!("第{}季度{title}", names::chinese(quarter + 1)).into()),
                ("day", day.into()),
                ("due", Cell::Int(city.shape.organs.len() as i64 + 4)),
                ("present", Cell::Int(city.shape.organs.len() as i64 + rng.between(1, 4))),
                ("chair", organ.chief(day).map(|p| p.code).into()),
            ];
            out.put(Record::new(meeting, Some(organ.code), at, &organ.desk, values))?;
            if kind == "季度调度" {
                continue;
            }
            for n in 0..4 {
                let settled = city.clock.later(day, rng.between(14, 60));
                let open = n == 3 && quarter >= 1;
                let values: Values = vec![
                    ("meeting", meeting.into()),
                    ("text", TEXTS[(quarter + n) % 5].into()),
                    ("raised", day.into()),
                    ("decided", "责成相关科室会同区县限期整改".into()),
                    ("person", organ.with(city, Role::Head(1 + (n as u32 + quarter as u32) % 9)).code.into()),
                    ("due", day.plus(60).into()),
                ];
                let record = Record::new(out.code("issue", 0), Some(organ.code), after(at, at), &organ.desk, values);
                let settled_at = city.clock.typed(&mut rng, settled, 1);
                let done: Values = vec![("settled", settled.into()), ("remark", "已整改，复查过".into())];
                out.put(if open { record } else { record.then(settled_at, "填解决日期", done) })?;
            }
        }
    }
    Ok(())
}
