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

/// What an import came to.
#[derive(Serialize)]
struct Report {
    format: &'static str,
    encoding: Option<&'static str>,
    /// Good questions by kind, those that are there already among them.
    questions: BTreeMap<&'static str, usize>,
    total: usize,
    fresh: usize,
    /// Numbers that they got.
    imported: Vec<i64>,
    known: Vec<Known>,
    near: Vec<NearTo>,
    /// Lines of good questions that are kept but asked of nobody until they have their clause.
    without_source: Vec<u32>,
    refused: Vec<Refused>,
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
    let read = questions::read(&bytes, format, o.encoding.map(Encoding::from))
        .with_context(|| format!("文件 {}", o.file.display()))?;
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
    } else {
        print(&report, o);
    }
    Ok(if clean { Outcome::Done } else { Outcome::No })
}

fn shown_name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn report(format: Format, read: &Read, plan: &bank::Plan) -> Report {
    let line = |i: usize| read.questions[i].line;
    let mut by_kind = BTreeMap::new();
    for placed in &read.questions {
        *by_kind.entry(placed.question.kind.as_str()).or_default() += 1;
    }
    let without = read.questions.iter().filter(|p| !p.question.askable()).map(|p| p.line);
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
        questions: by_kind,
        total: read.questions.len() + read.refused.len(),
        fresh: plan.fresh.len(),
        imported: Vec::new(),
        known: plan.known.iter().map(|(i, question)| Known { line: line(*i), question: *question }).collect(),
        near: near.collect(),
        without_source: without.collect(),
        refused: read.refused.clone(),
    }
}

fn print(r: &Report, o: &Import) {
    let row = if r.format == "xlsx" { "行（表）" } else { "行" };
    r.refused.iter().take(SHOWN).for_each(|x| say!("错误：第 {} {row}，{}", x.line, x.reason));
    if r.refused.len() > SHOWN {
        say!("……共 {} 处错误，只列前 {SHOWN} 处", r.refused.len());
    }
    for n in r.near.iter().take(SHOWN) {
        match (n.question, n.other_line) {
            (Some(number), _) => say!("提醒：第 {} {row}与第 {number} 号题相近（{}%）", n.line, n.percent),
            (None, Some(other)) => say!("提醒：第 {} {row}与第 {other} 行相近（{}%）", n.line, n.percent),
            (None, None) => {}
        }
    }
    for k in r.known.iter().take(SHOWN) {
        match k.question {
            Some(number) => say!("重复：第 {} {row}已在题库，是第 {number} 号题，不再导入", k.line),
            None => say!("重复：第 {} {row}与文件中前面的题相同，不再导入", k.line),
        }
    }
    if r.known.len() > SHOWN {
        say!("……共 {} 道重复，只列前 {SHOWN} 道", r.known.len());
    }
    let kinds =
        questions::Kind::ALL.iter().filter_map(|k| Some(format!("{} {}", k.title(), r.questions.get(k.as_str())?)));
    let kinds: Vec<String> = kinds.collect();
    let known = r.known.len();
    say!("共 {} 道题，{} 道有误，{known} 道已在题库或在文件中重复", r.total, r.refused.len());
    if let Some(first) = r.without_source.first() {
        say!(
            "提醒：{} 道没有出处条款（第一道在第 {first} {row}），补上后才能组卷：导入时用 --source，或用 questions revise",
            r.without_source.len()
        );
    }
    if !kinds.is_empty() {
        say!("可用的：{}", kinds.join("，"));
    }
    match (r.imported.first(), r.imported.last()) {
        (Some(first), Some(last)) => say!("已导入 {} 道，题号 {first} 至 {last}", r.imported.len()),
        _ if o.dry_run => say!("只检查，没有写入"),
        _ if r.fresh == 0 => say!("没有要导入的题"),
        _ => say!("没有写入。请改正后重新导入，或加 --skip-bad 只导入其余的题"),
    }
}
