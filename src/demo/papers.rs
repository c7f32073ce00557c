//! 组织保障 and 考核评价: bodies, documents, weights, yearly results and what follows from them, agreements, and the three
//! ledgers of the heading-only sections.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    people::{self, Organ, Role},
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    system,
    time::{after, instant, on, ymd},
};

/// Writes the organ's papers.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let mut rng = Rng::of(&[city.seed, 100, u64::from(organ.no)]);
    documents(city, organ, out, &mut rng)?;
    extras(city, organ, out, &mut rng)?;
    if organ.no == 0 {
        return leading_group(city, organ, out, &mut rng);
    }
    own_body(city, organ, out, &mut rng)?;
    agreements(city, organ, out, &mut rng)?;
    weight(city, organ, out, &mut rng)?;
    results(city, organ, out, &mut rng)?;
    interview(city, organ, out, &mut rng)?;
    indicators(city, organ, out, &mut rng)
}

fn document(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    (kind, title, about): (&'static str, String, Option<&'static str>),
    issued: Day,
) -> Result<()> {
    let values: Values = vec![
        ("kind", kind.into()),
        ("title", title.into()),
        ("number", format!("发改办〔{}〕{}号", issued.ymd().0, rng.between(1, 90)).into()),
        ("about", about.into()),
        ("issued", issued.into()),
    ];
    let at = city.clock.typed(rng, issued.max(on(1, 3)), 1);
    out.add(organ, "document", organ.code, at, values)
}

/// Plans and summaries; the city's also say what the programme is.
fn documents(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let short = &organ.short;
    let shift = i64::from(organ.no % 9);
    document(
        city,
        organ,
        out,
        rng,
        ("年度学习计划", format!("{short}2025年学习计划"), Some("2025")),
        city.clock.later(on(1, 13), shift),
    )?;
    document(
        city,
        organ,
        out,
        rng,
        ("年度培训计划", format!("{short}2025年培训计划"), Some("2025")),
        city.clock.later(on(1, 20), shift),
    )?;
    if organ.no % 3 != 2 {
        let title = format!("{short}2025年培训需求分析");
        document(city, organ, out, rng, ("培训需求分析", title, Some("2025")), city.clock.later(on(2, 10), shift))?;
    }
    if organ.no > 0 {
        return Ok(());
    }
    let all = [
        ("一线锻炼实施方案", "全市发改系统干部一线锻炼实施方案", None, on(2, 12)),
        ("制度文件", "干部教育培训管理办法", None, ymd(2022, 6, 1)),
        ("制度文件", "导师帮带实施细则", None, on(2, 24)),
        ("制度文件", "重点项目首席服务员工作规则", None, on(3, 6)),
        ("半年总结", "2025年上半年干部队伍建设总结", Some("2025H1"), on(7, 15)),
        ("制度评估", "2025年制度执行情况评估", Some("2025"), on(11, 24)),
        ("半年总结", "2025年下半年干部队伍建设总结", Some("2025H2"), ymd(2026, 1, 14)),
        ("年度考核", "2025年度干部队伍建设考核报告", Some("2025"), ymd(2026, 3, 11)),
    ];
    for (kind, title, about, issued) in all {
        document(city, organ, out, rng, (kind, title.into(), about), issued)?;
    }
    Ok(())
}

/// 领导小组 with every chief in it, and its 办公室; 鹿鸣县's new chief is put in only in November.
fn leading_group(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let formed = on(2, 6);
    let at = city.clock.typed(rng, formed, 1);
    let form = |out: &mut Out<'_>, kind: &'static str, title: &'static str| {
        let code = out.code("body", 0);
        let values: Values = vec![
            ("kind", kind.into()),
            ("title", title.into()),
            ("number", "云发改发〔2025〕6号".into()),
            ("formed", formed.into()),
        ];
        out.put(Record::new(code, Some(organ.code), at, &organ.desk, values)).map(|()| code)
    };
    let group = form(out, "领导小组", "高素质干部队伍建设领导小组")?;
    form(out, "办公室", "领导小组办公室")?;
    let join = |out: &mut Out<'_>, person: Code, role: &'static str, from: Day, to: Option<Day>, typed: Day| {
        let values: Values =
            vec![("body", group.into()), ("person", person.into()), ("role", role.into()), ("starts", from.into())];
        let code = out.code("body_member", 0);
        let mut record = Record::new(code, Some(organ.code), after(at, instant(typed, 14 * 60)), &organ.desk, values);
        if let Some(to) = to {
            record = record.then(instant(city.clock.later(to, 4), 14 * 60), "成员调整", vec![("ends", to.into())]);
        }
        out.put(record)
    };
    join(out, organ.with(city, Role::Chief).code, "组长", formed, None, formed)?;
    join(out, organ.with(city, Role::Deputy(1)).code, "副组长", formed, None, formed)?;
    for no in city.districts() {
        let chief = people::person_code(no, 0);
        let changed = match no {
            2 => Some((on(4, 11), on(4, 11))),
            8 => Some((on(6, 16), on(11, 5))),
            _ => None,
        };
        join(out, chief, "成员", formed, changed.map(|c| c.0.plus(-1)), formed)?;
        if let Some((_, from)) = changed {
            join(out, people::person_code(no, 1), "成员", from, None, from)?;
        }
    }
    Ok(())
}

/// 工作专班; 石杵县's is set up only in December.
fn own_body(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let formed = if organ.no == 10 { on(12, 3) } else { city.clock.later(on(2, 17), i64::from(organ.no % 20)) };
    let at = city.clock.typed(rng, formed, 2);
    let body = out.code("body", organ.no);
    let values: Values = vec![
        ("kind", "工作专班".into()),
        ("title", format!("{}干部队伍建设工作专班", organ.short).into()),
        ("number", format!("发改办〔2025〕{}号", 3 + organ.no).into()),
        ("formed", formed.into()),
    ];
    out.put(Record::new(body, Some(organ.code), at, &organ.desk, values))?;
    for (role, seat) in [
        ("组长", organ.chief(formed)),
        ("副组长", Some(organ.with(city, Role::Deputy(2)))),
        ("成员", Some(organ.with(city, Role::Head(1)))),
    ] {
        let Some(person) = seat else { continue };
        let values: Values = vec![
            ("body", body.into()),
            ("person", person.code.into()),
            ("role", role.into()),
            ("starts", formed.into()),
        ];
        out.add(organ, "body_member", organ.code, after(at, at), values)?;
    }
    Ok(())
}

/// Experts under long agreements: six, three of which two more come in November, or two; and one for half a year.
fn agreements(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let (early, late) = match organ.profile.experts {
        Level::Good => (6, 0),
        Level::Uneven => (3, 2),
        Level::Poor => (2, 0),
    };
    let experts = system::experts(city) as u32;
    for n in 0..early + late + 1_u32 {
        let long = n < early + late;
        let starts = if n >= early && long { on(11, 12) } else { city.clock.later(on(1, 13), rng.between(0, 50)) };
        let expert = system::expert((organ.no * 7 + n * 11) as usize % (system::EARLY.min(experts as usize)));
        let values: Values = vec![
            ("expert", expert.into()),
            ("long_term", long.into()),
            ("starts", starts.into()),
            ("ends", if long { ymd(2027, 12, 31) } else { on(6, 30) }.into()),
            ("number", format!("聘{:02}-{:02}", organ.no, n + 1).into()),
        ];
        let at = city.clock.typed(rng, starts, 3);
        out.add(organ, "agreement", organ.code, at, values)?;
        if n < 2 {
            let day = city.clock.later(on(5, 6), rng.between(0, 150));
            let values: Values = vec![
                ("expert", expert.into()),
                ("day", day.into()),
                ("purpose", ["评审", "咨询"][n as usize].into()),
                ("topic", "重点项目方案把关".into()),
            ];
            let at = city.clock.typed(rng, day, 3);
            out.add(organ, "booking", organ.code, at, values)?;
        }
    }
    Ok(())
}

/// Weight in the 绩效考核: one fifth or more, 雁回县 less; 苇泊县's is not known.
fn weight(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let weight = match organ.no {
        9 => 1500,
        11 => return Ok(()),
        no => [2000, 2500][no as usize % 2],
    };
    let issued = city.clock.later(on(2, 20), i64::from(organ.no % 10));
    let values: Values = vec![
        ("year", "2025".into()),
        ("weight", Cell::Decimal(weight)),
        ("issued", issued.into()),
        ("number", format!("考〔2025〕{}号", organ.no).into()),
    ];
    let at = city.clock.typed(rng, issued, 3);
    out.add(organ, "appraisal_weight", organ.code, at, values)
}

/// Final results of 2023, 2024 (frozen) and 2025: 石杵县 and 苇泊县 are among the last three in all.
fn results(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let finals = [("2023", ymd(2024, 3, 20)), ("2024", on(3, 14)), ("2025", ymd(2026, 3, 18))];
    for (n, (year, day)) in finals.into_iter().enumerate() {
        let low = match (organ.no, n) {
            (10, _) => Some(712),
            (11, _) => Some(726),
            (9, 0) | (3, 1) | (9, 2) => Some(741),
            _ => None,
        };
        let (from, spread) = low.map_or((790, 170), |low| (low, 9));
        let tenths = from + rng.between(0, spread);
        let (award, funds) = (city.clock.later(day, 14), city.clock.later(day, 30));
        let used: Values = vec![("used_for_award", award.into()), ("used_for_funds", funds.into())];
        let mut values: Values = vec![
            ("year", year.into()),
            ("score", Cell::Decimal(tenths * 1000)),
            ("final", day.into()),
            ("appeal", if organ.no == 3 { Cell::from("申诉一次，复核维持") } else { Cell::Empty }),
        ];
        let old = n == 0;
        if old {
            values.extend(used.clone());
        }
        let at = city.clock.typed(rng, day.max(on(1, 3)), 1);
        let record = Record::new(out.code("assessment", organ.no), Some(organ.code), at, &organ.desk, values);
        // The result of 苇泊县 for 2025 has not been used for funds.
        let used = if organ.no == 11 && n == 2 { used[..1].to_vec() } else { used };
        let used_at = city.clock.typed(rng, funds, 1);
        out.put(if old { record } else { record.then(used_at, "填结果运用", used) })?;
    }
    Ok(())
}

/// 约谈 of the chiefs of those low in two years running: 苇泊县 in April 2025, 石杵县 only in November, and both again
/// for 2025.
fn interview(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let held: &[(u32, Day)] = match organ.no {
        10 => &[(2024, on(11, 20)), (2025, ymd(2026, 4, 16))],
        11 => &[(2024, on(4, 17)), (2025, ymd(2026, 4, 15))],
        _ => &[],
    };
    for (year, day) in held {
        let values: Values = vec![
            ("cause", Code { ledger: "low_rank", organ: organ.no, seq: *year }.into()),
            ("person", organ.chief(*day).map(|p| p.code).into()),
            ("day", (*day).into()),
            ("noticed", city.clock.open(day.plus(-9)).into()),
            ("talker", people::person_code(0, 0).into()),
            ("demand", "逐项列出差距，三个月内整改".into()),
            ("due", day.plus(90).into()),
        ];
        let at = city.clock.typed(rng, *day, 1);
        out.add(organ, "interview", organ.code, at, values)?;
    }
    Ok(())
}

/// The three 年度考核 indicators that the directive names; 苇泊县 has reported only one.
fn indicators(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    const NAMES: [&str; 3] = ["学习培训覆盖率", "一线锻炼成效", "廉政建设满意度"];
    for (round, day) in [on(7, 10), ymd(2026, 1, 20)].into_iter().enumerate() {
        for name in NAMES.iter().take(if organ.no == 11 { 1 } else { 3 }) {
            let day = city.clock.later(day, rng.between(0, 6));
            let value = rng.between(78, 98) * 100;
            let values: Values = vec![
                ("set", "年度考核".into()),
                ("indicator", (*name).into()),
                ("year", "2025".into()),
                ("value", Cell::Decimal(value)),
                ("day", day.into()),
                ("source", ["半年取数", "年度取数"][round].into()),
            ];
            let at = city.clock.typed(rng, day, 2);
            out.add(organ, "indicator_value", organ.code, at, values)?;
        }
    }
    Ok(())
}

/// A few rows of the ledgers that only heading-only requirements read.
fn extras(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng) -> Result<()> {
    let shift = i64::from(organ.no % 12);
    if organ.no % 2 == 1 {
        let day = city.clock.later(on(6, 3), shift * 3);
        let values: Values = vec![
            ("title", format!("{}项目代办工作法", organ.place).into()),
            ("kind", ["做法", "集体", "个人"][organ.no as usize % 3].into()),
            ("day", day.into()),
            ("points", "一窗受理、专人代办、限时反馈".into()),
            ("scope", "全市发改系统".into()),
        ];
        let at = city.clock.typed(rng, day, 2);
        out.add(organ, "model_case", organ.code, at, values)?;
    }
    if organ.no % 4 == 2 {
        let received = city.clock.later(on(5, 12), shift * 4);
        let values: Values = vec![
            ("person", organ.with(city, Role::Head(1)).code.into()),
            ("text", "试点审批改革中流程先行调整，造成材料补正".into()),
            ("received", received.into()),
            ("distinguished", "属先行先试中的失误".into()),
        ];
        let at = city.clock.typed(rng, received, 1);
        let record = Record::new(out.code("tolerance", organ.no), Some(organ.code), at, &organ.desk, values);
        let answered = city.clock.later(received, 33);
        let change: Values = vec![
            ("verified", "情况属实".into()),
            ("conclusion", "予以容错".into()),
            ("answered", answered.into()),
            ("closed", answered.into()),
        ];
        out.put(record.then(city.clock.typed(rng, answered, 1), "填结论和反馈", change))?;
    }
    if organ.no.is_multiple_of(3) {
        let starts = city.clock.later(on(3, 10), shift * 2);
        let values: Values = vec![
            ("name", ["云岭大学", "云岭工程咨询有限公司", "澄湖学院"][organ.no as usize / 3 % 3].into()),
            ("kind", ["校地", "其他", "校地"][organ.no as usize / 3 % 3].into()),
            ("starts", starts.into()),
            ("ends", starts.plus_years(3).into()),
            ("content", "课题研究、人才培训".into()),
            ("outcome", Cell::Empty),
        ];
        let at = city.clock.typed(rng, starts, 2);
        out.add(organ, "partner", organ.code, at, values)?;
    }
    Ok(())
}
