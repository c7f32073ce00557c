//! `dongliang questions export|list|revise|retire`: the question bank; `import` is in [`super::questions_import`].

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{
    Outcome, Place, misuse, open,
    questions_import::{Import, Written, import},
};
use crate::{
    audit,
    installation::Installation,
    private,
    questions::{
        self, Encoding, Format, Placed, Question,
        bank::{self, Kept, NotTaken},
    },
    scope::Actor,
};

/// What is asked.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 导入题目
    Import(Import),
    /// 导出题目，或写出空的模板
    Export(Export),
    /// 列出在用的题目
    List(List),
    /// 用文件里的一道题作某题的新版本；旧版本不变
    Revise(Revise),
    /// 停用一道题；用过它的卷不变
    Retire(Retire),
}

/// Options of `questions export`.
#[derive(Args)]
pub(super) struct Export {
    /// 格式；不写则由文件名判断
    #[arg(long, value_enum)]
    format: Option<To>,
    /// 只要这个主题
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// 写出空的 .xlsx 模板
    #[arg(long)]
    template: bool,
    /// 写到哪个文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Options of `questions list`.
#[derive(Args)]
pub(super) struct List {
    /// 只要这个主题
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
}

/// Options of `questions revise`.
#[derive(Args)]
pub(super) struct Revise {
    /// 题号
    #[arg(value_name = "N")]
    number: i64,
    /// 只有一道题的文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 文字编码；不写则由内容判断
    #[arg(long, value_enum)]
    encoding: Option<Written>,
    /// 题目没有写出处条款时，以此为出处
    #[arg(long, value_name = "CLAUSE")]
    source: Option<String>,
    /// 由谁修改
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

/// Options of `questions retire`.
#[derive(Args)]
pub(super) struct Retire {
    /// 题号
    #[arg(value_name = "N")]
    number: i64,
    /// 理由
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// 由谁停用
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    Gift,
    Xlsx,
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    if let Command::Export(Export { template: true, output, .. }) = command {
        write(output, &questions::template()?, || Ok(()))?;
        say!("已写出题目模板：{}", output.display());
        return Ok(Outcome::Done);
    }
    let installation = open::installation(place)?;
    match command {
        Command::Import(o) => import(&installation, o),
        Command::Export(o) => export(&installation, o),
        Command::List(o) => list(&installation, o),
        Command::Revise(o) => revise(&installation, o),
        Command::Retire(o) => retire(&installation, o),
    }
}

/// Whoever types, under the name that was given.
pub(super) fn actor(installation: &Installation, name: &str) -> Actor {
    Actor { name: name.to_owned(), account: None, at: installation.clock.now().instant }
}

/// Writes a file; `told`: when it can be written and before anything stands in it.
fn write(path: &Path, bytes: &[u8], told: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut file = private::create(path).with_context(|| format!("文件 {} 写不了", path.display()))?;
    told()?;
    file.write_all(bytes).with_context(|| format!("文件 {} 写不了", path.display()))
}

/// A file's bytes.
pub(super) fn bytes_of(file: &Path) -> anyhow::Result<Vec<u8>> {
    match fs::read(file) {
        Ok(bytes) => Ok(bytes),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => anyhow::bail!("没有文件 {}", file.display()),
        Err(_) if file.is_dir() => anyhow::bail!("{} 是目录，不是文件", file.display()),
        Err(e) => anyhow::bail!("文件 {} 读不了：{e}", file.display()),
    }
}

fn export(installation: &Installation, o: &Export) -> anyhow::Result<Outcome> {
    let extension = o.output.extension().map(|e| e.to_string_lossy().to_lowercase());
    let to = match (o.format, extension.as_deref()) {
        (Some(to), _) => to,
        (None, Some("xlsx")) => To::Xlsx,
        (None, Some("gift" | "txt")) => To::Gift,
        _ => return Err(misuse("请用 --format 写明 gift 或 xlsx，或让文件名以 .gift、.txt、.xlsx 结尾")),
    };
    let kept = installation.db.read(|tx| bank::current(tx, o.topic.as_deref()))?;
    if let Some(topic) = o.topic.as_deref().filter(|_| kept.is_empty()) {
        say!("题库里没有主题“{topic}”的题，没有导出");
        return Ok(Outcome::No);
    }
    let all: Vec<Question> = kept.iter().map(|k| k.question.clone()).collect();
    let (bytes, left_out) = match to {
        To::Gift => (questions::write_gift(&all).into_bytes(), Vec::new()),
        To::Xlsx => questions::write_workbook(&all)?,
    };
    let count = all.len() - left_out.len();
    let actor = actor(installation, "命令行");
    write(&o.output, &bytes, || {
        installation.db.write(move |tx| {
            let payload = json!({ "title": format!("题库{count}道题，含答案") });
            audit::note(tx, &actor, audit::Kind::Export, payload);
            Ok(())
        })
    })?;
    say!("已导出 {count} 道题到 {}", o.output.display());
    if !left_out.is_empty() {
        let numbers: Vec<String> = left_out.iter().map(|i| kept[*i].number.to_string()).collect();
        say!("带图片的题写不进 .xlsx，没有导出：第 {} 号。请导出为 gift", numbers.join("、"));
    }
    Ok(if left_out.is_empty() { Outcome::Done } else { Outcome::No })
}

fn list(installation: &Installation, o: &List) -> anyhow::Result<Outcome> {
    let kept = installation.db.read(|tx| bank::current(tx, o.topic.as_deref()))?;
    say!("题号\t版本\t题型\t主题\t难度\t出处条款\t题干");
    for Kept { number, version, question: q, .. } in &kept {
        let stem: String = q.stem.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(40).collect();
        let difficulty = q.difficulty.map_or("", |d| d.title());
        let source = if q.askable() { &q.source } else { "待补" };
        say!("{number}\t{version}\t{}\t{}\t{difficulty}\t{source}\t{stem}", q.kind.title(), q.topic);
    }
    say!("共 {} 道", kept.len());
    Ok(Outcome::Done)
}

/// The bank's own words are an answer, not a failure.
fn answered<T>(result: anyhow::Result<T>, done: impl FnOnce(T)) -> anyhow::Result<Outcome> {
    match result {
        Ok(value) => {
            done(value);
            Ok(Outcome::Done)
        }
        Err(e) => match e.downcast::<NotTaken>() {
            Ok(reason) => {
                complain!("{reason}");
                Ok(Outcome::No)
            }
            Err(e) => Err(e),
        },
    }
}

fn revise(installation: &Installation, o: &Revise) -> anyhow::Result<Outcome> {
    let bytes = bytes_of(&o.file)?;
    let encoding = o.encoding.map(Encoding::from);
    let read = questions::read(&bytes, Format::guess(&o.file, &bytes), encoding)
        .with_context(|| format!("文件 {}", o.file.display()))?;
    if let Some(refused) = read.refused.first() {
        anyhow::bail!("文件 {} 第 {} 行：{}", o.file.display(), refused.line, refused.reason);
    }
    let [Placed { question, .. }] = read.questions.as_slice() else {
        return Err(misuse(format!("文件里有 {} 道题，应只有一道", read.questions.len())));
    };
    let (actor, mut question, number) = (actor(installation, &o.by), question.clone(), o.number);
    if let Some(source) = o.source.as_ref().filter(|_| question.source.is_empty()) {
        source.clone_into(&mut question.source);
        question = question.tidy();
    }
    let version = installation.db.write(move |tx| bank::revise(tx, &actor, number, &question));
    answered(version, |version| say!("第 {number} 号题现为第 {version} 版"))
}

fn retire(installation: &Installation, o: &Retire) -> anyhow::Result<Outcome> {
    let (actor, number, reason) = (actor(installation, &o.by), o.number, o.reason.clone());
    let done = installation.db.write(move |tx| bank::retire(tx, &actor, number, &reason));
    answered(done, |()| say!("第 {number} 号题已停用"))
}
