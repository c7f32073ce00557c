//! `dongliang exam paper`: a paper from a blueprint, in several forms, printed with answer sheets and keys.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{Outcome, Place, misuse, open};
use crate::{
    audit::{self, Kind},
    exam::{
        paper::{self, Chosen, Form, MOST_FORMS},
        print::{self, Head},
    },
    private,
    questions::bank,
    scope::Actor,
    sheet::{self, Limits},
};

/// Options of `exam paper`.
#[derive(Args)]
pub(super) struct Paper {
    /// 双向细目表（.xlsx 或 .csv）：主题、题型、难度、题数、每题分值
    #[arg(value_name = "BLUEPRINT")]
    file: PathBuf,
    /// 试卷标题
    #[arg(long, value_name = "TITLE")]
    title: String,
    /// 时间，分钟
    #[arg(long, value_name = "N")]
    minutes: Option<u32>,
    /// 几份卷：题目相同，题序和选项次序各不相同
    #[arg(long, default_value_t = 1, value_name = "N")]
    forms: usize,
    /// 种子：题库和种子相同，组出的卷相同；不写则随机，记在 组卷.json 里
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// 写到哪个目录；须是空的或还没有的
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// What was put together, to be found again.
#[derive(Serialize)]
struct Made<'a> {
    title: &'a str,
    seed: u64,
    minutes: Option<u32>,
    questions: Vec<OfBank>,
    forms: Vec<MadeForm<'a>>,
}

#[derive(Serialize)]
struct OfBank {
    number: i64,
    version: i64,
    marks: String,
}

#[derive(Serialize)]
struct MadeForm<'a> {
    #[serde(flatten)]
    form: &'a Form,
    key: Vec<String>,
}

/// Runs it.
pub(super) fn run(place: &Place, o: &Paper) -> anyhow::Result<Outcome> {
    if !(1..=MOST_FORMS).contains(&o.forms) {
        return Err(misuse(format!("--forms 应为 1 到 {MOST_FORMS}")));
    }
    if fs::read_dir(&o.output).is_ok_and(|mut found| found.next().is_some()) {
        return Err(misuse(format!("目录 {} 里已有文件，请另选一个空的目录", o.output.display())));
    }
    let seed = match o.seed {
        Some(seed) => seed,
        None => chance()?,
    };
    let installation = open::installation(place)?;
    let table = sheet::read_path(&o.file, &Limits::default()).map_err(|e| match e {
        sheet::SheetError::Io(e) if e.kind() == std::io::ErrorKind::NotFound => {
            anyhow::anyhow!("没有文件 {}", o.file.display())
        }
        e => anyhow::anyhow!("文件 {}：{e}", o.file.display()),
    })?;
    let told = |faults: Vec<crate::exam::answers::Fault>| faults.iter().for_each(|f| say!("{f}"));
    let wanted = match paper::blueprint(&table) {
        Ok(wanted) => wanted,
        Err(faults) => {
            told(faults);
            say!("没有组卷。请改正细目表");
            return Ok(Outcome::No);
        }
    };
    let kept = installation.db.read(|tx| bank::current(tx, None))?;
    let chosen = match paper::choose(&wanted, &kept, seed) {
        Ok(chosen) => chosen,
        Err(faults) => {
            told(faults);
            say!("没有组卷。题库里的题不够");
            return Ok(Outcome::No);
        }
    };
    let forms = paper::forms(&chosen, o.forms, seed);
    let files = files(o, seed, &chosen, &forms)?;
    private::create_dir(&o.output).with_context(|| format!("目录 {} 建不了", o.output.display()))?;
    let actor = Actor { name: "命令行".into(), account: None, at: installation.clock.now().instant };
    let title = format!("试卷“{}”，{}题{}卷，含答案", o.title, chosen.len(), forms.len());
    installation.db.write(move |tx| {
        audit::note(tx, &actor, Kind::Export, json!({ "title": title }));
        Ok(())
    })?;
    files.iter().try_for_each(|(name, bytes)| write(&o.output.join(name), bytes))?;
    let total = paper::marks(chosen.iter().map(|c| c.marks).sum());
    say!(
        "已组卷：{} 道题，满分 {total} 分，{} 份卷，种子 {seed}，在 {}",
        chosen.len(),
        forms.len(),
        o.output.display()
    );
    Ok(Outcome::Done)
}

/// A seed by chance, small enough to be typed and for every program that reads JSON.
fn chance() -> anyhow::Result<u64> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

/// Names and bytes of what is written.
fn files(o: &Paper, seed: u64, chosen: &[Chosen], forms: &[Form]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = print::files(&Head { title: o.title.clone(), minutes: o.minutes }, chosen, forms)?;
    let of = |c: &Chosen| OfBank { number: c.number, version: c.version, marks: paper::marks(c.marks) };
    let key = |form: &Form| form.asked.iter().map(|a| print::answer(&chosen[a.question].question, a)).collect();
    let made = Made {
        title: &o.title,
        seed,
        minutes: o.minutes,
        questions: chosen.iter().map(of).collect(),
        forms: forms.iter().map(|form| MadeForm { form, key: key(form) }).collect(),
    };
    files.push(("组卷.json".into(), serde_json::to_vec_pretty(&made)?));
    Ok(files)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let written = private::create(path).and_then(|mut file| file.write_all(bytes));
    written.with_context(|| format!("文件 {} 写不了", path.display()))
}
