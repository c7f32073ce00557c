//! The incremental path against the full one: after every change that comes in through the one door, judging everything
//! from scratch must find nothing else than what is stored, and the counts must be those of the verdicts.

use std::{path::Path, sync::Arc};

use dongliang::{
    apply,
    audit::{self, Against},
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test,
    directive::{self, model::Package},
    facts,
    installation::Installation,
    jobs,
    ledger::{Keys, NewRow, store::StoreError},
    org::builtin,
    scope::{Actor, By, Parts, Reach, Scope},
    verdict::{rejudge, store},
};

/// A small generator of numbers, the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn id(&mut self, n: u64) -> Value {
        Value::I64(self.below(n) as i64 + 1)
    }

    /// A day of 2025.
    fn day(&mut self) -> Value {
        Value::from(Day::parse("2025-01-01").unwrap().plus(self.below(365) as i32).to_string())
    }

    fn one_of(&mut self, of: &[&str]) -> Value {
        Value::from(of[self.below(of.len() as u64) as usize])
    }
}

/// An installation with the package of 2025.
pub(crate) struct Office {
    pub(crate) installation: Installation,
    package: Package,
}

impl Office {
    pub(crate) fn open(db: &Db, day: &str) -> Office {
        let (package, ..) = directive::load(Path::new("directives/2025")).unwrap();
        let fresh = db.read(|tx| Ok(!tx.tables()?.iter().any(|t| t == "l_unit"))).unwrap();
        if fresh {
            db.seal_entries(Keys::from_bytes([1; 32], [2; 32]).audit_seal());
            let new = package.clone();
            db.write(move |tx| apply::apply(tx, None, &new, &Actor { account: None, name: "试".into(), at: 1 }))
                .unwrap();
        }
        let clock = Clock::Standing(Day::parse(day).unwrap());
        let installation = Installation::new(db.clone(), Keys::from_bytes([1; 32], [2; 32]), clock).unwrap();
        Office { installation, package }
    }

    pub(crate) fn row(&self, ledger: &str, unit: Option<i64>, fields: &[(&str, Value)]) -> NewRow {
        let builtin = builtin::ledgers();
        let definition = builtin.iter().find(|l| l.name == ledger).or(self.package.ledger(ledger)).unwrap();
        let mut values = vec![Value::Null; definition.fields.len()];
        for (name, value) in fields {
            values[definition.field_index(name).unwrap_or_else(|| panic!("{ledger}.{name}"))] = value.clone();
        }
        NewRow { code: None, unit, values }
    }

    pub(crate) fn add(&self, ledger: &str, unit: Option<i64>, fields: &[(&str, Value)]) -> i64 {
        facts::add(&self.installation, "试", ledger, vec![self.row(ledger, unit, fields)], None).unwrap()[0]
    }

    /// Everything that waits is done; then the full path and the incremental one must agree, and the counts with both.
    pub(crate) fn agree(&self, what: &str) {
        jobs::run_waiting(&self.installation).unwrap();
        let found = rejudge::verify(&self.installation, &mut |_, _| {}).unwrap();
        assert!(found.is_empty(), "{what}: {found:#?}");
        let (counted, stored) = self
            .installation
            .db
            .read(|tx| {
                let counted: i64 =
                    store::counts(tx, None, None)?.iter().map(|c| c.tally.judged() + c.tally.na + c.figures).sum();
                let stored = tx.one("select count(*) from verdict where closed = 0", &[], |r| r.i64(0))?;
                Ok((counted, stored.unwrap_or(0)))
            })
            .unwrap();
        assert_eq!(counted, stored, "{what}");
        let audited = audit::verify(&self.installation.db, &Against::default()).unwrap();
        assert!(audited.is_clean() && audited.waiting == 0, "{what}: {:#?}", audited.findings);
    }

    /// A city, a district with two sections, seven persons, two pairs and a project.
    pub(crate) fn found(&self) {
        let text = |t: &str| Value::from(t);
        let from = || ("from", text("2020-01-01"));
        for (name, level, parent) in [
            ("市发改委", "市", None),
            ("甲区发改委", "区县", Some(1)),
            ("甲一科", "科室", Some(2)),
            ("甲二科", "科室", Some(2)),
        ] {
            self.add("unit", None, &[("name", text(name)), ("level", text(level)), ("parent", parent.into()), from()]);
        }
        let posts = [
            (1, "主要负责同志"),
            (2, "主要负责同志"),
            (2, "班子成员"),
            (3, "科室负责人"),
            (3, "普通干部"),
            (3, "普通干部"),
            (4, "普通干部"),
        ];
        for (i, (unit, duty)) in posts.into_iter().enumerate() {
            let born = if i < 4 { "1975-05-05" } else { "1996-05-05" };
            let person =
                self.add("person", None, &[("name", text("某人")), ("born", text(born)), ("backbone", 1.into())]);
            self.add("post", Some(unit), &[("person", person.into()), ("duty", text(duty)), from()]);
        }
        self.add("charge", Some(3), &[("person", 3.into()), from()]);
        for mentee in [5, 6] {
            let fields = [("mentor", 4.into()), ("mentee", mentee.into()), ("starts", text("2025-02-10"))];
            self.add("mentor_pair", None, &fields);
        }
        let project =
            [("name", text("项目")), ("district", 2.into()), ("city_key", 1.into()), ("listed", text("2025-01-05"))];
        self.add("project", Some(1), &project);
    }

    fn change(&self, dice: &mut Dice) -> String {
        let text = |t: &str| Value::from(t);
        match dice.below(10) {
            0 | 1 => {
                let day = dice.day();
                let confirmed = if dice.below(4) == 0 { Value::Null } else { day.clone() };
                let fields = [
                    ("pair", dice.id(2)),
                    ("day", day),
                    ("area", dice.one_of(&["政策解读", "公文写作"])),
                    ("confirmed", confirmed),
                ];
                format!("guidance {}", self.add("guidance", None, &fields))
            }
            2 => {
                let fields =
                    [("kind", text("例行")), ("talker", dice.id(7)), ("listener", dice.id(7)), ("day", dice.day())];
                format!("talk {}", self.add("talk", None, &fields))
            }
            3 => {
                let day = dice.day();
                let kind = dice.one_of(&["专业培训", "集中廉政教育", "现场教学"]);
                let fields = [
                    ("kind", kind),
                    ("title", text("班")),
                    ("starts", day.clone()),
                    ("ends", day),
                    ("closed_book", 1.into()),
                ];
                let unit = dice.below(4) as i64 + 1;
                let activity = self.add("activity", Some(unit), &fields);
                for person in 4..=6_i64 {
                    let sat = dice.one_of(&["已考", "缺考", "因故免考"]);
                    let score = Value::from(dice.below(100) as i64 * 10_000);
                    let fields = [
                        ("activity", activity.into()),
                        ("person", person.into()),
                        ("day", dice.day()),
                        ("present", text("出席")),
                        ("sat", sat),
                        ("score", score),
                    ];
                    self.add("attendance", None, &fields);
                }
                format!("activity {activity}")
            }
            4 => {
                let fields =
                    [("project", 1.into()), ("person", dice.id(7)), ("role", text("成员")), ("starts", dice.day())];
                format!("team {}", self.add("project_team", None, &fields))
            }
            5 => self.touch_one(dice, "guidance", "day"),
            6 => self.touch_one(dice, "talk", "day"),
            7 => {
                let (person, unit) = (dice.id(7), dice.below(4) as i64 + 1);
                let fields = [("person", person), ("duty", text("普通干部")), ("main", 1.into()), ("from", dice.day())];
                format!("post {}", self.add("post", Some(unit), &fields))
            }
            8 => {
                let value = dice.one_of(&["60", "70", "35", ""]);
                let name = dice.one_of(&["pass_mark", "young_age"]);
                let fields = [("name", name), ("value", value), ("from", dice.day())];
                format!("setting {}", self.add("setting", None, &fields))
            }
            _ => self.touch_one(dice, "activity", "ends"),
        }
    }

    /// Voids or re-dates one record of a ledger.
    fn touch_one(&self, dice: &mut Dice, ledger: &str, field: &str) -> String {
        let sql = format!("select record_id, revision from l_{ledger} where voided_at is null order by record_id");
        let rows = self.installation.db.read(|tx| tx.rows(&sql, &[], |r| Ok((r.i64(0)?, r.i64(1)?)))).unwrap();
        if rows.is_empty() {
            return "nothing".into();
        }
        let at = rows[dice.below(rows.len() as u64) as usize];
        if dice.below(2) == 0 {
            facts::void(&self.installation, "试", ledger, at, "误登").unwrap();
            return format!("void {ledger} {}", at.0);
        }
        let definition = self.package.ledger(ledger).unwrap();
        let row = self
            .installation
            .db
            .read(|tx| dongliang::ledger::store::get(tx, definition, &dongliang::scope::Scope::All, at.0, None))
            .unwrap()
            .unwrap();
        let mut values = row.values.clone();
        values[definition.field_index(field).unwrap()] = dice.day();
        let new = NewRow { code: row.code, unit: row.unit, values };
        facts::correct(&self.installation, "试", ledger, at, new, "改日期").unwrap();
        format!("correct {ledger} {}", at.0)
    }
}

db_test!(every_change_leaves_what_a_full_judgement_finds, |db: &Db| {
    let mut dice = Dice(20_251_020);
    let mut office = Office::open(db, "2025-06-15");
    office.found();
    office.agree("founded");
    for (n, day) in ["2025-06-15", "2025-06-30", "2025-07-01", "2025-10-20", "2026-01-10"].into_iter().enumerate() {
        office = Office::open(db, day);
        office.agree(day);
        for step in 0..12 {
            let what = office.change(&mut dice);
            office.agree(&format!("{n}.{step} on {day}: {what}"));
        }
    }
});

db_test!(a_package_of_the_next_year_is_judged_whole, |db: &Db| {
    let office = Office::open(db, "2026-03-10");
    office.found();
    office.agree("2025");
    let (next, ..) = directive::load(Path::new("tests/packages/2026")).unwrap();
    let old = office.package.clone();
    assert!(!apply::plan(Some(&old), &next).unwrap().is_empty());
    let new = next.clone();
    db.write(move |tx| apply::apply(tx, Some(&old), &new, &Actor { account: None, name: "试".into(), at: 2 })).unwrap();
    rejudge::run(&office.installation, None, &mut |_, _| {}).unwrap();
    let office = Office { installation: office.installation, package: next };
    office.agree("2026");
    let fields = [
        ("pair", 1.into()),
        ("day", "2026-03-02".into()),
        ("confirmed", "2026-03-02".into()),
        ("next_step", "再练一篇".into()),
    ];
    office.add("guidance", None, &fields);
    office.agree("with the new column");
    let known = db.read(|tx| tx.one("select count(*) from verdict where requirement = 'R-51'", &[], |r| r.i64(0)));
    assert!(known.unwrap().unwrap() > 0, "the new requirement is judged");
});

// The door lets nobody record, change or join what is not in the own units; a part in the pair gives a hand in its
// guidance and in nothing else.
db_test!(only_within_the_writers_scope, |db: &Db| {
    let o = Office::open(db, "2025-06-30");
    o.found();
    // The pair 1 is of persons 4 and 5 in unit 3; person 7 is of unit 4.
    let (mine, theirs, mentor, mentee, other) = (3, 4, 4, 5, 7);
    let inst = &o.installation;
    let by = |units: &[i64], person: Option<i64>| By {
        name: "试".into(),
        account: Some(7),
        scope: Scope::Within(Arc::new(Reach {
            units: units.iter().copied().collect(),
            person,
            parts: Arc::new(Parts::of(&o.package.ledgers)),
            ..Reach::default()
        })),
    };
    let refused = |done: anyhow::Result<()>| {
        let e = done.expect_err("it was let in");
        assert!(e.is::<facts::OutOfScope>() || e.is::<StoreError>(), "{e:#}");
    };
    let add = |by: By, ledger: &str, row: NewRow| facts::add(inst, by, ledger, vec![row], None).map(|ids| ids[0]);
    let pair = || {
        let fields = [("mentor", mentor.into()), ("mentee", mentee.into()), ("starts", Value::from("2025-03-10"))];
        o.row("mentor_pair", None, &fields)
    };
    refused(add(by(&[theirs], None), "mentor_pair", pair()).map(drop));
    refused(add(by(&[], Some(mentor)), "mentor_pair", pair()).map(drop));
    add(by(&[mine], None), "mentor_pair", pair()).unwrap();
    let guidance = || o.row("guidance", None, &[("pair", 1.into()), ("day", Value::from("2025-03-05"))]);
    refused(add(by(&[theirs], Some(other)), "guidance", guidance()).map(drop));
    let first = add(by(&[], Some(mentor)), "guidance", guidance()).unwrap();
    let second = add(by(&[mine], None), "guidance", guidance()).unwrap();
    refused(facts::correct(inst, by(&[theirs], Some(other)), "guidance", (first, 1), guidance(), "改"));
    refused(facts::void(inst, by(&[theirs], None), "guidance", (first, 1), "误"));
    refused(facts::join(inst, by(&[mine], None), "person", (mentor, other), "重").map(drop));
    facts::void(inst, by(&[], Some(mentee)), "guidance", (first, 1), "误").unwrap();
    facts::void(inst, by(&[mine], None), "guidance", (second, 1), "误").unwrap();
    // Each entry says whose account it was.
    let sql = "select account from audit_entry where account is not null";
    let accounts: Vec<i64> = inst.db.read(|tx| tx.rows(sql, &[], |r| r.i64(0))).unwrap();
    assert_eq!(accounts, [7; 5]);
    o.agree("scope of writers");
});

db_test!(a_district_without_its_superior_is_not_the_city, |db: &Db| {
    let o = Office::open(db, "2025-06-30");
    let text = |t: &str| Value::from(t);
    o.add("unit", None, &[("name", text("云岭市发改委")), ("level", text("市")), ("from", text("2014-01-01"))]);
    o.add("unit", None, &[("name", text("柳溪县发改局")), ("level", text("区县")), ("from", text("2001-01-01"))]);
    jobs::run_waiting(&o.installation).unwrap();
    let page = crate::visit::Browser::of(&o.installation, dongliang::auth::Role::Office).get("/").text();
    assert!(page.contains("<span>云岭市发改委</span>"), "{page}");
    o.agree("two units without a superior");
});
