//! `dongliang retention`: how long the records of each ledger are kept, how many are past that, and their deletion.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::{Outcome, Place, misuse, open};
use crate::{
    installation::Installation,
    retention::{self, Order, Plan, Record},
    scope::{By, Scope},
};

/// Codes of one ledger that are printed after a deletion; before one, all are.
const SHOWN: usize = 20;

/// Options of `retention`.
#[derive(Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

/// Sub-commands of `retention`.
#[derive(Subcommand)]
enum Command {
    /// 删去到期的记录；仍被指向的、判定以之为据的不删。操作日志里留下它们的哈希
    Delete(Delete),
}

/// Options of `retention delete`.
#[derive(Args)]
struct Delete {
    /// 只删这一本台账；答卷写 attempt
    #[arg(long, value_name = "NAME")]
    ledger: Option<String>,
    /// 只看会删去什么、留下什么，不删
    #[arg(long)]
    dry_run: bool,
    /// 由谁删去
    #[arg(long, value_name = "NAME", required_unless_present = "dry_run")]
    by: Option<String>,
    /// 依据，如 档案保管期限规定的条款
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    basis: Option<String>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    match &options.command {
        None => report(&installation),
        Some(Command::Delete(options)) => delete(&installation, options),
    }
}

fn report(installation: &Installation) -> anyhow::Result<Outcome> {
    let today = installation.clock.now().day;
    let (lines, attempts) = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let lines = retention::report(tx, &current, today)?;
        Ok((lines, retention::attempts::line(tx, &current, today)?))
    })?;
    say!("截至{}，含已作废的记录", today.chinese());
    for line in lines.iter().chain([&attempts]) {
        let keep = match (line.keep, line.from.as_str()) {
            (None, _) => "保存期限未规定".to_owned(),
            (Some(years), "") => format!("保存{years}年，没有起算日期，不能按期计算"),
            (Some(years), from) => format!("{from}起保存{years}年，到期{}条", line.due.unwrap_or(0)),
        };
        say!("{}：{}条，{keep}", line.ledger, line.rows);
    }
    let due: i64 = lines.iter().chain([&attempts]).filter_map(|l| l.due).sum();
    let open = lines.iter().filter(|l| l.keep.is_none()).count();
    say!("共{}本台账，到期{due}条；{open}本没有规定保存期限", lines.len());
    Ok(Outcome::Done)
}

fn delete(installation: &Installation, options: &Delete) -> anyhow::Result<Outcome> {
    let current = installation.db.read(|tx| installation.current(tx))?;
    let layout = &current.engine.layout;
    let unknown =
        options.ledger.as_ref().filter(|name| layout.index(name).is_none() && *name != retention::attempts::NAME);
    if let Some(name) = unknown {
        return Err(misuse(format!("没有台账“{name}”")));
    }
    let titles: Vec<String> = layout.ledgers.iter().map(|l| l.title.clone()).collect();
    if options.dry_run {
        let today = installation.clock.now().day;
        let plan = installation.db.read(|tx| retention::plan(tx, &current, today, options.ledger.as_deref()))?;
        tell(&titles, &plan, "会删去", usize::MAX);
        say!("只是查看，没有删去：会删去{}条，留下{}条", plan.go.len(), plan.held.len());
        return Ok(Outcome::Done);
    }
    let text = |given: &Option<String>, name: &str| match given.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() && text.chars().count() <= 200 => Ok(text.to_owned()),
        _ => Err(misuse(format!("{name} 应写1至200字"))),
    };
    let by = By { name: text(&options.by, "--by")?, account: None, scope: Scope::All };
    let order = Order { by, basis: text(&options.basis, "--basis")?, ledger: options.ledger.clone() };
    let done = retention::delete(installation, &order)?;
    tell(&titles, &done.plan, "删去", SHOWN);
    say!("已依法删除{}条，连同各版本共{}行；留下{}条", done.plan.go.len(), done.rows, done.plan.held.len());
    say!("以前的备份里还有这些记录：请按保管规定销毁或更新备份");
    Ok(Outcome::Done)
}

/// One line a ledger of what goes, one line a record of what stays.
fn tell(titles: &[String], plan: &Plan, does: &str, shown: usize) {
    let name = |record: &Record| plan.codes.get(record).cloned().unwrap_or_else(|| format!("内部号{}", record.1));
    let mut by_table: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    plan.go.iter().for_each(|record| by_table.entry(record.0).or_default().push(name(record)));
    for (table, names) in by_table {
        let more = if names.len() > shown { "等" } else { "" };
        let first: Vec<&str> = names.iter().take(shown).map(String::as_str).collect();
        say!("“{}”{does}{}条：{}{more}", titles[table], names.len(), first.join("、"));
    }
    for (record, why) in plan.held.iter().take(shown) {
        say!("“{}”{}：留下，{why}", titles[record.0], name(record));
    }
    if !plan.attempts.go.is_empty() {
        say!("答卷{does}{}份，连同作答", plan.attempts.go.len());
    }
    for (why, n) in &plan.attempts.held {
        say!("答卷{n}份：留下，{why}");
    }
    if plan.held.len() > shown {
        say!("……留下的共{}条，加 --dry-run 可全部列出", plan.held.len());
    }
}
