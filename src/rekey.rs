//! Another key: everything that is encrypted is encrypted anew with the newest key of the ring, chunk by chunk.
//!
//! The key file has the new key before this begins, and nobody else has the installation open. Each chunk is one
//! transaction: what has the newest key's prefix is done, so that a run that was killed is simply run again. The last
//! step ([`finish`]) notes in `meta` that the database now belongs to that key.
//!
//! A row that changes by this is stated anew in the log by the same transaction ([`Kind::Rekey`]), with what it hashed
//! to before: a row that somebody had changed behind the program's back is found afterwards as well.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    attach,
    audit::{self, Forms, Kind, Mark, Touched},
    auth::account,
    db::{Db, Tx, Value},
    installation::set_meta,
    intake,
    ledger::{Keys, row::quoted, secret::KEY_NUMBER},
    scope::Actor,
    sso,
};

/// Rows of one transaction.
const CHUNK: i64 = 500;
/// Rows with a value that could not be opened, of which the place is told.
const NAMED: usize = 20;

/// A row: its ledger, record and revision.
pub type Place = (String, i64, i64);

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows of ledgers.
    pub rows: u64,
    /// Secrets of second factors and of single sign-on, rows on their way in.
    pub others: u64,
    /// Rows with a value that no key opens, which stays as it is.
    pub left: u64,
    /// The first of these.
    pub stuck: Vec<Place>,
}

/// Encrypts everything anew with the newest key. `step` is called after each chunk with the rows done and those there
/// were to do; if it fails, what is done stays.
///
/// # Errors
/// When the store fails, or `step` does.
pub fn run(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    step: &mut dyn FnMut(u64, u64) -> anyhow::Result<()>,
) -> anyhow::Result<Done> {
    let prefix = keys.newest().prefix();
    let (tables, of) = db.read(|tx| tables(tx, &prefix))?;
    let mut done = Done::default();
    for table in tables {
        let mut after = 0;
        loop {
            let (t, own, by) = (table.clone(), keys.clone(), actor.clone());
            let chunk = db.write(move |tx| t.chunk(tx, &own, &by, after))?;
            let Some(last) = chunk.last else { break };
            after = last;
            done.rows += chunk.rows;
            done.left += chunk.stuck.len() as u64;
            let room = NAMED.saturating_sub(done.stuck.len());
            done.stuck.extend(chunk.stuck.into_iter().take(room));
            step(done.rows + done.left, of)?;
        }
    }
    let mut after = (0, 0);
    loop {
        let own = keys.clone();
        let chunk = db.write(move |tx| intake::reseal(tx, &own, after, CHUNK))?;
        let Some((last, changed)) = chunk else { break };
        after = last;
        done.others += changed;
        if changed > 0 {
            step(done.rows + done.left, of)?;
        }
    }
    let (own, by) = (keys.clone(), actor.clone());
    done.others += db.write(move |tx| {
        intake::batch::reseal(tx, &own)?;
        let changed = account::reseal(tx, &own)? + u64::from(sso::reseal(tx, &own)?) + attach::reseal(tx, &own)?;
        if changed > 0 {
            audit::note(tx, &by, Kind::Rekey, told(&own, &format!("{changed}个账号、单点登录和附件的密钥")));
        }
        Ok(changed)
    })?;
    Ok(done)
}

/// Notes that the database belongs to the newest key from now on.
///
/// # Errors
/// When the store cannot be written.
pub fn finish(db: &Db, keys: &Keys, actor: &Actor, done: &Done) -> anyhow::Result<()> {
    let (number, actor) = (keys.number(), actor.clone());
    let title = match done.left {
        0 => format!("全部改用第{number}把密钥"),
        left => format!("改用第{number}把密钥，{left}行打不开，没有改动"),
    };
    db.write(move |tx| {
        set_meta(tx, KEY_NUMBER, &number.to_string())?;
        audit::note(tx, &actor, Kind::Rekey, json!({ "key": number, "title": title }));
        Ok(())
    })
}

/// How many values each key still opens, of all columns of the database but the log's; of files says [`intake::held`].
///
/// # Errors
/// When the store cannot be read.
pub fn uses(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<BTreeMap<u32, u64>> {
    let mut uses: BTreeMap<u32, u64> = keys.ring().iter().map(|k| (k.number, 0)).collect();
    for table in tx.tables()?.into_iter().filter(|t| !t.starts_with("audit_")) {
        for (column, _) in tx.columns(&table)?.into_iter().filter(|(_, ty)| ty == "text") {
            let (column, table) = (quoted(&column), quoted(&table));
            for key in keys.ring() {
                let prefix = key.prefix();
                // A text of JSON holds it between quotes.
                let sql = format!(
                    "select {column} from {table} where substr({column}, 1, {}) = $1 \
                     or (substr({column}, 1, 1) = '{{' and lower({column}) like $2)",
                    prefix.len()
                );
                let params = [prefix.as_str().into(), format!("%\"{prefix}%").into()];
                tx.each(&sql, &params, |r| {
                    let text = r.text(0)?;
                    let opens = |t: &&str| t.starts_with(&prefix) && keys.opened(t).is_some();
                    let n = if text.starts_with('{') {
                        text.split('"').filter(opens).count()
                    } else {
                        usize::from(opens(&text))
                    };
                    *uses.entry(key.number).or_default() += n as u64;
                    Ok(())
                })?;
            }
        }
    }
    Ok(uses)
}

fn told(keys: &Keys, what: &str) -> serde_json::Value {
    json!({ "key": keys.number(), "title": format!("用第{}把密钥重新加密{what}", keys.number()) })
}

/// The tables with sensitive values, those of ledgers and fields that are no longer named included, and how many rows
/// have any that the newest key did not encrypt.
fn tables(tx: &mut Tx<'_>, prefix: &str) -> anyhow::Result<(Vec<Table>, u64)> {
    let (mut tables, mut of) = (Vec::new(), 0);
    for name in tx.tables()?.into_iter().filter(|t| t.starts_with("l_")) {
        let columns = tx.columns(&name)?;
        let text: Vec<&str> = columns.iter().filter(|(_, ty)| ty == "text").map(|(c, _)| c.as_str()).collect();
        let columns: Vec<String> = columns.iter().map(|(c, _)| c.clone()).filter(|c| c != "row_id").collect();
        let at = |name: &str| columns.iter().position(|c| c == name);
        // A sensitive field has its blind index beside it.
        let sealed =
            text.iter().filter_map(|c| Some((at(c)?, at(text.iter().find(|i| **i == format!("{c}_index"))?)?)));
        let table = Table { sealed: sealed.collect(), name, columns };
        if !table.sealed.is_empty() {
            let sql = format!("select count(*) from {} where {}", quoted(&table.name), table.older(prefix));
            of += tx.one(&sql, &[prefix.into()], |r| r.i64(0))?.unwrap_or(0) as u64;
            tables.push(table);
        }
    }
    Ok((tables, of))
}

/// The table of a ledger.
#[derive(Clone)]
struct Table {
    name: String,
    /// All but `row_id`.
    columns: Vec<String>,
    /// Positions of sensitive values and their indexes.
    sealed: Vec<(usize, usize)>,
}

/// One transaction of a table.
#[derive(Default)]
struct Chunk {
    /// The last row looked at; `None` at the end.
    last: Option<i64>,
    rows: u64,
    stuck: Vec<Place>,
}

impl Table {
    /// The condition of rows that another key than that of the prefix `$1` encrypted.
    fn older(&self, prefix: &str) -> String {
        let one = |(column, _): &(usize, usize)| {
            format!("substr({}, 1, {}) <> $1", quoted(&self.columns[*column]), prefix.len())
        };
        format!("({})", self.sealed.iter().map(one).collect::<Vec<_>>().join(" or "))
    }

    fn at(&self, name: &str) -> usize {
        self.columns.iter().position(|c| c == name).unwrap_or_default()
    }

    /// The next rows, and the entry that states them anew.
    fn chunk(&self, tx: &mut Tx<'_>, keys: &Keys, actor: &Actor, after: i64) -> anyhow::Result<Chunk> {
        let prefix = keys.newest().prefix();
        let select: String = self.columns.iter().map(|c| format!(", {}", quoted(c))).collect();
        let sql = format!(
            "select row_id{select} from {} where {} and row_id > $2 order by row_id limit $3",
            quoted(&self.name),
            self.older(&prefix)
        );
        let found: Vec<(i64, Vec<Value>)> = tx.rows(&sql, &[prefix.into(), after.into(), CHUNK.into()], |r| {
            Ok((r.i64(0)?, (1..=self.columns.len()).map(|i| r.value(i)).collect::<anyhow::Result<_>>()?))
        })?;
        let ledger = self.name.strip_prefix("l_").unwrap_or(&self.name);
        let columns: Vec<String> = std::iter::once("row_id".to_owned()).chain(self.columns.iter().cloned()).collect();
        let forms = Forms::read(tx, ledger, &columns)?;
        let set: Vec<String> = self
            .sealed
            .iter()
            .flat_map(|(column, index)| [column, index])
            .enumerate()
            .map(|(n, column)| format!("{} = ${}", quoted(&self.columns[*column]), n + 2))
            .collect();
        let update = format!("update {} set {} where row_id = $1", quoted(&self.name), set.join(", "));
        let mut chunk = Chunk { last: found.last().map(|(row_id, _)| *row_id), ..Chunk::default() };
        for (row_id, before) in &found {
            let number = |name: &str| before[self.at(name)].as_i64();
            let (record, revision) = (number("record_id").unwrap_or_default(), number("revision").unwrap_or_default());
            let (row, whole) = self.anew(keys, before)?;
            if !whole {
                chunk.stuck.push((ledger.to_owned(), record, revision));
            }
            if row == *before {
                continue;
            }
            let sealed = self.sealed.iter().flat_map(|(column, index)| [row[*column].clone(), row[*index].clone()]);
            tx.execute(&update, &std::iter::once((*row_id).into()).chain(sealed).collect::<Vec<Value>>())?;
            if chunk.rows == 0 {
                tx.trail().mark(&Mark::Key(keys.number()));
            }
            let of = Touched { ledger, record, revision, unit: number("unit_id") };
            tx.trail().rekey(&of, &forms, *row_id, (before, &row));
            chunk.rows += 1;
        }
        if chunk.rows > 0 {
            audit::note(tx, actor, Kind::Rekey, told(keys, &format!("{}行", chunk.rows)));
        }
        Ok(chunk)
    }

    /// The row under the newest key, and whether all its values could be opened.
    fn anew(&self, keys: &Keys, before: &[Value]) -> anyhow::Result<(Vec<Value>, bool)> {
        let (mut row, mut whole) = (before.to_vec(), true);
        for (column, index) in &self.sealed {
            let Some(sealed) = before[*column].as_text() else { continue };
            if let Some(anew) = keys.anew(sealed)? {
                row[*index] = keys.blind_index(&anew).into();
                row[*column] = anew.into();
            } else {
                whole &= keys.opened(sealed).is_some();
            }
        }
        Ok((row, whole))
    }
}
