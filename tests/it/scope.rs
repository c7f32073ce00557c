//! What a reader sees of a whole city, against the definition said once more in plain words: the records and verdicts of
//! the units in scope, the own ones, and those in which the reader has a part. Lists, counts, facets and totals agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dongliang::{
    db::{Db, Tx},
    db_test,
    directive::model::{FieldType, Ledger},
    installation::Installation,
    ledger::{Stored as Row, query},
    scope::{Parts, Reach, Scope},
    subjects,
    verdict::{
        rejudge, sight,
        store::{self, Stored},
        world::{PERSON, UNIT},
    },
};

/// The city of 150 people, judged.
pub(crate) fn city(db: &Db) -> Installation {
    let installation = crate::demo::city(db, 150);
    rejudge::run(&installation, None, &mut |_, _| {}).unwrap();
    installation
}

/// The same numbers for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// All current rows of every ledger.
pub(crate) struct Whole {
    pub(crate) ledgers: Vec<Ledger>,
    pub(crate) rows: HashMap<String, Vec<Row>>,
}

impl Whole {
    pub(crate) fn read(tx: &mut Tx<'_>, ledgers: &[Ledger]) -> Whole {
        let ledgers: Vec<Ledger> = ledgers.iter().filter(|l| !l.derived).cloned().collect();
        let mut rows = HashMap::new();
        for ledger in &ledgers {
            let mut own = Vec::new();
            let keep = &mut |row: Row| {
                own.push(row);
                Ok(())
            };
            query::each(tx, ledger, &Scope::All, &query::Query::default(), keep).unwrap();
            rows.insert(ledger.name.clone(), own);
        }
        Whole { ledgers, rows }
    }

    /// Whether the person is named by a field of the row itself.
    fn names(&self, ledger: &Ledger, row: &Row, person: i64) -> bool {
        let mut fields = ledger.fields.iter().zip(&row.values).filter(|(f, _)| f.ty == FieldType::Person);
        fields.any(|(_, v)| v.as_i64() == Some(person))
    }

    /// The records in which a person has a part, by ledger.
    pub(crate) fn parts(&self, person: i64) -> HashMap<String, BTreeSet<i64>> {
        let mut own: HashMap<String, BTreeSet<i64>> = HashMap::from([("person".into(), BTreeSet::from([person]))]);
        let mut found = own.clone();
        for ledger in self.ledgers.iter().filter(|l| l.name != "person") {
            let named = self.rows[&ledger.name].iter().filter(|r| self.names(ledger, r, person)).map(|r| r.record_id);
            own.entry(ledger.name.clone()).or_default().extend(named);
        }
        for ledger in &self.ledgers {
            for row in &self.rows[&ledger.name] {
                let mine = own.get(&ledger.name).is_some_and(|ids| ids.contains(&row.record_id));
                if mine {
                    found.entry(ledger.name.clone()).or_default().insert(row.record_id);
                }
                for (field, value) in ledger.fields.iter().zip(&row.values) {
                    let (FieldType::Ref(target), Some(above)) = (&field.ty, value.as_i64()) else { continue };
                    if mine {
                        found.entry(target.clone()).or_default().insert(above);
                    }
                    if own.get(target).is_some_and(|ids| ids.contains(&above)) {
                        found.entry(ledger.name.clone()).or_default().insert(row.record_id);
                    }
                }
            }
        }
        found
    }

    pub(crate) fn seen(
        &self,
        ledger: &Ledger,
        row: &Row,
        reach: &Reach,
        parts: &HashMap<String, BTreeSet<i64>>,
    ) -> bool {
        let unit = |u: Option<i64>| u.is_some_and(|u| reach.units.contains(&u));
        let held = || {
            ledger.name == "person"
                && self.rows["post"].iter().any(|post| {
                    let posts = self.ledgers.iter().find(|l| l.name == "post").unwrap();
                    post.value(posts, "person").as_i64() == Some(row.record_id) && unit(post.unit)
                })
        };
        let by_unit = if ledger.name == "unit" { unit(Some(row.record_id)) } else { unit(row.unit) || held() };
        by_unit || parts.get(&ledger.name).is_some_and(|ids| ids.contains(&row.record_id))
    }
}

/// Some whole organs, some single 科室, mostly with a person.
pub(crate) fn reader(installation: &Installation, tx: &mut Tx<'_>, dice: &mut Dice) -> Reach {
    let current = installation.current(tx).unwrap();
    let (chart, units) = (current.organisation.chart().unwrap(), current.organisation.table(UNIT).unwrap());
    let people = current.organisation.table(PERSON).unwrap();
    let mut picked: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..dice.below(3) {
        picked.extend(&chart.owned[dice.below(units.len())]);
    }
    let organs = (0..units.len()).filter(|u| chart.organ[*u] == *u);
    let whole = organs.filter(|o| chart.owned[*o].iter().all(|u| picked.contains(u)));
    Reach {
        organs: whole.map(|u| units.ids[u]).collect(),
        units: picked.iter().map(|u| units.ids[*u]).collect(),
        person: (dice.below(4) > 0).then(|| people.ids[dice.below(people.len())]),
        parts: Parts::of(&current.engine.layout.ledgers).into(),
    }
}

fn records(tx: &mut Tx<'_>, whole: &Whole, reach: &Reach) {
    let parts = reach.person.map(|p| whole.parts(p)).unwrap_or_default();
    let scope = Scope::Within(reach.clone().into());
    for ledger in &whole.ledgers {
        let name = &ledger.name;
        let expected: BTreeSet<i64> =
            whole.rows[name].iter().filter(|r| whole.seen(ledger, r, reach, &parts)).map(|r| r.record_id).collect();
        let all = query::Query::default();
        let found: BTreeSet<i64> = query::records(tx, ledger, &scope, &all).unwrap().into_iter().collect();
        assert_eq!(found, expected, "{name} {reach:?}");
        assert_eq!(query::count(tx, ledger, &scope, &all, None).unwrap() as usize, expected.len(), "{name}");
        let facet = query::facets(tx, ledger, &scope, &[(query::UNIT.to_owned(), all.clone())]).unwrap();
        let counted: i64 = facet[0].values.iter().map(|(_, n)| n).sum();
        assert_eq!(counted as usize, expected.len(), "{name}");
        let outside = whole.rows[name].iter().find(|r| !expected.contains(&r.record_id));
        if let Some(row) = outside {
            let got = dongliang::ledger::store::get(tx, ledger, &scope, row.record_id, None).unwrap();
            assert!(got.is_none(), "{name} {}", row.record_id);
            let code = row.code.clone().unwrap_or_default();
            assert_eq!(query::coded(tx, ledger, &scope, &code).unwrap(), None, "{name} {code}");
        }
    }
}

fn verdicts(installation: &Installation, tx: &mut Tx<'_>, whole: &Whole, reach: &Reach) -> usize {
    let current = installation.current(tx).unwrap();
    let (engine, scope) = (&current.engine, Scope::Within(reach.clone().into()));
    let parts = reach.person.map(|p| whole.parts(p)).unwrap_or_default();
    let mut counted: BTreeMap<(String, String, i64), i64> = BTreeMap::new();
    let mut seen = 0;
    for (i, c) in engine.compiled.iter().enumerate() {
        let id = &c.requirement.id;
        let all = store::of_requirement(tx, id, None).unwrap();
        let in_unit = |v: &Stored| v.unit.is_some_and(|u| reach.units.contains(&u));
        let own = |v: &Stored| {
            let records = subjects::records(engine, i, &subjects::key(v));
            if records.iter().any(|(table, _)| *table == UNIT) {
                return false;
            }
            let subject = records.first().copied();
            subject.is_some_and(|(table, id)| {
                table != UNIT && parts.get(&engine.layout.ledgers[table].name).is_some_and(|ids| ids.contains(&id))
            })
        };
        let key = |v: &Stored| (v.subject, v.rest.clone(), v.window.clone());
        let expected: BTreeSet<_> = all.iter().filter(|v| in_unit(v) || own(v)).map(key).collect();
        let found = sight::of_requirement(tx, engine, &scope, id, None).unwrap();
        assert_eq!(found.iter().map(key).collect::<BTreeSet<_>>(), expected, "{id} {reach:?}");
        seen += expected.len();
        for v in all.iter().step_by(all.len() / 20 + 1) {
            let sees = sight::sees(tx, engine, &scope, i, &subjects::key(v), v.unit).unwrap();
            assert_eq!(sees, expected.contains(&key(v)), "{id} {:?}", key(v));
        }
        for v in all.iter().filter(|v| in_unit(v) && !v.closed) {
            *counted.entry((id.clone(), v.window.clone(), v.organ.unwrap())).or_default() += 1;
        }
    }
    let mut totals: BTreeMap<(String, String, i64), i64> = BTreeMap::new();
    for c in sight::counts(tx, &scope, None, None).unwrap() {
        let t = &c.tally;
        let n = t.pass + t.fail + t.open + t.na + t.unknown + c.figures;
        if n > 0 {
            *totals.entry((c.requirement, c.window, c.organ)).or_default() += n;
        }
    }
    assert_eq!(totals, counted, "{reach:?}");
    seen
}

fn readers(db: &Db) {
    let installation = city(db);
    let mut dice = Dice(11);
    db.read(|tx| {
        let current = installation.current(tx)?;
        let whole = Whole::read(tx, &current.engine.layout.ledgers);
        let mut seen = Vec::new();
        for _ in 0..10 {
            let reach = reader(&installation, tx, &mut dice);
            records(tx, &whole, &reach);
            seen.push(verdicts(&installation, tx, &whole, &reach));
        }
        assert!(seen.iter().any(|n| *n > 100) && seen.iter().any(|n| *n < 100), "readers of both kinds: {seen:?}");
        let nobody = Scope::units(BTreeSet::new());
        assert_eq!(sight::counts(tx, &nobody, None, None)?, []);
        Ok(())
    })
    .unwrap();
}

db_test!(readers_see_what_is_theirs, |db: &Db| readers(db));
