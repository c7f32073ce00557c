//! `dongliang template LEDGER -o FILE`: the empty sheet that an office fills.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::{Outcome, Place, misuse, open};
use crate::{
    intake,
    sheet::template::{Filled, made},
};

/// Options of `template`.
#[derive(Args)]
pub(super) struct Options {
    /// 台账，如 guidance
    #[arg(value_name = "LEDGER")]
    ledger: String,
    /// 写到哪个 .xlsx 文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let current = installation.db.read(|tx| installation.current(tx))?;
    let layout = &current.engine.layout;
    let index = layout.index(&options.ledger).filter(|i| !layout.ledgers[*i].derived);
    let ledger = &layout.ledgers[index.ok_or_else(|| misuse(format!("没有可以登记的台账“{}”", options.ledger)))?];
    let referred = intake::referred(layout, ledger);
    let named = intake::named(&current.engine, ledger);
    let filled = Filled { named: &named, referred: &referred, ..Filled::default() };
    let bytes = made(ledger, installation.clock.now().day, "", &filled)?;
    fs::write(&options.output, bytes).with_context(|| format!("文件 {} 写不了", options.output.display()))?;
    say!("已写出“{}”的导入模板：{}", ledger.title, options.output.display());
    Ok(Outcome::Done)
}
