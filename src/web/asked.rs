//! What an address asks for that its page does not have: said in a notice on the page, and kept as typed.

use super::frame::{Ask, Desk};
use crate::harmless::is_harmless;

/// Characters of what was typed that are repeated.
const ECHO: usize = 60;
/// Rows on a page, to choose from; the first is the default.
const SIZES: [u64; 3] = [20, 50, 100];

/// What was typed, cut to what a notice has room for.
pub(super) fn echo(text: &str) -> String {
    let mut plain = text.chars().filter(|c| is_harmless(*c));
    let head: String = plain.by_ref().take(ECHO).collect();
    if plain.next().is_some() { format!("{head}……") } else { head }
}

/// Says which keys of the address the page does not know.
pub(super) fn keys(desk: &mut Desk<'_, '_>, known: &[&str]) {
    let filled = desk.ask.url.pairs.iter().filter(|(_, value)| !value.is_empty());
    let mut unknown: Vec<String> = Vec::new();
    for (key, _) in filled.filter(|(key, _)| !known.contains(&key.as_str())) {
        let shown = format!("“{}”", echo(key));
        if !unknown.contains(&shown) {
            unknown.push(shown);
        }
    }
    if !unknown.is_empty() {
        unknown.truncate(5);
        desk.notice(format!("地址中的{}不是这一页的条件，没有采用。", unknown.join("、")));
    }
}

/// Says which values under a key are none of those that there are.
pub(super) fn values(desk: &mut Desk<'_, '_>, key: &str, title: &str, known: &dyn Fn(&str) -> bool) {
    let unknown: Vec<String> = desk.ask.all(key).filter(|v| !known(v)).map(|v| format!("“{}”", echo(v))).collect();
    if !unknown.is_empty() {
        desk.notice(format!("{title}没有{}这一项。", unknown.join("、")));
    }
}

/// The rows on a page that are asked for.
pub(super) fn size(desk: &mut Desk<'_, '_>) -> u64 {
    let Some(text) = desk.ask.get("size").map(str::to_owned) else { return SIZES[0] };
    match text.parse().ok().filter(|n| SIZES.contains(n)) {
        Some(size) => size,
        None => {
            desk.notice(format!("每页只能列20、50或100条，不能是“{}”，现列20条。", echo(&text)));
            SIZES[0]
        }
    }
}

/// The page that is asked for, or else the nearest of them.
pub(super) fn page(desk: &mut Desk<'_, '_>, pages: u64) -> u64 {
    let Some(text) = desk.ask.get("page").map(str::to_owned) else { return 1 };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    // More digits than a number holds is a page far behind the last.
    let asked = text.parse().unwrap_or(if digits { u64::MAX } else { 0 });
    let shown = asked.clamp(1, pages.max(1));
    if !digits {
        desk.notice(format!("页码“{}”无法识别，现列第1页。", echo(&text)));
    } else if shown != asked {
        desk.notice(format!("没有第{}页：共{}页，现列第{shown}页。", echo(&text), pages.max(1)));
    }
    shown
}

/// The rows of the page that is asked for, or else of the nearest one, with that page and how many rows there are in all.
/// `list` gives the rows behind the first `skip`, `limit` of them, and how many there are.
///
/// # Errors
/// Those of `list`.
pub(super) fn rows<T>(
    desk: &mut Desk<'_, '_>,
    size: u64,
    list: impl Fn(&mut Desk<'_, '_>, i64, i64) -> anyhow::Result<(Vec<T>, i64)>,
) -> anyhow::Result<(Vec<T>, u64, u64)> {
    let behind = |page: u64| i64::try_from((page - 1).saturating_mul(size)).unwrap_or(i64::MAX);
    let first: u64 = desk.ask.get("page").and_then(|p| p.parse().ok()).unwrap_or(1).max(1);
    let (found, all) = list(desk, behind(first), size as i64)?;
    let total = u64::try_from(all).unwrap_or(0);
    let shown = page(desk, total.div_ceil(size));
    let found = if shown == first { found } else { list(desk, behind(shown), size as i64)?.0 };
    Ok((found, shown, total))
}

/// The address without the page, and without what is empty.
pub(super) fn without_page(ask: &Ask) -> super::view::url::Query {
    let mut query = ask.page.without("page").without("done");
    query.pairs.retain(|(_, value)| !value.is_empty());
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_cut() {
        assert_eq!(echo("短\u{0}的"), "短的");
        assert_eq!(echo(&"字".repeat(60)), "字".repeat(60));
        assert_eq!(echo(&"字".repeat(61)), format!("{}……", "字".repeat(60)));
    }
}
