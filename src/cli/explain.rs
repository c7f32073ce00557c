//! `dongliang explain REQUIREMENT SUBJECT --window W`: clause, rule, arithmetic, rows counted and not counted.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::{Outcome, Place, evaluate, misuse, moment, open};
use crate::{
    db::Tx,
    installation::Installation,
    names::Names,
    subjects,
    verdict::{
        engine::{Engine, Question},
        eval::Fate,
        explain::{self, Explanation},
        words::{self, Context},
    },
};

/// Options of `explain`.
#[derive(Args)]
pub(super) struct Options {
    /// 要求编号，如 R-21
    requirement: String,
    /// 主体的编号或内部号；组合用“|”隔开
    subject: String,
    /// 哪个期间
    #[arg(long, value_name = "W")]
    window: String,
    #[command(flatten)]
    moment: moment::Options,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    evaluate::window(&options.window)?;
    let moment = moment::read(&options.moment, installation.clock)?;
    installation.db.read(|tx| print(tx, &installation, options, moment))
}

fn print(
    tx: &mut Tx<'_>,
    installation: &Installation,
    options: &Options,
    moment: moment::Moment,
) -> anyhow::Result<Outcome> {
    let at = installation.at(tx, moment.day, moment.known_at, Some(&options.window))?;
    let engine = &at.engine;
    let i = engine
        .position(&options.requirement)
        .ok_or_else(|| misuse(format!("没有正在判定的要求“{}”", options.requirement)))?;
    let key = subjects::find(tx, engine, i, &options.subject)?
        .ok_or_else(|| misuse(format!("没有主体“{}”", options.subject)))?;
    let q = Question { as_of: moment.day, known_at: moment.known_at, ..Question::default() };
    let mut shared = at.organisation.clone();
    let Some(found) = explain::explain(tx, engine, i, &key, &options.window, &q, &mut shared)? else {
        say!("没有这个判定：{} {} {}", options.requirement, options.subject, options.window);
        return Ok(Outcome::No);
    };
    let names = names(tx, engine, &found)?;
    show(engine, i, &found, &names);
    Ok(Outcome::Done)
}

fn names(tx: &mut Tx<'_>, engine: &Engine, e: &Explanation) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for row in e.parts.iter().flat_map(|p| &p.rows) {
        wanted.entry(row.table).or_default().insert(row.record);
    }
    Names::load(tx, &engine.layout, &wanted)
}

fn show(engine: &Engine, i: usize, e: &Explanation, names: &Names) {
    let ctx = Context::of(engine, i);
    let (r, v) = (ctx.requirement, &e.verdict);
    say!("{} {}（{}）", r.id, r.title, r.clause);
    words::facts(ctx).iter().for_each(|f| say!("{}：{}", f.term, f.text));
    say!("期间：{}", words::window_name(&v.window.label));
    say!("{}", words::lead(ctx, e));
    say!("数值 {}，目标 {}", v.value_text(), v.target_text());
    for sum in words::sums(ctx, e) {
        let terms: Vec<String> = sum.terms.iter().map(|t| format!("{}{}{}", t.sign, t.label, t.value)).collect();
        say!("{}{} {}", sum.part.map_or(String::new(), |p| format!("{p}：")), terms.join(" "), sum.outcome);
    }
    for (part, told) in r.parts.iter().zip(&e.parts) {
        for row in told.rows.iter().filter(|r| r.trace.fate != Fate::Outside) {
            let fated = words::fate(ctx, part, row, &told.frame, &v.window);
            let ledger = &engine.layout.ledgers[row.table];
            let day = row.day.map_or(String::new(), |d| format!(" {d}"));
            say!(
                "  {} {}{day} {}：{} {}",
                ledger.title,
                names.code(row.table, row.record),
                names.title(row.table, row.record),
                fated.outcome,
                fated.reason
            );
        }
        let outside = told.rows.iter().filter(|r| r.trace.fate == Fate::Outside).count();
        if outside > 0 {
            say!("  另有 {outside} 条日期在期间之外");
        }
    }
    let mends = words::needs(ctx, e);
    mends.list.iter().for_each(|m| say!("还需：{}（{}）", m.title, m.note));
}
