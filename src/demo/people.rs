//! The persons of one organ, with the posts they hold through the year: worked out again whenever an organ is written,
//! so that no more than one organ is ever held.

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    day::Day,
    org::builtin::{DUTIES, LEVELS},
};

use super::{
    City,
    mentor::{self, Pair},
    names,
    profile::{self, Profile},
    record::Code,
    rng::Rng,
    time::{on, ymd},
};

/// 科室 of the 市发改委; the numbers of the first nine are used by other modules.
const CITY_SECTIONS: [&str; 9] = [
    "办公室",
    "人事科",
    "机关党委办公室",
    "综合规划科",
    "固定资产投资科",
    "重大项目科",
    "产业发展科",
    "行政审批科",
    "财务科",
];
const DISTRICT_SECTIONS: [&str; 6] = ["办公室", "投资项目科", "产业科", "行政审批科", "综合科", "价格科"];

/// The organ of which a 科室 splits, which one, and its last day.
pub(super) const SPLIT: (u32, u32) = (4, 3);
/// Last day of the 科室 that splits.
pub(super) fn split_day() -> Day {
    on(5, 15)
}
/// Day on which the year's new cadres join.
fn joined() -> Day {
    on(7, 7)
}

/// What a person is in an organ as the year begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// 主要负责同志.
    Chief,
    /// 班子成员, from 1.
    Deputy(u32),
    /// 负责人 of a 科室 (from 1).
    Head(u32),
    /// 干部 of a 科室, from 1.
    Staff(u32, u32),
}

/// A post from a day to a day.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) unit: Code,
    /// One of [`DUTIES`].
    pub(super) duty: &'static str,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

/// A person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) code: Code,
    pub(super) name: String,
    pub(super) born: Day,
    pub(super) male: bool,
    /// 年轻干部 through the whole of 2025 (but for one who becomes 36).
    pub(super) young: bool,
    pub(super) newcomer: bool,
    /// A mentor, or fit to be one.
    pub(super) backbone: bool,
    pub(super) stays: Vec<Stay>,
}

impl Person {
    /// The post held on a day.
    pub(super) fn on(&self, day: Day) -> Option<&Stay> {
        self.stays.iter().find(|s| s.from <= day && s.to.is_none_or(|to| day <= to))
    }

    /// The unit on a day, or else the latest before it, or else the first.
    pub(super) fn unit(&self, day: Day) -> Code {
        let held = self.on(day).or_else(|| self.stays.iter().rfind(|s| s.from <= day));
        held.unwrap_or(&self.stays[0]).unit
    }
}

/// A 科室.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) code: Code,
    pub(super) name: String,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

/// 分管: who is in charge of which 科室.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) unit: Code,
    /// Position among [`Organ::people`].
    pub(super) person: usize,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

/// An organ with everybody who is in it at any time of the year.
pub(super) struct Organ {
    pub(super) no: u32,
    pub(super) code: Code,
    /// 云岭市发展和改革委员会.
    pub(super) name: String,
    /// 市发改委, 青禾区发改局.
    pub(super) short: String,
    /// 云岭市, 青禾区.
    pub(super) place: String,
    pub(super) level: &'static str,
    pub(super) profile: &'static Profile,
    pub(super) sections: Vec<Section>,
    /// Its own persons by running number, then those who come from other organs.
    pub(super) people: Vec<Person>,
    /// How many of them are its own.
    pub(super) own: usize,
    pub(super) charges: Vec<Charge>,
    pub(super) pairs: Vec<Pair>,
    /// Who types its records.
    pub(super) desk: Rc<str>,
    offices: BTreeMap<(Code, &'static str), Vec<usize>>,
}

impl Organ {
    /// Works an organ out.
    pub(super) fn of(city: &City, no: u32) -> Organ {
        let (place, name, short) = match no {
            0 => ("云岭市".to_owned(), "云岭市发展和改革委员会".to_owned(), "市发改委".to_owned()),
            _ => {
                let place = profile::place(no);
                let (name, short) = (format!("{place}发展和改革局"), format!("{place}发改局"));
                (place, name, short)
            }
        };
        let sections = sections(city, no);
        let own = city.shape.organs[no as usize].persons();
        let mut people: Vec<Person> = (0..own).map(|n| person(city, no, n)).collect();
        people.extend(arrivals(city, no));
        let mut organ = Organ {
            no,
            code: unit(no, 0),
            desk: format!("{short}办公室").into(),
            name,
            short,
            place,
            level: LEVELS[usize::from(no > 0)],
            profile: profile::of(no),
            sections,
            own: own as usize,
            people,
            charges: Vec::new(),
            pairs: Vec::new(),
            offices: BTreeMap::new(),
        };
        for (i, person) in organ.people.iter().enumerate() {
            for stay in person.stays.iter().filter(|s| s.duty != DUTIES[3]) {
                organ.offices.entry((stay.unit, stay.duty)).or_default().push(i);
            }
        }
        organ.charges = charges(city, &organ);
        organ.pairs = mentor::pairs(city, &organ);
        for i in 0..organ.pairs.len() {
            let mentor = organ.pairs[i].mentor;
            organ.people[mentor].backbone = organ.pairs[i].backbone;
        }
        organ
    }

    /// Everybody in post in it on a day.
    pub(super) fn members(&self, day: Day) -> impl Iterator<Item = (&Person, &Stay)> {
        let here = move |p| Person::on(p, day).filter(|s| s.unit.organ == self.no).map(|s| (p, s));
        self.people.iter().filter_map(here)
    }

    /// Who holds an office of a unit on a day.
    pub(super) fn holder(&self, unit: Code, duty: &'static str, day: Day) -> Option<&Person> {
        let holds = |p: &&Person| p.on(day).is_some_and(|s| s.unit == unit && s.duty == duty);
        self.offices.get(&(unit, duty))?.iter().map(|i| &self.people[*i]).find(holds)
    }

    /// 主要负责同志 on a day.
    pub(super) fn chief(&self, day: Day) -> Option<&Person> {
        self.holder(self.code, DUTIES[0], day)
    }

    /// Who is in charge of a 科室 on a day.
    pub(super) fn in_charge(&self, unit: Code, day: Day) -> Option<&Person> {
        let held = |c: &&Charge| c.unit == unit && c.from <= day && c.to.is_none_or(|to| day <= to);
        self.charges.iter().find(held).map(|c| &self.people[c.person]).filter(|p| p.on(day).is_some())
    }

    /// The 科室 there on a day.
    pub(super) fn open_sections(&self, day: Day) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |s| s.from <= day && s.to.is_none_or(|to| day <= to))
    }

    /// The organ's own person of that role.
    pub(super) fn with(&self, city: &City, role: Role) -> &Person {
        &self.people[city.number(self.no, role) as usize]
    }
}

/// The code of an organ (`section` 0) or of one of its 科室.
pub(super) fn unit(organ: u32, section: u32) -> Code {
    Code { ledger: "unit", organ, seq: section }
}

fn sections(city: &City, no: u32) -> Vec<Section> {
    let names: &[&str] = if no == 0 { &CITY_SECTIONS } else { &DISTRICT_SECTIONS };
    let count = city.shape.organs[no as usize].sections.len();
    // A 区县 of few 科室 has the first names; a large one begins the list again.
    let mut sections: Vec<Section> = (0..count)
        .map(|i| Section {
            code: unit(no, i as u32 + 1),
            name: names::numbered(names[i % names.len()], i / names.len()),
            from: ymd(2015, 1, 5),
            to: None,
        })
        .collect();
    if no == SPLIT.0 {
        let old = &mut sections[SPLIT.1 as usize - 1];
        (old.name, old.to) = ("产业与项目科".into(), Some(split_day()));
        for (n, name) in ["产业发展科", "项目服务科"].into_iter().enumerate() {
            let code = unit(no, (count + n) as u32 + 1);
            sections.push(Section { code, name: name.into(), from: split_day().plus(1), to: None });
        }
    }
    sections
}

/// Persons of other organs who come to this one in the year.
fn arrivals(city: &City, no: u32) -> Vec<Person> {
    let from: &[(u32, Role)] = match no {
        0 => &[(7, Role::Staff(2, 1)), (8, Role::Chief)],
        5 => &[(1, Role::Staff(3, 2))],
        9 => &[(6, Role::Staff(2, 2))],
        _ => &[],
    };
    from.iter().map(|(organ, role)| person(city, *organ, city.number(*organ, *role))).collect()
}

/// A person by organ and running number (from 0).
pub(super) fn person(city: &City, organ: u32, number: u32) -> Person {
    let role = city.role(organ, number);
    let mut rng = Rng::of(&[city.seed, 2, u64::from(organ), u64::from(number)]);
    let last = |section: u32, pos: u32| pos + 1 == city.shape.organs[organ as usize].sections[section as usize - 1];
    let newcomer = matches!(role, Role::Staff(s, p) if last(s, p) && (s == 1 || (organ, s) == (0, 2)));
    let leaver = matches!(role, Role::Staff(s, p)
        if last(s, p) && s > 2 && organ % 3 == 1 && s as usize == city.shape.organs[organ as usize].sections.len());
    let young = match (organ, role) {
        (1, Role::Staff(3, 2)) | (3, Role::Staff(2, 3)) => true,
        (_, Role::Staff(section, pos)) => {
            // The first two of a 科室 are who is promoted or moved; they are no longer young.
            let size = u64::from(city.shape.organs[organ as usize].sections[section as usize - 1]);
            let drawn = rng.chance(195 * size / (size - 3));
            newcomer || (pos > 2 && !leaver && !(organ == SPLIT.0 && section == SPLIT.1) && drawn)
        }
        _ => false,
    };
    let born = match (organ, role) {
        (3, Role::Staff(2, 3)) => ymd(1989, 8, 15),
        _ if newcomer => birthday(&mut rng, 1999, 2002),
        _ if young => birthday(&mut rng, 1990, 2001),
        (_, Role::Staff(..)) => birthday(&mut rng, 1967, 1988),
        _ => birthday(&mut rng, 1968, 1984),
    };
    let since = city.clock.open(birthday(&mut rng, if young { 2019 } else { 2013 }, 2023));
    let mut stays = stays(city, organ, role, since);
    if newcomer {
        stays[0].from = joined();
    }
    if leaver {
        stays[0].to = Some(on(8, 29));
    }
    Person {
        code: person_code(organ, number),
        name: namesake(city, organ, role)
            .unwrap_or_else(|| names::person(city.seed, city.shape.organs[organ as usize].before + u64::from(number))),
        born,
        male: rng.chance(560),
        young,
        newcomer,
        backbone: !young && matches!(role, Role::Head(_)) && rng.chance(300),
        stays,
    }
}

/// The code of a person by running number (from 0).
pub(super) fn person_code(organ: u32, number: u32) -> Code {
    Code { ledger: "person", organ, seq: number + 1 }
}

/// Two pairs of persons with one name each, in different organs.
fn namesake(city: &City, organ: u32, role: Role) -> Option<String> {
    let of = match (organ, role) {
        (1, Role::Staff(1, 1)) | (10, Role::Staff(2, 3)) => 1,
        (0, Role::Staff(4, 2)) | (5, Role::Staff(2, 4)) => 2,
        _ => return None,
    };
    // Names from beyond the numbers that the city's persons have.
    let persons: u64 = city.shape.organs.iter().map(|o| u64::from(o.persons())).sum();
    Some(names::person(city.seed, persons + of))
}

fn birthday(rng: &mut Rng, from: i32, to: i32) -> Day {
    let (first, last) = (ymd(from, 2, 1), ymd(to, 10, 31));
    Day(rng.between(i64::from(first.0), i64::from(last.0)) as i32)
}

/// The posts of a role through the year: one from `since`, but for those who are promoted, moved or retire.
fn stays(city: &City, organ: u32, role: Role, since: Day) -> Vec<Stay> {
    let (section, duty) = match role {
        Role::Chief => (0, DUTIES[0]),
        Role::Deputy(_) => (0, DUTIES[1]),
        Role::Head(s) => (s, DUTIES[2]),
        Role::Staff(s, _) => (s, DUTIES[3]),
    };
    let mut stays = vec![Stay { unit: unit(organ, section), duty, from: since, to: None }];
    let mut next = |from: Day, to: Code, duty: &'static str| {
        stays[0].to = Some(from.plus(-1));
        stays.push(Stay { unit: to, duty, from, to: None });
    };
    let sections = city.shape.organs[organ as usize].sections.len() as u32;
    match (organ, role) {
        // 澄湖区: the chief retires, three move up.
        (2, Role::Chief) => stays[0].to = Some(on(4, 10)),
        (2, Role::Deputy(1)) => next(on(4, 11), unit(2, 0), DUTIES[0]),
        (2, Role::Head(2)) => next(on(5, 6), unit(2, 0), DUTIES[1]),
        (2, Role::Staff(2, 1)) => next(on(5, 19), unit(2, 2), DUTIES[2]),
        // 望舒区: a 科室 without a head from April to August.
        (3, Role::Head(2)) => stays[0].to = Some(on(3, 31)),
        (3, Role::Staff(2, 1)) => next(on(9, 1), unit(3, 2), DUTIES[2]),
        // 鹿鸣县: the chief goes to the city.
        (8, Role::Chief) => next(on(6, 16), unit(0, 0), DUTIES[1]),
        (8, Role::Deputy(1)) => next(on(6, 16), unit(8, 0), DUTIES[0]),
        // 松鹤区: the 科室 that splits.
        (4, Role::Head(3)) => next(split_day().plus(1), unit(4, sections + 1), DUTIES[2]),
        (4, Role::Staff(3, 1)) => next(split_day().plus(1), unit(4, sections + 2), DUTIES[2]),
        (4, Role::Staff(3, pos)) => next(split_day().plus(1), unit(4, sections + 1 + pos % 2), DUTIES[3]),
        // Moved from one unit to another.
        (1, Role::Staff(3, 2)) => next(on(7, 1), unit(5, 2), DUTIES[3]),
        (5, Role::Staff(1, 1)) => next(on(4, 14), unit(5, 3), DUTIES[3]),
        (6, Role::Staff(2, 2)) => next(on(3, 17), unit(9, 1), DUTIES[3]),
        (7, Role::Staff(2, 1)) => next(on(9, 1), unit(0, 6), DUTIES[3]),
        (10, Role::Staff(1, 2)) => next(on(11, 3), unit(10, 2), DUTIES[3]),
        _ => {}
    }
    stays
}

/// Each 科室 under one of the deputies; who becomes chief hands over to the second.
fn charges(city: &City, organ: &Organ) -> Vec<Charge> {
    let deputies = city.shape.organs[organ.no as usize].deputies as usize;
    let changed = match organ.no {
        2 => Some(on(4, 11)),
        8 => Some(on(6, 16)),
        _ => None,
    };
    let mut all = Vec::new();
    for (i, section) in organ.sections.iter().enumerate() {
        let (person, from) = (1 + i % deputies, section.from.max(ymd(2024, 1, 2)));
        let first = Charge { unit: section.code, person, from, to: section.to };
        match changed.filter(|_| person == 1) {
            Some(day) => {
                all.push(Charge { to: Some(day.plus(-1)), ..first.clone() });
                all.push(Charge { person: 2, from: day, ..first });
            }
            None if (organ.no, i) == (0, 8) => {
                // The new deputy of the 市发改委 is the last of those who came.
                let day = on(6, 23);
                all.push(Charge { to: Some(day.plus(-1)), ..first.clone() });
                all.push(Charge { person: organ.people.len() - 1, from: day, ..first });
            }
            None => all.push(first),
        }
    }
    all
}

/// Short name of an organ.
pub(super) fn short(organ: u32) -> String {
    if organ == 0 { "市发改委".into() } else { format!("{}发改局", profile::place(organ)) }
}
