//! Rows that are no ledger's and are held against the log nevertheless: accounts and what they may do, remedies, orders,
//! doubts, questions, tests and what was answered, papers, files, links of calendars, what is published when.
//!
//! Whoever changes such a row says so ([`guard`]); before the commit its hash, as it then stands, goes into the entry of
//! that transaction. `verify` holds each row against the entry that stated it last. An item is a row with the rows that
//! belong to it (a remedy with what happened to it), hashed together, so that none of these can be taken away or put to it.
//!
//! Left out is what changes without an act (the last login, the step of the last code, an attempt that still runs), what
//! waits to be confirmed (files on their way in), and what a person keeps for himself and nothing rests on (`recall`).

use std::sync::LazyLock;

use super::{
    canon::Form,
    entry::note,
    guard_tables::{Belongs, TABLES, Table},
    kind::Kind,
    trail::Trail,
    tree::{self, Hash},
    written::{Mark, Part, parts},
};
use crate::{
    db::{Db, Tx, Value},
    installation::{meta, set_meta},
    ledger::row::quoted,
    scope::Actor,
};

/// What is guarded. The order is that of [`Guarded::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guarded {
    /// An account with its recovery codes.
    Account,
    /// A role given to an account.
    Grant,
    /// Who acts in whose place.
    StandIn,
    /// Which subject of the provider an account is.
    Link,
    /// How accounts log in: single sign-on (0), roles with a second factor (1).
    Sso,
    /// A remedy with what happened to it.
    Remedy,
    /// An order with what happened to it.
    Supervision,
    /// A doubt and its answer.
    Doubt,
    /// A version of a question, with the correction of its key.
    Question,
    /// A test with its list, the questions that were taken out and the forms that were printed.
    Test,
    /// An attempt that is over, with its answers.
    Attempt,
    /// A paper, drafted or issued.
    Paper,
    /// A file of a record.
    File,
    /// A request for correction and its answer.
    Request,
    /// Something said about the program, and the answer.
    Feedback,
    /// A calendar that is read by a secret link.
    Calendar,
    /// A question, a lesson or a test of a day, planned or published.
    Release,
}

/// The statements and forms of a table.
struct Ready {
    form: Form,
    /// Columns selected after the key.
    one: String,
    all: String,
    keys: String,
    belongs: Vec<(Form, String, String)>,
}

static READY: LazyLock<Vec<Ready>> = LazyLock::new(|| TABLES.iter().map(Ready::of).collect());

impl Ready {
    fn of(t: &Table) -> Ready {
        let form = |name: &str, columns: &'static str| Form::new(name, columns.split_whitespace().enumerate());
        let list = |columns: &str| columns.split_whitespace().map(|c| format!(", {}", quoted(c))).collect::<String>();
        let Table { name, key, only, columns, .. } = t;
        let select = format!("select {key}{} from {name} where {only}", list(columns));
        let belongs = t.belongs.iter().map(|b| {
            let Belongs { table, to, order, columns } = b;
            let select = format!("select {to}{} from {table}", list(columns));
            let one = format!("{select} where {to} = $1 order by {order}");
            (form(table, columns), one, format!("{select} order by {to}, {order}"))
        });
        Ready {
            form: form(name, columns),
            one: format!("{select} and {key} = $1"),
            all: format!("{select} order by 1"),
            keys: format!("select {key} from {name} where {only} order by 1"),
            belongs: belongs.collect(),
        }
    }
}

impl Guarded {
    /// All of them.
    pub const ALL: [Guarded; 17] = {
        let mut all = [Guarded::Account; 17];
        let mut i = 0;
        while i < all.len() {
            all[i] = TABLES[i].guarded;
            i += 1;
        }
        all
    };

    fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    /// The table, and the word for it in an entry.
    pub fn name(self) -> &'static str {
        self.table().name
    }

    /// What people call one of them.
    pub fn title(self) -> &'static str {
        self.table().title
    }

    /// The kind of entries that tell of it.
    pub(super) fn kind(self) -> Kind {
        self.table().kind
    }

    /// The one of that word.
    pub(super) fn parse(name: &str) -> Option<Guarded> {
        Guarded::ALL.into_iter().find(|g| g.name() == name)
    }

    /// The hash of an item as it stands; `None` where it is not there.
    fn now(self, tx: &mut Tx<'_>, key: i64) -> anyhow::Result<Option<Hash>> {
        let ready = &READY[self as usize];
        let mut bytes = Vec::new();
        let params: [Value; 1] = [key.into()];
        let Some(mut hash) = tx.one(&ready.one, &params, |r| Ok(ready.form.hash(&mut bytes, |i| r.peek(i + 1))))?
        else {
            return Ok(None);
        };
        for (form, one, _) in &ready.belongs {
            let mut hashes = vec![hash];
            tx.each(one, &params, |r| {
                hashes.push(form.hash(&mut bytes, |i| r.peek(i + 1)));
                Ok(())
            })?;
            hash = tree::root(&hashes);
        }
        Ok(Some(hash))
    }

    /// All items, by key, each with its hash.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn all(self, tx: &mut Tx<'_>) -> anyhow::Result<Vec<(i64, Hash)>> {
        let ready = &READY[self as usize];
        let mut bytes = Vec::new();
        let mut items =
            tx.rows(&ready.all, &[], |r| Ok((r.i64(0)?, ready.form.hash(&mut bytes, |i| r.peek(i + 1)))))?;
        for (form, _, all) in &ready.belongs {
            let (mut open, mut hashes) = (i64::MIN, Vec::new());
            tx.each(all, &[], |r| {
                let of = r.i64(0)?;
                if of != open {
                    fold(&mut items, open, &mut hashes);
                    open = of;
                }
                hashes.push(form.hash(&mut bytes, |i| r.peek(i + 1)));
                Ok(())
            })?;
            fold(&mut items, open, &mut hashes);
        }
        Ok(items)
    }
}

/// Takes the hashes of what belongs to an item into its own; both come in the order of the keys.
fn fold(items: &mut [(i64, Hash)], of: i64, hashes: &mut Vec<Hash>) {
    if let Ok(at) = items.binary_search_by_key(&of, |(key, _)| *key) {
        hashes.insert(0, items[at].1);
        items[at].1 = tree::root(hashes);
    }
    hashes.clear();
}

/// Says that an item was made, changed or taken away in this transaction: its entry will state it as it stands at the end.
pub(crate) fn guard(tx: &mut Tx<'_>, what: Guarded, key: i64) {
    tx.trail().state(what, key);
}

/// Held by who states, so that of two who change one item the later one sees what the earlier one did (PostgreSQL). It is
/// the last lock of a transaction.
const LOCK: i64 = 0x67_7561_7264;

/// Puts what was changed into the entry of the transaction, as it stands now.
pub(super) fn finish(tx: &mut Tx<'_>, trail: &mut Trail) -> anyhow::Result<()> {
    if trail.stated.is_empty() {
        return Ok(());
    }
    tx.lock(&[LOCK])?;
    for (what, key) in std::mem::take(&mut trail.stated) {
        let hash = what.now(tx, key)?;
        trail.writing.stated(what, key, hash);
        trail.last_stated = Some(what);
    }
    Ok(())
}

/// Of which tables the log has begun to hold the rows.
const GUARDED: &str = "audit_guarded";
/// Items of one entry.
const CHUNK: usize = 2_000;

/// Notes in the transaction that makes a database that all of them are guarded from the first row on.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn begin(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    for guarded in Guarded::ALL {
        tx.trail().mark(&Mark::Guards(guarded));
    }
    noted(tx)
}

fn noted(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    set_meta(tx, GUARDED, &Guarded::ALL.map(Guarded::name).join(" "))
}

/// Takes the rows of tables that were not guarded yet as they are, once for each table. Whether that was done is asked of
/// the log, which nobody can make say otherwise, whatever `meta` says. Nobody may write meanwhile.
///
/// # Errors
/// When the store fails.
pub(super) fn adopt(db: &Db, actor: &Actor) -> anyhow::Result<()> {
    let missing = db.read(|tx| {
        let have = meta(tx, GUARDED)?.unwrap_or_default();
        let mut missing: Vec<Guarded> =
            Guarded::ALL.into_iter().filter(|g| !have.split(' ').any(|n| n == g.name())).collect();
        if !missing.is_empty() {
            let sql = "select written from audit_entry where kind in ('adopt', 'init') order by row_id";
            tx.each(sql, &[], |r| {
                for part in parts(r.text(0)?).flatten() {
                    if let Part::Mark(Mark::Guards(guarded)) = part {
                        missing.retain(|g| *g != guarded);
                    }
                }
                Ok(())
            })?;
        }
        Ok((have.is_empty() || !missing.is_empty()).then_some(missing))
    })?;
    let Some(missing) = missing else { return Ok(()) };
    let mut items = Vec::new();
    for guarded in &missing {
        let keys = db.read(|tx| tx.rows(&READY[*guarded as usize].keys, &[], |r| r.i64(0)))?;
        items.extend(keys.into_iter().map(|key| (*guarded, key)));
    }
    let mut rest = &items[..];
    loop {
        let (now, later) = rest.split_at(rest.len().min(CHUNK));
        let (now, actor, marks) = (now.to_vec(), actor.clone(), later.is_empty().then(|| missing.clone()));
        db.write(move |tx| {
            let told = serde_json::json!({ "title": "账号、角色、措施等纳入核验", "rows": now.len() });
            now.into_iter().for_each(|(what, key)| guard(tx, what, key));
            let Some(marks) = marks else {
                note(tx, &actor, Kind::Adopt, told);
                return Ok(());
            };
            if !marks.is_empty() {
                note(tx, &actor, Kind::Adopt, told);
            }
            marks.into_iter().for_each(|guarded| tx.trail().mark(&Mark::Guards(guarded)));
            noted(tx)
        })?;
        if later.is_empty() {
            return Ok(());
        }
        rest = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_stands_at_its_place() {
        for (i, guarded) in Guarded::ALL.into_iter().enumerate() {
            assert_eq!(guarded as usize, i, "{}", guarded.name());
            assert_eq!(Guarded::parse(guarded.name()), Some(guarded));
        }
    }
}
