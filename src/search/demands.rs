//! Requirements by number and title.

use crate::{
    directive::model::{Directive, Package, Requirement},
    form::directory::initials,
    spelling::requirement_code,
};

/// Requirements that a text fits, headings included, in the package's order: by number, however it is written (`R-21`,
/// `r21`, `干-21`, `２１`), title or initials of the title, clause, or who bears it.
pub fn demands<'p>(package: &'p Package, text: &str) -> Vec<&'p Requirement> {
    let (asked, lower) = (bare(text), text.to_lowercase());
    let fits = |r: &&Requirement| {
        let numbers = [bare(&r.id), bare(&requirement_code(&r.pillar, &r.id))];
        let words = [&r.title, &r.duty, clause(&package.directive, r)];
        (!asked.is_empty() && (numbers.iter().any(|n| n.contains(&asked)) || bare(&r.clause) == asked))
            || words.iter().any(|t| t.to_lowercase().contains(&lower))
            || initials(&r.title).contains(&lower)
    };
    package.requirements.iter().filter(fits).collect()
}

/// The short title of its clause; its number where there is none.
fn clause<'p>(directive: &'p Directive, r: &'p Requirement) -> &'p String {
    directive.clauses.iter().find(|c| c.id == r.clause).map_or(&r.clause, |c| &c.title)
}

/// A number without signs between its parts, full-width signs as narrow ones.
fn bare(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    let kept = text.chars().map(narrow).filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_found_however_its_number_is_written() {
        let r = |id: &str, pillar: &str, title: &str, duty: &str| Requirement {
            id: id.into(),
            pillar: pillar.into(),
            title: title.into(),
            duty: duty.into(),
            clause: "二（二）三".into(),
            ..Requirement::default()
        };
        let requirements = vec![r("R-21", "干", "导师每月指导", "人事部门"), r("R-25a", "纪", "风险预警", "机关党委")];
        let package = Package { requirements, ..Package::default() };
        for (text, ids) in [
            ("R-21", &["R-21"][..]),
            ("r21", &["R-21"]),
            ("干-21", &["R-21"]),
            ("干21", &["R-21"]),
            ("Ｒ－２１", &["R-21"]),
            ("纪-25甲", &["R-25a"]),
            ("指导", &["R-21"]),
            ("dsmy", &["R-21"]),
            ("机关党委", &["R-25a"]),
            ("二(二)三", &["R-21", "R-25a"]),
            ("%", &[]),
            ("_", &[]),
            ("--", &[]),
            ("𠮷", &[]),
        ] {
            let found: Vec<&str> = demands(&package, text).iter().map(|r| r.id.as_str()).collect();
            assert_eq!(found, ids, "{text}");
        }
    }
}
