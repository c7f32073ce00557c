//! The form of a record as a page: what was typed, what is wrong, what pickers offer, what the program knows already.

use std::collections::HashMap;

use super::{
    app::App,
    columns_value::{Shown, wanted},
    frame::Desk,
    ledger::serves,
    org_units::Units,
    record_begin, record_links, record_pick, record_recent,
    view::{
        form::Errors,
        record_form::{Conflict, Control, Group, Input, Opt, RecordForm},
        words::{Link, Words},
    },
};
use crate::{
    auth::token,
    directive::{
        ledger_uses,
        model::{FieldType, Ledger, Slots},
    },
    form::{self, Around, At, Fault, Hits, Plan, Typed},
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
    },
    names::Names,
    verdict::world::{PERSON, UNIT},
};

/// Fields of a picked record that are shown.
const KNOWN: usize = 3;

/// What a form is shown with.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    /// What stands in it.
    pub(super) typed: Typed,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What was looked for, by input.
    pub(super) hits: HashMap<String, Hits>,
    /// The input whose 查找 was pressed.
    pub(super) here: String,
    /// Said above the heading.
    pub(super) said: Vec<Words>,
    /// To be confirmed by saving again.
    pub(super) sure: String,
    /// The form's own key; empty for a fresh one.
    pub(super) once: String,
    /// Somebody was faster.
    pub(super) conflict: Option<Conflict>,
    /// What is typed why it is corrected.
    pub(super) reason: String,
    /// It was said that another person has the 身份证号.
    pub(super) taken: bool,
}

/// What need not be typed: titles and values.
type Known = Vec<(String, String)>;

/// What a form is for.
pub(super) enum For<'a> {
    /// A new record.
    New,
    /// The correction of this row.
    Correct(&'a Stored),
}

/// The key of the reason among the faults.
pub(super) const REASON: &str = "reason";

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn page(
    desk: &mut Desk<'_, '_>,
    app: &App,
    table: usize,
    what: &For<'_>,
    filled: &Filled,
) -> anyhow::Result<RecordForm> {
    let current = desk.current.clone();
    let ledger = &current.engine.layout.ledgers[table];
    let plan = form::plan(&current.engine, ledger);
    let directory = app.directory.of(desk.tx)?;
    let scope = desk.scope.clone();
    let around = Around { current: &current, directory: &directory, scope: &scope, today: desk.now.day };
    let mut groups = Vec::new();
    for group in &plan.groups {
        let mut inputs = Vec::new();
        for input in &group.inputs {
            inputs.push(shown(desk, &around, input, filled)?);
        }
        let shut = inputs.iter().all(|i| i.error.is_empty()) && group.inputs.iter().all(|i| filled.typed.is_empty(i));
        let titles: Vec<&str> = group.inputs.iter().map(|i| i.title.as_str()).collect();
        let title = match group.folded {
            true => format!("{}（选填{}项：{}）", group.title, inputs.len(), titles.join("、")),
            false => group.title.clone(),
        };
        groups.push(Group { title, shut: group.folded.then_some(shut), inputs, known: Vec::new() });
    }
    if let Some(first) = groups.first_mut() {
        first.known = known(desk, app, &around, table, &plan, &filled.typed)?;
    }
    let recent = match what {
        For::New => record_recent::of(desk, app, table, &plan, &filled.typed)?,
        For::Correct(_) => None,
    };
    let list = record_links::list_path(ledger);
    let (mut hidden, mut record, mut action) = (Vec::new(), None, record_begin::action(&desk.ask, ledger));
    if let For::Correct(row) = what {
        let href = record_links::record_href(ledger, &row.record_id.to_string());
        action = format!("{href}/correct");
        hidden.push(("revision".to_owned(), row.revision.to_string()));
        record = Some(Link::new(title(desk, app, table, row)?, href));
        groups.push(Group { title: "更正原因".into(), inputs: vec![reason(filled)], ..Group::default() });
    }
    let once = if filled.once.is_empty() { token::token()? } else { filled.once.clone() };
    hidden.push(("once".into(), once));
    hidden.extend((!filled.sure.is_empty()).then(|| ("sure".to_owned(), filled.sure.clone())));
    let errors = filled.faults.iter().map(|f| {
        let at = if f.key.is_empty() {
            groups.first().and_then(|g| g.inputs.first()).map_or("", |i| &i.key)
        } else {
            &f.key
        };
        Link::new(f.text.clone(), format!("#n-{at}"))
    });
    let verb = if record.is_some() { "更正" } else { "新增" };
    let extra = usize::from(record.is_some());
    Ok(RecordForm {
        errors: Errors(errors.collect()),
        said: filled.said.clone(),
        conflict: filled.conflict.clone(),
        ledger: Link::new(ledger.title.clone(), list.clone()),
        title: format!("{verb}{}", ledger.title),
        meta: if filled.faults.is_empty() { String::new() } else { "已填内容均已保留，尚未保存".into() },
        serves: serves(&current.engine.package, &ledger.name),
        users: users(desk, ledger),
        note: ledger.note.clone(),
        wanted: record_begin::wanted(desk),
        required: plan.required + extra,
        judged: plan.judged,
        optional: plan.optional,
        action,
        token: desk.form_token()?,
        hidden,
        groups,
        again: record.is_none(),
        recent,
        files: files(ledger),
        cancel: record.as_ref().map_or(list.clone(), |r| r.href.clone()),
        record,
        page: desk.page(&list)?,
    })
}

fn reason(filled: &Filled) -> Input {
    let error = filled.faults.iter().find(|f| f.key == REASON).map_or_else(String::new, |f| f.text.clone());
    Input {
        key: REASON.into(),
        label: "更正原因".into(),
        required: true,
        judged: false,
        hint: "原来的内容保留，标为已更正；原因记在变更记录里，最多200字。".into(),
        error,
        control: Control::Line(filled.reason.clone(), ""),
    }
}

/// Titles of the fields for files.
fn files(ledger: &Ledger) -> String {
    let fields = ledger.fields.iter().filter(|f| f.ty == FieldType::File);
    fields.map(|f| f.title.as_str()).collect::<Vec<_>>().join("、")
}

/// Whom the requirements that count the ledger bind.
fn users(desk: &Desk<'_, '_>, ledger: &Ledger) -> String {
    let package = &desk.current.engine.package;
    let ids = ledger_uses(package).remove(&ledger.name).unwrap_or_default();
    let mut duties: Vec<&str> = Vec::new();
    // One duty may name several.
    let all = ids.iter().filter_map(|id| package.requirement(id)).flat_map(|r| r.duty.split('、').map(str::trim));
    for duty in all {
        if !duty.is_empty() && !duties.contains(&duty) {
            duties.push(duty);
        }
    }
    let more = if duties.len() > 4 { "等" } else { "" };
    duties.truncate(4);
    if duties.is_empty() {
        String::new()
    } else {
        format!("{}{more}，领导小组办公室汇总", duties.join("、"))
    }
}

fn shown(desk: &mut Desk<'_, '_>, around: &Around<'_>, input: &form::Input, filled: &Filled) -> anyhow::Result<Input> {
    let text = filled.typed.text(&input.key).to_owned();
    let control = match &input.control {
        form::Control::Line => Control::Line(text, ""),
        form::Control::Text => Control::Text(text),
        form::Control::Whole => Control::Line(text, "numeric"),
        form::Control::Number => Control::Line(text, "decimal"),
        form::Control::Day => Control::Day(text),
        form::Control::One(of) => Control::Options(false, one_of(of, &text, input.required, "不填"), 0),
        form::Control::List(of) => Control::List(list_of(of, &text, input.required)),
        form::Control::Several(of) => {
            let chosen: Vec<&str> = text.split('|').collect();
            let option = |c: &String| Opt {
                value: c.clone(),
                label: c.clone(),
                checked: chosen.contains(&c.as_str()),
                ..Opt::default()
            };
            Control::Options(true, of.iter().map(option).collect(), 0)
        }
        form::Control::Slot(Slots { size, named }) => {
            let rest = usize::try_from(*size).unwrap_or(0).saturating_sub(named.len());
            Control::Options(false, one_of(named, &text, input.required, "暂不归类"), rest)
        }
        form::Control::Pick(to) => Control::Pick(record_pick::picker(desk.tx, around, input, to, filled)?),
    };
    let error = filled.faults.iter().find(|f| f.key == input.key).map_or_else(String::new, |f| f.text.clone());
    Ok(Input {
        key: input.key.clone(),
        label: input.title.clone(),
        required: input.required,
        judged: !input.judged.is_empty(),
        hint: format!("{}{}", input.hint, input.judged),
        error,
        control,
    })
}

/// Boxes for some texts; what stands there and is none of them is one more, and what may be left out has a box for that.
fn one_of(of: &[String], text: &str, required: bool, none: &str) -> Vec<Opt> {
    let mut options: Vec<Opt> =
        of.iter().map(|c| Opt { value: c.clone(), label: c.clone(), ..Opt::default() }).collect();
    if !text.is_empty() && !of.iter().any(|c| c == text) {
        options.push(Opt { value: text.into(), label: super::asked::echo(text), ..Opt::default() });
    }
    if !required {
        options.push(Opt { label: none.into(), ..Opt::default() });
    }
    for option in &mut options {
        option.checked = option.value == text && !(required && text.is_empty());
    }
    options
}

fn list_of(of: &[String], text: &str, required: bool) -> Vec<Opt> {
    let none =
        Opt { label: if required { "请选择" } else { "不填" }.into(), checked: text.is_empty(), ..Opt::default() };
    std::iter::once(none).chain(one_of(of, text, true, "")).collect()
}

/// What need not be typed: the unit that follows from a field, what else is known of the record picked there, and what
/// the program will find.
fn known(
    desk: &mut Desk<'_, '_>,
    app: &App,
    around: &Around<'_>,
    table: usize,
    plan: &Plan,
    typed: &Typed,
) -> anyhow::Result<Known> {
    let layout = &around.current.engine.layout;
    let ledger = &layout.ledgers[table];
    let mut known = Vec::new();
    if let Some(from) = ledger.unit_from.as_ref().and_then(|f| ledger.field_index(f)) {
        let title = &ledger.fields[from].title;
        let input = plan.inputs().find(|i| i.at == At::Field(from));
        let picked = input.and_then(|i| typed.picked(&i.key).map(|id| (i, id)));
        let mut unit = None;
        if let Some((input, id)) = picked
            && let form::Control::Pick(to) = &input.control
            && let Some(target) = layout.index(to)
        {
            unit = match target {
                UNIT => Some(id),
                PERSON => super::unit_names::of_person(desk, id),
                _ => {
                    let (unit, more) = of_record(desk, app, target, id)?;
                    known = more;
                    unit
                }
            };
        }
        let text = unit.map_or_else(|| format!("由“{title}”得出"), |u| around.directory.path(u));
        known.insert(0, ("单位".into(), text));
    }
    let derived = ledger.fields.iter().filter(|f| f.ty == FieldType::Derived);
    known.extend(derived.map(|f| (f.title.clone(), "保存后由系统算出".to_owned())));
    Ok(known)
}

/// The unit of a record, and its listed fields.
fn of_record(desk: &mut Desk<'_, '_>, app: &App, table: usize, id: i64) -> anyhow::Result<(Option<i64>, Known)> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[table];
    let query = Query { filters: vec![Filter::Records([id].into())], ..Query::default() };
    let rows = query::list(desk.tx, ledger, &desk.scope, &query, (1, 0))?;
    let Some(row) = rows.first() else { return Ok((None, Vec::new())) };
    let units = Units::of(&current);
    let names = Names::load(desk.tx, layout, &wanted(layout, table, &rows, units.as_ref()))?;
    let derived = HashMap::new();
    let keys = &app.installation.keys;
    let shown = Shown { layout, table, names: &names, units: units.as_ref(), keys, derived: &derived };
    let plain = |f: &crate::directive::model::Field| {
        f.list && !f.sensitive && !matches!(f.ty, FieldType::File | FieldType::Derived)
    };
    let listed = ledger.fields.iter().enumerate().filter(|(_, f)| plain(f));
    let listed = listed.map(|(i, f)| (f.title.clone(), shown.text(row, i))).filter(|(_, t)| !t.is_empty());
    Ok((row.unit, listed.take(KNOWN).collect()))
}

/// What a record is called.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn title(desk: &mut Desk<'_, '_>, app: &App, table: usize, row: &Stored) -> anyhow::Result<String> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let rows = [row.clone()];
    let names = Names::load(desk.tx, layout, &wanted(layout, table, &rows, None))?;
    let derived = HashMap::new();
    let keys = &app.installation.keys;
    Ok(Shown { layout, table, names: &names, units: None, keys, derived: &derived }.title(row))
}
