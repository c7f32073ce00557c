//! Writes a backup into an empty place: all of it, or nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};

use super::{Archive, Manifest, Table};
use crate::{
    db::{ColumnType, Db, Tx},
    installation::{self, meta},
    ledger::{schema, secret::Keys},
    org::builtin,
    private,
    verdict::{compile::Given, engine::Engine},
};

/// Rows that are written at a time.
const CHUNK: usize = 2_000;

/// The database file in a data directory.
const OWN: &str = "dongliang.db";

/// Where a backup goes.
pub struct Target {
    /// The data directory: missing, or empty.
    pub data: PathBuf,
    /// Address of an empty database; `None` for a SQLite file in the data directory.
    pub database: Option<String>,
    /// The key files, by name.
    pub keys: BTreeMap<String, String>,
}

impl Archive {
    /// Makes the data directory and the database.
    ///
    /// # Errors
    /// When the place is not empty, the backup is of a newer program, or something cannot be written; then nothing is
    /// left.
    pub fn restore(mut self, target: Target, keys: Option<Keys>) -> anyhow::Result<Manifest> {
        vacant(&target.data)?;
        let parent = target.data.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        private::create_dir(parent).with_context(|| format!("目录 {} 建不了", parent.display()))?;
        let own = fs::Permissions::from_mode(0o700);
        let beside = tempfile::Builder::new().prefix(".dongliang-").suffix(".part").permissions(own).tempdir_in(parent);
        let beside = beside.with_context(|| format!("目录 {} 写不了", parent.display()))?;
        self.data_directory(beside.path(), &target)?;
        let manifest = self.manifest.clone();
        let Target { data, database, .. } = target;
        if let Some(own) = own_file(&data, database.as_deref()) {
            let url = format!("sqlite:{}", beside.path().join(own).display());
            let db = Db::build(&url, manifest.schema, move |tx| self.load(tx, keys.as_ref()), |_| Ok(()))?;
            // Its log is folded into the file.
            drop(db);
            move_to(beside.path(), &data)?;
        } else if let Some(url) = database {
            self.elsewhere(&url, beside.path(), &data, keys)?;
        }
        Ok(manifest)
    }

    /// Fills a database that does not lie in the data directory. The directory takes its place before the database
    /// commits, so that neither is there without the other.
    fn elsewhere(mut self, url: &str, beside: &Path, data: &Path, keys: Option<Keys>) -> anyhow::Result<()> {
        let fresh = url.strip_prefix("sqlite:").map(PathBuf::from).filter(|f| !f.exists());
        let (from, to, version) = (beside.to_owned(), data.to_owned(), self.manifest.schema);
        let load = move |tx: &mut Tx<'_>| self.load(tx, keys.as_ref());
        let built = Db::build(url, version, load, move |_| move_to(&from, &to)).map(|_| ());
        if built.is_err() {
            if !beside.exists() {
                let _ = fs::remove_dir_all(data);
            }
            for file in fresh.iter().flat_map(|f| ["", "-wal", "-shm"].map(|end| with_end(f, end))) {
                let _ = fs::remove_file(file);
            }
        }
        built
    }

    /// All of the data directory but a database.
    fn data_directory(&mut self, at: &Path, target: &Target) -> anyhow::Result<()> {
        let write = |name: &str, content: &mut dyn FnMut(&mut File) -> anyhow::Result<()>| {
            let path = at.join(name);
            let mut written = || -> anyhow::Result<()> {
                path.parent().map_or(Ok(()), private::create_dir)?;
                let mut file = private::create(&path)?;
                content(&mut file)?;
                Ok(file.sync_all()?)
            };
            written().with_context(|| format!("文件 {name} 写不了"))
        };
        for (name, text) in &target.keys {
            write(name, &mut |file| Ok(file.write_all(text.as_bytes())?))?;
        }
        if let Some(url) = &target.database {
            // It may hold a password.
            write("database", &mut |file| Ok(file.write_all(url.as_bytes())?))?;
        }
        for kept in self.manifest.files.clone() {
            write(&kept.path, &mut |file| self.copy(&kept, file))?;
        }
        Ok(())
    }

    /// Fills a database that has the fixed tables of the backup's version.
    fn load(&mut self, tx: &mut Tx<'_>, keys: Option<&Keys>) -> anyhow::Result<()> {
        let tables = self.manifest.tables.clone();
        let fixed = tx.tables()?;
        for table in &tables {
            prepare(tx, table, &fixed)?;
        }
        if let Some(missing) = fixed.iter().find(|f| !tables.iter().any(|t| t.name == **f)) {
            bail!("备份里缺少表 {missing}");
        }
        for table in &tables {
            let mut rows = Vec::with_capacity(CHUNK);
            self.each_row(table, &mut |row| {
                rows.push(row);
                if rows.len() < CHUNK {
                    return Ok(());
                }
                tx.load(&table.name, &table.columns, &std::mem::take(&mut rows))
            })?;
            tx.load(&table.name, &table.columns, &rows)?;
            if let Some(id) = table.columns.iter().find(|c| c.ty == ColumnType::Id) {
                tx.go_on_behind(&table.name, &id.name)?;
            }
        }
        keys.map_or(Ok(()), |keys| keys.bind(tx))?;
        indexes(tx)?;
        tx.analyze()
    }
}

/// Makes the table of a ledger, or empties a fixed one, which must have the columns of the backup.
fn prepare(tx: &mut Tx<'_>, table: &Table, fixed: &[String]) -> anyhow::Result<()> {
    if !fixed.contains(&table.name) {
        ensure!(table.name.starts_with("l_"), "备份里的表 {} 不认识", table.name);
        return tx.make(&table.name, &table.columns);
    }
    let sorted = |columns: &[crate::db::Column]| {
        let mut all: Vec<(String, ColumnType)> = columns.iter().map(|c| (c.name.clone(), c.ty)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    ensure!(sorted(&tx.shape(&table.name)?) == sorted(&table.columns), "表 {} 的列与备份不同", table.name);
    tx.execute(&format!("delete from \"{}\"", table.name), &[]).map(|_| ())
}

/// The indexes of the ledgers, as the package in force asks for them.
fn indexes(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    let Some(hash) = meta(tx, "package")? else { return Ok(()) };
    let package = Arc::new(installation::package(tx, &hash)?);
    let engine = Engine::new(Arc::clone(&package), Given::of(&package), package.workdays.clone())?;
    let wanted = engine.indexes();
    for ledger in builtin::ledgers().iter().chain(&package.ledgers) {
        schema::create(tx, ledger, wanted.get(&ledger.name).map_or(&[], Vec::as_slice))?;
    }
    Ok(())
}

/// The name of the database's file where it lies in the data directory.
fn own_file(data: &Path, database: Option<&str>) -> Option<PathBuf> {
    let Some(url) = database else { return Some(OWN.into()) };
    let path = Path::new(url.strip_prefix("sqlite:")?);
    path.parent().filter(|p| *p == data).and(path.file_name()).map(PathBuf::from)
}

/// Refuses a directory that holds anything.
fn vacant(data: &Path) -> anyhow::Result<()> {
    let shown = data.display();
    let mut entries = match fs::read_dir(data) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("目录 {shown} 读不了"))?,
    };
    ensure!(entries.next().is_none(), "{shown} 里已经有数据，没有改动：恢复只写到空目录，请用 --data 换一个");
    Ok(())
}

/// Gives a whole directory its place, in one step and for good.
fn move_to(from: &Path, to: &Path) -> anyhow::Result<()> {
    let moved = || -> std::io::Result<()> {
        File::open(from)?.sync_all()?;
        fs::rename(from, to)?;
        let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()
    };
    moved().with_context(|| format!("目录 {} 放不到位（挂载点请用其中的子目录）", to.display()))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
