//! `dongliang import LEDGER FILE [--dry-run]`: checks the whole file first; nothing is written while an error stands.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Place, misuse, open, progress};
use crate::{facts, installation::Installation, intake, jobs};

/// Findings that are printed.
const SHOWN: usize = 50;

/// Options of `import`.
#[derive(Args)]
pub(super) struct Options {
    /// 台账，如 guidance；--undo 时不填
    #[arg(value_name = "LEDGER", required_unless_present = "undo")]
    ledger: Option<String>,
    /// .xlsx 或 .csv 文件
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    file: Option<PathBuf>,
    /// 只检查，不导入
    #[arg(long)]
    dry_run: bool,
    /// 有错的行不导入，其余照常导入
    #[arg(long)]
    skip_bad: bool,
    /// 疑似重复的行（没有编号，与台账中的一条记录相同）不导入
    #[arg(long)]
    skip_alike: bool,
    /// 编号已在台账中的行，按更正处理（旧行作废，另加新行）
    #[arg(long)]
    update: bool,
    /// 同一个文件导入过，仍再导入一次
    #[arg(long)]
    again: bool,
    /// 撤销一次导入（导入号）
    #[arg(long, value_name = "N", conflicts_with_all = ["ledger", "file"])]
    undo: Option<i64>,
    /// 由谁导入
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    if let Some(import) = options.undo {
        let undone = facts::undo_import(&installation, &options.by, import, "撤销导入")?;
        jobs::run_waiting(&installation)?;
        say!("已撤销第 {import} 次导入，作废 {} 条，恢复 {} 条更正前的内容", undone.voided, undone.restored);
        return Ok(Outcome::Done);
    }
    let (Some(ledger), Some(file)) = (&options.ledger, &options.file) else {
        return Err(misuse("请写明台账和文件"));
    };
    one(&installation, options, ledger, file)
}

fn one(
    installation: &Installation,
    options: &Options,
    ledger: &str,
    file: &std::path::Path,
) -> anyhow::Result<Outcome> {
    let known = installation.db.read(|tx| Ok(installation.current(tx)?.engine.layout.index(ledger).is_some()))?;
    if !known {
        return Err(misuse(format!("没有台账“{ledger}”。dongliang export --list 列出全部台账")));
    }
    match std::fs::metadata(file) {
        Ok(found) if found.is_dir() => {
            anyhow::bail!("{} 是目录，不是文件。请写明其中的一个 .xlsx 或 .csv 文件", file.display())
        }
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => anyhow::bail!("没有文件 {}", file.display()),
        Err(e) => anyhow::bail!("文件 {} 读不了：{e}", file.display()),
    }
    if !options.dry_run {
        // What a crash has interrupted is finished first, so that its rows are known.
        jobs::run_waiting(installation)?;
    }
    let mut prepared = intake::prepare(installation, ledger, file)?;
    for one in prepared.alike.iter().take(SHOWN) {
        say!("疑似重复：第 {} 行，与台账中编号 {} 的记录相同", one.row, one.record);
    }
    let alike = prepared.alike.len();
    let left = if options.skip_alike { alike } else { 0 };
    if options.skip_alike {
        prepared.leave_alike();
    }
    let checked = &prepared.checked;
    checked.skipped.iter().for_each(|s| say!("跳过：第 {} 行，{}", s.row, s.reason));
    checked.warnings.iter().take(SHOWN).for_each(|w| say!("提醒：{w}"));
    checked.errors.iter().take(SHOWN).for_each(|e| say!("错误：{e}"));
    if checked.error_count > SHOWN {
        say!("……共 {} 处错误，只列前 {SHOWN} 处", checked.error_count);
    }
    let total = checked.rows.len() + left + checked.bad_rows + prepared.known.len();
    let corrections = checked.rows.iter().filter(|row| prepared.corrections.contains_key(&row.number)).count();
    say!(
        "共 {total} 行，可导入 {} 行（其中更正 {corrections} 行），{} 行有误，{} 行已在台账中",
        checked.rows.len(),
        checked.bad_rows,
        prepared.known.len()
    );
    match (alike, left) {
        (0, _) => {}
        (n, 0) => say!("其中疑似重复 {n} 行，照常导入；不要导入的，请加 --skip-alike"),
        (n, _) => say!("另有疑似重复 {n} 行，不导入"),
    }
    for (number, when, by) in &prepared.before {
        say!("这个文件已于 {when} 由 {by} 导入过（导入号 {number}）。要撤销那一次：dongliang import --undo {number}");
    }
    if options.dry_run {
        return Ok(if checked.error_count == 0 { Outcome::Done } else { Outcome::No });
    }
    if checked.error_count > 0 && !options.skip_bad {
        say!("没有写入。请改正后重新导入，或加 --skip-bad 只导入其余的行");
        return Ok(Outcome::No);
    }
    if corrections > 0 && !options.update {
        say!("没有写入。有 {corrections} 行的编号已在台账中而内容不同；确要更正，请加 --update");
        return Ok(Outcome::No);
    }
    if !prepared.before.is_empty() && !options.again {
        say!("没有写入。确要再导入一次，请加 --again");
        return Ok(Outcome::No);
    }
    if checked.rows.is_empty() {
        say!("没有要导入的行");
        return Ok(if checked.bad_rows > 0 { Outcome::No } else { Outcome::Done });
    }
    let rows = checked.rows.len();
    let bar = progress::bar("导入");
    let number = intake::stage(installation, &options.by, ledger, prepared)?;
    jobs::run_waiting(installation)?;
    bar.finish_and_clear();
    if let Some(error) = intake::failure(installation, number)? {
        anyhow::bail!("第 {number} 次导入没有完成：{error}。已写入的可用 dongliang import --undo {number} 撤销");
    }
    say!("已导入 {rows} 行，导入号 {number}");
    Ok(Outcome::Done)
}
