//! What a file would do to the verdicts, as lines of a page.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dashboard::named,
    frame::Desk,
    summary,
    view::{
        imports::{EffectGroup, EffectLine, EffectTurn, Effects},
        tag::Tag,
        url::segment,
        words::Link,
    },
};
use crate::{
    figures::values_text,
    intake::{
        self, Report, Shifted, Turned, Weighed,
        batch::{Batch, State as Stands},
    },
    names::Names,
    subjects,
    verdict::{
        engine::Engine,
        judge::State,
        light::Light,
        sight,
        store::Face,
        words::{Context, window_name},
        world::UNIT,
    },
};

/// Verdicts that are named on the page.
const SHOWN: usize = 60;

/// What a check has found, as far as the reader may still see it: of all rows, and, where some seem to stand already and it is
/// not confirmed yet, without these.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    batch: &Batch,
    report: &Report,
) -> anyhow::Result<(Effects, Option<Effects>)> {
    let (alike, _) = report.alike_rows;
    if batch.state == Stands::Imported {
        let weighed = if batch.leave_alike { &report.effects_left } else { &report.effects };
        return Ok((one(desk, batch, ("h-eff", "确认前测算的影响"), weighed)?, None));
    }
    if alike == 0 {
        return Ok((one(desk, batch, ("h-eff", "预计影响"), &report.effects)?, None));
    }
    let all = one(desk, batch, ("h-eff", "预计影响：疑似重复的一并写入"), &report.effects)?;
    let left = one(desk, batch, ("h-eff2", "预计影响：疑似重复的不写入"), &report.effects_left)?;
    Ok((all, Some(left)))
}

fn one(
    desk: &mut Desk<'_, '_>,
    batch: &Batch,
    (id, title): (&'static str, &'static str),
    weighed: &Option<Weighed>,
) -> anyhow::Result<Effects> {
    let only = |summary: &str| Effects { id, title, summary: summary.into(), groups: Vec::new() };
    let Some(weighed) = weighed else { return Ok(only("没有测算")) };
    let current = desk.current.clone();
    let reach = intake::reach_of(desk.tx, batch.new.account, &current, desk.now.day)?;
    if reach.is_none_or(|(_, mark)| mark != weighed.reach) {
        return Ok(only("检查之后，您能查看的范围有变化，不再显示"));
    }
    Ok(Effects { id, ..shown(desk, title, weighed, batch.state == Stands::Imported)? })
}

/// What was weighed, as far as the reader may see it; `done` where it has been written since.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn shown(
    desk: &mut Desk<'_, '_>,
    title: &'static str,
    weighed: &Weighed,
    done: bool,
) -> anyhow::Result<Effects> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let summary = match (weighed.all, weighed.turning) {
        (0, _) => "没有判定因此改变".to_owned(),
        (all, 0) => format!("{all}项判定的数字有变，结论都不变"),
        (all, turning) if all == turning => format!("{all}项判定的结论改变"),
        (all, turning) => format!("{all}项判定有变，其中{turning}项改变结论"),
    };
    let shown = visible(desk, engine, &weighed.turned)?;
    let names = names(desk, engine, &shown)?;
    let mut groups: Vec<(usize, EffectGroup)> = Vec::new();
    for (i, turned, shifts) in &shown {
        let turn = turn(engine, &names, (*i, turned), shifts, done);
        match groups.iter_mut().find(|(of, _)| of == i) {
            Some((_, group)) => group.turns.push(turn),
            None => {
                let (code, link) = named(engine, *i);
                let requirement = Link::new(format!("{code}　{}", link.text), link.href);
                groups.push((*i, EffectGroup { requirement, turns: vec![turn] }));
            }
        }
    }
    // Where something turns comes first.
    groups.sort_by_key(|(_, group)| group.turns.iter().all(|t| t.from == t.to));
    Ok(Effects { id: "h-eff", title, summary, groups: groups.into_iter().map(|(_, group)| group).collect() })
}

type Visible<'r> = (usize, &'r Turned, Vec<&'r Shifted>);

/// Requirements that are still in force, and of their verdicts those that the reader sees.
fn visible<'r>(desk: &mut Desk<'_, '_>, engine: &Engine, all: &'r [Turned]) -> anyhow::Result<Vec<Visible<'r>>> {
    let (scope, mut left, mut found) = (desk.scope.clone(), SHOWN, Vec::new());
    for turned in all {
        let Some(i) = engine.position(&turned.requirement) else { continue };
        let mut shifts = Vec::new();
        for shift in &turned.shifts {
            if left > 0 && sight::sees(desk.tx, engine, &scope, i, &shift.subject, shift.unit)? {
                left -= 1;
                shifts.push(shift);
            }
        }
        found.push((i, turned, shifts));
    }
    Ok(found)
}

fn names(desk: &mut Desk<'_, '_>, engine: &Engine, shown: &[Visible<'_>]) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (i, turned, shifts) in shown {
        wanted.entry(UNIT).or_default().extend(turned.units.iter().filter_map(|(unit, _)| *unit));
        for (table, id) in shifts.iter().flat_map(|s| subjects::records(engine, *i, &s.subject)) {
            wanted.entry(table).or_default().insert(id);
        }
    }
    Names::load(desk.tx, &engine.layout, &wanted)
}

fn tag(face: Option<&Face>) -> Option<Tag> {
    let face = face?;
    let light = Light::parse(&face.light).unwrap_or(Light::None);
    Some(summary::tag(State::parse(&face.state)?, light, face.late))
}

fn turn(engine: &Engine, names: &Names, (i, turned): (usize, &Turned), shifts: &[&Shifted], done: bool) -> EffectTurn {
    let first = turned.shifts.first();
    let unit = |(unit, n): &(Option<i64>, usize)| {
        let name = unit.map_or("", |unit| names.title(UNIT, unit));
        (!name.is_empty()).then(|| format!("{name}{n}项"))
    };
    let units: Vec<String> = turned.units.iter().filter_map(unit).collect();
    let rest =
        if turned.unit_count > turned.units.len() { format!("等{}个单位", turned.unit_count) } else { "".into() };
    EffectTurn {
        from: tag(first.and_then(|s| s.from.as_ref())),
        to: tag(first.and_then(|s| s.to.as_ref())),
        count: turned.count,
        units: units.join("、") + &rest,
        lines: shifts.iter().map(|s| line(engine, names, i, s, done)).collect(),
    }
}

fn line(engine: &Engine, names: &Names, i: usize, shift: &Shifted, done: bool) -> EffectLine {
    let stands = shift.row == 0 || done;
    let subject = match stands {
        true => subjects::title(engine, i, &shift.subject, names),
        false => fresh(engine, names, i, shift),
    };
    let text = format!("{subject}　{}", window_name(&shift.window));
    let there = if done { shift.to.is_some() } else { shift.from.is_some() };
    let id = &engine.compiled[i].requirement.id;
    let code = subjects::code(engine, i, &shift.subject, names);
    let href = format!("/verdicts/{}/{}/{}", segment(id), segment(&code), segment(&shift.window));
    let ctx = Context::of(engine, i);
    let value = |face: &Option<Face>| face.as_ref().map(|f| values_text(ctx, &f.value)).unwrap_or_default();
    let (before, after) = (value(&shift.from), value(&shift.to));
    let note = match (before.as_str(), after.as_str()) {
        ("" | "--", "" | "--") => String::new(),
        ("" | "--", after) => after.to_owned(),
        (before, "" | "--") => format!("原为{before}"),
        (before, after) if before == after => before.to_owned(),
        (before, after) => format!("由{before}变为{after}"),
    };
    EffectLine { subject: Link::new(text, if stands && there { href } else { String::new() }), note }
}

/// A subject that a row of the file would bring, by the name that stands there: `周九（第2行）`.
fn fresh(engine: &Engine, names: &Names, i: usize, shift: &Shifted) -> String {
    let (part, name) = &shift.fresh;
    if name.is_empty() {
        return format!("第{}行的新记录", shift.row);
    }
    // Its id may have become another's meanwhile, so that it is not looked up.
    let records = subjects::records(engine, i, &shift.subject).into_iter().enumerate();
    let titles = records.map(|(n, (table, id))| if n == *part { name } else { names.title(table, id) });
    let title = titles.filter(|t| !t.is_empty()).collect::<Vec<_>>().join("·");
    format!("{title}（第{}行）", shift.row)
}
