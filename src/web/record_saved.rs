//! What a form that was recorded did to the verdicts, told on the page to which it leads.

use super::{
    frame::Desk,
    record_links, subject, summary,
    view::{record::Saved, words::Words},
};
use crate::{
    directive::model::Ledger,
    figures::{target_text, values_text},
    form::{self, Face, Turn},
    subjects,
    verdict::{
        judge::State,
        light::Light,
        sight,
        store::Stored,
        words::{Context, window_name},
    },
};

/// Verdicts that are listed.
const SHOWN: usize = 12;

/// What a form of the reader's did; `None` when it is not known, or was about another record.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(desk: &mut Desk<'_, '_>, record: i64, once: &str) -> anyhow::Result<Option<Saved>> {
    let account = desk.reader()?.account;
    let known = if once.contains('\0') { None } else { form::told(desk.tx, once, account)? };
    let Some((of, told)) = known.filter(|(of, _)| *of == record || *of == 0) else { return Ok(None) };
    let mut lines = Vec::new();
    for turn in &told.turns {
        lines.extend(line(desk, turn)?);
    }
    // Counted is what is listed, and what was not kept one by one; not what the reader does not see or reads as before.
    let all = lines.len() + told.all.saturating_sub(told.turns.len());
    lines.truncate(SHOWN);
    let more = all - lines.len();
    // A form that leads to no record has voided some.
    let done = if of == 0 { "已作废" } else { "已保存" };
    let words = match (all, told.later) {
        (0, false) if told.all > 0 => format!("{done}。没有判定的结论因此变化。"),
        (0, true) => format!("{done}。涉及面较广，判定正在后台重新计算，稍后刷新可见。"),
        (0, false) => format!("{done}。没有判定因此变化。"),
        (n, later) => {
            let rest = if later { "；其余判定正在后台重新计算" } else { "" };
            format!("{done}，{n}项判定由此变化{rest}：")
        }
    };
    Ok(Some(Saved { words, lines, more }))
}

/// What is said of the record that a form has just made: a link to it, and the verdicts that it changed.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn before(desk: &mut Desk<'_, '_>, ledger: &Ledger, once: &str) -> anyhow::Result<Vec<Words>> {
    let account = desk.reader()?.account;
    let known = if once.contains('\0') { None } else { form::told(desk.tx, once, account)? };
    let Some((record, _)) = known.filter(|(record, _)| *record > 0) else { return Ok(Vec::new()) };
    let Some(saved) = of(desk, record, once)? else { return Ok(Vec::new()) };
    let href = format!("{}?saved={once}", record_links::record_href(ledger, &record.to_string()));
    let mut said = vec![Words::from(saved.words).link("查看刚登记的记录", href).text("。可以接着登记下一条。")];
    said.extend(saved.lines);
    if saved.more > 0 {
        said.push(Words::new().muted(format!("另有{}项没有列出。", saved.more)));
    }
    Ok(said)
}

/// A verdict with what it was and what it is, if the reader may see it.
fn line(desk: &mut Desk<'_, '_>, turn: &Turn) -> anyhow::Result<Option<Words>> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let Some(i) = engine.compiled.iter().position(|c| c.requirement.id == turn.requirement) else { return Ok(None) };
    let scope = desk.scope.clone();
    if turn.after.is_none() {
        return gone(desk, i, turn);
    }
    let all = sight::of_requirement(desk.tx, engine, &scope, &turn.requirement, Some(turn.subject))?;
    let Some(verdict) = all.into_iter().find(|v| v.rest == turn.rest && v.window == turn.window) else {
        return Ok(None);
    };
    let names = subjects::names(desk.tx, engine, std::iter::once((i, &verdict)))?;
    let (code, requirement) = super::dashboard::named(engine, i);
    let subject = subjects::title(engine, i, &subjects::key(&verdict), &names);
    let subject = if subject.is_empty() { requirement.text } else { subject };
    let text = format!("{code} {subject}　{}", window_name(&verdict.window));
    let words = Words::new().link(text, subject::href(engine, i, &verdict, &names)).text("　");
    let figures = figures(Context::of(engine, i), turn, &verdict);
    if look(turn.before.as_ref()) == look(turn.after.as_ref()) {
        // What reads as it did before is not said to have changed.
        let said = |figures: String| face(words, turn.after.as_ref()).text(format!("，{figures}"));
        return Ok((!figures.is_empty()).then(|| said(figures)));
    }
    let words = face(words, turn.before.as_ref()).text(" → ");
    let words = face(words, turn.after.as_ref());
    Ok(Some(if figures.is_empty() { words } else { words.muted(format!("　{figures}")) }))
}

/// What is seen of a verdict besides its figures.
fn look(face: Option<&Face>) -> Option<(&str, &str, bool)> {
    face.map(|f| (f.state.as_str(), f.light.as_str(), f.late))
}

/// A verdict that is not there any more, if the reader might have seen it.
fn gone(desk: &mut Desk<'_, '_>, i: usize, turn: &Turn) -> anyhow::Result<Option<Words>> {
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let engine = &current.engine;
    let key = subjects::key_of(turn.subject, &turn.rest);
    if !sight::sees(desk.tx, engine, &scope, i, &key, turn.unit)? {
        return Ok(None);
    }
    let names = subjects::names_of(desk.tx, engine, i, &key)?;
    let (code, requirement) = super::dashboard::named(engine, i);
    let subject = subjects::title(engine, i, &key, &names);
    let subject = if subject.is_empty() { requirement.text } else { subject };
    let words = Words::from(format!("{code} {subject}　{}　", window_name(&turn.window)));
    Ok(Some(face(words, turn.before.as_ref()).text(" → 不再判定")))
}

fn face(words: Words, face: Option<&Face>) -> Words {
    let Some(face) = face else { return words.text("没有判定") };
    let state = State::parse(&face.state).unwrap_or(State::Unknown);
    let light = Light::parse(&face.light).unwrap_or(Light::None);
    words.tag(summary::tag(state, light, face.late))
}

/// `1次 → 2次，应为2次`: the figures, where they read otherwise than before; empty where they do not.
fn figures(ctx: Context<'_>, turn: &Turn, verdict: &Stored) -> String {
    let text = |face: &Option<Face>| face.as_ref().map_or_else(String::new, |f| values_text(ctx, &f.value));
    let is_none = |text: &str| text.split('；').all(|part| part.is_empty() || part == "--");
    let (before, after) = (text(&turn.before), text(&turn.after));
    match (is_none(&before), is_none(&after)) {
        (true, true) => return String::new(),
        (false, true) => return format!("原为{before}"),
        _ if before == after => return String::new(),
        _ => {}
    }
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let target = if plain(&verdict.target) { format!("，应为{}", target_text(ctx, verdict)) } else { String::new() };
    // A count that was not there yet begins at nothing.
    let zero = turn.after.as_ref().is_some_and(|f| plain(&f.value));
    let before = match is_none(&before) {
        true if zero => format!("{} → ", values_text(ctx, "0")),
        true => String::new(),
        false => format!("{before} → "),
    };
    format!("{before}{after}{target}")
}
