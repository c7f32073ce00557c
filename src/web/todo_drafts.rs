//! Drafts among what waits: why each is there, what it would be, and both decisions in place.

use super::{
    frame::Desk,
    remedy,
    remedy_forms::{forms, on_fail},
    remedy_lines::{self, verdict_href},
    todo::SHOWN,
    view::todo::{Draft, Item},
};
use crate::{
    installation::Installation,
    remedy::store::{self, Filter},
    scope::Scope,
    verdict::words::{act_words, due_words},
};

/// The first drafts of a scope, the newest first.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn items(
    desk: &mut Desk<'_, '_>,
    installation: &Installation,
    scope: &Scope,
    filter: &Filter,
) -> anyhow::Result<Vec<Item>> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let found = store::list(desk.tx, engine, scope, filter, (0, SHOWN))?;
    let names = remedy_lines::names(desk.tx, engine, &found, std::iter::empty().collect())?;
    let lines = remedy_lines::lines(desk, &found)?;
    let mut items = Vec::new();
    for (m, line) in found.iter().zip(lines) {
        let [confirm, drop, _] = forms(desk, &current, m)?;
        let mut both = [confirm, drop];
        for (form, what) in both.iter_mut().zip(["confirm", "drop"]) {
            if let Some(form) = form {
                form.id = format!("{what}{}", m.id);
                form.token = desk.form_token()?;
                form.hidden.push(("from".into(), "todo".into()));
            }
        }
        let [confirm, drop] = both;
        let due = on_fail(&current, m).map(|f| due_words(&f.due)).filter(|w| !w.is_empty());
        let unit = if line.unit.is_empty() { String::new() } else { format!("（{}）", line.unit) };
        let due = due.map_or_else(String::new, |d| format!("，{d}"));
        let plan = format!("拟办：{}，对象为{}{unit}{due}。", act_words(&m.act), line.subject.text);
        let mut why = remedy::lead(desk, installation, m)?;
        if let Some(href) = verdict_href(engine, &names, m) {
            why = why.text("　").link("判定依据", href);
        }
        let draft = Draft { why, plan, confirm, drop };
        items.push(Item {
            kind: line.act,
            title: line.subject,
            note: [line.basis, line.unit].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("　"),
            draft: Some(draft),
            ..Item::default()
        });
    }
    Ok(items)
}
