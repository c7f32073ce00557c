//! `dongliang demo`: a fictional city in `./demo`, judged and served; a second run starts on the data that is there.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Outcome, Place, check, misuse, moment, open, progress, serve, usage};
use crate::{
    apply, audit,
    auth::mark,
    clock::{Clock, start_of_day},
    day::Day,
    db::Db,
    demo,
    directive::model::Package,
    installation::{Installation, meta, set_meta},
    ledger::secret::{Cipher, Keys},
    private,
    scope::Actor,
    verdict::rejudge,
    web::Listen,
};

/// The demo's day unless another is asked for.
const TODAY: &str = "2025-10-20";

/// The days that it may stand at: the year of its facts, and the year in which they close.
const DAYS: [&str; 2] = ["2025-01-01", "2026-12-31"];
/// Persons and seed unless others are asked for.
const USUAL: (usize, u64) = (1000, 1);

/// Options of `demo`.
#[derive(Args)]
pub(super) struct Options {
    /// 多少名干部（缺省 1000）
    #[arg(long, value_name = "N", value_parser = usage::people)]
    people: Option<usize>,
    /// 随机数种子；同一种子得到同一座城市（缺省 1）
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// 演示日期（缺省 2025-10-20）
    #[arg(long, value_name = "DAY")]
    today: Option<String>,
    /// 只生成，不提供网页
    #[arg(long)]
    no_serve: bool,
    /// 在哪个地址上提供网页
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR", value_parser = usage::address)]
    listen: SocketAddr,
    /// 文件要求所在的目录（缺省 directives/2025，没有时用程序自带的那一份）
    #[arg(long, value_name = "DIR")]
    directive: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    serve::check(&Listen::loopback(options.listen))?;
    let place = Place { data: demo_dir(place), ..place.clone() };
    let today = options.today.as_deref().map(day).transpose()?;
    if !place.data.join("ready").exists() {
        create(&place, options, today.or(Day::parse(TODAY)).unwrap_or_default())?;
    }
    let installation = move_to(&place, options, today)?;
    if options.no_serve {
        return Ok(Outcome::Done);
    }
    serve::serve(installation, &Listen::loopback(options.listen))
}

/// A day on which the city has something to show.
fn day(text: &str) -> anyhow::Result<Day> {
    let day = moment::day(text)?;
    let [first, last] = DAYS.map(|d| Day::parse(d).unwrap_or_default());
    if day < first || day > last {
        return Err(misuse(format!("演示数据是 2025 年的，演示日期应在 {first} 到 {last} 之间，不能是 {day}")));
    }
    Ok(day)
}

/// `./demo` unless a data directory is given.
fn demo_dir(place: &Place) -> PathBuf {
    if place.data == Path::new("data") { PathBuf::from("demo") } else { place.data.clone() }
}

/// Makes the city. What an interrupted run left is begun anew.
fn create(place: &Place, options: &Options, today: Day) -> anyhow::Result<()> {
    let started = Instant::now();
    let (people, seed) = (options.people.unwrap_or(USUAL.0), options.seed.unwrap_or(USUAL.1));
    let Some((package, ..)) = check::load(options.directive.as_deref())? else { bail!("文件要求装不进来") };
    if place.data.exists() {
        if !place.data.join("demo-unfinished").exists() {
            bail!("{} 里有别的数据，没有改动。请换一个目录：--data 目录", place.data.display());
        }
        fs::remove_dir_all(&place.data).with_context(|| format!("目录 {} 清不掉", place.data.display()))?;
    }
    private::create_dir(&place.data).with_context(|| format!("目录 {} 建不了", place.data.display()))?;
    fs::write(place.data.join("demo-unfinished"), "")?;
    let db = Db::open(&open::url(place))?;
    if db.read(|tx| meta(tx, "package"))?.is_some() {
        bail!("这个数据库里已经有数据，没有改动。演示数据请用空的数据库");
    }
    let keys = Keys::create(&open::key_file(&place.data), Cipher::XChaCha20)?;
    if let Some(url) = &place.database {
        // It may hold a password.
        private::create(&place.data.join("database"))?.write_all(url.as_bytes())?;
    }
    db.seal_entries(keys.audit_seal());
    install(&db, &package, &keys, (people, seed), today)?;
    let bar = progress::bar("生成演示城市");
    let now = Clock::Standing(today).now();
    let made = demo::fill(&db, &package, &keys, seed, people, None, now, &mut |n, of| progress::show(&bar, n, of));
    bar.finish_and_clear();
    made?;
    let installation = Installation::new(db, keys, Clock::Standing(today))?;
    demo::identities(&installation, package.directive.from)?;
    let bar = progress::bar("逐条判定");
    let judged = rejudge::run(&installation, None, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    demo::remedies(&installation)?;
    demo::matters(&installation)?;
    demo::tests(&installation, seed)?;
    demo::releases(&installation, seed)?;
    rejudge::note_months(&installation)?;
    audit::checkpoint(&installation.db, &open::signer(&installation.db, &place.data)?)?;
    fs::rename(place.data.join("demo-unfinished"), place.data.join("ready"))?;
    say!(
        "演示城市已建好：{} 个判定，用时 {:.1} 秒（目录 {}）",
        judged.verdicts,
        started.elapsed().as_secs_f64(),
        place.data.display()
    );
    Ok(())
}

fn install(db: &Db, package: &Package, keys: &Keys, (people, seed): (usize, u64), today: Day) -> anyhow::Result<()> {
    let (package, keys) = (package.clone(), keys.clone());
    db.write(move |tx| {
        mark::set(tx, &keys)?;
        keys.bind(tx)?;
        let at = start_of_day(package.directive.from);
        apply::apply(tx, None, &package, &Actor { account: None, name: "演示".into(), at })?;
        set_meta(tx, "demo_day", &today.to_string())?;
        set_meta(tx, "demo_seed", &seed.to_string())?;
        set_meta(tx, "demo_people", &people.to_string())
    })
}

/// Opens the city, and moves its day forward where another is asked for: what was recorded until then comes in.
fn move_to(place: &Place, options: &Options, today: Option<Day>) -> anyhow::Result<Installation> {
    let installation = open::installation(place)?;
    if !installation.demo {
        bail!("{} 里不是本版本建的演示数据。请删去这个目录再运行，或换一个目录：--data 目录", place.data.display());
    }
    let (stands, seed, people) =
        installation.db.read(|tx| Ok((meta(tx, "demo_day")?, meta(tx, "demo_seed")?, meta(tx, "demo_people")?)))?;
    let stands = stands.as_deref().and_then(Day::parse).context("这不是演示数据")?;
    let seed: u64 = seed.and_then(|s| s.parse().ok()).context("这不是演示数据")?;
    let people: usize = people.and_then(|p| p.parse().ok()).context("这不是演示数据")?;
    if options.people.is_some_and(|p| p != people) || options.seed.is_some_and(|s| s != seed) {
        return Err(misuse(format!(
            "目录 {} 里的演示城市有 {people} 名干部、种子是 {seed}，不能再改。要另一座城市，请用 --data 换一个目录，或删去这个目录再运行",
            place.data.display()
        )));
    }
    let Some(today) = today.filter(|t| *t != stands) else { return Ok(installation) };
    if today < stands {
        bail!(
            "演示日期只能向后移：现在是 {}。要回到 {}，请删去目录 {} 再运行，或在判定页上按那一天查看",
            stands.chinese(),
            today.chinese(),
            place.data.display()
        );
    }
    let package = installation.db.read(|tx| Ok(installation.current(tx)?.engine.package.clone()))?;
    let bar = progress::bar("推进演示日期");
    let now = Clock::Standing(today).now();
    demo::fill(&installation.db, &package, &installation.keys, seed, people, Some(stands), now, &mut |n, of| {
        progress::show(&bar, n, of)
    })?;
    bar.finish_and_clear();
    installation.db.write(move |tx| {
        crate::installation::org_changed(tx)?;
        set_meta(tx, "demo_day", &today.to_string())
    })?;
    drop(installation);
    let installation = open::installation(place)?;
    let bar = progress::bar("逐条判定");
    rejudge::run(&installation, None, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    Ok(installation)
}
