//! 廉政风险点: found, given measures, reviewed each quarter, new ones warned of.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out,
    people::{Organ, Section},
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{after, on},
};

const POINTS: [(&str, &str, &str); 8] = [
    ("项目评审意见受请托影响", "项目审批", "业务流程"),
    ("资金分配因素口径不公开", "资金分配", "制度机制"),
    ("招标方案核准把关不严", "招标核准", "岗位职责"),
    ("价格认定材料取舍随意", "价格认定", "业务流程"),
    ("中介机构选取不规范", "中介选取", "外部环境"),
    ("节能审查专家抽取不随机", "节能审查", "制度机制"),
    ("印章使用登记不全", "综合事务", "岗位职责"),
    ("与企业往来边界不清", "企业服务", "思想道德"),
];

/// A risk point on its way.
struct Point {
    code: Code,
    unit: Code,
    found: Day,
    removed: Option<Day>,
    typed: i64,
}

/// Writes the organ's risk points.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    sign_off(city, organ, out)?;
    let sections: Vec<&Section> = organ.open_sections(on(6, 30)).collect();
    let count = sections.len() * 3;
    let mut points = Vec::new();
    for n in 0..count {
        let mut rng = Rng::of(&[city.seed, 60, u64::from(organ.no), n as u64]);
        let section = sections[n % sections.len()];
        points.push(point(city, organ, out, &mut rng, section, n, count)?);
    }
    let mut rng = Rng::of(&[city.seed, 61, u64::from(organ.no)]);
    for n in 0..1 + organ.no as usize % 2 {
        let found = city.clock.later(on(7, 14), i64::from(organ.no % 12) * 5 + n as i64 * 9);
        let section = organ.open_sections(found).nth(n).map_or(organ.code, |s| s.code);
        points.push(newly(city, organ, out, &mut rng, section, found)?);
    }
    for (n, point) in points.iter().enumerate() {
        review(city, organ, out, point, n, points.len())?;
    }
    Ok(())
}

/// 廉政风险点签报: in June; where it is done badly late or not at all.
fn sign_off(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let issued = match (organ.profile.risks, organ.no) {
        (Level::Poor, 10) => return Ok(()),
        (Level::Poor, _) => on(7, 15),
        _ => city.clock.later(on(6, 4), i64::from(organ.no % 12)),
    };
    let mut rng = Rng::of(&[city.seed, 62, u64::from(organ.no)]);
    let values: Values = vec![
        ("kind", "廉政风险点签报".into()),
        ("title", format!("{}廉政风险点清单签报", organ.short).into()),
        ("about", "2025".into()),
        ("issued", issued.into()),
    ];
    let at = city.clock.typed(&mut rng, issued, 2);
    out.add(organ, "document", organ.code, at, values)
}

fn point(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    section: &Section,
    n: usize,
    count: usize,
) -> Result<Point> {
    let found = city.clock.open(on(2, 10).plus((n * 100 / count) as i32).max(section.from.plus(3)));
    let prompt = city.clock.later(found, rng.between(2, 18));
    let measured = match organ.profile.risks {
        Level::Good => Some(prompt),
        // One in five only after 30 June.
        Level::Uneven if n % 5 == 2 => Some(city.clock.later(on(7, 8), rng.between(0, 9))),
        Level::Uneven => Some(prompt),
        Level::Poor if n % 10 < 3 => None,
        Level::Poor if n % 10 < 6 => Some(city.clock.later(on(9, 1), rng.between(0, 20))),
        Level::Poor => Some(prompt),
    };
    let removed = (n % 14 == 5).then(|| city.clock.later(on(8, 20), rng.between(0, 90)));
    let (likely, harm) = (rng.between(1, 5), rng.between(1, 5));
    let grade = match likely * harm {
        0..=5 => "低",
        6..=14 => "中",
        _ => "高",
    };
    let (title, power, sort) = POINTS[(n + organ.no as usize) % POINTS.len()];
    let typed = city.clock.typed(rng, found, 2);
    let values: Values = vec![
        ("title", title.into()),
        ("origin", "排查".into()),
        ("found", found.into()),
        ("power", power.into()),
        ("sort", sort.into()),
        ("likelihood", Cell::Int(likely)),
        ("harm", Cell::Int(harm)),
        ("grade", grade.into()),
        ("person", organ.holder(section.code, "科室负责人", found).map(|p| p.code).into()),
        ("leader", organ.in_charge(section.code, found).map(|p| p.code).into()),
    ];
    let code = out.code("risk_point", organ.no);
    let mut record = Record::new(code, Some(section.code), typed, &organ.desk, values);
    if let Some(day) = measured {
        let change: Values = vec![("measure_set", day.into()), ("measures", "双人复核，过程留痕，按季抽查".into())];
        record = record.then(city.clock.typed(rng, day, 1), "填防控措施", change);
    }
    if let Some(day) = removed {
        record = record.then(city.clock.typed(rng, day, 1), "风险消除", vec![("removed", day.into())]);
    }
    out.put(record)?;
    Ok(Point { code, unit: section.code, found, removed, typed })
}

/// A point found after the search was over, with its warning.
fn newly(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, unit: Code, found: Day) -> Result<Point> {
    let poor = organ.profile.risks == Level::Poor;
    let alerted = (!poor).then(|| city.clock.later(found, rng.between(1, 5)));
    let typed = city.clock.typed(rng, found, 1);
    let code = out.code("risk_point", organ.no);
    let values: Values = vec![
        ("title", "新增事项审批权责不清".into()),
        ("origin", "新增".into()),
        ("found", found.into()),
        ("sort", "制度机制".into()),
        ("grade", "中".into()),
    ];
    let mut record = Record::new(code, Some(unit), typed, &organ.desk, values);
    if let Some(day) = alerted {
        let measured = city.clock.later(day, 6);
        record = record.then(city.clock.typed(rng, day, 0), "发出预警", vec![("alerted", day.into())]);
        record = record.then(city.clock.typed(rng, measured, 0), "填防控措施", vec![("measure_set", measured.into())]);
    }
    let known = record.revisions.get(1).map(|r| r.recorded_at);
    out.put(record)?;
    if let (Some(issued), Some(known)) = (alerted, known) {
        let settled = city.clock.later(issued, rng.between(8, 25));
        let values: Values = vec![
            ("point", code.into()),
            ("level", rng.pick(&["黄", "橙"]).into()),
            ("issued", issued.into()),
            ("text", "新增事项权责不清，请三日内提出措施".into()),
            ("person", organ.chief(issued).map(|p| p.code).into()),
        ];
        let record = Record::new(out.code("warning", organ.no), Some(unit), after(known, known), &organ.desk, values);
        let change: Values = vec![("settled", settled.into()), ("action", "已明确权责并公示".into())];
        out.put(record.then(city.clock.typed(rng, settled, 1), "处置完成", change))?;
    }
    Ok(Point { code, unit, found, removed: None, typed })
}

/// One review a quarter, from the quarter after the point was found; some are left out where the work is uneven.
fn review(city: &City, organ: &Organ, out: &mut Out<'_>, point: &Point, n: usize, count: usize) -> Result<()> {
    let quarters =
        [(on(4, 1), on(5, 26), on(6, 27)), (on(7, 1), on(8, 25), on(9, 26)), (on(10, 1), on(11, 24), on(12, 26))];
    for (q, (begin, from, to)) in quarters.into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 63, u64::from(organ.no), n as u64, q as u64]);
        let missed = match organ.profile.risks {
            Level::Good => false,
            Level::Uneven => q == 1 && n * 4 / count != (n + 1) * 4 / count,
            Level::Poor => n % 10 < 7,
        };
        if missed || point.found >= begin || point.removed.is_some_and(|r| r < to) {
            continue;
        }
        let Some(day) = city.clock.within(&mut rng, from, to) else { continue };
        let (effect, problem) = match rng.below(20) {
            0 => ("无效", Some("措施没有落实到岗位")),
            1..=3 => ("部分有效", Some("留痕不全")),
            _ => ("有效", None),
        };
        let values: Values = vec![
            ("point", point.code.into()),
            ("effect", effect.into()),
            ("day", day.into()),
            ("done", (effect != "无效").into()),
            ("problem", problem.into()),
            ("adjusted", problem.map(|_| "补充复核环节").into()),
            ("reviewer", organ.holder(point.unit, "科室负责人", day).map(|p| p.code).into()),
        ];
        let at = after(point.typed, city.clock.typed(&mut rng, day, 2));
        out.add(organ, "risk_review", point.unit, at, values)?;
    }
    Ok(())
}
