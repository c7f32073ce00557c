//! `dongliang report quarterly|unit|states|order -o FILE`: a paper as .docx or .xlsx, with the figures that the pages show.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Outcome, Place, evaluate, misuse, open};
use crate::{
    audit,
    document::{self, xlsx::xlsx},
    figures::Period,
    installation::Installation,
    paper::{self, Kind, Stamp, Wanted},
    private,
    scope::{Actor, Scope},
};

/// The papers.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 季度通报：全市和各单位一个季度的落实情况
    Quarterly(Quarterly),
    /// 单位台账：一个单位逐项的落实情况
    Unit(Unit),
    /// 要求落实情况表：每项要求、每个单位
    States(States),
    /// 督办单：一个单位落后的要求
    Order(Order),
}

/// Options of `report quarterly`.
#[derive(Args)]
pub(super) struct Quarterly {
    /// 哪个季度，如 2025Q2
    #[arg(long, value_name = "PERIOD", value_parser = quarter)]
    period: Period,
    #[command(flatten)]
    out: Out,
}

/// Options of `report unit`.
#[derive(Args)]
pub(super) struct Unit {
    /// 哪个单位（编号、内部号或名称）
    #[arg(long, value_name = "ID")]
    unit: String,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    out: Out,
}

/// Options of `report states`.
#[derive(Args)]
pub(super) struct States {
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    out: Out,
}

/// Options of `report order`.
#[derive(Args)]
pub(super) struct Order {
    /// 哪个单位（编号、内部号或名称）
    #[arg(long, value_name = "ID")]
    unit: String,
    /// 只督办这条要求，如 R-21；可写几次，缺省为全部落后的
    #[arg(long, value_name = "REQUIREMENT")]
    requirement: Vec<String>,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    out: Out,
}

/// Of which period.
#[derive(Args)]
#[group(skip)]
pub(super) struct When {
    /// 哪个期间，如 2025Q2、2025H1、2025，缺省为当前
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    period: Option<Period>,
}

/// Where to.
#[derive(Args)]
#[group(skip)]
pub(super) struct Out {
    /// 写到哪个文件（.docx 或 .xlsx）
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

fn period(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "应写作 2025Q2、2025H1 或 2025".into())
}

fn quarter(text: &str) -> Result<Period, String> {
    Period::parse(text).filter(Period::is_quarter).ok_or_else(|| "应写作 2025Q2".into())
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    let (kind, unit, when, requirements, out) = match command {
        Command::Quarterly(o) => (Kind::Quarterly, None, Some(&o.period), &[][..], &o.out),
        Command::Unit(o) => (Kind::UnitFile, Some(o.unit.as_str()), o.when.period.as_ref(), &[][..], &o.out),
        Command::States(o) => (Kind::States, None, o.when.period.as_ref(), &[][..], &o.out),
        Command::Order(o) => {
            (Kind::Order, Some(o.unit.as_str()), o.when.period.as_ref(), o.requirement.as_slice(), &o.out)
        }
    };
    let form = form(&out.output)?;
    let installation = open::installation(place)?;
    let content = installation.db.read(|tx| {
        let unit = unit.map(|text| evaluate::unit_id(tx, text)).transpose()?;
        let wanted = Wanted { kind, period: when.cloned(), unit, requirements: requirements.to_vec() };
        paper::draw(tx, &installation, &Scope::All, &wanted)
    })?;
    let content = content.map_err(misuse)?;
    let stamp = Stamp::default();
    let bytes = match form {
        Form::Docx => document::docx(&paper::document(&content, &stamp))?,
        Form::Xlsx => xlsx(&paper::sheets(&content, &stamp))?,
    };
    let shown = out.output.display();
    let mut file = private::create(&out.output).with_context(|| format!("文件 {shown} 写不了"))?;
    tell(&installation, &format!("{}：{}", kind.title(), content.title()))?;
    file.write_all(&bytes).with_context(|| format!("文件 {shown} 没有写完"))?;
    say!("已写出{}，{}个数字，到 {shown}", kind.title(), content.figures.len());
    Ok(Outcome::Done)
}

/// An entry of what left the system.
fn tell(installation: &Installation, title: &str) -> anyhow::Result<()> {
    let actor = Actor { name: "命令行".into(), account: None, at: installation.clock.now().instant };
    let told = json!({ "title": title });
    installation.db.write(move |tx| {
        audit::note(tx, &actor, audit::Kind::Export, told);
        Ok(())
    })
}

enum Form {
    Docx,
    Xlsx,
}

fn form(path: &Path) -> anyhow::Result<Form> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("docx") => Ok(Form::Docx),
        Some("xlsx") => Ok(Form::Xlsx),
        _ => Err(misuse("文件名应以 .docx 或 .xlsx 结尾")),
    }
}
