//! How each 区县 does in each field of work: the story that the figures tell.

use Level::{Good, Poor, Uneven};

/// How well something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As demanded, with the slips that happen anywhere.
    Good,
    /// In part, or late.
    Uneven,
    /// Hardly.
    Poor,
}

/// One organ's fields of work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Name without 区 or 县.
    pub(super) name: &'static str,
    /// Closed-book tests.
    pub(super) tests: Level,
    /// 现场教学.
    pub(super) field: Level,
    /// Service of projects.
    pub(super) projects: Level,
    /// Postings to the front line.
    pub(super) postings: Level,
    /// Mentor pairs and guidance.
    pub(super) mentors: Level,
    /// Ability reviews.
    pub(super) ratings: Level,
    /// Risk points and their reviews.
    pub(super) risks: Level,
    /// Integrity education.
    pub(super) education: Level,
    /// Collective decisions.
    pub(super) decisions: Level,
    /// Talks.
    pub(super) talks: Level,
    /// Appointments.
    pub(super) appointments: Level,
    /// Money.
    pub(super) money: Level,
    /// Experts under long agreements.
    pub(super) experts: Level,
}

const GOOD: Profile = Profile {
    name: "",
    tests: Good,
    field: Good,
    projects: Good,
    postings: Good,
    mentors: Good,
    ratings: Good,
    risks: Good,
    education: Good,
    decisions: Good,
    talks: Good,
    appointments: Good,
    money: Good,
    experts: Good,
};

/// Districts of the city of about 1,000 persons.
pub(super) const DISTRICTS: usize = 12;

/// The 市发改委, then the 区县. Their special cases are told in the module's head.
const PROFILES: [Profile; DISTRICTS + 1] = [
    Profile { name: "云岭", talks: Uneven, risks: Uneven, ..GOOD },
    Profile { name: "青禾", ..GOOD },
    Profile { name: "澄湖", ..GOOD },
    // Strong in study and integrity, weak in bringing up the young.
    Profile { name: "望舒", mentors: Poor, ratings: Uneven, postings: Uneven, talks: Uneven, ..GOOD },
    Profile { name: "松鹤", projects: Uneven, ..GOOD },
    Profile { name: "云汀", ..GOOD },
    // Trains again after a failed test; integrity work late.
    Profile { name: "砚池", tests: Uneven, risks: Uneven, education: Uneven, talks: Uneven, ..GOOD },
    Profile { name: "麦浦", ..GOOD },
    // A new chief in June, and what was left lying.
    Profile { name: "鹿鸣", decisions: Uneven, talks: Uneven, appointments: Uneven, postings: Uneven, ..GOOD },
    Profile {
        name: "雁回",
        tests: Poor,
        field: Poor,
        projects: Poor,
        postings: Poor,
        mentors: Poor,
        ratings: Uneven,
        talks: Poor,
        appointments: Poor,
        money: Poor,
        experts: Poor,
        ..GOOD
    },
    Profile {
        name: "石杵",
        tests: Poor,
        projects: Uneven,
        postings: Poor,
        mentors: Poor,
        risks: Poor,
        education: Poor,
        decisions: Poor,
        talks: Poor,
        money: Uneven,
        experts: Poor,
        ..GOOD
    },
    // Much of it is not bad but unknown: no budget, no reviews of ability.
    Profile {
        name: "苇泊",
        field: Poor,
        postings: Uneven,
        mentors: Poor,
        ratings: Poor,
        risks: Poor,
        education: Poor,
        decisions: Uneven,
        talks: Poor,
        appointments: Poor,
        experts: Uneven,
        ..GOOD
    },
    Profile { name: "棠梨", field: Uneven, talks: Uneven, money: Uneven, experts: Uneven, ..GOOD },
];

/// The profile of an organ: 0 the 市发改委, from 1 the 区县; a larger city repeats the twelve.
pub(super) fn of(organ: u32) -> &'static Profile {
    match organ as usize {
        0 => &PROFILES[0],
        n => &PROFILES[1 + (n - 1) % DISTRICTS],
    }
}

/// Name of a 区县: the first six of each round are 区, the rest 县.
pub(super) fn place(organ: u32) -> String {
    let n = (organ as usize).saturating_sub(1);
    let suffix = if n % DISTRICTS < 6 { "区" } else { "县" };
    super::names::numbered(&format!("{}{suffix}", of(organ).name), n / DISTRICTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_different_names() {
        let names: std::collections::BTreeSet<String> = (1..=120).map(place).collect();
        assert_eq!(names.len(), 120);
        assert_eq!((place(1), place(7), place(13)), ("青禾区".into(), "麦浦县".into(), "青禾二区".into()));
    }
}
