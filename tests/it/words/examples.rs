//! The package's worked examples as explained verdicts: the facts of each in a store of its own.

use std::{collections::BTreeMap, sync::Arc};

use dongliang::{
    db::{Db, Tx, Value},
    directive::{
        example::{Example, ExampleRow, Examples, RowValue},
        model::{FieldType, Ledger, Package, Target, TargetOp},
    },
    ledger::schema,
    ratio::Ratio,
    verdict::{
        compile::Given,
        engine::{Engine, Question},
        explain::{Explanation, explain},
        low_rank,
        world::{Layout, UNIT},
    },
};

/// Ids of the rows by ledger and the text that names them.
type Ids = BTreeMap<(String, String), i64>;

/// A store with the tables of a package, used by one example after the other.
pub(super) struct Store<'p> {
    db: Db,
    package: &'p Package,
    examples: &'p Examples,
}

impl<'p> Store<'p> {
    pub(super) fn new(package: &'p Package, examples: &'p Examples) -> Store<'p> {
        let db = Db::open("sqlite::memory:").unwrap();
        let ledgers = Layout::new(package).ledgers;
        db.write(move |tx| ledgers.iter().filter(|l| !l.derived).try_for_each(|l| schema::create(tx, l, &[]))).unwrap();
        Store { db, package, examples }
    }

    /// Explains every verdict of an example, with the engine that gave it: that of its requirement alone.
    pub(super) fn explained(&self, example: &Example) -> (Engine, Vec<Explanation>) {
        let engine = engine(self.package, example);
        let ledgers = engine.layout.ledgers.iter();
        let rows: Vec<_> = ledgers.map(|l| (l.clone(), rows_of(l, self.examples, example))).collect();
        let q = Question { as_of: example.as_of, ..Question::default() };
        self.db.write(move |tx| insert(tx, &rows)).unwrap();
        let found = self.db.read(|tx| {
            let mut keys = Vec::new();
            engine.evaluate(tx, &q, &mut |cut| {
                keys.extend(cut.verdicts.into_iter().filter(|v| !v.closed).map(|v| (v.subject, v.window.label)));
                Ok(())
            })?;
            let mut shared = engine.shared();
            keys.iter().map(|(key, label)| Ok(explain(tx, &engine, 0, key, label, &q, &mut shared)?.unwrap())).collect()
        });
        (engine, found.unwrap())
    }

    /// The text that names a record in the example.
    pub(super) fn code(&self, example: &Example, layout: &Layout, table: usize, id: i64) -> String {
        if layout.ledgers[table].derived {
            let (unit, year) = low_rank::parts(id);
            return format!("{}|{year}", self.code(example, layout, UNIT, unit));
        }
        let rows = rows_of(&layout.ledgers[table], self.examples, example);
        usize::try_from(id - 1).ok().and_then(|n| rows.keys().nth(n).cloned()).unwrap_or_else(|| id.to_string())
    }
}

/// The requirement of an example with the example's settings, slots and targets in place of its own.
fn engine(package: &Package, example: &Example) -> Engine {
    let mut package = package.clone();
    package.requirements.retain(|r| r.id == example.req);
    if let Some(steps) = &example.at_least {
        let parts = package.requirements.iter_mut().flat_map(|r| &mut r.parts);
        parts.for_each(|p| p.target = Some(Target { op: TargetOp::AtLeast, steps: steps.clone() }));
    }
    let mut given = Given::of(&package);
    given.settings.extend(example.settings.clone());
    for (name, named) in &example.slots {
        given.slots.get_mut(name).unwrap().named.clone_from(named);
    }
    let workdays = package.workdays.clone();
    Engine::new(Arc::new(package), given, workdays).unwrap()
}

fn rows_of(ledger: &Ledger, examples: &Examples, example: &Example) -> BTreeMap<String, ExampleRow> {
    let rows = examples.base.get(&ledger.name).into_iter().chain(example.add.get(&ledger.name)).flatten();
    rows.enumerate().map(|(n, row)| (row.get("id").map_or_else(|| format!("~{n:06}"), text), row.clone())).collect()
}

fn insert(tx: &mut Tx<'_>, all: &[(Ledger, BTreeMap<String, ExampleRow>)]) -> anyhow::Result<()> {
    let ids: Ids = all
        .iter()
        .flat_map(|(l, rows)| rows.keys().enumerate().map(|(n, id)| ((l.name.clone(), id.clone()), n as i64 + 1)))
        .collect();
    for (ledger, rows) in all.iter().filter(|(l, _)| !l.derived) {
        tx.execute(&format!("delete from l_{}", ledger.name), &[])?;
        for (id, row) in rows {
            if row.contains_key("voided") || rows.values().any(|r| r.get("replaces").map(text).as_ref() == Some(id)) {
                continue;
            }
            insert_row(tx, ledger, id, row, &ids)?;
        }
    }
    Ok(())
}

fn insert_row(tx: &mut Tx<'_>, ledger: &Ledger, id: &str, row: &ExampleRow, ids: &Ids) -> anyhow::Result<()> {
    let fields: Vec<_> = ledger.fields.iter().filter(|f| row.contains_key(&f.name)).collect();
    let unit = row.get("unit").map(|u| refer(ids, "unit", &text(u)));
    let mut values: Vec<Value> =
        vec![ids[&(ledger.name.clone(), id.to_owned())].into(), 1.into(), id.into(), unit.into(), 0.into()];
    values.push("例".into());
    values.extend(fields.iter().map(|f| stored(&f.ty, &text(&row[&f.name]), ids)));
    let names: Vec<String> = fields.iter().map(|f| format!(", \"{}\"", f.name)).collect();
    let places: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "insert into l_{} (record_id, revision, record_code, unit_id, recorded_at, recorded_by{}) values ({})",
        ledger.name,
        names.concat(),
        places.join(", ")
    );
    tx.execute(&sql, &values)?;
    Ok(())
}

fn stored(ty: &FieldType, text: &str, ids: &Ids) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let scaled = |by: i64| Ratio::parse_decimal(text).map(|r| r.times(Ratio::whole(by)).unwrap().floor());
    match ty {
        FieldType::Integer => scaled(1).into(),
        FieldType::Flag => i64::from(text == "1").into(),
        FieldType::Decimal => scaled(10_000).into(),
        FieldType::Money => fen(text).into(),
        FieldType::Person => refer(ids, "person", text).into(),
        FieldType::Unit => refer(ids, "unit", text).into(),
        FieldType::Ref(to) if to == "low_rank" => {
            text.rsplit_once('|').and_then(|(u, y)| low_rank_id(ids, u, y)).into()
        }
        FieldType::Ref(to) => refer(ids, to, text).into(),
        _ => text.into(),
    }
}

fn low_rank_id(ids: &Ids, unit: &str, year: &str) -> Option<i64> {
    Some(low_rank::id(refer(ids, "unit", unit), year.parse().ok()?))
}

fn fen(text: &str) -> Option<i64> {
    let (number, scale) = match (text.strip_suffix("万元"), text.strip_suffix('元')) {
        (Some(n), _) => (n, 1_000_000),
        (None, Some(n)) => (n, 100),
        (None, None) => (text, 1),
    };
    Some(Ratio::parse_decimal(number)?.times(Ratio::whole(scale))?.floor())
}

fn refer(ids: &Ids, ledger: &str, code: &str) -> i64 {
    ids.get(&(ledger.to_owned(), code.to_owned())).copied().unwrap_or(999_999)
}

fn text(value: &RowValue) -> String {
    match value {
        RowValue::Text(t) | RowValue::Decimal(t) => t.clone(),
        RowValue::Int(n) => n.to_string(),
        RowValue::Flag(b) => i64::from(*b).to_string(),
        RowValue::List(of) => of.join("|"),
    }
}
