//! An entry: made from a transaction's trail at its end, and the bytes that are hashed.

use std::{collections::BTreeSet, fmt::Write as _, sync::LazyLock};

use anyhow::Context as _;
use hmac::{Hmac, KeyInit, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use super::{
    canon::Form,
    concern, former, guard,
    guard::Guarded,
    kind::Kind,
    trail::{Acts, Trail},
    tree::{self, Hash},
};
use crate::{
    db::{Peek, Tx, Value},
    org::builtin,
    scope::Actor,
};

/// The key under which the entries of an installation are sealed. It lies outside the database: who can write to the
/// database alone cannot make an entry.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

impl Seal {
    /// From a key.
    pub fn new(key: &[u8; 32]) -> Seal {
        Seal(<Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// The seal of an entry, over the hash of its facts.
    pub(super) fn of(&self, facts: &Hash) -> Hash {
        let mut mac = self.0.clone();
        mac.update(&facts.0);
        Hash(mac.finalize().into_bytes().into())
    }
}

/// What is known of an entry when it is written, in the order of [`SEALED`].
pub(super) type Facts<'a> = [Peek<'a>; 9];

/// Columns under the seal; the numbers come later.
const SEALED: [&str; 9] = ["at", "actor", "account", "kind", "ledger", "unit_id", "written", "payload_hash", "root"];
/// Columns of the leaf.
const NUMBERED: [&str; 4] = ["facts", "prints", "row_id", "seq"];

static FACTS: LazyLock<Form> = LazyLock::new(|| Form::new("facts", SEALED.into_iter().enumerate()));
static LEAF: LazyLock<Form> = LazyLock::new(|| Form::new("entry", NUMBERED.into_iter().enumerate()));

/// Hash of what is known of an entry when it is written.
pub(super) fn facts_hash(bytes: &mut Vec<u8>, facts: &Facts<'_>) -> Hash {
    FACTS.hash(bytes, |i| facts[i])
}

/// The leaf of an entry: the hash of its facts, the prints of its rows, its row and its number in the log.
pub(super) fn leaf(bytes: &mut Vec<u8>, facts: &Hash, prints: Peek<'_>, row_id: i64, seq: i64) -> Hash {
    let digits = facts.digits();
    let cells = [Peek::Text(Hash::as_str(&digits)), prints, Peek::I64(row_id), Peek::I64(seq)];
    LEAF.hash(bytes, |i| cells[i])
}

/// Hash of a payload under its salt.
pub(super) fn payload_hash(bytes: &mut Vec<u8>, salt: &str, payload: &str) -> Hash {
    bytes.clear();
    bytes.extend_from_slice(salt.as_bytes());
    bytes.extend_from_slice(payload.as_bytes());
    Hash::of(bytes)
}

/// Digits of a row's hash that are kept with an entry of several rows, so that a changed one is found among them.
pub(super) const PRINT: usize = 8;

/// Writes an entry that no row belongs to, or says what the rows of this transaction are about.
pub fn note(tx: &mut Tx<'_>, actor: &Actor, kind: Kind, payload: Json) {
    tx.trail().by(actor);
    tx.trail().tell(kind, payload);
}

/// What an entry without rows is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The ledger.
    pub ledger: Option<String>,
    /// Record id of the unit, where it is one alone: who sees that unit's entries sees this one.
    pub unit: Option<i64>,
    /// Record ids of the persons: each finds the entry under 谁看过我的档案.
    pub persons: BTreeSet<i64>,
}

/// The same, about somebody's records.
pub fn note_of(tx: &mut Tx<'_>, actor: &Actor, kind: Kind, payload: Json, about: About) {
    note(tx, actor, kind, payload);
    tx.trail().about(about);
}

/// Makes an entry of the trail, if there is one. [`crate::db::Db::write`] calls it before each commit.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn finish(tx: &mut Tx<'_>, seal: Option<&Seal>) -> anyhow::Result<()> {
    let mut trail = std::mem::take(tx.trail());
    if trail.is_empty() {
        return Ok(());
    }
    guard::finish(tx, &mut trail)?;
    write(tx, trail, seal)
}

fn write(tx: &mut Tx<'_>, trail: Trail, seal: Option<&Seal>) -> anyhow::Result<()> {
    let root = tree::root(&trail.hashes).to_string();
    let prints = (trail.hashes.len() > 1).then(|| prints(&trail.hashes));
    let ledger = trail.ledger.get();
    let (kind, mut payload) = trail.told.unwrap_or_else(|| {
        (untold(trail.acts, ledger.as_deref(), trail.last_stated), json!({ "rows": trail.hashes.len() }))
    });
    let by = trail.by.unwrap_or(Actor { account: None, name: "程序".into(), at: 0 });
    let persons = trail.persons;
    if !persons.is_empty()
        && let Json::Object(told) = &mut payload
    {
        told.insert("persons".into(), concern::text(&persons).into());
    }
    let (payload, salt, written) = (payload.to_string(), salt()?, trail.writing.finish());
    let mut bytes = Vec::new();
    let payload_hash = payload_hash(&mut bytes, &salt, &payload).to_string();
    let unit = trail.unit.get();
    let facts = [
        Peek::I64(by.at),
        Peek::Text(&by.name),
        by.account.map_or(Peek::Null, Peek::I64),
        Peek::Text(kind.as_str()),
        ledger.as_deref().map_or(Peek::Null, Peek::Text),
        unit.map_or(Peek::Null, Peek::I64),
        Peek::Text(&written),
        Peek::Text(&payload_hash),
        Peek::Text(&root),
    ];
    let mac = seal.map(|seal| seal.of(&facts_hash(&mut bytes, &facts)).to_string());
    let params: [Value; 13] = [
        by.at.into(),
        by.name.into(),
        by.account.into(),
        kind.as_str().into(),
        ledger.into(),
        unit.into(),
        written.into(),
        payload_hash.into(),
        root.into(),
        prints.into(),
        payload.into(),
        salt.into(),
        mac.into(),
    ];
    let sql = "insert into audit_entry (at, actor, account, kind, ledger, unit_id, written, payload_hash, root, prints, \
               payload, salt, mac) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning row_id";
    let row_id = tx.one(sql, &params, |r| r.i64(0)).context("操作日志写不进去")?.context("操作日志写不进去")?;
    former::keep(tx, row_id, &trail.former)?;
    concern::keep(tx, row_id, &persons)
}

/// What a transaction is about that did not say.
fn untold(acts: Acts, ledger: Option<&str>, stated: Option<Guarded>) -> Kind {
    match (acts.rows, acts.voids) {
        _ if ledger.is_some_and(builtin::is_setting) => Kind::Setting,
        (true, true) => Kind::Correct,
        (false, true) => Kind::Void,
        (false, false) => stated.map_or(Kind::Add, Guarded::kind),
        _ => Kind::Add,
    }
}

fn prints(hashes: &[Hash]) -> String {
    hashes.iter().fold(String::with_capacity(hashes.len() * PRINT), |mut all, hash| {
        let _ = write!(all, "{:08x}", hash.print());
        all
    })
}

/// 128 random bits, so that nobody can guess an erased payload from its hash.
fn salt() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
