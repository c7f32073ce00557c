//! Files on their way from a page into a ledger, sealed in the data directory: they hold what the ledgers keep encrypted.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

use crate::{installation::Installation, ledger::Keys, private};

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
    let (_, kept) = written(&dir, &sealed)?.keep()?;
    let name = kept.file_name().and_then(|n| n.to_str()).context("文件没有名称")?;
    Ok(name.to_owned())
}

fn written(dir: &Path, sealed: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().rand_bytes(24).prefix("b").tempfile_in(dir)?;
    file.write_all(sealed)?;
    file.as_file().sync_all()?;
    Ok(file)
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
    let known = installation
        .db
        .read(|tx| tx.rows("select held from import_batch where held <> ''", &[], |r| Ok(r.text(0)?.to_owned())))?;
    for entry in entries(installation.data()?)? {
        let young = |at: SystemTime| at.elapsed().is_ok_and(|age| age < ORPHAN);
        let named = entry.file_name().to_str().is_some_and(|name| known.iter().any(|k| k == name));
        if !named && !entry.metadata()?.modified().is_ok_and(young) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// How many files each key of the ring still opens.
///
/// # Errors
/// When the directory cannot be read.
pub fn uses(data: &Path, keys: &Keys) -> anyhow::Result<BTreeMap<u32, u64>> {
    let mut uses = BTreeMap::new();
    for (path, number) in sealed(data, keys)? {
        // What no key opens needs none.
        if number == keys.number() || keys.open_bytes(&fs::read(path)?).is_ok() {
            *uses.entry(number).or_default() += 1;
        }
    }
    Ok(uses)
}

/// Seals files anew with the newest key and gives how many. Nobody else may have the installation open. A crash leaves
/// each file under one key or the other.
///
/// # Errors
/// When the directory cannot be read or written.
pub fn reseal(data: &Path, keys: &Keys) -> anyhow::Result<u64> {
    let (dir, mut done) = (data.join(DIRECTORY), 0);
    for (path, _) in sealed(data, keys)?.into_iter().filter(|(_, number)| *number != keys.number()) {
        let Ok(plain) = keys.open_bytes(&fs::read(&path)?) else { continue };
        written(&dir, &keys.seal_bytes(&plain)?)?.persist(path)?;
        done += 1;
    }
    if done > 0 {
        File::open(dir)?.sync_all()?;
    }
    Ok(done)
}

/// The files, each with the number of the key that sealed it by what it begins with.
fn sealed(data: &Path, keys: &Keys) -> anyhow::Result<Vec<(PathBuf, u32)>> {
    let mut found = Vec::new();
    for entry in entries(data)? {
        let mut head = Vec::new();
        File::open(entry.path())?.take(16).read_to_end(&mut head)?;
        let key = keys.ring().iter().find(|key| head.starts_with(key.prefix().as_bytes()));
        found.extend(key.map(|key| (entry.path(), key.number)));
    }
    Ok(found)
}

fn entries(data: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(data.join(DIRECTORY)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect(),
    }
}
