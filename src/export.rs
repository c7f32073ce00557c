//! Ledgers as files: exactly the filtered rows for people, or everything with ids and history for auditors.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Write,
};

use crate::{
    clock,
    day::Day,
    db::{Tx, Value},
    directive::model::FieldType,
    ledger::{
        Keys,
        mask::mask,
        query::{self, Filter, Query},
        row::Stored as Row,
    },
    names::Names as Found,
    scope::Scope,
    sheet::{
        self, Column, Export, Format, OutRow, Spec, Stored, csv_text,
        template::{Filled, MOST, Referred},
    },
    verdict::{
        kind::Kind,
        world::{Layout, PERSON, UNIT},
    },
};

/// Records read at a time where their order is given.
const CHUNK: usize = 500;

/// Names of the records that a ledger's rows refer to.
pub struct Names<'a> {
    layout: &'a Layout,
    found: Found,
    same: BTreeSet<String>,
    units: Units,
    /// Units are told apart by their codes alone: where they come in one file, no superior is known yet.
    coded: bool,
}

impl<'a> Names<'a> {
    /// Names of all that rows refer to.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of_rows(tx: &mut Tx<'_>, layout: &'a Layout, table: usize, rows: &[Row]) -> anyhow::Result<Names<'a>> {
        let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
        for row in rows {
            wanted.entry(UNIT).or_default().extend(row.unit);
            for (value, kind) in row.values.iter().zip(&layout.kinds[table]) {
                if let (Value::I64(id), Kind::Ref(to)) = (value, kind) {
                    wanted.entry(*to).or_default().insert(*id);
                }
            }
        }
        Names::new(tx, layout, &wanted)
    }

    /// Names of these records.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn new(
        tx: &mut Tx<'_>,
        layout: &'a Layout,
        wanted: &BTreeMap<usize, BTreeSet<i64>>,
    ) -> anyhow::Result<Names<'a>> {
        let found = Found::load(tx, layout, wanted)?;
        let sql = "select \"name\" from l_person where voided_at is null group by \"name\" having count(*) > 1";
        let same = tx.rows(sql, &[], |r| Ok(r.opt_text(0)?.unwrap_or_default().to_owned()))?.into_iter().collect();
        Ok(Names { layout, found, same, units: Units::read(tx)?, coded: false })
    }

    /// The title of a record, for pages.
    pub fn title(&self, table: usize, id: i64) -> &str {
        self.found.title(table, id)
    }

    /// The code of a record.
    pub fn code(&self, table: usize, id: i64) -> String {
        self.found.code(table, id)
    }
}

impl sheet::Names for Names<'_> {
    fn person(&self, id: i64) -> String {
        let name = self.found.title(PERSON, id);
        if name.is_empty() || self.same.contains(name) {
            return format!("{name}（{}）", self.found.code(PERSON, id));
        }
        name.to_owned()
    }

    fn unit(&self, id: i64) -> String {
        match self.found.title(UNIT, id) {
            "" => self.found.code(UNIT, id),
            name => self.units.called(id, self.coded).unwrap_or_else(|| name.to_owned()),
        }
    }

    fn record(&self, ledger: &str, id: i64) -> String {
        self.layout.index(ledger).map_or_else(|| id.to_string(), |table| self.found.code(table, id))
    }
}

/// What the units that stand are called, so that an import finds them again.
#[derive(Default)]
struct Units {
    /// Name, code and superior.
    all: HashMap<i64, (String, Option<String>, Option<i64>)>,
    /// How many units there are under a name, short name or code.
    texts: HashMap<String, BTreeSet<i64>>,
    /// How many there are under a path of superior and name.
    paths: HashMap<(String, String), usize>,
}

impl Units {
    fn read(tx: &mut Tx<'_>) -> anyhow::Result<Units> {
        let mut units = Units::default();
        let sql = "select record_id, \"name\", record_code, \"short\", \"parent\" from l_unit where voided_at is null";
        tx.each(sql, &[], |r| {
            let id = r.i64(0)?;
            for i in 1..=3 {
                if let Some(text) = r.opt_text(i)? {
                    units.texts.entry(text.to_owned()).or_default().insert(id);
                }
            }
            let name = r.opt_text(1)?.unwrap_or_default().to_owned();
            units.all.insert(id, (name, r.opt_text(2)?.map(str::to_owned), r.opt_i64(4)?));
            Ok(())
        })?;
        for (name, _, parent) in units.all.values() {
            if let Some((above, ..)) = parent.and_then(|p| units.all.get(&p)) {
                *units.paths.entry((above.clone(), name.clone())).or_default() += 1;
            }
        }
        Ok(units)
    }

    /// The name; of namesakes `柳溪县发改局/办公室`, or the name with the code where the superior does not tell them apart.
    fn called(&self, id: i64, coded: bool) -> Option<String> {
        let (name, code, parent) = self.all.get(&id)?;
        if self.texts.get(name).is_none_or(|ids| ids.len() < 2) {
            return Some(name.clone());
        }
        if let Some((above, ..)) = parent.and_then(|p| self.all.get(&p)).filter(|_| !coded)
            && self.paths.get(&(above.clone(), name.clone())) == Some(&1)
            && ![above, name].iter().any(|t| t.contains(['/', '(', '（']))
        {
            return Some(format!("{above}/{name}"));
        }
        Some(format!("{name}（{}）", code.clone().unwrap_or_else(|| id.to_string())))
    }
}

/// A stored value as the sheets know it.
pub fn cell(value: &Value) -> Stored {
    match value {
        Value::I64(n) => Stored::I64(*n),
        Value::Text(t) => Stored::Text(t.clone()),
        Value::Null | Value::F64(_) => Stored::Null,
    }
}

/// What an export has handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Record ids of the persons whom these rows are about.
    pub persons: BTreeSet<i64>,
}

/// Writes the rows of a query, all columns, sensitive fields whole: for the owner of the machine.
///
/// # Errors
/// When the store cannot be read or the file not written.
#[allow(clippy::too_many_arguments, reason = "an export is what, whose, how and where to")]
pub fn ledger<W: Write + Send>(
    tx: &mut Tx<'_>,
    layout: &Layout,
    table: usize,
    scope: &Scope,
    query: &Query,
    format: Format,
    keys: &Keys,
    day: Day,
    writer: W,
) -> anyhow::Result<Written> {
    let columns = sheet::export::all_columns(&layout.ledgers[table]);
    let whole = (0..layout.ledgers[table].fields.len()).collect();
    let of = Chosen { layout, table, scope, query, records: None, columns, extra: &|_| Vec::new(), keys, whole, day };
    chosen(tx, of, format, writer)
}

/// Rows and columns to be written.
pub struct Chosen<'a> {
    /// Definitions.
    pub layout: &'a Layout,
    /// Position of the ledger.
    pub table: usize,
    /// Whose rows.
    pub scope: &'a Scope,
    /// Which rows.
    pub query: &'a Query,
    /// Of the current rows these records, in this order, in the place of what the query gives.
    pub records: Option<&'a [i64]>,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Texts of the [`Column::Extra`]s of a row, in the order of these columns.
    pub extra: &'a dyn Fn(&Row) -> Vec<String>,
    /// Opens sensitive fields, to be masked.
    pub keys: &'a Keys,
    /// Positions of the sensitive fields that are not masked.
    pub whole: Vec<usize>,
    /// Day of the export.
    pub day: Day,
}

/// Writes the chosen columns of the rows of a query.
///
/// # Errors
/// When the store cannot be read or the file not written.
pub fn chosen<W: Write + Send>(tx: &mut Tx<'_>, of: Chosen<'_>, format: Format, writer: W) -> anyhow::Result<Written> {
    let definition = &of.layout.ledgers[of.table];
    let names = all_names(tx, of.layout, of.table)?;
    let spec = Spec { ledger: definition, columns: of.columns, names: &names, day: of.day };
    let mut out = Export::new(format, writer, spec)?;
    let mut written = Written::default();
    let persons = persons(of.layout, of.table);
    let mut write = |row: Row| {
        let fields = row.values.iter().zip(&definition.fields).enumerate();
        let values = fields.map(|(i, (value, field))| match (value, field.sensitive) {
            (Value::Text(sealed), true) => {
                let plain = of.keys.open(sealed)?;
                Ok(Stored::Text(if of.whole.contains(&i) { plain } else { mask(field, &plain) }))
            }
            (value, _) => Ok(cell(value)),
        });
        let values = values.collect::<anyhow::Result<Vec<_>>>()?;
        out.row(&OutRow { code: row.code.clone(), unit: row.unit, values, extra: (of.extra)(&row) })?;
        written.rows += 1;
        written.persons.extend(persons.iter().filter_map(|i| row.values[*i].as_i64()));
        written.persons.extend((of.table == PERSON).then_some(row.record_id));
        Ok(())
    };
    match of.records {
        None => query::each(tx, definition, of.scope, of.query, write)?,
        Some(records) => {
            for some in records.chunks(CHUNK) {
                let filters = vec![Filter::Records(some.iter().copied().collect())];
                let query = Query { filters, ..Query::default() };
                let mut found = query::list(tx, definition, of.scope, &query, (some.len() as i64, 0))?;
                let place: HashMap<i64, usize> = some.iter().enumerate().map(|(i, id)| (*id, i)).collect();
                found.sort_by_key(|row| place.get(&row.record_id).copied());
                found.into_iter().try_for_each(&mut write)?;
            }
        }
    }
    out.finish()?;
    Ok(written)
}

/// The template of a ledger with the rows that a scope reaches, sensitive fields masked: a mask that comes back changes
/// nothing; `named` lists the texts of fields that take one of these, `referred` the records to which fields refer. `None` where there are more rows than a template holds.
///
/// # Errors
/// When the store cannot be read or the file not written.
pub fn template(
    tx: &mut Tx<'_>,
    (layout, table): (&Layout, usize),
    scope: &Scope,
    keys: &Keys,
    (day, version): (Day, &str),
    (named, referred): (&[(usize, Vec<String>)], &[Referred]),
) -> anyhow::Result<Option<(Vec<u8>, Written)>> {
    let definition = &layout.ledgers[table];
    if query::count(tx, definition, scope, &Query::default(), None)? > MOST as i64 {
        return Ok(None);
    }
    let names = all_names(tx, layout, table)?;
    let (mut rows, mut written, persons) = (Vec::new(), Written::default(), persons(layout, table));
    query::each(tx, definition, scope, &Query::default(), |row: Row| {
        let values = row.values.iter().zip(&definition.fields).map(|(value, field)| match (value, field.sensitive) {
            (Value::Text(sealed), true) => Ok(Stored::Text(mask(field, &keys.open(sealed)?))),
            (value, _) => Ok(cell(value)),
        });
        let values = values.collect::<anyhow::Result<Vec<_>>>()?;
        written.rows += 1;
        written.persons.extend(persons.iter().filter_map(|i| row.values[*i].as_i64()));
        written.persons.extend((table == PERSON).then_some(row.record_id));
        rows.push(OutRow { code: row.code, unit: row.unit, values, extra: Vec::new() });
        Ok(())
    })?;
    let filled = Filled { rows: &rows, names: &names, named, referred };
    Ok(Some((sheet::template::made(definition, day, version, &filled)?, written)))
}

/// Positions of the fields of a ledger that name persons.
fn persons(layout: &Layout, table: usize) -> Vec<usize> {
    let kinds = layout.kinds[table].iter().enumerate();
    kinds.filter(|(_, kind)| **kind == Kind::Ref(PERSON)).map(|(i, _)| i).collect()
}

/// Names of everything that a ledger's fields may refer to.
fn all_names<'a>(tx: &mut Tx<'_>, layout: &'a Layout, table: usize) -> anyhow::Result<Names<'a>> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    let referred = layout.kinds[table].iter().filter_map(|k| if let Kind::Ref(to) = k { Some(*to) } else { None });
    for to in referred.chain([UNIT]).collect::<BTreeSet<_>>() {
        if layout.ledgers[to].derived {
            continue;
        }
        let sql = format!("select record_id from l_{}", layout.ledgers[to].name);
        wanted.insert(to, tx.rows(&sql, &[], |r| r.i64(0))?.into_iter().collect());
    }
    Ok(Names { coded: table == UNIT, ..Names::new(tx, layout, &wanted)? })
}

/// Writes every revision of every record as .csv: stored values, ids, times of recording and voiding; text that could be
/// a formula begins with `'`. Sensitive fields are left out.
///
/// # Errors
/// When the store cannot be read or the file not written.
pub fn everything<W: Write>(tx: &mut Tx<'_>, layout: &Layout, table: usize, writer: W) -> anyhow::Result<u64> {
    let ledger = &layout.ledgers[table];
    let stored: Vec<&str> =
        ledger.fields.iter().filter(|f| f.ty != FieldType::Derived && !f.sensitive).map(|f| f.name.as_str()).collect();
    let common = [
        "record_id",
        "revision",
        "record_code",
        "unit_id",
        "recorded_at",
        "recorded_by",
        "voided_at",
        "voided_by",
        "void_reason",
    ];
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(common.iter().chain(&stored))?;
    let columns: String = stored.iter().map(|f| format!(", \"{f}\"")).collect();
    let sql = format!("select {}{columns} from l_{} order by record_id, revision", common.join(", "), ledger.name);
    let mut rows = 0;
    tx.each(&sql, &[], |r| {
        let mut line = Vec::with_capacity(common.len() + stored.len());
        for i in 0..common.len() + stored.len() {
            line.push(match (r.value(i)?, i) {
                (Value::I64(at), 4 | 6) => clock::iso(at),
                (Value::I64(n), _) => n.to_string(),
                (Value::Text(t), _) => csv_text::neutral(&t).into_owned(),
                (Value::Null | Value::F64(_), _) => String::new(),
            });
        }
        csv.write_record(&line)?;
        rows += 1;
        Ok(())
    })?;
    csv.flush()?;
    Ok(rows)
}
