//! `dongliang evaluate`: verdicts and roll-ups as of a day, as known at an instant, as a table, JSON or CSV.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    sync::Arc,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Outcome, Place, misuse, moment, moment::Moment, open};
use crate::{
    day::Day,
    db::Tx,
    directive::model::Each,
    installation::{Installation, meta},
    names::Names,
    ratio::Ratio,
    sheet::csv_text,
    subjects,
    verdict::{
        engine::{Engine, Question},
        judge::State,
        light::Light,
        rollup::{self, Tally},
        store::{self, Stored},
        window,
        world::{Layout, PERSON, UNIT},
    },
};

/// Options of `evaluate`.
#[derive(Args)]
pub(super) struct Options {
    /// 只要这条要求，如 R-21
    #[arg(long, value_name = "ID")]
    requirement: Option<String>,
    /// 只要这个单位（编号或内部号）及其科室
    #[arg(long, value_name = "ID")]
    unit: Option<String>,
    /// 只要这个期间，如 2025-03、2025Q1、"by 2025-12-31"、standing
    #[arg(long, value_name = "W")]
    window: Option<String>,
    #[command(flatten)]
    moment: moment::Options,
    /// 从记录重新判，不用存下的判定
    #[arg(long)]
    full: bool,
    /// 输出格式
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

/// One line of the answer; days, windows and exact values are texts.
#[derive(Serialize)]
struct Line {
    row: &'static str,
    requirement: String,
    version: String,
    subject_kind: String,
    subject: String,
    subject_title: String,
    unit: Option<String>,
    window: String,
    numerator: Option<i64>,
    denominator: Option<i64>,
    value: String,
    target: String,
    state: &'static str,
    light: &'static str,
    late: bool,
    due: Option<String>,
    watermark: String,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    options.window.as_deref().map(window).transpose()?;
    let moment = moment::read(&options.moment, installation.clock)?;
    let lines = installation.db.read(|tx| lines(tx, &installation, options, moment))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match options.format {
        Format::Json => {
            serde_json::to_writer(&mut out, &lines)?;
            writeln!(out)?;
        }
        Format::Csv => csv(&mut out, lines)?,
        Format::Table => table(&mut out, &lines)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// Refuses what cannot be the name of a window.
pub(super) fn window(text: &str) -> anyhow::Result<()> {
    if window::is_label(text) {
        return Ok(());
    }
    let forms =
        "2025、2025H1、2025Q1、2025-03、2025-W02、2025-03-01、\"by 2025-12-31\"、\"by ?\"、life、standing、once";
    Err(misuse(format!("“{text}”不是期间，应写作 {forms} 之一")))
}

fn lines(
    tx: &mut Tx<'_>,
    installation: &Installation,
    options: &Options,
    Moment { day, known_at }: Moment,
) -> anyhow::Result<Vec<Line>> {
    let judged = meta(tx, "judged_day")?.and_then(|d| Day::parse(&d));
    let at = installation.at(tx, day, known_at, options.window.as_deref())?;
    let current = Arc::ptr_eq(&at, &installation.current(tx)?);
    let stored = !options.full && current && judged == Some(day);
    let engine = &at.engine;
    let which = match &options.requirement {
        None => None,
        Some(id) => match engine.position(id) {
            Some(i) => Some(vec![i]),
            None => return Err(misuse(format!("没有正在判定的要求“{id}”"))),
        },
    };
    let mut verdicts: Vec<Stored> = Vec::new();
    if stored {
        for i in which.clone().unwrap_or_else(|| (0..engine.compiled.len()).collect()) {
            verdicts.extend(store::of_requirement(tx, &engine.compiled[i].requirement.id, None)?);
        }
    } else {
        let q = Question { which, as_of: day, known_at, only: Vec::new() };
        engine.evaluate(tx, &q, &mut |cut| {
            let id = &engine.compiled[cut.requirement].requirement.id;
            verdicts.extend(cut.verdicts.iter().map(|v| Stored::of(id, v)));
            Ok(())
        })?;
    }
    if let Some(window) = &options.window {
        verdicts.retain(|v| v.window == *window);
    }
    // Stored or judged just now: the order is the same.
    verdicts.sort_by_cached_key(|v| {
        (engine.position(&v.requirement), v.subject, v.rest.clone(), v.from, v.to, v.window.clone())
    });
    let unit = options.unit.as_deref().map(|u| unit_id(tx, u)).transpose()?;
    answer(tx, engine, verdicts, unit, day)
}

/// The record id of a unit by its code, its number or its name.
pub(super) fn unit_id(tx: &mut Tx<'_>, text: &str) -> anyhow::Result<i64> {
    let sql = "select record_id from l_unit where record_code = $1 or (record_code is null and cast(record_id as text) = $1) or \"name\" = $1 order by record_id";
    let found = tx.one(sql, &[text.into()], |r| r.i64(0))?;
    found.ok_or_else(|| misuse(format!("没有单位“{text}”")))
}

/// The lines: subjects in the package's order, then the roll-ups of units and of the system.
fn answer(
    tx: &mut Tx<'_>,
    engine: &Engine,
    verdicts: Vec<Stored>,
    unit: Option<i64>,
    day: Day,
) -> anyhow::Result<Vec<Line>> {
    let inside = |v: &Stored| unit.is_none_or(|u| v.unit == Some(u) || v.organ == Some(u));
    let judged = verdicts.iter().filter_map(|v| Some((engine.position(&v.requirement)?, v)));
    let names = subjects::names(tx, engine, judged)?;
    let maker = Maker { engine, names: &names, day };
    let mut lines: Vec<Line> =
        verdicts.iter().filter(|v| !v.closed && inside(v)).filter_map(|v| maker.subject(v)).collect();
    let mut totals: BTreeMap<(usize, String, Option<i64>), Counts> = BTreeMap::new();
    for v in &verdicts {
        let Some(i) = engine.position(&v.requirement) else { continue };
        let organs = [None, v.organ].into_iter().filter(|o| unit.is_none_or(|u| *o == Some(u)));
        let sections = v.unit.filter(|u| Some(*u) != v.organ && unit.is_none_or(|w| w == *u)).map(Some);
        for of in organs.chain(sections).collect::<BTreeSet<_>>() {
            let total = totals.entry((i, v.window.clone(), of)).or_default();
            total.tally.count(&v.leaf());
            total.target = total.target.or_else(|| v.first_target());
            total.due = v.shut;
        }
    }
    for ((i, window, of), counts) in totals {
        lines.extend(maker.total(i, &window, of, &counts));
    }
    Ok(lines)
}

/// Leaf verdicts of one roll-up.
#[derive(Default)]
struct Counts {
    tally: Tally,
    target: Option<Ratio>,
    due: Option<Day>,
}

struct Maker<'a> {
    engine: &'a Engine,
    names: &'a Names,
    day: Day,
}

impl Maker<'_> {
    fn version(&self) -> String {
        self.engine.package.hash.chars().take(12).collect()
    }

    fn subject(&self, v: &Stored) -> Option<Line> {
        let i = self.engine.position(&v.requirement)?;
        let key = subjects::key(v);
        let counted = v.value.split("; ").next() != Some("None");
        Some(Line {
            row: "subject",
            requirement: v.requirement.clone(),
            version: self.version(),
            subject_kind: kind(&self.engine.layout, &self.engine.compiled[i].requirement.each),
            subject: subjects::code(self.engine, i, &key, self.names),
            subject_title: subjects::title(self.engine, i, &key, self.names),
            unit: v.unit.map(|u| self.names.code(UNIT, u)),
            window: v.window.clone(),
            numerator: counted.then_some(v.counted.0),
            denominator: counted.then_some(v.counted.1),
            value: v.value.clone(),
            target: v.target.clone(),
            state: v.state.as_str(),
            light: v.light.as_str(),
            late: v.late,
            due: v.shut.map(|d| d.to_string()),
            watermark: self.day.to_string(),
        })
    }

    fn total(&self, i: usize, window: &str, of: Option<i64>, counts: &Counts) -> Option<Line> {
        let r = &self.engine.compiled[i].requirement;
        let op = r.parts.first()?.target.as_ref()?.op;
        let target = counts.target.map(|t| store::pool_target(op, t));
        let system_only = matches!(r.rollup, crate::directive::model::Rollup::CountMet(_));
        if system_only && of.is_some() {
            return None;
        }
        let total = rollup::total(&r.rollup, &counts.tally, target.as_ref())?;
        Some(Line {
            row: "rollup",
            requirement: r.id.clone(),
            version: self.version(),
            subject_kind: if of.is_some() { "unit" } else { "system" }.into(),
            subject: of.map_or("*".into(), |u| self.names.code(UNIT, u)),
            subject_title: of.map_or("全市".into(), |u| self.names.title(UNIT, u).to_owned()),
            unit: of.map(|u| self.names.code(UNIT, u)),
            window: window.to_owned(),
            numerator: total.value.map(Ratio::num),
            denominator: total.value.map(Ratio::den),
            value: total.value.map_or("None".into(), |v| v.to_string()),
            target: total.target.map_or("-".into(), |t| t.to_string()),
            state: total.state.as_str(),
            light: Light::of(total.state).as_str(),
            late: false,
            due: counts.due.map(|d| d.to_string()),
            watermark: self.day.to_string(),
        })
    }
}

fn kind(layout: &Layout, each: &Each) -> String {
    match each {
        Each::System => "system".into(),
        Each::Unit => layout.ledgers[UNIT].name.clone(),
        Each::Person => layout.ledgers[PERSON].name.clone(),
        Each::Ledger(name) => name.clone(),
    }
}

fn table(out: &mut impl std::io::Write, lines: &[Line]) -> anyhow::Result<()> {
    writeln!(out, "要求\t行\t编号\t名称\t期间\t判定\t灯\t数值\t目标")?;
    for l in lines {
        let late = if l.late { " 已补" } else { "" };
        let state = State::parse(l.state).map_or(l.state, State::chinese);
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{state}{late}\t{}\t{}\t{}",
            l.requirement,
            if l.row == "rollup" { "汇总" } else { "对象" },
            l.subject,
            l.subject_title,
            l.window,
            l.light,
            l.value,
            l.target
        )?;
    }
    writeln!(out, "共 {} 行", lines.len()).context("写不出去")
}

fn csv(out: &mut impl std::io::Write, lines: Vec<Line>) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    for mut line in lines {
        // What people have typed must be no formula.
        for text in [&mut line.subject, &mut line.subject_title].into_iter().chain(&mut line.unit) {
            *text = csv_text::neutral(text).into_owned();
        }
        csv.serialize(line)?;
    }
    Ok(csv.flush()?)
}
