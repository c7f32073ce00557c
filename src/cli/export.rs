//! `dongliang export LEDGER -o FILE`, and `export --all -o DIR`: every ledger with ids, voided rows and times of recording.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufWriter, Seek as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::{Outcome, Place, misuse, open};
use crate::{
    audit::{self, About, Kind},
    export,
    installation::Installation,
    ledger::query::Query,
    private,
    scope::{Actor, Scope},
    sheet::Format,
};

/// Options of `export`.
#[derive(Args)]
pub(super) struct Options {
    /// 台账，如 guidance
    #[arg(value_name = "LEDGER")]
    ledger: Option<String>,
    /// 全部台账、单位、人员和任职，含编号、作废的行和登记时间
    #[arg(long, conflicts_with = "ledger")]
    all: bool,
    /// 列出全部台账
    #[arg(long)]
    list: bool,
    /// 写到哪个文件（.xlsx、.csv、.jsonl）；--all 时为目录
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    if options.list {
        return list(&installation);
    }
    let output = options.output.as_ref().ok_or_else(|| misuse("请用 -o 写明写到哪里"))?;
    match &options.ledger {
        Some(ledger) => one(&installation, ledger, output),
        None if options.all => all(&installation, output),
        None => Err(misuse("请写明台账，或用 --all 导出全部")),
    }
}

fn list(installation: &Installation) -> anyhow::Result<Outcome> {
    installation.db.read(|tx| {
        for ledger in &installation.current(tx)?.engine.layout.ledgers {
            say!("{}\t{}", ledger.name, ledger.title);
        }
        Ok(Outcome::Done)
    })
}

fn one(installation: &Installation, ledger: &str, output: &Path) -> anyhow::Result<Outcome> {
    let format = match output.extension().and_then(|e| e.to_str()) {
        Some("xlsx") => Format::Xlsx,
        Some("csv") => Format::Csv,
        Some("jsonl") => Format::Jsonl,
        _ => return Err(misuse("文件名应以 .xlsx、.csv 或 .jsonl 结尾")),
    };
    let day = installation.clock.now().day;
    let mut file = private::create(output).with_context(|| format!("文件 {} 写不了", output.display()))?;
    // Who is in it is known when it is made; nothing leaves before the log says so.
    let mut held = tempfile::tempfile().context("临时文件建不了")?;
    let (title, written) = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let layout = &current.engine.layout;
        let index = layout.index(ledger).ok_or_else(|| misuse(format!("没有台账“{ledger}”")))?;
        let keys = installation.keys.as_ref();
        let (all, out) = (Query::default(), BufWriter::new(&mut held));
        let written = export::ledger(tx, layout, index, &Scope::All, &all, format, keys, day, out)?;
        Ok((layout.ledgers[index].title.clone(), written))
    })?;
    let rows = written.rows;
    tell(installation, format!("“{title}”，敏感栏完整"), rows, written.persons)?;
    move_over(&mut held, &mut file, output)?;
    say!("已导出 {rows} 行到 {}", output.display());
    Ok(Outcome::Done)
}

/// What was held back, into its file.
fn move_over(held: &mut File, file: &mut File, path: &Path) -> anyhow::Result<()> {
    held.rewind()
        .and_then(|()| std::io::copy(held, file))
        .with_context(|| format!("文件 {} 没有写完", path.display()))?;
    Ok(())
}

/// An entry of what left the system.
fn tell(installation: &Installation, title: String, rows: u64, persons: BTreeSet<i64>) -> anyhow::Result<()> {
    let actor = Actor { name: "命令行".into(), account: None, at: installation.clock.now().instant };
    installation.db.write(move |tx| {
        let about = About { persons, ..About::default() };
        audit::note_of(tx, &actor, Kind::Export, json!({ "title": title, "rows": rows }), about);
        Ok(())
    })
}

fn all(installation: &Installation, output: &Path) -> anyhow::Result<Outcome> {
    private::create_dir(output).with_context(|| format!("目录 {} 建不了", output.display()))?;
    let mut rows = 0;
    let mut made: Vec<(File, File, PathBuf)> = Vec::new();
    let persons = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        for (index, ledger) in current.engine.layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
            let path = output.join(format!("{}.csv", ledger.name));
            let file = private::create(&path).with_context(|| format!("文件 {} 写不了", path.display()))?;
            let mut held = tempfile::tempfile().context("临时文件建不了")?;
            rows += export::everything(tx, &current.engine.layout, index, BufWriter::new(&mut held))?;
            made.push((held, file, path));
        }
        let sql = "select distinct record_id from l_person";
        Ok(tx.rows(sql, &[], |r| r.i64(0))?.into_iter().collect())
    })?;
    tell(installation, "全部台账，不含敏感栏".into(), rows, persons)?;
    for (held, file, path) in &mut made {
        move_over(held, file, path)?;
    }
    let ledgers = made.len();
    say!("已导出 {ledgers} 本台账，共 {rows} 行，到 {}", output.display());
    Ok(Outcome::Done)
}
