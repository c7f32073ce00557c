//! What a file would do to the verdicts, told before it is written, is what it has done once it is.

use std::collections::BTreeMap;

use dongliang::{
    consequence::{self, Shift},
    day::Day,
    db::{Db, testing::TempDir},
    db_test, facts,
    intake::{self, Prepared},
    jobs,
    ledger::query::{self, Query},
    scope::Scope,
    subjects,
    verdict::store::{self, Stored},
};

use crate::incremental::{Dice, Office};

type Key = (String, Vec<i64>, String);

/// All verdicts that are stored.
fn stored(office: &Office) -> BTreeMap<Key, Stored> {
    let inst = &office.installation;
    inst.db
        .read(|tx| {
            let current = inst.current(tx)?;
            let mut all = BTreeMap::new();
            for c in &current.engine.compiled {
                for v in store::of_requirement(tx, &c.requirement.id, None)? {
                    all.insert((v.requirement.clone(), subjects::key(&v), v.window.clone()), v);
                }
            }
            Ok(all)
        })
        .unwrap()
}

fn prepare(office: &Office, ledger: &str, csv: &str) -> Prepared {
    let dir = TempDir::new();
    let file = dir.0.join(format!("{ledger}.csv"));
    std::fs::write(&file, csv).unwrap();
    intake::prepare(&office.installation, ledger, &file).unwrap()
}

/// What is told before, by the key of the verdict.
fn told(office: &Office, ledger: &str, prepared: &Prepared) -> BTreeMap<Key, Shift> {
    let inst = &office.installation;
    let now = inst.clock.now();
    inst.db
        .read(|tx| {
            let current = inst.current(tx)?;
            let table = current.engine.layout.index(ledger).unwrap();
            let (changes, overlay) = intake::laid(tx, &current, table, prepared, now)?;
            let shifts = consequence::of(tx, &current, now.day, &changes, overlay)?;
            assert_eq!(consequence::seen(tx, &current.engine, &Scope::All, shifts.clone())?, shifts);
            let id = |s: &Shift| current.engine.compiled[s.requirement].requirement.id.clone();
            Ok(shifts.into_iter().map(|s| ((id(&s), s.subject.clone(), s.window.clone()), s)).collect())
        })
        .unwrap()
}

/// Takes a file in; what was told before must be what is different after. Gives how many verdicts that were.
fn agrees(office: &Office, ledger: &str, csv: &str) -> usize {
    jobs::run_waiting(&office.installation).unwrap();
    let prepared = prepare(office, ledger, csv);
    let (told, before) = (told(office, ledger, &prepared), stored(office));
    let number = intake::stage(&office.installation, "试", ledger, prepared).unwrap();
    jobs::run_waiting(&office.installation).unwrap();
    assert_eq!(intake::failure(&office.installation, number).unwrap(), None, "{csv}");
    as_told(&told, &before, &stored(office), &format!("{ledger}\n{csv}"))
}

/// What was told must be what is different; gives how many verdicts that were.
fn as_told(
    told: &BTreeMap<Key, Shift>,
    before: &BTreeMap<Key, Stored>,
    after: &BTreeMap<Key, Stored>,
    what: &str,
) -> usize {
    let keys = before.keys().chain(after.keys()).filter(|k| before.get(*k) != after.get(*k));
    let changed: BTreeMap<&Key, (Option<&Stored>, Option<&Stored>)> =
        keys.map(|k| (k, (before.get(k), after.get(k)))).collect();
    let told: BTreeMap<&Key, (Option<&Stored>, Option<&Stored>)> =
        told.iter().map(|(k, s)| (k, (s.from.as_ref(), s.to.as_ref()))).collect();
    assert_eq!(told, changed, "{what}");
    told.len()
}

/// Voids some standing records of a ledger; what was told before must be what is different after.
fn voids_agree(office: &Office, ledger: &str, most: usize) -> usize {
    let inst = &office.installation;
    jobs::run_waiting(inst).unwrap();
    let now = inst.clock.now();
    let (rows, told) = inst
        .db
        .read(|tx| {
            let current = inst.current(tx)?;
            let table = current.engine.layout.index(ledger).unwrap();
            let query = Query::default();
            let rows = query::list(tx, &current.engine.layout.ledgers[table], &Scope::All, &query, (most as i64, 0))?;
            let gone: Vec<_> = rows.iter().map(|r| (r.record_id, r.values.clone())).collect();
            let shifts = consequence::of_void(tx, &current, now.day, table, &gone)?;
            let id = |s: &Shift| current.engine.compiled[s.requirement].requirement.id.clone();
            let told = shifts.into_iter().map(|s| ((id(&s), s.subject.clone(), s.window.clone()), s)).collect();
            Ok((rows, told))
        })
        .unwrap();
    let before = stored(office);
    assert!(!rows.is_empty(), "{ledger}");
    for row in &rows {
        facts::void(inst, "试", ledger, (row.record_id, row.revision), "试").unwrap();
    }
    jobs::run_waiting(inst).unwrap();
    as_told(&told, &before, &stored(office), ledger)
}

/// Rows of a ledger grown from dice: some new, some that correct.
fn grow(dice: &mut Dice, ledger: &str, rows: u64) -> String {
    let day = |dice: &mut Dice| Day::parse("2025-01-01").unwrap().plus(dice.below(365) as i32).to_string();
    let person = |dice: &mut Dice| ["A", "B", "C", "D", "E", "F"][dice.below(6) as usize];
    let mut csv = String::from(match ledger {
        "guidance" => "编号,结对,指导日期,内容类别,帮带对象确认日期\n",
        "talk" => "编号,谈话类型,谈话人,谈话对象,谈话日期\n",
        "activity" => "编号,单位,类型,名称,开始日期,结束日期,是否闭卷测试,重训的原班\n",
        "attendance" => "编号,班次或活动,姓名,日期,是否到场,测试情况,成绩\n",
        "mentor_pair" => "编号,导师,帮带对象,结对日期\n",
        "person" => "编号,姓名,出生日期,是否业务骨干\n",
        _ => "编号,单位,人员,任职类别,任职日期\n",
    });
    for _ in 0..rows {
        let n = dice.below(rows * 2);
        csv += &match ledger {
            "guidance" => {
                let on = day(dice);
                let confirmed = if dice.below(3) == 0 { String::new() } else { on.clone() };
                format!(
                    "G{n},M{},{on},{},{confirmed}\n",
                    dice.below(4),
                    ["政策解读", "公文写作"][dice.below(2) as usize]
                )
            }
            "talk" => format!("T{n},例行,{},{},{}\n", person(dice), person(dice), day(dice)),
            "activity" => {
                let (on, unit) = (day(dice), ["市发改委", "甲区发改委", "甲一科", "甲二科"][dice.below(4) as usize]);
                let kind = ["专业培训", "集中廉政教育", "现场教学"][dice.below(3) as usize];
                let made_up = if dice.below(3) == 0 { format!("C{}", dice.below(n + 1)) } else { String::new() };
                format!("C{n},{unit},{kind},班{n},{on},{on},是,{made_up}\n")
            }
            "attendance" => {
                let sat = ["已考", "缺考", "因故免考"][dice.below(3) as usize];
                format!("K{n},C{},{},{},出席,{sat},{}\n", dice.below(6), person(dice), day(dice), dice.below(100))
            }
            "mentor_pair" => format!("M{n},{},{},{}\n", person(dice), person(dice), day(dice)),
            "person" => format!(
                "{},某{n},19{}-05-05,{}\n",
                person(dice),
                60 + dice.below(39),
                ["是", "否"][dice.below(2) as usize]
            ),
            _ => {
                let unit = ["市发改委", "甲区发改委", "甲一科", "甲二科"][dice.below(4) as usize];
                format!(
                    "W{n},{unit},{},{},{}\n",
                    person(dice),
                    ["科室负责人", "普通干部"][dice.below(2) as usize],
                    day(dice)
                )
            }
        };
    }
    csv
}

/// The office with persons that files can name, and pairs and classes of theirs.
fn founded(db: &Db, day: &str) -> Office {
    let office = Office::open(db, day);
    office.found();
    for (ledger, csv) in [
        (
            "person",
            "编号,姓名,出生日期,是否业务骨干\nA,甲,1975-05-05,是\nB,乙,1996-05-05,否\nC,丙,1980-05-05,是\n\
            D,丁,1997-05-05,否\nE,戊,1998-05-05,否\nF,己,1970-05-05,是\n",
        ),
        (
            "post",
            "编号,单位,人员,任职类别,任职日期\nW90,甲区发改委,A,班子成员,2020-01-01\nW91,甲一科,B,普通干部,2020-01-01\n\
            W92,甲二科,C,科室负责人,2020-01-01\nW93,甲二科,D,普通干部,2020-01-01\nW94,甲一科,E,普通干部,2020-01-01\n\
            W95,市发改委,F,班子成员,2020-01-01\n",
        ),
        ("mentor_pair", "编号,导师,帮带对象,结对日期\nM0,A,B,2025-01-10\nM1,C,D,2025-02-10\n"),
    ] {
        let prepared = prepare(&office, ledger, csv);
        assert_eq!(prepared.checked.errors, []);
        intake::stage(&office.installation, "试", ledger, prepared).unwrap();
        jobs::run_waiting(&office.installation).unwrap();
    }
    office.agree("founded");
    office
}

db_test!(what_is_told_is_what_happens, |db: &Db| {
    let mut dice = Dice(7);
    let ledgers = ["guidance", "activity", "attendance", "talk", "mentor_pair", "post", "person"];
    let mut changed = BTreeMap::new();
    for (n, day) in ["2025-06-15", "2025-10-20", "2026-01-10"].into_iter().enumerate() {
        let office = if n == 0 { founded(db, day) } else { Office::open(db, day) };
        for round in 0..2 {
            for ledger in ledgers {
                let csv = grow(&mut dice, ledger, 4 + round * 8);
                *changed.entry(ledger).or_insert(0) += agrees(&office, ledger, &csv);
            }
        }
    }
    assert!(changed.values().all(|n| *n > 0), "{changed:?}");
});

db_test!(what_a_void_is_told_to_do_is_what_it_does, |db: &Db| {
    let office = founded(db, "2025-10-20");
    let mut dice = Dice(11);
    for ledger in ["guidance", "activity", "talk"] {
        agrees(&office, ledger, &grow(&mut dice, ledger, 12));
    }
    // Events first, then what they hang on, then the organisation itself.
    let ledgers = ["guidance", "talk", "activity", "mentor_pair", "post"];
    let changed: Vec<usize> = ledgers.iter().map(|ledger| voids_agree(&office, ledger, 3)).collect();
    assert!(changed.iter().sum::<usize>() > 10 && changed[0] > 0 && changed[4] > 0, "{changed:?}");
});

db_test!(units_that_come_together_and_what_is_not_judged_yet, |db: &Db| {
    let office = founded(db, "2025-10-20");
    let csv = "编号,名称,层级,上级单位,设立日期\nX1,乙区发改委,区县,市发改委,2021-01-01\nX2,乙一科,科室,乙区发改委,2021-01-01\n";
    agrees(&office, "unit", csv);
    // The day has turned and nothing is judged for it: what is told is the file's doing alone.
    let office = Office::open(db, "2025-11-20");
    let csv = grow(&mut Dice(3), "guidance", 12);
    let prepared = prepare(&office, "guidance", &csv);
    let early = told(&office, "guidance", &prepared);
    jobs::run_waiting(&office.installation).unwrap();
    assert_eq!(early, told(&office, "guidance", &prepare(&office, "guidance", &csv)));
    assert!(!early.is_empty());
    agrees(&office, "guidance", &csv);
    assert_eq!(agrees(&office, "guidance", &csv), 0, "everything is known");
});
