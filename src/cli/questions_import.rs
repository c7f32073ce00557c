//! `dongliang questions import`: what a file holds, what is wrong with it line by line, and the good questions taken in.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    Outcome,
    questions::{actor, bytes_of},
};
use crate::{
    installation::Installation,
    questions::{
        self, Encoding, Format, Question, Read, Refused,
        bank::{self, Like},
    },
};

/// Findings that are printed.
const SHOWN: usize = 50;

/// Options of `questions import`.
#[derive(Args)]
pub(super) struct Import {
    /// 题目文件
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 格式；不写则由内容判断
    #[arg(long, value_enum)]
    format: Option<From>,
    /// 文字编码；不写则由内容判断
    #[arg(long, value_enum)]
    encoding: Option<Written>,
    /// 没有写出处条款的题目，以此为出处
    #[arg(long, value_name = "CLAUSE")]
    source: Option<String>,
    /// 没有主题的题目，归入这个主题
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// 只检查，不导入
    #[arg(long)]
    dry_run: bool,
    /// 有错的题不导入，其余照常导入
    #[arg(long)]
    skip_bad: bool,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
    /// 由谁导入
    #[arg(long, default_value = "命令行", value_name = "NAME")]
    by: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    Gift,
    Aiken,
    MoodleXml,
    Xlsx,
}

/// An encoding as it is typed.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Written {
    #[value(name = "utf-8")]
    Utf8,
    Gb18030,
    #[value(name = "windows-1252")]
    Windows1252,
}

impl std::convert::From<Written> for Encoding {
    fn from(written: Written) -> Encoding {
        match written {
            Written::Utf8 => Encoding::Unicode,
            Written::Gb18030 => Encoding::Gb18030,
            Written::Windows1252 => Encoding::Windows1252,
        }
    }
}

/// What an import came to: `read` = `new` + `known` + `refused`. Words and numbers are those of the page.
#[derive(Serialize)]
struct Report {
    format: &'static str,
    encoding: Option<&'static str>,
    /// 共：what the file holds.
    read: usize,
    /// 可导入：good ones that the bank does not have.
    new: usize,
    /// The same by kind.
    questions: BTreeMap<&'static str, usize>,
    /// 重复：good ones that the bank has, or that stand earlier in the file.
    known: Vec<Known>,
    /// 有误。
    refused: Vec<Refused>,
    /// 相近：of the new ones.
    near: Vec<NearTo>,
    /// 缺出处：lines of new ones that are kept but asked of nobody until they have their clause.
    without_source: Vec<u32>,
    /// Numbers that the new ones got; none where nothing was written.
    imported: Vec<i64>,
}

#[derive(Serialize)]
struct Known {
    line: u32,
    question: Option<i64>,
}

#[derive(Serialize)]
struct NearTo {
    line: u32,
    question: Option<i64>,
    other_line: Option<u32>,
    percent: u32,
}

/// Runs it.
pub(super) fn import(installation: &Installation, o: &Import) -> anyhow::Result<Outcome> {
    let bytes = bytes_of(&o.file)?;
    let format = match o.format {
        None => Format::guess(&o.file, &bytes),
        Some(From::Gift) => Format::Gift,
        Some(From::Aiken) => Format::Aiken,
        Some(From::MoodleXml) => Format::MoodleXml,
        Some(From::Xlsx) => Format::Workbook,
    };
    let read = match bytes.is_empty() {
        true => Read::default(),
        false => questions::read(&bytes, format, o.encoding.map(Encoding::from))
            .with_context(|| format!("文件 {}", o.file.display()))?,
    };
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let read = read.for_the_bank(&said(&o.source), &said(&o.topic));
    let all: Vec<&Question> = read.questions.iter().map(|p| &p.question).collect();
    let plan = installation.db.read(|tx| bank::plan(tx, &all))?;
    let mut report = report(format, &read, &plan);
    let fresh: Vec<Question> = plan.fresh.iter().map(|i| all[*i].clone()).collect();
    let clean = report.refused.is_empty();
    if !o.dry_run && (clean || o.skip_bad) && !fresh.is_empty() {
        let (actor, file) = (actor(installation, &o.by), shown_name(&o.file));
        report.imported = installation.db.write(move |tx| bank::add(tx, &actor, &fresh, &file))?;
    }
    if o.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else if report.read > 0 {
        print(&report, o);
    }
    if report.read == 0 {
        let file = o.file.display();
        match bytes.is_empty() {
            true => complain!("文件 {file} 是空的，没有题目可导入"),
            false => complain!("文件 {file} 里没有题目（按 {} 读的），格式不对的请用 --format 写明", report.format),
        }
    }
    Ok(if clean && report.read > 0 { Outcome::Done } else { Outcome::No })
}

fn shown_name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn report(format: Format, read: &Read, plan: &bank::Plan) -> Report {
    let line = |i: usize| read.questions[i].line;
    let new = || plan.fresh.iter().map(|i| &read.questions[*i]);
    let mut by_kind = BTreeMap::new();
    new().for_each(|p| *by_kind.entry(p.question.kind.as_str()).or_default() += 1);
    let near = plan.near.iter().map(|(i, like, percent)| NearTo {
        line: line(*i),
        question: if let Like::Kept(number) = like { Some(*number) } else { None },
        other_line: if let Like::Earlier(other) = like { Some(line(*other)) } else { None },
        percent: *percent,
    });
    Report {
        format: match format {
            Format::Gift => "gift",
            Format::Aiken => "aiken",
            Format::MoodleXml => "moodle-xml",
            Format::Workbook => "xlsx",
        },
        encoding: read.encoding.map(Encoding::as_str),
        read: read.questions.len() + read.refused.len(),
        new: plan.fresh.len(),
        questions: by_kind,
        known: plan.known.iter().map(|(i, question)| Known { line: line(*i), question: *question }).collect(),
        refused: read.refused.clone(),
        near: near.collect(),
        without_source: new().filter(|p| !p.question.askable()).map(|p| p.line).collect(),
        imported: Vec::new(),
    }
}

/// The first findings of a sort, and how many there are.
fn listed<T>(all: &[T], sort: &str, line: impl Fn(&T) -> String) {
    all.iter().take(SHOWN).for_each(|one| say!("{sort}：{}", line(one)));
    if all.len() > SHOWN {
        say!("……{sort}共 {} 题，只列前 {SHOWN} 题", all.len());
    }
}

fn print(r: &Report, o: &Import) {
    let row = if r.format == "xlsx" { "行（表）" } else { "行" };
    listed(&r.refused, "有误", |x| format!("第 {} {row}，{}", x.line, x.reason));
    listed(&r.known, "重复", |k| match k.question {
        Some(number) => format!("第 {} {row}已在题库，是第 {number} 号题，不再导入", k.line),
        None => format!("第 {} {row}与文件中前面的题相同，不再导入", k.line),
    });
    listed(&r.near, "相近", |n| match (n.question, n.other_line.unwrap_or_default()) {
        (Some(number), _) => format!("第 {} {row}与第 {number} 号题相近（{}%），照常导入", n.line, n.percent),
        (None, other) => format!("第 {} {row}与第 {other} 行相近（{}%），照常导入", n.line, n.percent),
    });
    say!("共 {} 题：可导入 {} 题，重复 {} 题，有误 {} 题", r.read, r.new, r.known.len(), r.refused.len());
    let kinds =
        questions::Kind::ALL.iter().filter_map(|k| Some(format!("{} {} 题", k.title(), r.questions.get(k.as_str())?)));
    let kinds: Vec<String> = kinds.collect();
    if !kinds.is_empty() {
        say!("可导入的：{}", kinds.join("，"));
    }
    if !r.near.is_empty() {
        say!("可导入的当中 {} 题与别的题相近", r.near.len());
    }
    if let Some(first) = r.without_source.first() {
        say!(
            "可导入的当中 {} 题没有出处条款（第一题在第 {first} {row}），补上后才能组卷：导入时用 --source，或用 questions revise",
            r.without_source.len()
        );
    }
    match (r.imported.first(), r.imported.last()) {
        (Some(first), Some(last)) if first == last => say!("已导入 1 题，题号 {first}"),
        (Some(first), Some(last)) => say!("已导入 {} 题，题号 {first} 至 {last}", r.imported.len()),
        _ if o.dry_run => say!("只检查，没有写入"),
        _ if r.new == 0 => say!("没有写入：没有可导入的题"),
        _ => say!("没有写入。请改正后重新导入，或加 --skip-bad 只导入可导入的 {} 题", r.new),
    }
}
