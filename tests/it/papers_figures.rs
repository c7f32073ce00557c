//! The figures of papers: each unit its own, the same on a page and in every paper, and told as of which day.

use std::collections::BTreeSet;

use dongliang::{
    db::{Db, Value},
    db_test,
    figures::{self, Period, Picture},
    installation::Installation,
    paper::{self, Content, Kind, Wanted},
    scope::Scope,
    verdict::rejudge,
};

use crate::web_lists::{office, put};

fn drawn(o: &Installation, kind: Kind, period: &str, unit: Option<i64>) -> Content {
    let wanted = Wanted { kind, period: Period::parse(period), unit, requirements: Vec::new() };
    o.db.read(|tx| paper::draw(tx, o, &Scope::All, &wanted)).unwrap().unwrap()
}

fn text<'c>(content: &'c Content, key: &str) -> Option<&'c str> {
    content.figures.iter().find(|f| f.key == key).map(|f| f.text.as_str())
}

db_test!(units_with_any_codes_have_figures_of_their_own, |db: &Db| {
    let o = &office(db);
    // A unit without a code, coded like another's record id, or like a part of the paper.
    for (n, code) in ["2", "all", "city"].into_iter().enumerate() {
        let filled: [(&str, Value); 4] = [
            ("name", format!("第{n}县发改局").into()),
            ("level", "区县".into()),
            ("parent", 1.into()),
            ("from", "2020-01-01".into()),
        ];
        let unit = put(o, "unit", code, None, &filled);
        for i in 0..=n {
            let code = format!("X{n}-{i}");
            let person = put(o, "person", &code, None, &[("name", format!("李{n}{i}").into())]);
            let filled: [(&str, Value); 4] = [
                ("person", person.into()),
                ("duty", "科员".into()),
                ("title", "科员".into()),
                ("from", "2020-01-01".into()),
            ];
            put(o, "post", &format!("{code}-post"), Some(unit), &filled);
        }
    }
    let content = drawn(o, Kind::Quarterly, "2025Q2", None);
    let wanted: BTreeSet<(String, String)> =
        o.db.read(|tx| {
            let picture = Picture::of(tx, o, &Scope::All, &Period::parse("2025Q2").unwrap(), None)?;
            let all = figures::overview(tx, &picture, &Scope::All)?;
            let lit = all.units.iter().filter(|u| u.judged > 0);
            Ok(lit.map(|u| (u.organ.name.clone(), format!("{}/{}", u.behind, u.judged))).collect())
        })
        .unwrap();
    assert!(wanted.len() >= 4, "{wanted:?}");
    let units = content.figures.iter().filter(|f| f.key.starts_with('u') && f.key.ends_with("/judged"));
    let told: BTreeSet<(String, String)> = units
        .map(|f| {
            let name = f.name.split(' ').next().unwrap().to_owned();
            let behind = text(&content, &f.key.replace("/judged", "/behind")).unwrap();
            (name, format!("{behind}/{}", f.text))
        })
        .collect();
    assert_eq!(told, wanted);
});

db_test!(the_unit_at_the_top_has_one_light, |db: &Db| {
    let o = &crate::scope::city(db);
    for period in ["2025Q2", "2025Q4"] {
        let paper = drawn(o, Kind::Quarterly, period, None);
        let mut with_system = false;
        let units =
            o.db.read(|tx| {
                let picture = Picture::of(tx, o, &Scope::All, &Period::parse(period).unwrap(), None)?;
                let all = figures::overview(tx, &picture, &Scope::All)?;
                for u in &all.units {
                    let own = figures::unit(tx, &picture, u.organ.id, true, 1)?;
                    let rank = |d: &figures::Demand| picture.engine().rank(d.item.i);
                    assert!(own.demands.iter().map(rank).is_sorted(), "{}", u.organ.name);
                    with_system |= own.demands.iter().any(|d| figures::on_system(picture.engine(), d.item.i));
                    assert_eq!((own.judged, own.behind, own.light), (u.judged, u.behind, u.light), "{}", u.organ.name);
                }
                Ok(all.units.into_iter().filter(|u| u.judged > 0).map(|u| u.organ.id).collect::<Vec<_>>())
            })
            .unwrap();
        assert!(with_system, "{period}: somebody bears what is asked of the system");
        for unit in units {
            let file = drawn(o, Kind::UnitFile, period, Some(unit));
            for figure in ["light", "judged", "behind", "share"] {
                let key = format!("u{unit}/{figure}");
                assert_eq!(text(&paper, &key), text(&file, &key), "{period} {key}");
                assert!(text(&file, &key).is_some());
            }
        }
    }
});

/// Not in the order of the package's files: theirs begins with 纪.
#[test]
fn requirements_stand_by_pillar_and_number() {
    let package = crate::demo::package();
    assert!(!package.requirements.iter().map(|r| package.rank(r)).is_sorted());
    for (ledger, ids) in dongliang::directive::ledger_uses(&package) {
        assert!(ids.iter().map(|id| package.rank(package.requirement(id).unwrap())).is_sorted(), "{ledger}");
    }
    let db = Db::open("sqlite::memory:").unwrap();
    let o = &crate::scope::city(&db);
    let page = crate::visit::Browser::of(o, dongliang::auth::Role::Office).get("/papers").text();
    let at = ["学-", "干-", "纪-", "保-"].map(|pillar| page.find(pillar));
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}");
}

db_test!(a_paper_of_a_quarter_that_runs_says_up_to_when, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let told = |period: &str| serde_json::to_string(&drawn(o, Kind::Quarterly, period, None).parts).unwrap();
    let running = told("2025Q4");
    assert_eq!(running.matches("截至2025年10月20日）").count(), 3, "{running}");
    assert!(running.contains("要求落实阶段情况的通报") && !told("2025Q2").contains("阶段"));
    assert!(!told("2025Q2").contains("截至"));
});
