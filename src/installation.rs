//! An installation: a database, the package in force and what the office has set, ready to judge.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, RwLock},
};

use anyhow::{Context as _, bail};

use crate::{
    audit::Signer,
    auth::{Reaches, mark},
    calendar::Workdays,
    clock::Clock,
    day::Day,
    db::{Db, Tx, Value},
    directive::{
        self,
        model::{Package, Setting, Value as Written},
    },
    exam::watch::Watch,
    figures::Pasts,
    intake::Board,
    ledger::{Keys, key_file::Held},
    progress::Progress,
    ratio::Ratio,
    refusals::Refusals,
    scope::Parts,
    sso,
    verdict::{compile::Given, engine::Engine, load::Shared, window::bounds},
};

/// An open installation. Clones are the same one.
#[derive(Clone)]
pub struct Installation {
    /// The database.
    pub db: Db,
    /// Keys of the sensitive fields.
    pub keys: Arc<Keys>,
    /// The clock.
    pub clock: Clock,
    /// Made by `demo`: it bears the mark of [`mark`].
    pub demo: bool,
    /// The data directory; `None` where there is only a database.
    pub directory: Option<Arc<Path>>,
    /// Signs the checkpoints of the audit log; `None` where the key is not at hand.
    pub signer: Option<Arc<Signer>>,
    /// The key file, held so that nobody changes the keys meanwhile; `None` where they lie in memory only.
    pub held: Option<Arc<Held>>,
    /// What the provider of single sign-on says of itself, as last fetched.
    pub sso: Arc<sso::Cache>,
    /// Requests that were refused and are not in the log yet.
    pub refusals: Arc<Refusals>,
    /// How far the imports under way are.
    pub board: Arc<Board>,
    /// How far the tests are that are being closed: steps of a calibration.
    pub settling: Arc<Progress>,
    /// Past periods as they were judged last.
    pub pasts: Arc<Pasts>,
    /// The time by which sittings run.
    pub watch: Arc<Watch>,
    current: Arc<RwLock<Option<Arc<Current>>>>,
}

/// A state of what is in force: hash of the package, version of the organisation and of what the office has set, the day.
pub type State = (String, i64, Day);

/// The package in force with the settings of a day, and the organisation as last read.
pub struct Current {
    /// Ready to judge.
    pub engine: Engine,
    /// The organisation of this state.
    pub organisation: Shared,
    /// Record ids of units that were succeeded up to that day, each with its successor's.
    pub heirs: Vec<(i64, i64)>,
    /// How the records of each ledger name persons.
    pub parts: Arc<Parts>,
    /// What grants reach, as far as somebody asked.
    pub reaches: Reaches,
    state: State,
}

impl Current {
    /// Which state it is.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl Installation {
    /// An installation on an open database.
    ///
    /// # Errors
    /// When the database holds no package.
    pub fn new(db: Db, keys: Keys, clock: Clock) -> anyhow::Result<Installation> {
        db.seal_entries(keys.audit_seal());
        let demo = db.read(|tx| mark::is_demo(tx, &keys))?;
        let (keys, current) = (Arc::new(keys), Arc::new(RwLock::new(None)));
        let (directory, signer, held) = (None, None, None);
        let (sso, refusals, board) = (Arc::default(), Arc::default(), Arc::default());
        let (watch, pasts, settling) = (Arc::default(), Arc::default(), Arc::default());
        let installation = Installation {
            db,
            keys,
            clock,
            demo,
            directory,
            signer,
            held,
            sso,
            refusals,
            board,
            settling,
            pasts,
            watch,
            current,
        };
        installation.db.read(|tx| installation.current(tx).map(|_| ()))?;
        Ok(installation)
    }

    /// The data directory, for what does not go into the database.
    ///
    /// # Errors
    /// When there is none.
    pub fn data(&self) -> anyhow::Result<&Path> {
        self.directory.as_deref().context("没有数据目录，文件存不下来")
    }

    /// What is in force now, read again only when the package, the organisation, a setting or the day has changed.
    ///
    /// # Errors
    /// When the store cannot be read or the stored package does not load.
    pub fn current(&self, tx: &mut Tx<'_>) -> anyhow::Result<Arc<Current>> {
        let current = self.current_in_write(tx)?;
        if let Ok(mut slot) = self.current.write() {
            *slot = Some(Arc::clone(&current));
        }
        Ok(current)
    }

    /// The same inside a write: what is read there may yet be rolled back, so it is not kept for others.
    ///
    /// # Errors
    /// As [`Installation::current`].
    pub fn current_in_write(&self, tx: &mut Tx<'_>) -> anyhow::Result<Arc<Current>> {
        let day = self.clock.now().day;
        let hash = meta(tx, "package")?.context("数据库里还没有文件要求，请先运行 dongliang init")?;
        let version = org_version(tx)?;
        let state = (hash, version, day);
        if let Some(current) = self.cached().filter(|c| c.state == state) {
            return Ok(current);
        }
        let package = match self.cached().filter(|c| c.state.0 == state.0) {
            Some(same) => Arc::clone(&same.engine.package),
            None => Arc::new(package(tx, &state.0)?),
        };
        let (given, workdays) = given(tx, &package, day, None)?;
        let engine = Engine::new(package, given, workdays)?;
        let organisation = engine.read_organisation(tx, None)?;
        let (heirs, parts) = (heirs(tx, day)?, Arc::new(Parts::of(&engine.layout.ledgers)));
        Ok(Arc::new(Current { engine, organisation, heirs, parts, reaches: Reaches::default(), state }))
    }

    /// What judges a window (`None`: all) as of a day, by what was known at an instant (`None`: everything known now).
    /// What lies before the package in force begins is judged by the one that came before it, so that a closed year can
    /// still be asked about.
    ///
    /// # Errors
    /// As [`Installation::current`]; and where an earlier package names columns that have since been renamed.
    pub fn at(
        &self,
        tx: &mut Tx<'_>,
        day: Day,
        known_at: Option<i64>,
        window: Option<&str>,
    ) -> anyhow::Result<Arc<Current>> {
        let current = self.current(tx)?;
        let begins = window.and_then(|w| bounds(w.trim_start_matches("by "))).map(|(from, _)| from);
        let earlier = earlier(tx, &current.engine.package, begins.unwrap_or(day).min(day))?;
        if earlier.is_none() && day == self.clock.now().day && known_at.is_none() {
            return Ok(current);
        }
        let package = earlier.map_or_else(|| Arc::clone(&current.engine.package), Arc::new);
        let (given, workdays) = given(tx, &package, day, known_at)?;
        let state = (package.hash.clone(), org_version(tx)?, day);
        let engine = Engine::new(package, given, workdays)?;
        let organisation = engine.read_organisation(tx, known_at)?;
        let (heirs, parts) = (heirs(tx, day)?, Arc::new(Parts::of(&engine.layout.ledgers)));
        Ok(Arc::new(Current { engine, organisation, heirs, parts, reaches: Reaches::default(), state }))
    }

    /// What would be in force today with other settings and names: kept for nobody.
    ///
    /// # Errors
    /// As [`Installation::current`].
    pub fn tried(&self, tx: &mut Tx<'_>, with: impl FnOnce(&mut Given)) -> anyhow::Result<Arc<Current>> {
        let now = self.current(tx)?;
        let mut given = now.engine.given.clone();
        with(&mut given);
        let engine = Engine::new(Arc::clone(&now.engine.package), given, now.engine.workdays.clone())?;
        let organisation = engine.read_organisation(tx, None)?;
        let (heirs, parts, state) = (now.heirs.clone(), Arc::clone(&now.parts), now.state.clone());
        Ok(Arc::new(Current { engine, organisation, heirs, parts, reaches: Reaches::default(), state }))
    }

    fn cached(&self) -> Option<Arc<Current>> {
        self.current.read().ok()?.clone()
    }
}

fn heirs(tx: &mut Tx<'_>, day: Day) -> anyhow::Result<Vec<(i64, i64)>> {
    let sql = "select unit_id, \"successor\" from l_succession \
               where voided_at is null and \"day\" <= $1 and unit_id is not null and \"successor\" is not null";
    tx.rows(sql, &[day.into()], |r| Ok((r.i64(0)?, r.i64(1)?)))
}

/// The package that was in force on a day before `current` begins: of those that came before it, the last that had begun.
/// `None` where `current` had begun itself, or none had.
fn earlier(tx: &mut Tx<'_>, current: &Package, day: Day) -> anyhow::Result<Option<Package>> {
    if day >= current.directive.from {
        return Ok(None);
    }
    let mut newer = current.clone();
    let hashes = tx.rows("select hash from package order by row_id desc", &[], |r| Ok(r.text(0)?.to_owned()))?;
    for hash in hashes.into_iter().skip_while(|h| *h != current.hash).skip(1) {
        let older = package(tx, &hash)?;
        if renames(&newer, &older) {
            bail!("{}以后有台账或栏目改了名，不能再按当时的文件要求判定", day.chinese());
        }
        if older.directive.from <= day {
            return Ok(Some(older));
        }
        newer = older;
    }
    Ok(None)
}

/// Whether a package gives a ledger or a column another name than the one before it did.
fn renames(newer: &Package, older: &Package) -> bool {
    newer.ledgers.iter().any(|l| {
        let before = l.was.as_deref().filter(|was| older.ledger(was).is_some());
        let ledger = older.ledger(before.unwrap_or(&l.name));
        before.is_some()
            || l.fields
                .iter()
                .any(|f| f.was.as_deref().is_some_and(|was| ledger.is_some_and(|o| o.field(was).is_some())))
    })
}

/// The package with that hash.
///
/// # Errors
/// When it is not stored, or does not load any more.
pub fn package(tx: &mut Tx<'_>, hash: &str) -> anyhow::Result<Package> {
    let sql = "select files from package where hash = $1 order by row_id desc";
    let files = tx.one(sql, &[hash.into()], |r| Ok(r.text(0)?.to_owned()))?.context("数据库里缺少现行的文件要求")?;
    let files: BTreeMap<String, String> = serde_json::from_str(&files)?;
    match directive::load_files(files) {
        Ok((package, _, _)) => Ok(package),
        Err(found) => anyhow::bail!(
            "数据库里的文件要求不能用本程序读取：{}",
            found.first().map_or_else(String::new, |d| d.message.clone())
        ),
    }
}

/// A fact about the installation.
///
/// # Errors
/// When the store cannot be read.
pub fn meta(tx: &mut Tx<'_>, key: &str) -> anyhow::Result<Option<String>> {
    tx.one("select value from meta where key = $1", &[key.into()], |r| Ok(r.text(0)?.to_owned()))
}

/// Sets a fact about the installation.
///
/// # Errors
/// When the store cannot be written.
pub fn set_meta(tx: &mut Tx<'_>, key: &str, value: &str) -> anyhow::Result<()> {
    let sql = "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
    tx.execute(sql, &[key.into(), value.into()])?;
    Ok(())
}

/// Which state of the organisation and of the settings the store is in.
///
/// # Errors
/// When the store cannot be read.
pub fn org_version(tx: &mut Tx<'_>) -> anyhow::Result<i64> {
    Ok(meta(tx, "org_version")?.and_then(|v| v.parse().ok()).unwrap_or(0))
}

/// Marks that the organisation or a setting has changed.
///
/// # Errors
/// When the store cannot be written.
pub fn org_changed(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    // In one statement: two who change it at once must not come to the same number.
    let sql = "insert into meta (key, value) values ('org_version', '1') on conflict (key) \
               do update set value = cast(cast(meta.value as bigint) + 1 as text)";
    tx.execute(sql, &[]).map(|_| ())
}

/// The package's settings, slots and calendar with what the office has recorded on top, as of a day and as known.
///
/// # Errors
/// When the store cannot be read.
pub fn given(
    tx: &mut Tx<'_>,
    package: &Package,
    as_of: Day,
    known_at: Option<i64>,
) -> anyhow::Result<(Given, Workdays)> {
    let mut given = Given::of(package);
    let mut workdays = package.workdays.clone();
    let (known, mut params): (_, Vec<Value>) = match known_at {
        None => ("voided_at is null", vec![]),
        Some(at) => ("recorded_at <= $1 and (voided_at is null or voided_at > $1)", vec![at.into()]),
    };
    let calendar = format!("select \"day\", \"works\" from l_workday where {known} order by row_id");
    tx.each(&calendar, &params, |r| {
        if let (Some(day), Some(works)) = (r.opt_text(0)?.and_then(Day::parse), r.opt_i64(1)?) {
            workdays.mark(day, works == 1);
        }
        Ok(())
    })?;
    params.push(as_of.to_string().into());
    let n = params.len();
    let settings = format!(
        "select \"name\", \"value\" from l_setting where {known} and \"from\" <= ${n} order by \"from\", row_id"
    );
    tx.each(&settings, &params, |r| {
        let values = r.opt_text(1)?.unwrap_or_default();
        given.settings.insert(r.text(0)?.to_owned(), setting(values));
        Ok(())
    })?;
    let slots = format!(
        "select \"slot\", \"name\" from l_slot_member where {known} and \"from\" <= ${n} order by \"from\", row_id"
    );
    tx.each(&slots, &params, |r| {
        let (slot, name) = (r.text(0)?.to_owned(), r.text(1)?.to_owned());
        if let Some(slots) = given.slots.get_mut(&slot)
            && !slots.named.contains(&name)
        {
            slots.named.push(name);
        }
        Ok(())
    })?;
    Ok((given, workdays))
}

/// A setting as typed: several values apart by `|`, empty for none.
pub fn setting(text: &str) -> Option<Setting> {
    let values = text.split('|').map(str::trim).filter(|t| !t.is_empty()).map(|t| {
        Day::parse(t)
            .map(Written::Day)
            .or_else(|| Ratio::parse_decimal(t).map(Written::Number))
            .unwrap_or(Written::Text(t.into()))
    });
    let values: Vec<Written> = values.collect();
    if values.is_empty() { None } else { Some(Setting { values }) }
}
