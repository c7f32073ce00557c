//! Files on their way from a page into a ledger, sealed in the data directory: they hold what the ledgers keep encrypted.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

use crate::{installation::Installation, private};

/// Where they lie, in the data directory.
const DIRECTORY: &str = "imports";
/// What has no batch after this time never gets one.
const ORPHAN: Duration = Duration::from_secs(3600);

fn path(installation: &Installation, name: &str) -> anyhow::Result<PathBuf> {
    Ok(installation.data()?.join(DIRECTORY).join(name))
}

/// Keeps a file and gives the name under which it lies.
///
/// # Errors
/// When it cannot be read or written.
pub fn keep(installation: &Installation, file: &Path) -> anyhow::Result<String> {
    let sealed = installation.keys.seal_bytes(&fs::read(file)?)?;
    let dir = installation.data()?.join(DIRECTORY);
    private::create_dir(&dir)?;
    let mut kept = tempfile::Builder::new().rand_bytes(24).prefix("b").tempfile_in(&dir)?;
    kept.write_all(&sealed)?;
    kept.as_file().sync_all()?;
    let (_, kept) = kept.keep()?;
    let name = kept.file_name().and_then(|n| n.to_str()).context("文件没有名称")?;
    Ok(name.to_owned())
}

/// The bytes of a file that was kept.
///
/// # Errors
/// When it is gone, or was changed.
pub fn open(installation: &Installation, name: &str) -> anyhow::Result<Vec<u8>> {
    installation.keys.open_bytes(&fs::read(path(installation, name)?)?)
}

/// Takes a file away; one that is gone already is no matter.
///
/// # Errors
/// When the directory cannot be written.
pub fn remove(installation: &Installation, name: &str) -> anyhow::Result<()> {
    match fs::remove_file(path(installation, name)?) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// Takes away files that no batch names, as a process leaves them that ended between the two.
///
/// # Errors
/// When the directory or the store cannot be read.
pub fn sweep(installation: &Installation) -> anyhow::Result<()> {
    let entries = match fs::read_dir(installation.data()?.join(DIRECTORY)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let known = installation
        .db
        .read(|tx| tx.rows("select held from import_batch where held <> ''", &[], |r| Ok(r.text(0)?.to_owned())))?;
    for entry in entries {
        let entry = entry?;
        let young = |at: SystemTime| at.elapsed().is_ok_and(|age| age < ORPHAN);
        let named = entry.file_name().to_str().is_some_and(|name| known.iter().any(|k| k == name));
        if !named && !entry.metadata()?.modified().is_ok_and(young) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
