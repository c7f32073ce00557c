//! Papers by kind, period, unit and number.

use super::SHOWN;
use crate::{
    db::Tx,
    form::{Around, Hit, Hits, directory::initials},
    paper::store::{self, Eye, Heading},
};

/// Papers that may be read, were not dropped and fit a text, the newest first: by what they are called (`2025年第二季度
/// 季度通报`, `柳溪县发改局 单位台账`), the initials of that, or the number.
///
/// # Errors
/// When the store cannot be read.
pub fn papers(tx: &mut Tx<'_>, around: &Around<'_>, drafts: bool, text: &str) -> anyhow::Result<Hits> {
    let lower = text.to_lowercase();
    let fits = |h: &Heading| {
        let unit = h.unit.map_or_else(String::new, |unit| around.directory.path(unit));
        let called = [h.period.clone(), h.kind.title().to_owned(), unit];
        let number = h.number.as_ref().map_or_else(String::new, ToString::to_string);
        called.iter().any(|t| t.to_lowercase().contains(&lower) || initials(t).contains(&lower))
            || called.concat().contains(text)
            || number.to_lowercase().contains(&lower)
    };
    let found: Vec<Heading> =
        store::headings(tx, Eye { scope: around.scope, drafts })?.into_iter().filter(fits).collect();
    let mut hits = Hits { total: found.len(), ..Hits::default() };
    for heading in found.into_iter().take(SHOWN) {
        let Some(saved) = store::get(tx, heading.id)? else { continue };
        let state = saved.issued.map_or_else(|| "草稿".to_owned(), |issued| issued.number.to_string());
        let note = format!("{}　{state}", heading.kind.title());
        hits.hits.push(Hit { id: heading.id, title: saved.content.title(), note });
    }
    Ok(hits)
}
