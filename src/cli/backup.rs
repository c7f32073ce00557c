//! `dongliang backup FILE [--keys FILE]`: all that an installation holds, while others go on working.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::{Outcome, Place, open, progress};
use crate::{
    audit::{self, Kind},
    backup,
    clock::Clock,
    scope::Actor,
};

/// Options of `backup`.
#[derive(Args)]
pub(super) struct Options {
    /// 写到哪个文件（.zip），不能已经存在
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 密钥写到哪个文件；不要与备份放在一处
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let bar = progress::bar("备份");
    // When it was made, not the day at which a demo stands.
    let now = Clock::Machine.now();
    let (db, keys) = (&installation.db, &installation.keys);
    let made = backup::write(db, keys, &place.data, &options.file, now, &mut |n, of| progress::show(&bar, n, of));
    bar.finish_and_clear();
    let made = made?;
    let actor = Actor { name: "命令行".into(), at: now.instant, account: None };
    let told = json!({ "rows": made.rows(), "file": options.file.display().to_string() });
    db.write(move |tx| {
        audit::note(tx, &actor, Kind::Export, told);
        Ok(())
    })?;
    say!(
        "已备份 {} 张表、{} 行、{} 个文件到 {}",
        made.tables.len(),
        made.rows(),
        made.files.len(),
        options.file.display()
    );
    if let Some(keys) = &options.keys {
        backup::write_keys(&place.data, keys).context("备份已写好，但密钥没有写成")?;
        say!("密钥已写到 {}，请与备份分开保管：谁两样都有，谁就能读出加密的栏目", keys.display());
    } else {
        let [keys, signs] = [open::key_file(&place.data), open::audit_key_file(&place.data)];
        say!("密钥不在备份里。没有 {} 和 {} 就不能使用恢复的数据，请另行保管", keys.display(), signs.display());
    }
    Ok(Outcome::Done)
}
