//! `dongliang package apply DIR`: another package on a running installation.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Outcome, Place, check, open, progress};
use crate::{
    apply, clock,
    day::Day,
    directive::model::Package,
    installation,
    preview::{self, Change},
    scope::Actor,
    verdict::{judge::State, rejudge},
};

/// Sub-commands of `package`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 换用一套文件要求：先说会变什么，加 --yes 才改
    Apply {
        /// 文件要求所在的目录
        dir: PathBuf,
        /// 确认
        #[arg(long)]
        yes: bool,
        /// 由谁决定，记入历史
        #[arg(long, default_value = "命令行", value_name = "NAME")]
        by: String,
    },
    /// 历次装入的文件要求
    List,
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Apply { dir, yes, by } => apply_package(place, dir, *yes, by),
        Command::List => list(place),
    }
}

fn apply_package(place: &Place, dir: &Path, yes: bool, by: &str) -> anyhow::Result<Outcome> {
    let Some(package) = check::checked(Some(dir))? else { return Ok(Outcome::No) };
    let installation = open::installation(place)?;
    let current = installation.db.read(|tx| installation.current(tx))?;
    let old = current.engine.package.clone();
    if old.hash == package.hash {
        say!("这套文件要求已在使用，没有要改的");
        return Ok(Outcome::Done);
    }
    let changes = match apply::plan(Some(&old), &package) {
        Ok(changes) => changes,
        Err(refusals) => {
            say!("不能换用：");
            refusals.iter().for_each(|r| say!("  ✗ {r}"));
            return Ok(Outcome::No);
        }
    };
    say!("《{}》将有 {} 处变化：", package.directive.title, changes.len());
    changes.iter().for_each(|c| say!("  · {c}"));
    if !yes {
        foretell(&preview::run(&installation, &package)?, &old, &package, installation.clock.now().day);
        say!("尚未改动。确认后加 --yes 再运行一次");
        return Ok(Outcome::Done);
    }
    let actor = Actor { account: None, name: by.to_owned(), at: installation.clock.now().instant };
    installation.db.write(move |tx| apply::apply(tx, Some(&old), &package, &actor))?;
    let bar = progress::bar("重新判定");
    let done = rejudge::run(&installation, None, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    say!("已换用，判定 {} 个，其中 {} 行有变化", done.verdicts, done.written);
    Ok(Outcome::Done)
}

/// What the verdicts would come to, by requirement.
fn foretell(would: &[Change], old: &Package, new: &Package, today: Day) {
    let total = |of: fn(&Change) -> usize| would.iter().map(of).sum::<usize>();
    say!(
        "按现有的记录试判：{} 个判定将改变，{} 个将新增，{} 个将不再列出",
        total(Change::changed),
        total(|c| c.come),
        total(|c| c.gone)
    );
    for change in would {
        let title = |p: &Package| p.requirement(&change.requirement).map(|r| r.title.clone());
        let title = title(new).or_else(|| title(old)).unwrap_or_default();
        let moved = change.moved.iter().map(|((from, to), n)| moved(*from, *to, *n));
        let come = (change.come > 0).then(|| format!("新增 {}", change.come));
        let gone = (change.gone > 0).then(|| format!("不再列出 {}", change.gone));
        say!("  · {} {title}：{}", change.requirement, moved.chain(come).chain(gone).collect::<Vec<_>>().join("，"));
    }
    if new.directive.from > old.directive.from && total(|c| c.gone) > 0 {
        let from = new.directive.from;
        say!(
            "起算日移到{}：在此以前的期间不再列在页面上。记录都在；evaluate --window 和 --as-of、explain、判定页问到那时，仍用当时的文件要求判定",
            from.chinese()
        );
    }
    if new.directive.from > today {
        say!("起算日还没有到（今日{}）：换用以后、到那一天以前，页面上没有判定", today.chinese());
    }
}

/// `达标→未达标 3`
fn moved(from: State, to: State, n: usize) -> String {
    if from == to {
        return format!("{}而数值、目标或亮灯有变 {n}", to.chinese());
    }
    format!("{}→{} {n}", from.chinese(), to.chinese())
}

fn list(place: &Place) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let sql = "select hash, title, applied_at, applied_by from package order by row_id";
    installation.db.read(|tx| {
        let row = |r: &crate::db::Row<'_>| {
            Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.i64(2)?, r.text(3)?.to_owned()))
        };
        let rows = tx.rows(sql, &[], row)?;
        let last = rows.len();
        for (n, (hash, title, at, by)) in rows.into_iter().enumerate() {
            // An earlier package may be one that this program does not read any more; it is listed all the same.
            let from = installation::package(tx, &hash).map_or_else(|_| "--".into(), |p| p.directive.from.to_string());
            let state = if n + 1 == last { "在用" } else { "已被取代" };
            let (hash, at) = (&hash[..12.min(hash.len())], clock::chinese(at));
            say!("{hash}  {state}  {from} 起  《{title}》  {at} 由 {by} 装入");
        }
        Ok(Outcome::Done)
    })
}
