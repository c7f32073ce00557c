//! Reads a backup, and refuses one that is not as it was written.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    path::Path,
};

use anyhow::{Context as _, bail, ensure};
use zip::ZipArchive;

use super::{Content, FORMAT, Hashed, Kept, MANIFEST, Manifest, SEAL, Table, files, rows, seal};
use crate::{db::Value, ledger::secret::Keys};

/// The manifest is kept in memory.
const LONGEST_MANIFEST: u64 = 64 << 20;

/// A backup whose every member is as its manifest says.
pub struct Archive {
    /// What is in it.
    pub manifest: Manifest,
    zip: ZipArchive<BufReader<File>>,
}

impl Archive {
    /// Opens a backup and reads all of it once. With keys, the manifest too must be as it was written, and by an
    /// installation of these keys.
    ///
    /// # Errors
    /// The reason why it is refused.
    pub fn open(path: &Path, keys: Option<&Keys>) -> anyhow::Result<Archive> {
        let file = File::open(path).with_context(|| format!("备份文件 {} 打不开", path.display()))?;
        let refused = || format!("备份文件 {} 不能用，没有改动任何数据", path.display());
        Archive::check(file, keys).with_context(refused)
    }

    fn check(file: File, keys: Option<&Keys>) -> anyhow::Result<Archive> {
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(&e))?;
        let text = small(&mut zip, MANIFEST)?;
        if let Some(keys) = keys {
            let sealed = small(&mut zip, SEAL)? == seal(keys, &text).into_bytes();
            ensure!(sealed, "密钥与备份不配套，或备份的清单被改动");
        }
        let format: Format = serde_json::from_slice(&text).context("清单读不懂")?;
        ensure!(
            format.format <= FORMAT,
            "备份的格式是第 {} 版，本程序只认识到第 {FORMAT} 版：请换用较新的程序",
            format.format
        );
        let manifest: Manifest = serde_json::from_slice(&text).context("清单读不懂")?;
        complete(&manifest, &zip)?;
        let mut archive = Archive { manifest, zip };
        for table in archive.manifest.tables.clone() {
            archive.each_row(&table, &mut |_| Ok(()))?;
        }
        for kept in archive.manifest.files.clone() {
            archive.copy(&kept, &mut io::sink())?;
        }
        Ok(archive)
    }

    /// Gives every row of a table to `f`.
    pub(super) fn each_row(
        &mut self,
        table: &Table,
        f: &mut dyn FnMut(Vec<Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let name = table.member();
        let member = self.zip.by_name(&name).map_err(|e| damaged(&e))?;
        let mut lines = BufReader::new(Hashed::new(member));
        let (mut line, mut n) = (Vec::new(), 0);
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line).map_err(|e| unreadable(&name, &e))? == 0 {
                break;
            }
            n += 1;
            // A changed member is said to be one before its lines are looked at too closely.
            let row = rows::read(&line, &table.columns);
            if let Err(e) = row {
                io::copy(&mut lines, &mut io::sink()).map_err(|e| unreadable(&name, &e))?;
                same(&name, lines.into_inner().content(), &table.content)?;
                return Err(e.context(format!("{name} 第 {n} 行读不懂")));
            }
            f(row?)?;
        }
        same(&name, lines.into_inner().content(), &table.content)?;
        ensure!(n == table.rows, "{name} 有 {n} 行，清单上是 {} 行", table.rows);
        Ok(())
    }

    /// Writes a file.
    pub(super) fn copy(&mut self, kept: &Kept, to: &mut dyn io::Write) -> anyhow::Result<()> {
        let name = kept.member();
        let mut from = Hashed::new(self.zip.by_name(&name).map_err(|e| damaged(&e))?);
        let mut chunk = vec![0; 1 << 16];
        loop {
            let n = from.read(&mut chunk).map_err(|e| unreadable(&name, &e))?;
            if n == 0 {
                break;
            }
            to.write_all(&chunk[..n])?;
        }
        same(&name, from.content(), &kept.content)
    }
}

/// The part of a manifest that stays in every form.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// Refuses a file with other members than its manifest names, and names that lead elsewhere.
fn complete(manifest: &Manifest, zip: &ZipArchive<BufReader<File>>) -> anyhow::Result<()> {
    let plain = |name: &str| {
        !name.is_empty() && name.len() < 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    for table in &manifest.tables {
        let good = plain(&table.name) && table.columns.iter().all(|c| plain(&c.name)) && !table.columns.is_empty();
        ensure!(good, "清单里的表名或列名不对：{}", table.name);
    }
    if let Some(kept) = manifest.files.iter().find(|f| !files::is_ours(&f.path)) {
        bail!("清单里的文件路径不对：{}", kept.path);
    }
    let tables = manifest.tables.iter().map(Table::member);
    let listed = tables.chain(manifest.files.iter().map(Kept::member));
    let wanted: BTreeSet<String> = listed.chain([MANIFEST.to_owned(), SEAL.to_owned()]).collect();
    let found = zip.file_names().map(|name| Ok(name.map_err(|e| damaged(&e))?.into_owned()));
    let found: BTreeSet<String> = found.collect::<anyhow::Result<_>>()?;
    let named = manifest.tables.len() + manifest.files.len() + 2;
    ensure!(named == wanted.len(), "清单里有重复的名称");
    if let Some(missing) = wanted.difference(&found).next() {
        bail!("缺少 {missing}");
    }
    if let Some(other) = found.difference(&wanted).next() {
        bail!("多出清单上没有的 {other}");
    }
    Ok(())
}

/// A member that is held in memory.
fn small(zip: &mut ZipArchive<BufReader<File>>, name: &str) -> anyhow::Result<Vec<u8>> {
    let member = zip.by_name(name).map_err(|_| anyhow::anyhow!("缺少 {name}，不是栋梁的备份"))?;
    let mut bytes = Vec::new();
    member.take(LONGEST_MANIFEST).read_to_end(&mut bytes).map_err(|e| unreadable(name, &e))?;
    Ok(bytes)
}

fn same(name: &str, found: Content, listed: &Content) -> anyhow::Result<()> {
    ensure!(found == *listed, "{name} 与清单上的 SHA-256 不符，内容被改动或已损坏");
    Ok(())
}

fn unreadable(name: &str, e: &io::Error) -> anyhow::Error {
    anyhow::anyhow!("{name} 已损坏，读不出来（{e}）")
}

fn damaged(e: &zip::result::ZipError) -> anyhow::Error {
    match e {
        zip::result::ZipError::Io(e) if e.kind() != io::ErrorKind::UnexpectedEof => anyhow::anyhow!("读取出错：{e}"),
        _ => anyhow::anyhow!("文件不完整，或不是备份（{e}）"),
    }
}
