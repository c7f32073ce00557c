//! The free conditions of a list: whom or which unit, from day to day, key word.

use std::collections::BTreeSet;

use super::{
    asked::echo,
    frame::Desk,
    ledger::Listing,
    ledger_conditions::{Conditions, Part},
    record_links::is_person,
    view::table::{Control, Input},
};
use crate::{
    day::Day,
    db::Value,
    directive::model::{Field, FieldType, Ledger},
    ledger::query::{self, Filter, Query},
    sheet::norm,
    verdict::{
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// Characters of a text to be searched for at most.
const LONGEST: usize = 50;

/// A control, and the condition that it asks for.
pub(super) struct Typed {
    /// With what was typed.
    pub(super) control: Control,
    /// `None` where nothing was typed, or nothing readable.
    pub(super) part: Option<Part>,
}

/// Reads all controls of a list.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn read(desk: &mut Desk<'_, '_>, of: &Listing, into: &mut Conditions) -> anyhow::Result<()> {
    if of.people.is_some() {
        into.take(day(desk));
    } else {
        if let Some(who) = who(desk, of)? {
            into.take(who);
        }
        days(desk, of.ledger(), into);
    }
    into.take(word(desk, of)?);
    Ok(())
}

/// The record of a code or an id that somebody put into an address.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn record_of(desk: &mut Desk<'_, '_>, ledger: &Ledger, text: &str) -> anyhow::Result<Option<i64>> {
    if ledger.derived || text.contains('\0') {
        return Ok(None);
    }
    if let Some(id) = query::coded(desk.tx, ledger, &desk.scope, text)? {
        return Ok(Some(id));
    }
    let Ok(id) = text.parse::<i64>() else { return Ok(None) };
    let one = Query { filters: vec![Filter::Records([id].into())], voided: query::Voided::Shown, ..Query::default() };
    Ok((query::count(desk.tx, ledger, &desk.scope, &one, Some(1))? > 0).then_some(id))
}

/// A text that was typed: trimmed, or what is wrong with it.
fn text(desk: &Desk<'_, '_>, key: &str) -> Result<Option<String>, String> {
    let Some(text) = desk.ask.get(key).map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    if text.chars().count() > LONGEST {
        return Err(format!("查找的内容最多{LONGEST}个字，请缩短。"));
    }
    if text.contains('\0') {
        return Err("查找的内容里有无法识别的字符，请删去。".into());
    }
    Ok(Some(text.to_owned()))
}

fn text_control(desk: &Desk<'_, '_>, name: &str, label: &str, example: String, error: String) -> Control {
    let typed = desk.ask.get(name).unwrap_or_default().to_owned();
    Control { name: name.into(), label: label.into(), input: Input::Text(typed, example), error }
}

/// Persons, units, and the unit of the row, by a part of the name.
fn who(desk: &mut Desk<'_, '_>, of: &Listing) -> anyhow::Result<Option<Typed>> {
    let ledger = of.ledger();
    let owned = of.table != UNIT && !is_person(ledger);
    let persons = ledger.fields.iter().any(|f| f.ty == FieldType::Person);
    let label = match (persons, owned || ledger.fields.iter().any(|f| f.ty == FieldType::Unit)) {
        (true, _) => "人员、单位",
        (false, true) => "单位",
        (false, false) => return Ok(None),
    };
    let typed = text(desk, "who");
    let error = typed.clone().err().unwrap_or_default();
    let control = text_control(desk, "who", label, if persons { "姓名或单位名称" } else { "单位名称" }.into(), error);
    let Ok(Some(text)) = typed else { return Ok(Some(Typed { control, part: None })) };
    let heard = Heard::of(desk, of, &text)?.with_shown(desk, of, &text)?;
    let mut any = named(desk, of, (&text, &heard), &[FieldType::Person, FieldType::Unit])?;
    if owned {
        any.push(Filter::Units(units_like(desk, of, &text, &heard)?));
    }
    let part = Part::new(&["who"], Filter::Any(any), format!("{label}：“{text}”"), format!("{label}名称中有“{text}”"));
    Ok(Some(Typed { control, part: Some(part) }))
}

/// Persons and units that are meant by their initials.
struct Heard {
    persons: Vec<i64>,
    units: Vec<i64>,
}

impl Heard {
    fn of(desk: &mut Desk<'_, '_>, of: &Listing, text: &str) -> anyhow::Result<Heard> {
        if text.len() < 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Ok(Heard { persons: Vec::new(), units: Vec::new() });
        }
        let directory = of.app.directory.of(desk.tx)?;
        Ok(Heard { persons: directory.persons_heard(text), units: directory.units_heard(text) })
    }

    /// The same with the units in reach that pages call so: by the name of the organ, which may lie outside, and their own.
    fn with_shown(mut self, desk: &mut Desk<'_, '_>, of: &Listing, text: &str) -> anyhow::Result<Heard> {
        let Some(units) = of.units() else { return Ok(self) };
        let directory = of.app.directory.of(desk.tx)?;
        let key = |text: &str| norm::closed_up(text).to_lowercase();
        let wanted = key(text);
        if wanted.is_empty() {
            return Ok(self);
        }
        let mut shown = Vec::new();
        for row in units.rows().filter(|row| units.seen(&desk.scope, *row) && units.organ(*row) != *row) {
            let (id, organ) = (units.id(row), units.id(units.organ(row)));
            let (Some(unit), Some(above)) = (directory.unit(id), directory.unit(organ)) else { continue };
            let label = key(&format!("{} {}", above.name, unit.name));
            if label.contains(&wanted) || key(&above.short).contains(&wanted) || self.units.contains(&organ) {
                shown.push(id);
            }
        }
        self.units.extend(shown);
        Ok(self)
    }

    /// The rows that are such persons or units themselves.
    fn rows(&self, table: usize) -> Option<Filter> {
        let ids = match table {
            PERSON => &self.persons,
            UNIT => &self.units,
            _ => return None,
        };
        (!ids.is_empty()).then(|| Filter::Records(ids.iter().copied().collect()))
    }

    /// The rows of which a field of this type names one.
    fn in_field(&self, field: &Field) -> Option<Filter> {
        let ids = match field.ty {
            FieldType::Person => &self.persons,
            FieldType::Unit => &self.units,
            _ => return None,
        };
        let any_of: Vec<Value> = ids.iter().map(|id| Value::I64(*id)).collect();
        (!any_of.is_empty()).then(|| Filter::Is { field: field.name.clone(), any_of })
    }
}

/// Units whose name or short name contains the text, or that are heard in it, each with its 科室.
fn units_like(desk: &mut Desk<'_, '_>, of: &Listing, text: &str, heard: &Heard) -> anyhow::Result<BTreeSet<i64>> {
    let ledger = &of.current.engine.layout.ledgers[UNIT];
    let like = |field: &str| Filter::Contains { field: field.into(), text: text.into() };
    let filters = vec![Filter::Any([like("name"), like("short")].into_iter().chain(heard.rows(UNIT)).collect())];
    let found = query::records(desk.tx, ledger, &desk.scope, &Query { filters, ..Query::default() })?;
    let Some(units) = of.units() else { return Ok(found.into_iter().collect()) };
    Ok(found.into_iter().filter_map(|id| units.row(id)).flat_map(|row| units.owned(row)).collect())
}

/// Fields of these types that name what contains the text; and those that refer to records which do.
fn named(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    text: (&str, &Heard),
    types: &[FieldType],
) -> anyhow::Result<Vec<Filter>> {
    let mut any = direct(of.ledger(), text, types);
    for (i, field) in of.ledger().fields.iter().enumerate() {
        let (FieldType::Ref(_), Kind::Ref(to)) = (&field.ty, &of.layout().kinds[of.table][i]) else { continue };
        let target = &of.current.engine.layout.ledgers[*to];
        let filters = direct(target, text, types);
        if filters.is_empty() || target.derived {
            continue;
        }
        let query = Query { filters: vec![Filter::Any(filters)], ..Query::default() };
        let ids = query::records(desk.tx, target, &desk.scope, &query)?;
        any.push(Filter::Is { field: field.name.clone(), any_of: ids.into_iter().map(Value::I64).collect() });
    }
    Ok(any)
}

fn direct(ledger: &Ledger, (text, heard): (&str, &Heard), types: &[FieldType]) -> Vec<Filter> {
    let like = |name: &String| Filter::Contains { field: name.clone(), text: text.to_owned() };
    let wanted = ledger.fields.iter().filter(|f| !f.sensitive && types.iter().any(|ty| same(ty, &f.ty)));
    wanted.flat_map(|f| std::iter::once(like(&f.name)).chain(heard.in_field(f))).collect()
}

fn same(a: &FieldType, b: &FieldType) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// A key word, anywhere in code, texts, choices and names.
fn word(desk: &mut Desk<'_, '_>, of: &Listing) -> anyhow::Result<Typed> {
    let ledger = of.ledger();
    let texts = ledger.fields.iter().filter(|f| f.ty == FieldType::Text && !f.sensitive);
    let example: Vec<&str> = texts.take(2).map(|f| f.title.as_str()).collect();
    let example = if example.is_empty() { "编号".to_owned() } else { example.join("、") };
    let typed = text(desk, "q");
    let control = text_control(desk, "q", "关键字", example, typed.clone().err().unwrap_or_default());
    let Ok(Some(text)) = typed else { return Ok(Typed { control, part: None }) };
    let types = [
        FieldType::Text,
        FieldType::Choice(Vec::new()),
        FieldType::Choices(Vec::new()),
        FieldType::Person,
        FieldType::Unit,
    ];
    let heard = Heard::of(desk, of, &text)?;
    let mut any = named(desk, of, (&text, &heard), &types)?;
    any.push(Filter::Code(text.clone()));
    any.extend(heard.rows(of.table));
    let part = Part::new(&["q"], Filter::Any(any), format!("关键字：“{text}”"), format!("内容中有“{text}”"));
    Ok(Typed { control, part: Some(part) })
}

/// What is wrong with a day, and how to mend it.
pub(super) fn not_a_day(typed: &str) -> String {
    let typed = echo(typed);
    format!("“{typed}”不是有效日期，请按2025-02-28的样子填写。")
}

fn day_control(name: &str, label: String, typed: &str, error: String) -> Control {
    Control { name: name.into(), label, input: Input::Day(typed.to_owned()), error }
}

/// From a day to a day, both included.
fn days(desk: &Desk<'_, '_>, ledger: &Ledger, into: &mut Conditions) {
    let Some(field) = ledger.opening().and_then(|name| ledger.field(name)) else { return };
    let typed = |key: &str| desk.ask.get(key).map(str::trim).unwrap_or_default().to_owned();
    let (first, last) = (typed("from"), typed("to"));
    let (from, to) = (Day::parse(&first), Day::parse(&last));
    let error = |typed: &str, day: Option<Day>| {
        if typed.is_empty() || day.is_some() { String::new() } else { not_a_day(typed) }
    };
    let wrong_way = match (from, to) {
        (Some(from), Some(to)) if to < from => format!("止日应不早于起日{}。", from.chinese()),
        _ => error(&last, to),
    };
    let usable = error(&first, from).is_empty() && wrong_way.is_empty() && (from.is_some() || to.is_some());
    let part = usable.then(|| {
        let begin = from.map_or(String::new(), |d| format!("自{}", d.chinese()));
        let end = to.map_or(String::new(), |d| format!("至{}", d.chinese()));
        let filter = Filter::Between { field: field.name.clone(), from: from.into(), to: to.into() };
        Part::new(
            &["from", "to"],
            filter,
            format!("{}：{begin}{end}", field.title),
            format!("{}{begin}{end}", field.title),
        )
    });
    let control = day_control("from", format!("{}自", field.title), &first, error(&first, from));
    into.take(Typed { control, part });
    into.take(Typed { control: day_control("to", "至".into(), &last, wrong_way), part: None });
}

/// The day on which persons are seen.
fn day(desk: &Desk<'_, '_>) -> Typed {
    let typed = desk.ask.get("day").map(str::trim).unwrap_or_default();
    let error = if typed.is_empty() || Day::parse(typed).is_some() { String::new() } else { not_a_day(typed) };
    Typed { control: day_control("day", "看某一天".into(), typed, error), part: None }
}
