//! Opens what a command works on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::Place;
use crate::{
    auth::mark,
    clock::Clock,
    day::Day,
    db::Db,
    installation::{Installation, meta},
    ledger::secret::Keys,
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

/// Opens an installation that `init` or `demo` has made.
pub(super) fn installation(place: &Place) -> anyhow::Result<Installation> {
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
    let db = Db::open(&url(place))?;
    let keys = Keys::load(&keys).context("密钥文件不能用")?;
    // A day that stands is the demo's alone.
    let day = db.read(|tx| if mark::is_demo(tx, &keys)? { meta(tx, "demo_day") } else { Ok(None) })?;
    let day = day.and_then(|d| Day::parse(&d));
    Installation::new(db, keys, day.map_or(Clock::Machine, Clock::Standing))
}
