//! 重点项目 and their service: teams, plans, approvals, requests, what firms say, indicator values.

use anyhow::Result;

use crate::day::Day;

use super::{
    City, Out, names,
    people::{Organ, Person, Role, unit},
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{after, day_of, instant, on, ymd},
};

/// The 15 市级重点项目: name, district, served by the city itself.
const KEY: [(&str, u32, bool); 15] = [
    ("云岭低空物流基地", 1, true),
    ("云岭至澄湖快速通道", 2, true),
    ("望舒储能电站", 3, true),
    ("云岭数据中心二期", 4, true),
    ("云岭城市更新一期", 6, true),
    ("青禾现代种业园", 1, false),
    ("澄湖水环境治理", 2, false),
    ("望舒新材料产业园", 3, false),
    ("松鹤康养基地", 4, false),
    ("云汀滨水文旅带", 5, false),
    ("砚池智能制造园", 6, false),
    ("麦浦粮食储备库", 7, false),
    ("鹿鸣风电场", 8, false),
    ("雁回交通枢纽", 9, false),
    ("石杵矿山修复", 10, false),
];
const OTHERS: [&str; 4] = ["污水处理提升工程", "标准厂房二期", "农产品冷链物流园", "城区供热管网改造"];

/// A project on its way to be written.
struct Project {
    code: Code,
    unit: Code,
    key: bool,
    listed: Day,
    finished: Option<Day>,
    typed: i64,
}

/// Writes the organ's projects and all that belongs to them.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let key = KEY.iter().filter(|k| if k.2 { organ.no == 0 } else { k.1 == organ.no });
    let mut all: Vec<(String, u32, bool)> = key.map(|k| (k.0.to_owned(), k.1, true)).collect();
    if organ.no > 0 {
        let count = 2 + organ.no as usize % 2;
        all.extend(
            (0..count).map(|n| (format!("{}{}", organ.place, OTHERS[(organ.no as usize + n) % 4]), organ.no, false)),
        );
    }
    for (n, (name, district, key)) in all.into_iter().enumerate() {
        let mut rng = Rng::of(&[city.seed, 40, u64::from(organ.no), n as u64]);
        let project = head(city, organ, out, &mut rng, name, district, key)?;
        team(city, organ, out, &mut rng, &project, n)?;
        plans(city, organ, out, &mut rng, &project)?;
        approvals(city, organ, out, &mut rng, &project)?;
        voices(city, organ, out, &mut rng, &project)?;
        if key {
            values(city, organ, out, &mut rng, &project)?;
        }
    }
    Ok(())
}

fn head(
    city: &City,
    organ: &Organ,
    out: &mut Out<'_>,
    rng: &mut Rng,
    name: String,
    district: u32,
    key: bool,
) -> Result<Project> {
    // The key ones were listed before the year; but 松鹤区's, which is not there for all of it.
    let (from, to) = if key && organ.no != 4 { (ymd(2024, 12, 9), ymd(2024, 12, 27)) } else { (on(1, 6), on(1, 24)) };
    let listed = city.clock.within(rng, from, to).unwrap_or(from);
    let finished = (name == "望舒储能电站").then_some(on(9, 19));
    // Whether 棠梨县's second project is a key one was filled in only in September.
    let doubtful = organ.no == 12 && !key && name.contains(OTHERS[1]);
    let typed = city.clock.typed(rng, listed.max(on(1, 3)), 0);
    let unit = if organ.no == 0 { unit(0, 6) } else { organ.code };
    let investment = rng.between(if key { 60 } else { 4 }, if key { 480 } else { 30 }) * 10_000_000;
    let values: Values = vec![
        ("name", name.into()),
        ("district", super::people::unit(district, 0).into()),
        ("city_key", (!doubtful).then_some(key).into()),
        ("listed", listed.into()),
        ("builder", format!("{}项目建设有限公司", organ.place).into()),
        ("sort", rng.pick(&["基础设施", "产业", "生态环保", "社会事业"]).into()),
        ("investment", Cell::Fen(investment * 100)),
        ("year_plan", Cell::Fen(investment * 30)),
        ("stage", "在建".into()),
        ("contact", names::phone(9_500_000 + u64::from(organ.no) * 40 + rng.below(40)).into()),
    ];
    let code = out.code("project", organ.no);
    let mut record = Record::new(code, Some(unit), typed, &organ.desk, values);
    if doubtful {
        record = record.then(instant(on(9, 12), 10 * 60), "补填是否市级重点", vec![("city_key", false.into())]);
    }
    if let Some(day) = finished {
        record =
            record.then(instant(day, 16 * 60), "投产办结", vec![("finished", day.into()), ("stage", "投产".into())]);
    }
    out.put(record)?;
    Ok(Project { code, unit, key, listed, finished, typed })
}

/// The 专班: 首席服务员, leader and members; 雁回县's has two persons, 砚池区's has six till April.
fn team(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, project: &Project, n: usize) -> Result<()> {
    let section = if organ.no == 0 { 6 } else { 2 };
    let staff = |k: u32| organ.with(city, Role::Staff(section, k));
    let chief = organ.with(city, Role::Deputy(1 + n as u32 % 3));
    let leader = organ.with(city, Role::Head(if organ.no == 0 { 4 + n as u32 % 3 } else { 1 }));
    let mut seats: Vec<(&Person, &'static str, Option<Day>)> = Vec::new();
    // An ordinary project of 雁回县 has no 首席服务员.
    if project.key || organ.no != 9 || n != 1 {
        seats.push((chief, "首席服务员", None));
    }
    if project.key {
        seats.push((leader, "组长", None));
    }
    let members = match (organ.no, project.key) {
        (9, true) => 0,
        (6, true) => 4,
        (_, true) => 1 + rng.below(3) as u32,
        _ => 2,
    };
    for k in 0..members {
        let until = (organ.no == 6 && project.key && k == 3).then_some(on(4, 20));
        seats.push((staff(3 + k), "成员", until));
    }
    let from = city.clock.later(project.listed.max(on(1, 2)), 3);
    for (person, role, until) in seats {
        // In 澄湖区 and 鹿鸣县 the 首席服务员 became chief; only the first handed over.
        let promoted = (role == "首席服务员").then(|| person.stays.get(1)).flatten().map(|s| s.from);
        let ends = until.or(promoted.map(|d| d.plus(-1))).or(project.finished);
        let starts = from.max(person.stays[0].from);
        let values: Values = vec![
            ("project", project.code.into()),
            ("person", person.code.into()),
            ("role", role.into()),
            ("starts", starts.into()),
        ];
        let at = after(project.typed, city.clock.typed(rng, starts, 1));
        let code = out.code("project_team", organ.no);
        let mut record = Record::new(code, Some(project.unit), at, &organ.desk, values);
        if let Some(ends) = ends {
            let handed = role != "成员" && (promoted.is_none() || organ.no == 2);
            let change: Values = vec![("ends", ends.into()), ("handover", handed.then_some(ends).into())];
            record = record.then(city.clock.typed(rng, ends, 1), "填结束日期", change);
        }
        out.put(record)?;
        if let Some(day) = promoted {
            let next = organ.with(city, Role::Deputy(2));
            let values: Values = vec![
                ("project", project.code.into()),
                ("person", next.code.into()),
                ("role", role.into()),
                ("starts", day.into()),
            ];
            let at = city.clock.typed(rng, day, 1);
            out.add(organ, "project_team", project.unit, at, values)?;
        }
    }
    Ok(())
}

/// 服务方案: one in force; some are renewed in summer. Where service is poor, two stand side by side.
fn plans(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, project: &Project) -> Result<()> {
    let first = city.clock.later(project.listed.max(on(1, 2)), rng.between(8, 25));
    let renewed =
        city.clock.within(rng, on(6, 16), on(7, 25)).filter(|_| rng.chance(300) && project.finished.is_none());
    let twice = organ.profile.projects == Level::Poor && project.key;
    let second = if twice { Some(on(5, 12)) } else { renewed };
    for (n, issued) in std::iter::once(first).chain(second).enumerate() {
        let values: Values = vec![
            ("kind", "服务方案".into()),
            ("title", format!("项目服务方案（第{}版）", n + 1).into()),
            ("project", project.code.into()),
            ("issued", issued.into()),
            ("version", format!("{}", n + 1).into()),
        ];
        let at = after(project.typed, city.clock.typed(rng, issued, 1));
        let code = out.code("document", organ.no);
        let mut record = Record::new(code, Some(project.unit), at, &organ.desk, values);
        if let (0, Some(next), false) = (n, second, twice) {
            let ends = next.plus(-1);
            record = record.then(city.clock.typed(rng, next, 1), "换新版", vec![("ends", ends.into())]);
        }
        out.put(record)?;
    }
    Ok(())
}

/// 审批件: how far below last year's average they were handled; one of a city project names no base.
fn approvals(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, project: &Project) -> Result<()> {
    const MATTERS: [&str; 7] = [
        "项目建议书批复",
        "可行性研究报告批复",
        "初步设计批复",
        "节能审查",
        "招标方案核准",
        "用地预审会签",
        "概算调整批复",
    ];
    let count = if project.key { 7 } else { 3 };
    let kept = match organ.profile.projects {
        Level::Good => 63,
        Level::Uneven => 76,
        Level::Poor => 92,
    };
    for (n, matter) in MATTERS.iter().take(count).enumerate() {
        let base = rng.between(20, 45);
        let actual = (base * (kept + rng.between(-4, 4)) / 100).max(2);
        let first = on(1, 20).plus((n * 300 / count) as i32 + rng.between(0, 20) as i32);
        let accepted = city.clock.open(first);
        if project.finished.is_some_and(|f| f < accepted) {
            break;
        }
        let finished = city.clock.workdays.after(accepted, actual as u32 - 1);
        let unknown = organ.no == 0 && project.code.seq == 4 && n == 2;
        let values: Values = vec![
            ("project", project.code.into()),
            ("matter", (*matter).into()),
            ("base_days", if unknown { Cell::Empty } else { Cell::Int(base) }),
            ("base_source", (!unknown).then_some("上年实际平均").into()),
            ("accepted", accepted.into()),
        ];
        let at = after(project.typed, city.clock.typed(rng, accepted, 1));
        let code = out.code("approval", organ.no);
        let record = Record::new(code, Some(project.unit), at, &organ.desk, values);
        let done = city.clock.typed(rng, finished, 1);
        out.put(record.then(done, "填办结日期", vec![("finished", finished.into())]))?;
    }
    Ok(())
}

/// 企业诉求 and 企业评价. Of one city project only a complaint is known.
fn voices(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, project: &Project) -> Result<()> {
    const TEXTS: [&str; 5] = ["进场道路未通", "用电增容进度慢", "用地手续衔接不畅", "招工困难", "补助资金拨付较慢"];
    let last = project.finished.unwrap_or(on(12, 12));
    let mute = organ.no == 0 && project.code.seq == 2;
    let poor = organ.profile.projects == Level::Poor;
    let mut complaint = None;
    for n in 0..rng.between(2, 5) {
        let Some(raised) = city.clock.within(rng, on(2, 10), last) else { continue };
        let settled = city.clock.later(raised, rng.between(4, 40));
        let stuck = rng.chance(if poor { 500 } else { 60 });
        let code = out.code("request", organ.no);
        let values: Values = vec![
            ("project", project.code.into()),
            ("text", rng.pick(&TEXTS).into()),
            ("raised", raised.into()),
            ("person", organ.with(city, Role::Head(1)).code.into()),
            ("promised", raised.plus(30).into()),
            ("level", if stuck { "委领导" } else { "科室" }.into()),
        ];
        let at = after(project.typed, city.clock.typed(rng, raised, 1));
        let record = Record::new(code, Some(project.unit), at, &organ.desk, values);
        let done: Values = vec![("settled", settled.into()), ("progress", "已协调解决".into())];
        out.put(if stuck { record } else { record.then(city.clock.typed(rng, settled, 1), "填办结日期", done) })?;
        if n == 0 && (mute || poor) {
            complaint = Some((code, raised, at));
        }
    }
    if let Some((request, raised, typed)) = complaint {
        let day = city.clock.later(raised, 10);
        let values: Values = vec![
            ("project", project.code.into()),
            ("kind", "投诉".into()),
            ("day", day.into()),
            ("request", request.into()),
            ("text", "诉求多次转办未落实".into()),
        ];
        let at = after(typed, city.clock.typed(rng, day, 1));
        out.add(organ, "firm_voice", project.unit, at, values)?;
    }
    for day in [on(3, 27), on(6, 26), on(9, 18), on(12, 11)].into_iter().filter(|d| *d <= last && !mute) {
        for _ in 0..if project.key { 4 } else { 1 } {
            let day = city.clock.later(day, rng.between(0, 6));
            let rating = match rng.below(10) {
                0..3 if poor => "不满意",
                0..7 => "满意",
                _ => "基本满意",
            };
            let values: Values = vec![
                ("project", project.code.into()),
                ("kind", "调查".into()),
                ("rating", rating.into()),
                ("day", day.into()),
            ];
            let at = city.clock.typed(rng, day, 2);
            out.add(organ, "firm_voice", project.unit, at, values)?;
        }
    }
    Ok(())
}

/// The two 服务成效 indicators that the directive names, each half-year and for the year.
fn values(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, project: &Project) -> Result<()> {
    for day in [on(7, 8), ymd(2026, 1, 13)] {
        for (indicator, value) in [("项目审批时限压缩率", rng.between(2400, 3900)), ("企业投诉率", rng.between(0, 200))]
        {
            let day = city.clock.later(day, rng.between(0, 3));
            let values: Values = vec![
                ("set", "服务成效".into()),
                ("indicator", indicator.into()),
                ("project", project.code.into()),
                ("year", "2025".into()),
                ("value", Cell::Decimal(value)),
                ("day", day.into()),
                ("source", "审批件与企业评价台账".into()),
            ];
            let at = city.clock.typed(rng, day, 1);
            let code = out.code("indicator_value", organ.no);
            let mut record = Record::new(code, Some(project.unit), at, &organ.desk, values);
            if rng.chance(60) {
                let again = city.clock.typed(rng, day_of(at).plus(3), 3);
                record = record.then(again, "重新取数", vec![("value", Cell::Decimal(value + 10))]);
            }
            out.put(record)?;
        }
    }
    Ok(())
}
