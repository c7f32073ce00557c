//! Random work on a ledger against a model in memory, on both databases: whatever was inserted, corrected, voided or
//! undone, every list, count, facet and history says what the model says, now and as known at any instant.

use std::{
    cell::Cell,
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet},
};

use dongliang::{
    db::{Db, Value},
    db_test,
    directive::model::{FieldType, Ledger},
    ledger::{
        NewRow, Stored,
        query::{self, Facet, Filter, Order, Query, UNIT, Voided},
        schema,
        store::{self, Change},
    },
    scope::Scope,
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::store::{actor, keys, sample, set_up};

const NOTES: [&str; 5] = ["学习", "a_B", "A%b", "\\", ""];
const KINDS: [&str; 3] = ["甲", "乙", "A_b"];
const TOPICS: [&str; 4] = ["甲", "甲|乙", "乙|A_b", "A_b"];
const NAMES: [&str; 4] = ["王五", "李四", "王小二", "Anna"];

/// What is done to the ledger; numbers pick among what is there.
#[derive(Clone, Debug)]
enum Op {
    Insert { rows: Vec<NewRow>, import: bool },
    Replace { pick: usize, stale: bool, row: NewRow, import: bool },
    Void { pick: usize, stale: bool },
    Undo { pick: usize },
}

/// What is asked afterwards.
#[derive(Clone, Debug)]
struct Question {
    query: Query,
    scope: Scope,
    page: (i64, i64),
}

/// A row of the model; the sensitive field in plain text.
#[derive(Clone, Debug)]
struct Known {
    record: i64,
    revision: i64,
    recorded_at: i64,
    voided_at: Option<i64>,
    import: Option<i64>,
    row: NewRow,
}

#[derive(Default)]
struct Model {
    rows: Vec<Known>,
    imports: Vec<i64>,
    records: i64,
    now: i64,
}

fn some<T: Into<Value> + Clone + std::fmt::Debug + 'static>(of: Vec<T>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 5 => prop::sample::select(of).prop_map(Into::into)]
}

fn day() -> impl Strategy<Value = Value> {
    (1..=9).prop_map(|d| Value::from(format!("2025-03-0{d}")))
}

fn row() -> impl Strategy<Value = NewRow> {
    let fields = (some(vec![1i64, 2, 3, 4]), day(), some(vec![-5i64, 0, 5, 10_000]), some(KINDS.to_vec()));
    let texts = (some(TOPICS.to_vec()), some(vec!["138", "139"]), some(NOTES.to_vec()));
    let unit = prop::option::of(1..=4i64);
    (unit, fields, texts, prop::option::of("[A-C]")).prop_map(|(unit, f, t, code)| NewRow {
        code,
        unit,
        values: vec![f.0, f.1, f.2, f.3, t.0, Value::Null, t.1, t.2],
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (prop::collection::vec(row(), 1..6), any::<bool>()).prop_map(|(rows, import)| Op::Insert { rows, import }),
        3 => (any::<usize>(), prop::bool::weighted(0.2), row(), any::<bool>())
            .prop_map(|(pick, stale, row, import)| Op::Replace { pick, stale, row, import }),
        2 => (any::<usize>(), prop::bool::weighted(0.2)).prop_map(|(pick, stale)| Op::Void { pick, stale }),
        1 => any::<usize>().prop_map(|pick| Op::Undo { pick }),
    ]
}

fn units() -> impl Strategy<Value = BTreeSet<i64>> {
    prop::collection::btree_set(1..=4i64, 0..3)
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![6 => single(), 1 => prop::collection::vec(single(), 0..3).prop_map(Filter::Any)]
}

fn single() -> impl Strategy<Value = Filter> {
    let is = |field: &'static str, of: BoxedStrategy<Value>| {
        prop::collection::vec(of, 0..3).prop_map(move |any_of| Filter::Is { field: field.into(), any_of })
    };
    let contains = |field: &'static str, of: Vec<&'static str>| {
        prop::sample::select(of).prop_map(move |t| Filter::Contains { field: field.into(), text: t.into() })
    };
    prop_oneof![
        is("kind", some(KINDS.to_vec()).boxed()),
        is("topics", some(KINDS.to_vec()).boxed()),
        is("person", some(vec![1i64, 2, 3, 9]).boxed()),
        is("day", day().boxed()),
        contains("note", vec!["学", "b", "_", "%", "\\", ""]),
        contains("person", vec!["王", "anna", "x"]),
        (any::<bool>(), day(), day(), any::<bool>()).prop_map(|(a, from, to, b)| Filter::Between {
            field: "day".into(),
            from: if a { from } else { Value::Null },
            to: if b { to } else { Value::Null },
        }),
        (-6..6i64, -6..6i64).prop_map(|(a, b)| Filter::Between { field: "hours".into(), from: a.into(), to: b.into() }),
        units().prop_map(Filter::Units),
        "[A-Ca]".prop_map(Filter::Code),
        (1..4i64).prop_map(Filter::Import),
        prop::collection::btree_set(1..=8i64, 0..5).prop_map(Filter::Records),
        prop::sample::select(vec!["138", "1 39", "1"])
            .prop_map(|t| Filter::Secret { field: "phone".into(), index: keys().blind_index(t) }),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let fields = vec!["person", "day", "hours", "kind", "note"];
    let order = prop_oneof![
        Just(Order::Default),
        (prop::sample::select(fields), any::<bool>())
            .prop_map(|(field, descending)| Order::By { field: field.into(), descending }),
    ];
    let scope = prop_oneof![2 => Just(Scope::All), 1 => units().prop_map(Scope::units)];
    let known_at = prop::option::of(0..40i64);
    let voided = prop::sample::select(vec![Voided::Hidden, Voided::Shown, Voided::Only]);
    (prop::collection::vec(filter(), 0..3), order, known_at, voided, scope, (0..8i64, 0..5i64)).prop_map(
        |(filters, order, known_at, voided, scope, page)| {
            let query = Query { filters, order, known_at, voided };
            Question { query, scope, page }
        },
    )
}

impl Model {
    /// Does to the model what was done to the database.
    fn run(&mut self, db: &Db, ledger: &Ledger, op: Op) {
        self.now += 1;
        let (who, at, ledger) = (actor(self.now), self.now, ledger.clone());
        match op {
            Op::Insert { rows, import } => {
                let import = import.then(|| self.import(db, &ledger));
                let sent = rows.clone();
                let ids = db.write(move |tx| store::insert(tx, &who, &ledger, &keys(), &sent, import)).unwrap();
                assert_eq!(ids, (self.records + 1..=self.records + rows.len() as i64).collect::<Vec<_>>());
                self.records += rows.len() as i64;
                let fresh =
                    |(record, row)| Known { record, revision: 1, recorded_at: at, voided_at: None, import, row };
                self.rows.extend(ids.into_iter().zip(rows).map(fresh));
            }
            Op::Replace { pick, stale, row, import } => {
                let Some((i, change)) = self.pick(pick, stale) else { return };
                let sent = row.clone();
                let import = import.then(|| self.import(db, &ledger));
                let done = db.write(move |tx| store::replace(tx, &who, &ledger, &keys(), change, &sent, import));
                assert_eq!(done.is_ok(), self.rows[i].voided_at.is_none() && change.revision == self.rows[i].revision);
                if done.is_ok() {
                    self.rows[i].voided_at = Some(at);
                    let Known { record, revision, .. } = self.rows[i];
                    let revision = revision + 1;
                    self.rows.push(Known { record, revision, recorded_at: at, voided_at: None, import, row });
                }
            }
            Op::Void { pick, stale } => {
                let Some((i, change)) = self.pick(pick, stale) else { return };
                let done = db.write(move |tx| store::void(tx, &who, &ledger, change));
                assert_eq!(done.is_ok(), self.rows[i].voided_at.is_none() && change.revision == self.rows[i].revision);
                if done.is_ok() {
                    self.rows[i].voided_at = Some(at);
                }
            }
            Op::Undo { pick } => self.undo(db, &ledger, pick),
        }
    }

    fn import(&mut self, db: &Db, ledger: &Ledger) -> i64 {
        let name = ledger.name.clone();
        let sql = "insert into import (ledger, file_name, sha256, recorded_at, recorded_by) \
                   values ($1, '', '', 0, '') returning row_id";
        let id = db.write(move |tx| tx.one(sql, &[name.into()], |r| r.i64(0))).unwrap().unwrap();
        self.imports.push(id);
        id
    }

    fn undo(&mut self, db: &Db, ledger: &Ledger, pick: usize) {
        if self.imports.is_empty() {
            return;
        }
        let pick = pick % self.imports.len();
        let import = self.imports[pick];
        let (who, at, ledger) = (actor(self.now), self.now, ledger.clone());
        let done = db.write(move |tx| store::undo_import(tx, &who, &ledger, &keys(), import, "撤销"));
        let mut own: Vec<Known> = self.rows.iter().filter(|k| k.import == Some(import)).cloned().collect();
        let later = |o: &Known| {
            self.rows.iter().any(|k| k.record == o.record && k.revision > o.revision && k.voided_at.is_none())
        };
        assert_eq!(done.is_ok(), !own.iter().any(later));
        let Ok(done) = done else { return };
        own.retain(|k| k.voided_at.is_none());
        own.sort_by_key(|k| k.record);
        let (brought, changed): (Vec<_>, Vec<_>) = own.into_iter().partition(|k| k.revision == 1);
        assert_eq!(done.voided, brought.iter().map(|k| k.record).collect::<Vec<_>>());
        let restored: Vec<i64> = done.restored.iter().map(|(record, _)| *record).collect();
        assert_eq!(restored, changed.iter().map(|k| k.record).collect::<Vec<_>>());
        let current = self.rows.iter_mut().filter(|k| k.import == Some(import) && k.voided_at.is_none());
        current.for_each(|k| k.voided_at = Some(at));
        for k in changed {
            let earlier = self.rows.iter().find(|e| e.record == k.record && e.revision == k.revision - 1).unwrap();
            let row = earlier.row.clone();
            let revision = k.revision + 1;
            self.rows.push(Known { revision, recorded_at: at, voided_at: None, import: None, row, ..k });
        }
        self.imports.remove(pick);
    }

    /// A row and the change of it; a stale one names another revision.
    fn pick(&self, pick: usize, stale: bool) -> Option<(usize, Change<'static>)> {
        let i = pick % self.rows.len().max(1);
        let row = self.rows.get(i)?;
        let change = Change { record_id: row.record, revision: row.revision + i64::from(stale), reason: "因" };
        // A stale change must not hit another row of the record by chance.
        let hit = self.rows.iter().any(|k| k.record == row.record && k.revision == change.revision);
        (!stale || !hit).then_some((i, change))
    }

    fn seen(&self, question: &Question, without: Option<&str>) -> Vec<&Known> {
        let Question { query, scope, .. } = question;
        let known = |k: &Known| match query.known_at {
            Some(at) => k.recorded_at <= at && k.voided_at.is_none_or(|v| v > at),
            None => match query.voided {
                Voided::Hidden => k.voided_at.is_none(),
                Voided::Shown => true,
                Voided::Only => k.voided_at.is_some(),
            },
        };
        let visible = |k: &Known| match scope {
            Scope::All => true,
            Scope::Within(reach) => k.row.unit.is_some_and(|u| reach.units.contains(&u)),
        };
        let filters: Vec<&Filter> = query.filters.iter().filter(|f| Some(field_of(f)) != without).collect();
        self.rows.iter().filter(|k| known(k) && visible(k) && filters.iter().all(|f| holds(f, k))).collect()
    }
}

fn field_of(filter: &Filter) -> &str {
    match filter {
        Filter::Is { field, .. } | Filter::Between { field, .. } => field,
        Filter::Contains { field, .. } | Filter::Secret { field, .. } => field,
        Filter::Units(_) => UNIT,
        Filter::Code(_) | Filter::Import(_) | Filter::Records(_) | Filter::Any(_) => "",
    }
}

fn value<'k>(k: &'k Known, field: &str) -> &'k Value {
    &k.row.values[sample("x").field_index(field).unwrap()]
}

fn holds(filter: &Filter, k: &Known) -> bool {
    let within = |text: &str, part: &str| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    match filter {
        Filter::Is { field, any_of } => {
            let value = value(k, field);
            let several = matches!(sample("x").field(field).unwrap().ty, FieldType::Choices(_));
            match value.as_text().filter(|_| several) {
                Some(text) => any_of.iter().filter_map(Value::as_text).any(|c| text.split('|').any(|t| t == c)),
                None => any_of.contains(value),
            }
        }
        Filter::Between { field, from, to } => {
            let value = value(k, field);
            let at_least = |a: &Value, b: &Value| b.is_null() || compare(a, b) != Ordering::Less;
            !value.is_null() && at_least(value, from) && (to.is_null() || at_least(to, value))
        }
        Filter::Contains { field, text } => match value(k, field) {
            Value::I64(person) => within(NAMES[*person as usize - 1], text),
            value => value.as_text().is_some_and(|t| within(t, text)),
        },
        Filter::Secret { field, index } => value(k, field).as_text().is_some_and(|t| keys().blind_index(t) == *index),
        Filter::Units(units) => k.row.unit.is_some_and(|u| units.contains(&u)),
        Filter::Code(text) => k.row.code.as_deref().is_some_and(|c| within(c, text)),
        Filter::Import(id) => k.import == Some(*id),
        Filter::Records(ids) => ids.contains(&k.record),
        Filter::Any(filters) => filters.iter().any(|f| holds(f, k)),
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::I64(a), Value::I64(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        _ => panic!("{a:?} and {b:?} are not compared"),
    }
}

fn sorted<'k>(mut rows: Vec<&'k Known>, order: &Order) -> Vec<&'k Known> {
    let (field, descending) = match order {
        Order::Default => ("day", true),
        Order::By { field, descending } => (field.as_str(), *descending),
    };
    rows.sort_by(|a, b| {
        let (x, y) = (value(a, field), value(b, field));
        let turn = |o: Ordering| if descending { o.reverse() } else { o };
        let by_value = match (x.is_null(), y.is_null()) {
            (false, false) => turn(compare(x, y)),
            (x, y) => x.cmp(&y),
        };
        // Of one record the newest row comes first.
        by_value.then(turn(a.record.cmp(&b.record))).then(b.revision.cmp(&a.revision))
    });
    rows
}

fn facet(rows: &[&Known], field: &str) -> Facet {
    let mut counts = BTreeMap::<Option<(i64, String)>, i64>::new();
    for k in rows {
        let value = if field == UNIT { k.row.unit.into() } else { value(k, field).clone() };
        let single: Vec<Option<(i64, String)>> = match &value {
            Value::Text(t) => t.split('|').map(|c| Some((0, c.to_owned()))).collect(),
            Value::I64(n) => vec![Some((*n, String::new()))],
            _ => vec![None],
        };
        single.into_iter().for_each(|s| *counts.entry(s).or_default() += 1);
    }
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_by_key(|(v, n)| (Reverse(*n), v.is_none(), v.clone()));
    let value = |v: Option<(i64, String)>| match v {
        None => Value::Null,
        Some((n, text)) if text.is_empty() => n.into(),
        Some((_, text)) => text.into(),
    };
    Facet { field: field.into(), values: values.into_iter().map(|(v, n)| (value(v), n)).collect() }
}

fn same(stored: &Stored, k: &Known) {
    assert_eq!(
        (stored.record_id, stored.revision, stored.recorded_at, stored.voided_at, stored.import),
        (k.record, k.revision, k.recorded_at, k.voided_at, k.import)
    );
    let mut values = stored.values.clone();
    if let Some(sealed) = values[6].as_text() {
        values[6] = keys().open(sealed).unwrap().into();
    }
    assert_eq!(NewRow { code: stored.code.clone(), unit: stored.unit, values }, k.row);
}

fn check(db: &Db, ledger: &Ledger, model: &Model, question: &Question) {
    let Question { query, scope, page } = question;
    let expected = sorted(model.seen(question, None), &query.order);
    db.read(|tx| {
        let mut all = Vec::new();
        query::each(tx, ledger, scope, query, |row| {
            all.push(row);
            Ok(())
        })?;
        let ids = |of: &mut dyn Iterator<Item = (i64, i64)>| of.collect::<Vec<_>>();
        assert_eq!(
            ids(&mut all.iter().map(|r| (r.record_id, r.revision))),
            ids(&mut expected.iter().map(|k| (k.record, k.revision)))
        );
        all.iter().zip(&expected).for_each(|(row, k)| same(row, k));
        let listed = query::list(tx, ledger, scope, query, *page)?;
        let paged: Vec<Stored> = all.iter().skip(page.1 as usize).take(page.0 as usize).cloned().collect();
        assert_eq!(listed, paged);
        let ending: Vec<Stored> = all.iter().rev().skip(page.1 as usize).take(page.0 as usize).rev().cloned().collect();
        assert_eq!(query::list_from_end(tx, ledger, scope, query, *page)?, ending);
        assert_eq!(query::count(tx, ledger, scope, query, None)?, all.len() as i64);
        assert_eq!(query::count(tx, ledger, scope, query, Some(3))?, all.len().min(3) as i64);
        let others = |field: &str| {
            let filters = query.filters.iter().filter(|f| field_of(f) != field).cloned().collect();
            (field.to_owned(), Query { filters, ..query.clone() })
        };
        let facets = query::facets(tx, ledger, scope, &["kind", "topics", UNIT].map(others))?;
        let counted = ["kind", "topics", UNIT].map(|f| facet(&model.seen(question, Some(f)), f));
        assert_eq!(facets, counted);
        Ok(())
    })
    .unwrap();
}

fn check_histories(db: &Db, ledger: &Ledger, model: &Model, scope: &Scope) {
    let visible = |k: &&Known| match scope {
        Scope::All => true,
        Scope::Within(reach) => k.row.unit.is_some_and(|u| reach.units.contains(&u)),
    };
    for record in 1..=model.records {
        let mut rows: Vec<&Known> = model.rows.iter().filter(|k| k.record == record).filter(visible).collect();
        rows.sort_by_key(|k| k.revision);
        let history = db.read(|tx| store::history(tx, ledger, scope, record)).unwrap();
        assert_eq!(history.len(), rows.len());
        history.iter().zip(rows).for_each(|(row, k)| same(row, k));
    }
}

db_test!(random_work_agrees_with_a_model, |db: &Db| {
    set_up(db);
    db.write(|tx| {
        let person = dongliang::org::builtin::ledgers().into_iter().find(|l| l.name == "person").unwrap();
        let rows = NAMES.map(|name| {
            let mut values = vec![Value::Null; person.fields.len()];
            values[person.field_index("name").unwrap()] = name.into();
            NewRow { values, ..NewRow::default() }
        });
        store::insert(tx, &actor(0), &person, &keys(), &rows, None)
    })
    .unwrap();
    let case = Cell::new(0);
    let work = (prop::collection::vec(op(), 1..30), prop::collection::vec(question(), 12));
    let mut runner = TestRunner::new(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() });
    let run = |(ops, questions): (Vec<Op>, Vec<Question>)| {
        let ledger = sample(&format!("sample{}", case.replace(case.get() + 1)));
        let made = ledger.clone();
        db.write(move |tx| schema::create(tx, &made, &[])).unwrap();
        let mut model = Model::default();
        ops.into_iter().for_each(|op| model.run(db, &ledger, op));
        questions.iter().for_each(|q| check(db, &ledger, &model, q));
        check_histories(db, &ledger, &model, &questions[0].scope);
        Ok(())
    };
    runner.run(&work, run).unwrap();
});
