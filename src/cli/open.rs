//! Opens what a command works on.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};

use super::Place;
use crate::{
    audit::{self, Signer},
    auth::mark,
    clock::Clock,
    day::Day,
    db::Db,
    installation::{Installation, meta},
    ledger::{
        Keys,
        key_file::{Held, Hold},
    },
    scope::Actor,
};

/// The key file in a data directory.
pub(super) fn key_file(data: &Path) -> PathBuf {
    data.join("keys")
}

/// The database's address: given, noted in the data directory when it was made, or its SQLite file.
pub(super) fn url(place: &Place) -> String {
    let noted = fs::read_to_string(place.data.join("database")).ok().map(|t| t.trim().to_owned());
    let own = || format!("sqlite:{}", place.data.join("dongliang.db").display());
    place.database.clone().or(noted.filter(|t| !t.is_empty())).unwrap_or_else(own)
}

/// The file of the key that signs checkpoints.
pub(super) fn audit_key_file(data: &Path) -> PathBuf {
    data.join("audit-key")
}

/// Opens an installation that `init` or `demo` has made.
pub(super) fn installation(place: &Place) -> anyhow::Result<Installation> {
    let mut installation = unsigned(place)?;
    let actor = Actor { account: None, name: "程序".into(), at: installation.clock.now().instant };
    audit::adopt(&installation.db, &actor)?;
    installation.signer = Some(Arc::new(signer(&installation.db, &place.data)?));
    Ok(installation)
}

/// The key that signs checkpoints; made where the log has none yet.
pub(super) fn signer(db: &Db, data: &Path) -> anyhow::Result<Signer> {
    let file = audit_key_file(data);
    let known = db.read(audit::verifier)?;
    if !file.exists() && known.is_none() {
        return Signer::create(&file);
    }
    if !file.exists() {
        bail!("缺少签名密钥文件 {}：请从备份恢复，没有它不能再签检查点", file.display());
    }
    let signer = Signer::load(&file)?;
    if known.is_some_and(|known| known != *signer.verifier()) {
        bail!("签名密钥文件 {} 与数据库不配套：请找回原来的那一个", file.display());
    }
    Ok(signer)
}

/// The same without the key that signs checkpoints.
pub(super) fn unsigned(place: &Place) -> anyhow::Result<Installation> {
    let Reached { db, keys, held, number } = reach(place, Hold::Shared)?;
    if number != keys.number() {
        bail!("更换密钥没有做完，数据没有损坏：请再运行一次 dongliang keys rotate，它会从中断处接着做");
    }
    // A day that stands is the demo's alone.
    let day = db.read(|tx| if mark::is_demo(tx, &keys)? { meta(tx, "demo_day") } else { Ok(None) })?;
    let day = day.and_then(|d| Day::parse(&d));
    let mut installation = Installation::new(db, keys, day.map_or(Clock::Machine, Clock::Standing))?;
    installation.held = Some(Arc::new(held));
    installation.directory = Some(place.data.as_path().into());
    Ok(installation)
}

/// A database with its keys.
pub(super) struct Reached {
    /// The database; entries of its log are sealed.
    pub(super) db: Db,
    /// The ring of the key file.
    pub(super) keys: Keys,
    /// The key file, held.
    pub(super) held: Held,
    /// The key to which the whole database belongs; not the newest while a change of keys is under way.
    pub(super) number: u32,
}

/// Opens the database and the key file, and refuses them if they do not go together.
pub(super) fn reach(place: &Place, hold: Hold) -> anyhow::Result<Reached> {
    let keys = key_file(&place.data);
    if !keys.exists() && place.data.join("dongliang.db").exists() {
        bail!(
            "{} 里有数据库，但缺少密钥文件 keys。请从备份恢复密钥文件；不要重新 init，没有密钥，加密的栏目读不出来",
            place.data.display()
        );
    }
    if !keys.exists() {
        bail!(
            "{} 里没有数据。请先运行 dongliang init --directive 目录，或用 --data 指明数据目录",
            place.data.display()
        );
    }
    let (keys, held) = Keys::hold(&keys, hold).context("密钥文件不能用")?;
    let db = Db::open(&url(place))?;
    let number = db.read(|tx| keys.fit(tx))?;
    db.seal_entries(keys.audit_seal());
    Ok(Reached { db, keys, held, number })
}
