//! `dongliang restore FILE [--keys FILE]`: a backup into an empty place, whole or not at all.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;

use super::{Outcome, Place, open};
use crate::{
    backup::{self, Archive, Target},
    ledger::secret::Keys,
};

/// Options of `restore`.
#[derive(Args)]
pub(super) struct Options {
    /// 备份文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 备份时写出的密钥文件；有了它，备份是否被改动也一并核对
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let files = options.keys.as_deref().map_or(Ok(BTreeMap::new()), backup::read_keys)?;
    let keys = files.get("keys").map(|text| Keys::parse(text)).transpose()?;
    let archive = Archive::open(&options.file, keys.as_ref())?;
    let target = Target { data: place.data.clone(), database: place.database.clone(), keys: files };
    let made = archive.restore(target, keys)?;
    say!(
        "已恢复 {} 时的备份：{} 张表、{} 行、{} 个文件，到 {}",
        made.made_at,
        made.tables.len(),
        made.rows(),
        made.files.len(),
        place.data.display()
    );
    if options.keys.is_none() {
        say!(
            "还缺密钥，备份的清单也没有核对。请把原来的密钥文件放到 {} 和 {}（权限 600）",
            open::key_file(&place.data).display(),
            open::audit_key_file(&place.data).display()
        );
    }
    say!("下一步：dongliang verify --data {}", place.data.display());
    Ok(Outcome::Done)
}
