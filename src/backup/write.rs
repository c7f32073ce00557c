//! Writes a backup.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Content, EMPTIED, FORMAT, Hashed, Kept, MANIFEST, Manifest, SEAL, Table, files, rows, seal};
use crate::{
    attach,
    clock::{self, Moment},
    db::{ColumnType, Db, Tx},
    ledger::secret::Keys,
};

/// Writes all that is in a database and in its data directory to a file, which must not exist yet; `progress` is told
/// how many tables of how many are done. Others go on writing meanwhile: what was recorded before the call is in it.
///
/// # Errors
/// When the database cannot be read, the file is there, or it cannot be written; then nothing is left of it.
pub fn write(
    db: &Db,
    keys: &Keys,
    data: &Path,
    to: &Path,
    now: Moment,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    let mut written = None;
    // Files of records that are deleted by rule meanwhile stay until they are copied.
    let hold = if data.join("attachments").is_dir() { Some(attach::Hold::shared(data)?) } else { None };
    place(to, |file| {
        let mut zip = ZipWriter::new(BufWriter::new(file));
        let mut manifest = db.read(|tx| tables(tx, &mut zip, now, progress))?;
        // After the snapshot: a file is there before the row that names it.
        for path in files::list(data)? {
            manifest.files.push(file_member(&mut zip, data, path)?);
        }
        let text = serde_json::to_vec_pretty(&manifest)?;
        member(&mut zip, MANIFEST, |out| Ok(out.write_all(&text)?))?;
        member(&mut zip, SEAL, |out| Ok(out.write_all(seal(keys, &text).as_bytes())?))?;
        zip.finish()?.flush()?;
        written = Some(manifest);
        Ok(())
    })?;
    drop(hold);
    written.context("备份没有写完")
}

fn tables<W: Write + Seek>(
    tx: &mut Tx<'_>,
    zip: &mut ZipWriter<W>,
    now: Moment,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    let names = tx.tables()?;
    let mut tables = Vec::with_capacity(names.len());
    for (done, name) in names.iter().enumerate() {
        progress(done as u64, names.len() as u64);
        tables.push(table(tx, zip, name)?);
    }
    progress(names.len() as u64, names.len() as u64);
    Ok(Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema: tx.version()?,
        made_at: clock::iso(now.instant),
        tables,
        files: Vec::new(),
    })
}

fn table<W: Write + Seek>(tx: &mut Tx<'_>, zip: &mut ZipWriter<W>, name: &str) -> anyhow::Result<Table> {
    let columns = tx.shape(name)?;
    let empty = Content { bytes: 0, sha256: String::new() };
    let mut table = Table { name: name.to_owned(), columns, rows: 0, content: empty };
    let names: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
    // One order in both databases: the tables without a number of their own are small.
    let id = table.columns.iter().find(|c| c.ty == ColumnType::Id).map(|c| format!("\"{}\"", c.name));
    let order = id.unwrap_or_else(|| names.join(", "));
    let sql = format!("select {} from \"{name}\" order by {order}", names.join(", "));
    let (mut n, mut line) = (0, Vec::new());
    table.content = member(zip, &table.member(), |out| {
        if EMPTIED.contains(&name) {
            return Ok(());
        }
        tx.each(&sql, &[], |row| {
            rows::write(row, names.len(), &mut line)?;
            n += 1;
            Ok(out.write_all(&line)?)
        })
    })?;
    table.rows = n;
    Ok(table)
}

fn file_member<W: Write + Seek>(zip: &mut ZipWriter<W>, data: &Path, path: PathBuf) -> anyhow::Result<Kept> {
    let shown = path.display().to_string();
    let Ok(path) = path.into_os_string().into_string() else { bail!("文件名 {shown} 不是 UTF-8，备份不了") };
    let mut from = File::open(data.join(&path)).with_context(|| format!("文件 {path} 读不了"))?;
    let mut kept = Kept { path, content: Content { bytes: 0, sha256: String::new() } };
    kept.content = member(zip, &kept.member(), |out| Ok(io::copy(&mut from, out).map(|_| ())?))?;
    Ok(kept)
}

/// Writes one member.
fn member<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<Content> {
    zip.start_file(name, SimpleFileOptions::default().large_file(true).unix_permissions(0o600))?;
    let mut out = Hashed::new(zip);
    write(&mut out)?;
    Ok(out.content())
}

/// Makes a file that only its owner may read, whole or not at all: written beside its place, synced, and moved there.
pub(super) fn place(to: &Path, write: impl FnOnce(&mut File) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let shown = to.display();
    if fs::symlink_metadata(to).is_ok() {
        bail!("{shown} 已经有了，没有改动：请换一个文件名");
    }
    let directory = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let beside = tempfile::Builder::new().prefix(".dongliang-").suffix(".part").tempfile_in(directory);
    let mut file = beside.with_context(|| format!("目录 {} 写不了", directory.display()))?;
    write(file.as_file_mut()).map_err(|e| in_words(e, to))?;
    file.as_file().sync_all().map_err(|e| in_words(e.into(), to))?;
    file.persist_noclobber(to).map_err(|e| in_words(e.error.into(), to))?;
    File::open(directory).and_then(|d| d.sync_all()).with_context(|| format!("目录 {} 写不了", directory.display()))
}

/// What stopped the writing, and that nothing is left.
fn in_words(e: anyhow::Error, to: &Path) -> anyhow::Error {
    let cause = e.chain().find_map(|c| match c.downcast_ref::<zip::result::ZipError>() {
        Some(zip::result::ZipError::Io(e)) => Some(e.kind()),
        _ => c.downcast_ref::<io::Error>().map(io::Error::kind),
    });
    match cause {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge) => {
            anyhow::anyhow!("{} 写不下：磁盘已满或超过限额，没有留下不完整的文件。请腾出空间后重试", to.display())
        }
        _ => e.context(format!("{} 没有写成，没有留下不完整的文件", to.display())),
    }
}
