//! The conditions of a list: read from the address, put to the store, shown as chips and in words.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked::echo,
    frame::Desk,
    ledger::Listing,
    ledger_typed::{self, Typed},
    view::{
        table::{Chip, Control},
        url,
    },
};
use crate::{
    day::Day,
    db::Value,
    directive::model::{Field, FieldType, Ledger},
    ledger::query::{Filter, Order, Query, Voided},
    names::Names,
    verdict::{kind::Kind, window, words::window_name, world::UNIT},
};

/// The keys of the address that are not names of fields.
const OWN: [&str; 18] = [
    "page", "size", "sort", "col", "cols", "q", "who", "from", "to", "day", "unit", "period", "state", "young",
    "voided", "format", "columns", "print",
];
/// What stands in the address for an empty field.
pub(super) const UNFILLED: &str = "未填";
/// Values of `state`.
pub(super) const STATES: [&str; 2] = ["未结束", "已结束"];
/// Values of `state` for persons.
pub(super) const POSTED: [&str; 2] = ["在岗", "不在岗"];

/// A condition in force.
pub(super) struct Part {
    /// Its keys in the address.
    pub(super) keys: Vec<String>,
    filter: Filter,
    /// `月份：5月、6月`
    chip: String,
    /// `月份是5月或6月`
    words: String,
}

/// All conditions of a list.
pub(super) struct Conditions {
    pub(super) parts: Vec<Part>,
    /// The free ones, with what was typed and what is wrong with it.
    pub(super) controls: Vec<Control>,
    /// Units chosen (rows).
    pub(super) units: Vec<usize>,
    /// Voided rows are shown.
    pub(super) voided: bool,
    /// Of the rows.
    pub(super) order: Order,
}

impl Conditions {
    /// Reads them. What cannot be read stays as typed beside its error, or as a chip to be taken back.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn read(desk: &mut Desk<'_, '_>, of: &Listing, order: Order) -> anyhow::Result<Conditions> {
        let mut read = Conditions {
            parts: Vec::new(),
            controls: Vec::new(),
            units: Vec::new(),
            voided: desk.ask.get("voided").is_some(),
            order,
        };
        read.state(desk, of);
        read.young(desk, of);
        read.period(desk, of.ledger());
        read.chosen_units(desk, of)?;
        for (i, field) in of.ledger().fields.iter().enumerate() {
            read.field(desk, of, i, field)?;
        }
        ledger_typed::read(desk, of, &mut read)?;
        Ok(read)
    }

    /// The keys of all conditions that this list has.
    pub(super) fn known(&self, of: &Listing) -> Vec<String> {
        let ledger = of.ledger();
        let has = [
            ("state", of.people.is_some() || ledger.closing().is_some()),
            ("young", of.people.is_some()),
            ("period", ledger.opening().is_some()),
            ("unit", of.table != UNIT),
        ];
        let own = has.iter().filter(|(_, has)| *has).map(|(key, _)| (*key).to_owned());
        let fields = ledger.fields.iter().filter(|f| !f.sensitive && is_chosen_from(&f.ty)).map(key);
        own.chain(fields).chain(self.controls.iter().map(|c| c.name.clone())).collect()
    }

    /// Adds what a control asks for.
    pub(super) fn take(&mut self, typed: Typed) {
        let Typed { control, part } = typed;
        self.controls.push(control);
        self.parts.extend(part);
    }

    /// Something typed cannot be read, so that there is nothing to show.
    pub(super) fn failed(&self) -> bool {
        self.controls.iter().any(|c| !c.error.is_empty())
    }

    /// Which rows, in which order.
    pub(super) fn query(&self) -> Query {
        self.without("")
    }

    /// The same without the condition under a key: for the facet that chooses it.
    pub(super) fn without(&self, key: &str) -> Query {
        let others = self.parts.iter().filter(|p| !p.keys.iter().any(|k| k == key));
        Query {
            filters: others.map(|p| p.filter.clone()).collect(),
            order: self.order.clone(),
            known_at: None,
            voided: if self.voided { Voided::Shown } else { Voided::Hidden },
        }
    }

    /// Conditions to be taken back.
    pub(super) fn chips(&self, url: &url::Query) -> Vec<Chip> {
        let chip = |part: &Part| {
            let rest = part.keys.iter().fold(url.clone(), |url, key| url.without(key));
            Chip { label: format!("{} ×", part.chip), href: rest.href() }
        };
        self.parts.iter().map(chip).collect()
    }

    /// Conditions as the beginning of a sentence.
    pub(super) fn words(&self) -> Vec<String> {
        self.parts.iter().map(|p| p.words.clone()).collect()
    }

    fn choose(&mut self, key: &str, title: &str, values: &[String], filter: Filter) {
        self.parts.push(Part::new(
            &[key],
            filter,
            format!("{title}：{}", values.join("、")),
            format!("{title}是{}", values.join("或")),
        ));
    }

    /// 在岗, or an item that is not closed yet.
    fn state(&mut self, desk: &Desk<'_, '_>, of: &Listing) {
        let values: Vec<&str> = desk.ask.all("state").collect();
        let known = if of.people.is_some() { POSTED } else { STATES };
        if values.is_empty() || (of.people.is_none() && of.ledger().closing().is_none()) {
            return;
        }
        let filters = values.iter().filter(|v| known.contains(v)).filter_map(|v| state(desk, of, v)).collect();
        let values: Vec<String> = values.iter().map(|v| readable(v, known.contains(v))).collect();
        self.choose("state", "状态", &values, Filter::Any(filters));
    }

    /// 年轻干部 or not.
    fn young(&mut self, desk: &Desk<'_, '_>, of: &Listing) {
        let values: Vec<&str> = desk.ask.all("young").collect();
        if values.is_empty() || of.people.is_none() {
            return;
        }
        let filters = values.iter().filter_map(|v| of.young(v)).collect();
        let values: Vec<String> = values.iter().map(|v| readable(v, of.young(v).is_some())).collect();
        self.choose("young", "年轻干部", &values, Filter::Any(filters));
    }

    fn period(&mut self, desk: &Desk<'_, '_>, ledger: &Ledger) {
        let values: Vec<&str> = desk.ask.all("period").collect();
        let Some(day) = ledger.opening().filter(|_| !values.is_empty()) else { return };
        let days = |(from, to): (Day, Day)| Filter::Between { field: day.to_owned(), from: from.into(), to: to.into() };
        let filters = values.iter().filter_map(|v| window::bounds(v)).map(days).collect();
        let names: Vec<String> = values
            .iter()
            .map(|v| if window::bounds(v).is_some() { window_name(v) } else { readable(v, false) })
            .collect();
        let title = ledger.field(day).map_or("日期", |f| &f.title);
        self.parts.push(Part::new(
            &["period"],
            Filter::Any(filters),
            format!("{title}：{}", names.join("、")),
            format!("{title}在{}", names.join("或")),
        ));
    }

    /// A unit stands for itself and its 科室.
    fn chosen_units(&mut self, desk: &mut Desk<'_, '_>, of: &Listing) -> anyhow::Result<()> {
        let values: Vec<String> = desk.ask.all("unit").map(str::to_owned).collect();
        if values.is_empty() || of.table == UNIT {
            return Ok(());
        }
        let mut found = BTreeMap::new();
        for value in &values {
            found.insert(value.clone(), ledger_typed::record_of(desk, &of.current.engine.layout.ledgers[UNIT], value)?);
        }
        let Some(units) = of.units() else { return Ok(()) };
        let rows: BTreeSet<usize> = found.values().flatten().filter_map(|id| units.row(*id)).collect();
        let owned: BTreeSet<usize> = rows.iter().flat_map(|u| units.chart.owned[*u].iter().copied()).collect();
        let wanted = found.values().flatten().flat_map(|id| units.with_organ(*id)).collect();
        let names = Names::load(desk.tx, of.layout(), &[(UNIT, wanted)].into())?;
        let label = |v: &String| match found.get(v).copied().flatten() {
            Some(id) => units.label(&names, id),
            None => readable(v, false),
        };
        let labels: Vec<String> = values.iter().map(label).collect();
        let filter = match &of.people {
            Some(people) => {
                let inside = people.in_post().filter(|(_, unit)| owned.contains(unit));
                Filter::Records(inside.map(|(id, _)| id).collect())
            }
            None => Filter::Units(owned.iter().map(|u| units.id(*u)).collect()),
        };
        self.choose("unit", "单位", &labels, filter);
        self.units = rows.into_iter().collect();
        Ok(())
    }

    /// A field is one of the values under its name.
    fn field(&mut self, desk: &mut Desk<'_, '_>, of: &Listing, i: usize, field: &Field) -> anyhow::Result<()> {
        let key = key(field);
        let values: Vec<String> = desk.ask.all(&key).map(str::to_owned).collect();
        if values.is_empty() || field.sensitive || !is_chosen_from(&field.ty) {
            return Ok(());
        }
        let (mut any_of, mut labels) = (Vec::new(), Vec::new());
        for value in values {
            let stored = stored(desk, of, i, &value)?;
            labels.push(match &stored {
                Some(stored) => label(desk, of, i, stored)?,
                None => readable(&value, false),
            });
            any_of.extend(stored);
        }
        self.choose(&key, &field.title, &labels, Filter::Is { field: field.name.clone(), any_of });
        Ok(())
    }
}

impl Part {
    /// A condition under these keys.
    pub(super) fn new(keys: &[&str], filter: Filter, chip: String, words: String) -> Part {
        Part { keys: keys.iter().map(|k| (*k).to_owned()).collect(), filter, chip, words }
    }
}

/// The filter of a state.
pub(super) fn state(desk: &Desk<'_, '_>, of: &Listing, value: &str) -> Option<Filter> {
    if let Some(people) = &of.people {
        let here = value == POSTED[0];
        let ids = if here { people.in_post().map(|(id, _)| id).collect() } else { people.away().collect() };
        return Some(Filter::Records(ids));
    }
    let field = of.ledger().closing()?.to_owned();
    let today = desk.now.day;
    // On its closing day an item is still there (4.10).
    let closed = Filter::Between { field: field.clone(), from: Value::Null, to: today.plus(-1).into() };
    let planned = Filter::Between { field: field.clone(), from: today.into(), to: Value::Null };
    let open = Filter::Any(vec![Filter::Is { field, any_of: vec![Value::Null] }, planned]);
    Some(if value == STATES[0] { open } else { closed })
}

/// The key of a field in the address: its name, unless the list has that word for itself.
pub(super) fn key(field: &Field) -> String {
    if OWN.contains(&field.name.as_str()) { format!("f.{}", field.name) } else { field.name.clone() }
}

/// Fields of which a value can be chosen.
fn is_chosen_from(ty: &FieldType) -> bool {
    !matches!(ty, FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Derived)
}

/// A value of the address as stored; `None` if it cannot be.
fn stored(desk: &mut Desk<'_, '_>, of: &Listing, i: usize, text: &str) -> anyhow::Result<Option<Value>> {
    let field = &of.ledger().fields[i];
    let offered = matches!(&field.ty, FieldType::Choice(c) | FieldType::Choices(c) if c.iter().any(|c| c == text));
    if text == UNFILLED && !offered {
        return Ok(Some(Value::Null));
    }
    if let Kind::Ref(to) = of.layout().kinds[of.table][i] {
        let id = ledger_typed::record_of(desk, &of.current.engine.layout.ledgers[to], text)?;
        return Ok(id.map(Value::I64));
    }
    Ok(match field.ty {
        _ if text.contains('\0') => None,
        FieldType::Flag => match text {
            "是" | "1" => Some(1.into()),
            "否" | "0" => Some(0.into()),
            _ => None,
        },
        FieldType::Date => Day::parse(text).map(Value::from),
        _ => Some(text.into()),
    })
}

/// A stored value as a chip or a facet names it.
fn label(desk: &mut Desk<'_, '_>, of: &Listing, i: usize, value: &Value) -> anyhow::Result<String> {
    let mut names = Names::default();
    if let (Value::I64(id), Kind::Ref(to)) = (value, &of.layout().kinds[of.table][i]) {
        names = Names::load(desk.tx, of.layout(), &[(*to, [*id].into())].into())?;
    }
    Ok(value_label(of, i, value, &names))
}

/// The same with names that were read before.
pub(super) fn value_label(of: &Listing, i: usize, value: &Value, names: &Names) -> String {
    let field = &of.ledger().fields[i];
    match (value, &of.layout().kinds[of.table][i]) {
        (Value::Null, _) => UNFILLED.into(),
        (Value::I64(id), Kind::Ref(to)) => match names.title(*to, *id) {
            "" => names.code(*to, *id),
            title => title.to_owned(),
        },
        (Value::I64(n), Kind::Flag) => (if *n == 0 { "否" } else { "是" }).into(),
        (Value::Text(t), Kind::Date) => Day::parse(t).map_or_else(|| t.clone(), Day::chinese),
        (Value::Text(t), _) if field.ty == FieldType::Period => window_name(t),
        (Value::Text(t), _) => t.clone(),
        (Value::I64(n), _) => n.to_string(),
        (Value::F64(_), _) => String::new(),
    }
}

/// What was asked for, marked where it cannot be read.
fn readable(text: &str, known: bool) -> String {
    let short = echo(text);
    if known { short } else { format!("{short}（无法识别）") }
}
