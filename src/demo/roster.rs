//! 组织机构: units, persons, posts, 分管, and the unit that split.

use anyhow::Result;

use crate::{day::Day, org::builtin::LEVELS};

use super::{
    City, Out, names,
    people::{Organ, Person, SPLIT, split_day, unit},
    record::{Cell, Code, Record, Values},
    rng::Rng,
    time::{day_of, instant, on, ymd},
};

/// The day on which the books were opened and what was there was typed.
fn opened() -> Day {
    on(1, 2)
}

/// When a row of the organisation that begins on `from` is typed; `minute` keeps units, persons, posts and charges in
/// order.
fn typed(city: &City, from: Day, minute: i64) -> i64 {
    instant(city.clock.open(from.max(opened())), minute)
}

const UNITS: i64 = 8 * 60 + 30;
const PERSONS: i64 = 8 * 60 + 40;
const POSTS: i64 = 9 * 60;
const CHARGES: i64 = 9 * 60 + 10;

/// The organ, its 科室, and who follows a 科室 that was split.
pub(super) fn units(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let own: Values = vec![
        ("name", organ.name.clone().into()),
        ("short", organ.short.clone().into()),
        ("level", organ.level.into()),
        ("parent", (organ.no > 0).then_some(unit(0, 0)).into()),
        ("from", ymd(2014, 3, 1).into()),
    ];
    let desk = &organ.desk;
    out.put(Record::new(organ.code, Some(organ.code), typed(city, Day::MIN, UNITS), desk, own))?;
    for section in &organ.sections {
        let values: Values = vec![
            ("name", section.name.clone().into()),
            ("level", LEVELS[2].into()),
            ("parent", organ.code.into()),
            ("from", section.from.into()),
        ];
        let record = Record::new(section.code, Some(section.code), typed(city, section.from, UNITS), desk, values);
        out.put(closed(city, record, "to", section.to, UNITS, "机构调整"))?;
    }
    if organ.no == SPLIT.0 {
        let day = split_day().plus(1);
        for successor in organ.sections.iter().filter(|s| s.from == day) {
            let values: Values =
                vec![("successor", successor.code.into()), ("kind", "拆分".into()), ("day", day.into())];
            let code = out.code("succession", organ.no);
            out.put(Record::new(code, Some(unit(SPLIT.0, SPLIT.1)), typed(city, day, UNITS + 5), desk, values))?;
        }
    }
    Ok(())
}

/// Persons, then their posts.
pub(super) fn people(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    for (number, person) in organ.people.iter().take(organ.own).enumerate() {
        let at = typed(city, person.stays[0].from, PERSONS);
        let mut record = Record::new(person.code, None, at, &organ.desk, roster(city, organ, number as u32, person));
        if number % 97 == 11 {
            let at = instant(city.clock.later(day_of(at), 34), 10 * 60);
            let changed = names::phone(7_000_000 + city.shape.organs[organ.no as usize].before + number as u64);
            record = record.then(at, "联系电话变更", vec![("phone", changed.into())]);
        }
        out.put(record)?;
    }
    for (number, person) in organ.people.iter().take(organ.own).enumerate() {
        posts(city, organ, number as u32, person, out)?;
    }
    Ok(())
}

/// 分管, after the persons of all organs: a new deputy may come from another.
pub(super) fn charges(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    for charge in &organ.charges {
        let from = charge.from.max(organ.people[charge.person].stays[0].from);
        let values: Values = vec![("person", organ.people[charge.person].code.into()), ("from", from.into())];
        let code = out.code("charge", organ.no);
        let record = Record::new(code, Some(charge.unit), typed(city, from, CHARGES), &organ.desk, values);
        out.put(closed(city, record, "to", charge.to, CHARGES, "分管调整"))?;
    }
    Ok(())
}

fn posts(city: &City, organ: &Organ, number: u32, person: &Person, out: &mut Out<'_>) -> Result<()> {
    for stay in &person.stays {
        let values: Values = vec![
            ("person", person.code.into()),
            ("duty", stay.duty.into()),
            ("title", title(organ, stay.unit, stay.duty, number).into()),
            ("main", true.into()),
            ("from", stay.from.into()),
        ];
        let code = out.code("post", organ.no);
        let record = Record::new(code, Some(stay.unit), typed(city, stay.from, POSTS), &organ.desk, values);
        out.put(closed(city, record, "to", stay.to, POSTS, "任职变动"))?;
    }
    Ok(())
}

/// With the closing day typed on the workday after it.
fn closed(
    city: &City,
    record: Record,
    field: &'static str,
    to: Option<Day>,
    minute: i64,
    reason: &'static str,
) -> Record {
    match to {
        Some(to) => record.then(instant(city.clock.open(to.plus(1)), minute), reason, vec![(field, to.into())]),
        None => record,
    }
}

fn title(organ: &Organ, unit: Code, duty: &str, number: u32) -> String {
    let head = if unit.organ == 0 { "主任" } else { "局长" };
    match duty {
        "主要负责同志" => format!("党组书记、{head}"),
        "班子成员" => format!("副{head}"),
        "科室负责人" => {
            let section = organ.sections.iter().find(|s| s.code == unit);
            section.map_or_else(
                || "科长".into(),
                |s| {
                    if s.name == "办公室" {
                        "办公室主任".into()
                    } else {
                        format!("{}科长", s.name.trim_end_matches('科'))
                    }
                },
            )
        }
        _ => ["一级科员", "四级主任科员", "三级主任科员", "二级主任科员", "一级主任科员"][number as usize % 5].into(),
    }
}

fn roster(city: &City, organ: &Organ, number: u32, person: &Person) -> Values {
    const SCHOOLS: [&str; 6] = [
        "云岭大学 经济学",
        "云岭大学 土木工程",
        "望舒理工学院 工程管理",
        "青禾师范学院 中文",
        "云岭财经学院 财政学",
        "澄湖学院 法学",
    ];
    const EXPERTISE: [&str; 6] = ["项目评审", "固定资产投资", "价格监测", "规划编制", "法规与审批", "文稿起草"];
    let mut rng = Rng::of(&[city.seed, 6, u64::from(organ.no), u64::from(number)]);
    let (year, month, _) = person.born.ymd();
    let works = ymd(year + 22 + i32::from(rng.chance(300)) * 2, 7, 1 + month);
    let works = works.min(person.stays[0].from);
    let member = !person.newcomer && rng.chance(780);
    let party = member.then(|| works.plus(rng.between(-300, 1500) as i32).min(person.stays[0].from));
    let degree =
        if rng.chance(if person.young { 420 } else { 180 }) { ("研究生", "硕士") } else { ("大学", "学士") };
    let rank = ["一级科员", "四级主任科员", "三级主任科员", "二级主任科员", "一级主任科员"][number as usize % 5];
    let home = super::profile::place(rng.between(1, 12) as u32);
    let known = |cell: Cell, permille: u64, rng: &mut Rng| if rng.chance(permille) { cell } else { Cell::Empty };
    // 苇泊县 has not filled in all it keeps.
    let kept = if organ.no == 11 { 620 } else { 985 };
    vec![
        ("name", person.name.clone().into()),
        ("gender", if person.male { "男" } else { "女" }.into()),
        ("ethnicity", known("汉族".into(), kept, &mut rng)),
        ("native_place", known(format!("云岭市{home}").into(), kept, &mut rng)),
        ("born", person.born.into()),
        ("id_number", names::id_number(organ.no, person.born, number, person.male).into()),
        ("politics", if member { "中共党员" } else { "群众" }.into()),
        ("party_since", party.into()),
        ("works_since", known(works.into(), kept, &mut rng)),
        ("joined", person.stays[0].from.into()),
        ("identity", rng.pick(&["公务员", "公务员", "公务员", "参公", "事业"]).into()),
        ("rank", rank.into()),
        ("education", degree.0.into()),
        ("degree", degree.1.into()),
        ("school", known(rng.pick(&SCHOOLS).into(), kept, &mut rng)),
        ("expertise", known(rng.pick(&EXPERTISE).into(), 400, &mut rng)),
        ("newcomer", person.newcomer.into()),
        ("backbone", person.backbone.into()),
        ("phone", names::phone(city.shape.organs[organ.no as usize].before + u64::from(number)).into()),
    ]
}
