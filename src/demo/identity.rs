//! The identities of the demo: one account without password for every role and level.

use anyhow::Context as _;

use crate::{
    audit::{self, Kind},
    auth::{
        Role, account,
        grant::{self, Wanted},
    },
    clock::start_of_day,
    day::Day,
    db::Tx,
    installation::Installation,
    names::Names,
    org::chart::{CHIEF, DEPUTY, HEAD, STAFF},
    scope::Actor,
    verdict::world::{PERSON, UNIT},
};

/// Where an identity's person is found, and where its role holds.
struct Sketch {
    login: &'static str,
    role: Role,
    /// Duty, and which of those who have it in the organ.
    person: Option<(i64, usize)>,
    holds: Holds,
}

/// Where a role holds.
#[derive(Clone, Copy)]
enum Holds {
    /// Everywhere, or nowhere in particular.
    City,
    /// In the organ.
    Organ,
    /// In the person's 科室.
    Section,
}

const fn sketch(login: &'static str, role: Role, person: (i64, usize), holds: Holds) -> Sketch {
    Sketch { login, role, person: Some(person), holds }
}

const fn administrator(login: &'static str, role: Role) -> Sketch {
    Sketch { login, role, person: None, holds: Holds::City }
}

/// In the commission of the city. The first is the one that is offered first.
const CITY: [Sketch; 8] = [
    sketch("office", Role::Office, (HEAD, 0), Holds::City),
    sketch("leaders", Role::Leaders, (CHIEF, 0), Holds::City),
    sketch("personnel", Role::Personnel, (HEAD, 1), Holds::City),
    sketch("party", Role::Party, (HEAD, 2), Holds::City),
    sketch("auditor", Role::Auditor, (HEAD, 3), Holds::City),
    sketch("city-admin", Role::UnitAdmin, (DEPUTY, 0), Holds::Organ),
    sketch("city-clerk", Role::Clerk, (STAFF, 0), Holds::Section),
    sketch("city-cadre", Role::Cadre, (STAFF, 1), Holds::City),
];

/// In its first 区县.
const DISTRICT: [Sketch; 7] = [
    sketch("district-leaders", Role::Leaders, (CHIEF, 0), Holds::Organ),
    sketch("district-personnel", Role::Personnel, (HEAD, 0), Holds::Organ),
    sketch("district-party", Role::Party, (HEAD, 1), Holds::Organ),
    sketch("district-auditor", Role::Auditor, (DEPUTY, 1), Holds::Organ),
    sketch("district-admin", Role::UnitAdmin, (DEPUTY, 0), Holds::Organ),
    sketch("district-clerk", Role::Clerk, (STAFF, 0), Holds::Section),
    sketch("district-cadre", Role::Cadre, (STAFF, 1), Holds::City),
];

const ADMINISTRATORS: [Sketch; 3] = [
    administrator("sysadmin", Role::System),
    administrator("secadmin", Role::Security),
    administrator("auditadmin", Role::AuditAdmin),
];

/// Makes the accounts in a city that was just filled.
///
/// # Errors
/// When the store cannot be written, or the city lacks one of the persons.
pub fn identities(installation: &Installation, since: Day) -> anyhow::Result<()> {
    let inst = installation.clone();
    installation.db.write(move |tx| {
        let current = inst.current_in_write(tx)?;
        let (organisation, day) = (&current.organisation, inst.clock.now().day);
        let chart = organisation.chart().context("演示城市没有机构")?;
        let units = organisation.table(UNIT).context("演示城市没有单位")?;
        let city = *chart.tops.first().context("演示城市没有单位")?;
        let district = (0..units.len()).find(|u| chart.organ[*u] == *u && *u != city).context("演示城市没有区县")?;
        let actor = Actor { account: None, name: "演示".into(), at: start_of_day(since) };
        let persons = organisation.table(PERSON).context("演示城市没有人员")?;
        for (organ, sketches) in [(city, &CITY[..]), (district, &DISTRICT), (city, &ADMINISTRATORS)] {
            for sketch in sketches {
                let found = sketch.person.map(|(duty, nth)| {
                    let held = (0..persons.len()).filter_map(|p| Some((p, *chart.post_on(p, day)?)));
                    let fits = |p: &crate::org::chart::Post| {
                        p.duty == duty && chart.organ[p.unit] == organ && p.to == Day::MAX
                    };
                    held.filter(|(_, post)| fits(post)).nth(nth).context("演示城市缺少担任这一角色的人")
                });
                let found = found.transpose()?;
                let unit = match (sketch.holds, &found) {
                    (Holds::City, _) | (Holds::Section, None) => None,
                    (Holds::Organ, _) => Some(units.ids[organ]),
                    (Holds::Section, Some((_, post))) => Some(units.ids[post.unit]),
                };
                let person = found.map(|(row, _)| persons.ids[row]);
                make(tx, &inst, &actor, sketch, (person, unit), since)?;
            }
        }
        audit::note(tx, &actor, Kind::Demo, serde_json::json!({ "title": "演示身份" }));
        Ok(())
    })
}

fn make(
    tx: &mut Tx<'_>,
    installation: &Installation,
    actor: &Actor,
    sketch: &Sketch,
    (person, unit): (Option<i64>, Option<i64>),
    since: Day,
) -> anyhow::Result<()> {
    let layout = &installation.current_in_write(tx)?.engine.layout;
    let names = Names::load(tx, layout, &[(PERSON, person.into_iter().collect())].into())?;
    let name = person.map_or(sketch.role.title(), |p| names.title(PERSON, p));
    let id = account::create(tx, actor, (sketch.login, name), person, None)?;
    grant::give(tx, actor, id, Wanted { role: sketch.role, unit, starts: since, ends: None })?;
    Ok(())
}
