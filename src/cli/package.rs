//! `dongliang package apply DIR`: another package on a running installation.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Outcome, Place, check, open, progress};
use crate::{apply, scope::Actor, verdict::rejudge};

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

fn apply_package(place: &Place, dir: &std::path::Path, yes: bool, by: &str) -> anyhow::Result<Outcome> {
    let Some(package) = check::checked(dir)? else { return Ok(Outcome::No) };
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
        say!("尚未改动。确认后加 --yes 再运行一次");
        return Ok(Outcome::Done);
    }
    let actor = Actor { name: by.to_owned(), at: installation.clock.now().instant };
    installation.db.write(move |tx| apply::apply(tx, Some(&old), &package, &actor))?;
    let bar = progress::bar("重新判定");
    let done = rejudge::run(&installation, None, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    say!("已换用，判定 {} 个，其中 {} 行有变化", done.verdicts, done.written);
    Ok(Outcome::Done)
}

fn list(place: &Place) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let sql = "select hash, title, applied_at, applied_by from package order by row_id";
    let rows = installation.db.read(|tx| {
        tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.i64(2)?, r.text(3)?.to_owned())))
    })?;
    for (hash, title, at, by) in rows {
        say!("{}  {}  {by}  《{title}》", &hash[..12.min(hash.len())], crate::clock::chinese(at));
    }
    Ok(Outcome::Done)
}
