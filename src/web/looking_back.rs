//! `period` in the address of a page: a past quarter, whose figures are those of its 通报.

use super::{
    asked,
    frame::Desk,
    view::parts::{Choice, Span},
};
use crate::{
    clock,
    figures::{Period, Picture},
    installation::Installation,
};

/// The verdicts that the page is to show, and how it says which they are.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn picture(desk: &mut Desk<'_, '_>, installation: &Installation) -> anyhow::Result<(Picture, Span)> {
    let today = desk.now.day;
    let asked = desk.ask.get("period").map(str::to_owned);
    let period = asked.as_deref().and_then(Period::parse);
    if let Some(text) = asked.as_deref() {
        let text = asked::echo(text);
        match &period {
            None => desk.notice(format!("“{text}”不是期间，应写作2025Q2、2025H1或2025；现列当前情况。")),
            Some(p) if p.from > today => desk.notice(format!("{}还没有开始，现列当前情况。", p.name())),
            Some(_) => {}
        }
    }
    let past = period.filter(|p| p.is_over(today));
    let picture = match &past {
        Some(period) => Picture::of(desk.tx, installation, &desk.scope, period, None)?,
        None => Picture::now(desk.tx, &desk.current, &desk.scope, today)?,
    };
    let span = span(desk, past.as_ref());
    Ok((picture, span))
}

fn span(desk: &Desk<'_, '_>, past: Option<&Period>) -> Span {
    let today = desk.now.day;
    let mut offered = Period::quarters(desk.current.engine.rules.from, today);
    offered.retain(|p| p.is_over(today));
    offered.extend(past.filter(|p| !offered.contains(p)).cloned());
    let quarter = |p: &Period| Choice { value: p.label().to_owned(), label: p.name(), current: past == Some(p) };
    let now = Choice { value: String::new(), label: "当前".into(), current: past.is_none() };
    Span {
        path: desk.ask.url.path.clone(),
        choices: std::iter::once(now).chain(offered.iter().map(quarter)).collect(),
        basis: past.map_or_else(String::new, |_| format!("按截至{}的记录判定", clock::chinese(desk.now.instant))),
        query: past.map_or_else(String::new, |p| format!("?period={}", p.label())),
    }
}

/// What is looked at: `2025年，截至10月20日`, `2025年第二季度，截至6月30日`.
pub(super) fn title(picture: &Picture) -> String {
    let (year, month, day) = picture.until.ymd();
    let name = picture.past.as_ref().map_or_else(|| format!("{year}年"), Period::name);
    format!("{name}，截至{month}月{day}日")
}

/// What takes the page of a verdict to the moment looked at; nothing for the present.
pub(super) fn moment(picture: &Picture) -> String {
    picture.past.as_ref().map_or_else(String::new, |_| format!("?as_of={}", picture.day))
}
