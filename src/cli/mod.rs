//! The command line: one file per command. Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 cannot.

/// Prints a line. A reader that has gone, as `head` does, must not stop the work.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($arg)*);
    }};
}

/// The same on the error stream.
macro_rules! complain {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}

mod audit;
mod backup;
mod cert;
mod check;
mod demo;
mod evaluate;
mod exam;
mod exam_paper;
mod explain;
mod export;
mod import;
mod init;
mod keys;
mod log;
mod moment;
mod open;
mod package;
mod progress;
mod questions;
mod questions_import;
mod record;
mod report;
mod restore;
mod retention;
mod serve;
mod sso;
mod template;
mod usage;
mod user;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{db::DbError, harmless};

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or the answer is yes.
    Done,
    /// The answer is no: an example fails, a verdict differs.
    No,
    /// Wrong use: the arguments do not fit.
    Misused,
    /// It cannot be done.
    Cannot,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::No => 1,
            Outcome::Misused => 2,
            Outcome::Cannot => 3,
        })
    }
}

/// 栋梁：把文件要求变成数据，一处登记，处处判定，每个结论都能追到条款和记录。
#[derive(Parser)]
#[command(name = "dongliang", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// 数据目录
    #[arg(long, global = true, default_value = "data", value_name = "DIR")]
    pub data: PathBuf,
    /// 数据库地址：sqlite:路径 或 postgres://…（缺省为数据目录里的 SQLite）
    #[arg(long, global = true, value_name = "URL", value_parser = usage::database)]
    pub database: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// 新建数据目录，装入文件要求
    Init(init::Options),
    /// 检查一套文件要求，并逐个演算它的例子
    Check(check::Options),
    /// 一座虚构城市的全年数据，一条命令看到全貌
    Demo(demo::Options),
    /// 提供网页
    Serve(serve::Options),
    /// 账号：建立管理员，解除暂停，重设口令
    #[command(subcommand)]
    User(user::Command),
    /// 单点登录：与本单位的统一身份系统连接
    #[command(subcommand)]
    Sso(sso::Command),
    /// 导入一本台账
    Import(import::Options),
    /// 导出台账
    Export(export::Options),
    /// 写出导入模板
    Template(template::Options),
    /// 通报与公文：季度通报、单位台账、要求落实情况表、督办单
    #[command(subcommand)]
    Report(report::Command),
    /// 作废一条记录
    Void(record::Void),
    /// 把登记了两次的并成一条
    Join(record::Join),
    /// 换用新的文件要求，或看看会变什么
    #[command(subcommand)]
    Package(package::Command),
    /// 判定：每个主体、每个期间、每条要求
    Evaluate(evaluate::Options),
    /// 说明一个判定的来由
    Explain(explain::Options),
    /// 从头再判一遍，与存下的判定核对
    Verify(verify::Options),
    /// 保存期限：各台账保存多久，到期多少条；删去到期的记录
    Retention(retention::Options),
    /// 备份：数据库和附件到一个文件，密钥到另一个文件，不用停止服务
    Backup(backup::Options),
    /// 从备份恢复到空的地方
    Restore(restore::Options),
    /// 密钥：更换、列出、删去不再需要的
    #[command(subcommand)]
    Keys(keys::Command),
    /// 网页的证书：自签名，或向证书机构申请
    #[command(subcommand)]
    Cert(cert::Command),
    /// 操作日志：核验、检查点、导出
    #[command(subcommand)]
    Audit(audit::Command),
    /// 题库：导入、导出、新版本、停用
    #[command(subcommand)]
    Questions(questions::Command),
    /// 测试：组卷，题目分析、标定、等值
    #[command(subcommand)]
    Exam(exam::Command),
}

/// Runs the program on the arguments of the process.
pub fn run() -> ExitCode {
    let parsed = usage::chinese(Cli::command()).try_get_matches().and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() => {
            complain!("{}", usage::words(&e).trim_end());
            return Outcome::Misused.into();
        }
        Err(e) => {
            say!("{}", usage::words(&e).trim_end());
            return Outcome::Done.into();
        }
    };
    let place = &cli.place;
    let result = match &cli.command {
        Command::Init(o) => init::run(place, o),
        Command::Check(o) => check::run(o),
        Command::Demo(o) => demo::run(place, o),
        Command::Serve(o) => serve::run(place, o),
        Command::User(c) => user::run(place, c),
        Command::Sso(c) => sso::run(place, c),
        Command::Import(o) => import::run(place, o),
        Command::Export(o) => export::run(place, o),
        Command::Template(o) => template::run(place, o),
        Command::Report(c) => report::run(place, c),
        Command::Void(o) => record::void(place, o),
        Command::Join(o) => record::join(place, o),
        Command::Package(c) => package::run(place, c),
        Command::Evaluate(o) => evaluate::run(place, o),
        Command::Explain(o) => explain::run(place, o),
        Command::Verify(o) => verify::run(place, o),
        Command::Retention(o) => retention::run(place, o),
        Command::Backup(o) => backup::run(place, o),
        Command::Restore(o) => restore::run(place, o),
        Command::Keys(c) => keys::run(place, c),
        Command::Cert(c) => cert::run(c),
        Command::Audit(c) => audit::run(place, c),
        Command::Questions(c) => questions::run(place, c),
        Command::Exam(c) => exam::run(place, c),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(e) if closed_pipe(&e) => Outcome::Done.into(),
        Err(e) => {
            // Names of files and what stands in them may be in it; the terminal is not theirs.
            complain!("错误：{}", harmless::lines(&format!("{e:#}")));
            let address = matches!(e.downcast_ref(), Some(DbError::Address(_)));
            if address || e.is::<Misuse>() { Outcome::Misused } else { Outcome::Cannot }.into()
        }
    }
}

/// The reader of our output has gone, as `head` does: nothing is wrong.
fn closed_pipe(e: &anyhow::Error) -> bool {
    format!("{e:#}").contains("Broken pipe")
        || e.chain()
            .filter_map(|c| c.downcast_ref::<std::io::Error>())
            .any(|c| c.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Arguments that do not fit together or name what does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

/// An error of wrong use.
fn misuse(text: impl Into<String>) -> anyhow::Error {
    Misuse(text.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_fits_together() {
        usage::chinese(Cli::command()).debug_assert();
    }
}
