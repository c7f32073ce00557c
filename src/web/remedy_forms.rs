//! The forms by which a person decides about a remedy: on its page, and among what waits for him.

use super::{
    due_day::{self, SOONEST},
    frame::Desk,
    remedy::reaches,
    remedy_person,
    view::{
        form::{Field, Form},
        record_form::Pick,
    },
};
use crate::{
    auth::Permission,
    directive::model::OnFail,
    installation::Current,
    remedy::{Remedy, State as Stands, model},
};

/// The consequence of the directive that a remedy is.
pub(super) fn on_fail<'c>(current: &'c Current, m: &Remedy) -> Option<&'c OnFail> {
    let i = current.engine.position(&m.requirement)?;
    current.engine.compiled[i].requirement.on_fail.iter().find(|f| f.act == m.act)
}

/// The scope of what the reader may do with a permission reaches the remedy.
fn may(desk: &mut Desk<'_, '_>, current: &Current, m: &Remedy, permission: Permission) -> anyhow::Result<bool> {
    match desk.opens(permission) {
        Some(scope) => reaches(desk.tx, current, &scope, m),
        None => Ok(false),
    }
}

/// What the reader may say to a remedy: confirm it, drop it, tell what was done; each where it can be said now.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn forms(desk: &mut Desk<'_, '_>, current: &Current, m: &Remedy) -> anyhow::Result<[Option<Form>; 3]> {
    let at = |what: &str| format!("/remedies/{}/{what}", m.id);
    let reason = |hint: &str| Field::long("reason", "理由").hint(hint).required();
    if m.state == Stands::Draft && may(desk, current, m, Permission::DecideRemedies)? {
        let workdays = &current.engine.workdays;
        let soonest = due_day::soonest(current, desk.now.day);
        let due = on_fail(current, m).and_then(|f| model::due(&f.due, desk.now.day, workdays));
        let hint = match due {
            Some(_) => format!("按文件要求推算；最早{}（至少{SOONEST}个工作日）。", soonest.chinese()),
            None => format!("文件没有规定期限，请填写；最早{}。", soonest.chinese()),
        };
        let proposed = remedy_person::proposed(desk, current, m)?;
        let known = if proposed.is_some() { "系统带出，可以另找他人。" } else { "" };
        let pick = Pick { hits: proposed.into_iter().collect(), ..Pick::default() };
        let confirm = Form {
            id: "cf".into(),
            action: at("confirm"),
            fields: vec![
                Field::day("due", "办理期限", &due.map_or_else(String::new, |d| d.max(soonest).to_string()))
                    .hint(&hint)
                    .required(),
                Field::pick(remedy_person::ASKED.key, remedy_person::ASKED.title, pick).hint(known).required(),
                reason("为什么采用，最多500字。"),
            ],
            button: "确认".into(),
            primary: true,
            ..Form::default()
        };
        let drop = Form {
            id: "dr".into(),
            action: at("drop"),
            fields: vec![reason("为什么不采用，最多500字，记入日志。")],
            button: "不采用这份草稿".into(),
            ..Form::default()
        };
        let drop = may(desk, current, m, Permission::DropRemedies)?.then_some(drop);
        return Ok([Some(confirm), drop, None]);
    }
    if m.state == Stands::Active && may(desk, current, m, Permission::Record)? {
        let act = Form {
            id: "ac".into(),
            action: at("act"),
            fields: vec![
                Field::day("day", "办理日期", &desk.now.day.to_string()).required(),
                Field::long("text", "做了什么")
                    .hint("最多500字。相应的台账记录另行登记，登记后判定自动更新。")
                    .required(),
            ],
            button: "记录".into(),
            primary: true,
            ..Form::default()
        };
        return Ok([None, None, Some(act)]);
    }
    Ok([None, None, None])
}
