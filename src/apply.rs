//! A package comes into force: one schema for the installation, several directives over it.
//!
//! A new package adds ledgers, columns and choices, renames by `was`, retires what it no longer names (kept, readable),
//! and may not change a type.

use crate::{
    audit::{self, Kind, Mark},
    db::Tx,
    directive::model::{Ledger, Package, Requirement},
    installation::set_meta,
    ledger::schema,
    org::builtin,
    scope::Actor,
    verdict::{compile::Given, engine::Engine, touch},
};

/// What a new package would change, in words; or why it cannot come into force.
///
/// # Errors
/// The refusals, each with how to mend it.
pub fn plan(old: Option<&Package>, new: &Package) -> Result<Vec<String>, Vec<String>> {
    let Some(old) = old else {
        return Ok(vec![format!("新装入 {} 个台账、{} 条要求", new.ledgers.len(), new.requirements.len())]);
    };
    let mut changes: Vec<String> = schema::plan(&old.ledgers, &new.ledgers)?.iter().map(ToString::to_string).collect();
    keep_changes(old, new, &mut changes);
    requirement_changes(old, new, &mut changes);
    Ok(changes)
}

/// How long records are kept: a shorter time has more of them deleted by the next `retention delete`.
fn keep_changes(old: &Package, new: &Package, changes: &mut Vec<String>) {
    let words = |keep: Option<i32>| keep.map_or("未规定".to_owned(), |years| format!("{years}年"));
    let (was, now) = (old.directive.keep_attempts, new.directive.keep_attempts);
    if was != now {
        changes.push(format!("答卷的保存期限：{} → {}", words(was), words(now)));
    }
    for ledger in &new.ledgers {
        let was = |name: &str| old.ledgers.iter().find(|l| l.name == name);
        let Some(was) = was(&ledger.name).or_else(|| was(ledger.was.as_deref()?)) else { continue };
        if was.keep != ledger.keep {
            changes.push(format!("台账“{}”的保存期限：{} → {}", ledger.title, words(was.keep), words(ledger.keep)));
        }
    }
}

fn requirement_changes(old: &Package, new: &Package, changes: &mut Vec<String>) {
    for r in &new.requirements {
        match old.requirement(&r.id) {
            None => changes.push(format!("新增要求 {} {}", r.id, r.title)),
            Some(was) if !same(was, r) => changes.push(format!("要求 {} {} 有改动", r.id, r.title)),
            Some(_) => {}
        }
    }
    for was in old.requirements.iter().filter(|w| new.requirement(&w.id).is_none()) {
        changes.push(format!("不再判定要求 {} {}", was.id, was.title));
    }
    if old.directive.from != new.directive.from {
        changes.push(format!("起算日：{} → {}", old.directive.from, new.directive.from));
    }
    for (name, value) in &new.directive.settings {
        if old.directive.settings.get(name) != Some(value) {
            changes.push(format!("设定“{name}”有改动"));
        }
    }
}

/// Equal but for the place where they are written.
fn same(a: &Requirement, b: &Requirement) -> bool {
    let bare = |r: &Requirement| format!("{:?}", Requirement { place: (String::new(), 0), ..r.clone() });
    bare(a) == bare(b)
}

/// Puts a package in force: tables, indexes, and the package itself by its hash.
///
/// # Errors
/// When the store cannot be written, or a table cannot be changed as the package says.
pub fn apply(tx: &mut Tx<'_>, old: Option<&Package>, new: &Package, actor: &Actor) -> anyhow::Result<()> {
    let engine = Engine::new(std::sync::Arc::new(new.clone()), Given::of(new), new.workdays.clone())?;
    let ledgers = |package: Option<&Package>| -> Vec<Ledger> {
        let own = package.map_or(&[][..], |p| &p.ledgers);
        package.map_or(Vec::new(), |_| builtin::ledgers()).into_iter().chain(own.iter().cloned()).collect()
    };
    touch::keep_facts_out(tx)?;
    schema::migrate(tx, &ledgers(old), &ledgers(Some(new)), &engine.indexes())?;
    tx.execute(
        "insert into package (hash, title, applied_at, applied_by, files) values ($1, $2, $3, $4, $5)",
        &[
            new.hash.as_str().into(),
            new.directive.title.as_str().into(),
            actor.at.into(),
            actor.name.as_str().into(),
            serde_json::to_string(&new.files)?.into(),
        ],
    )?;
    if old.is_some() {
        // Judged again even if the process ends before it gets to it.
        tx.execute(
            "insert into job (kind, state, payload, created_at, created_by, updated_at) \
             values ('rejudge', 'waiting', '*', $1, $2, $1)",
            &[actor.at.into(), actor.name.as_str().into()],
        )?;
    }
    let kind = if old.is_some() { Kind::Package } else { Kind::Init };
    let changes = plan(old, new).unwrap_or_default();
    let payload = serde_json::json!({ "title": new.directive.title, "hash": new.hash, "changes": changes });
    audit::note(tx, actor, kind, payload);
    tx.trail().mark(&Mark::Package(new.hash.clone()));
    if old.is_none() {
        audit::guard_all(tx)?;
    }
    set_meta(tx, "package", &new.hash)
}
