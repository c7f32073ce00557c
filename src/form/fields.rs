//! Which inputs a form has: one for each field that a person fills, in the groups of the definition.

use super::judged;
use crate::{
    directive::model::{Field, FieldType, Ledger, LedgerKind, Slots},
    intake::slots,
    sheet::{header, value::text_limit},
    verdict::engine::Engine,
};

/// Choices up to this many stand beside each other; more are a list to open.
const FEW: usize = 5;
/// Texts up to this many characters are typed on one line.
const LINE: usize = 200;
/// The group of fields that name none.
const MAIN: &str = "基本内容";

/// The inputs of a form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In their order; the first holds what names no group.
    pub groups: Vec<Group>,
    /// How many must be filled.
    pub required: usize,
    /// How many more the judgement looks at.
    pub judged: usize,
    /// How many others may be.
    pub optional: usize,
}

impl Plan {
    /// All inputs, in their order.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.groups.iter().flat_map(|g| &g.inputs)
    }
}

/// Inputs under one heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The heading.
    pub title: String,
    /// None of them must be filled, and the judgement looks at none: folded away at first.
    pub folded: bool,
    /// At least one.
    pub inputs: Vec<Input>,
}

/// What an input fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The field at that position.
    Field(usize),
    /// The unit of the row.
    Unit,
    /// The record's code.
    Code,
}

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What it fills.
    pub at: At,
    /// Under which name it is posted: `f.day`, `unit`, `record_code`.
    pub key: String,
    /// What is asked.
    pub title: String,
    /// Help, with the bounds of what can be typed.
    pub hint: String,
    /// Must be filled.
    pub required: bool,
    /// Which requirements look at it and what follows where it is left empty; empty where none does or it must be filled.
    pub judged: String,
    /// How it is filled.
    pub control: Control,
}

impl Input {
    /// Nobody misses it.
    fn is_free(&self) -> bool {
        !self.required && self.judged.is_empty()
    }
}

/// How an input is filled.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// A text on one line.
    Line,
    /// A text of several lines.
    Text,
    /// A whole number.
    Whole,
    /// A number with a fraction: of money, or any.
    Number,
    /// A day.
    Day,
    /// One of a few texts, all in sight.
    One(Vec<String>),
    /// One of many texts.
    List(Vec<String>),
    /// Some of these texts.
    Several(Vec<String>),
    /// A member of a set that the directive names only in part.
    Slot(Slots),
    /// A record of the ledger of that name.
    Pick(String),
}

/// The inputs of a ledger's form. Derived fields are found by the program, files are attached to the record.
pub fn plan(engine: &Engine, ledger: &Ledger) -> Plan {
    let mut groups: Vec<Group> = vec![Group { title: MAIN.into(), ..Group::default() }];
    groups[0].inputs.extend(unit(ledger));
    let mut judged = judged::hints(engine, ledger);
    for (i, field) in ledger.fields.iter().enumerate() {
        let Some(control) = control(engine, ledger, field) else { continue };
        let title = field.group.as_deref().unwrap_or(MAIN);
        let input = Input {
            at: At::Field(i),
            key: format!("f.{}", field.name),
            title: field.title.clone(),
            hint: hint(field, &control),
            required: field.required,
            judged: judged.remove(&i).unwrap_or_default(),
            control,
        };
        match groups.iter_mut().find(|g| g.title == title) {
            Some(group) => group.inputs.push(input),
            None => groups.push(Group { title: title.into(), inputs: vec![input], ..Group::default() }),
        }
    }
    let code = code();
    match groups.iter_mut().skip(1).find(|g| g.inputs.iter().all(Input::is_free)) {
        Some(group) => group.inputs.push(code),
        None => groups[0].inputs.push(code),
    }
    groups.retain(|g| !g.inputs.is_empty());
    for (n, group) in groups.iter_mut().enumerate() {
        group.folded = n > 0 && group.inputs.iter().all(Input::is_free);
    }
    let all = || groups.iter().flat_map(|g| &g.inputs);
    let (required, optional) = (all().filter(|i| i.required).count(), all().filter(|i| i.is_free()).count());
    Plan { required, judged: all().count() - required - optional, optional, groups }
}

/// The unit, where it does not follow from a field.
fn unit(ledger: &Ledger) -> Option<Input> {
    let required = header::unit_is_typed(ledger);
    let register = ledger.kind == LedgerKind::Register;
    let hint =
        if register { "花名册上的单位；现在在哪里任职，登记在“任职”里。" } else { "" };
    (required || register).then(|| Input {
        at: At::Unit,
        key: "unit".into(),
        title: header::unit_head(ledger).into(),
        hint: hint.into(),
        required,
        judged: String::new(),
        control: Control::Pick("unit".into()),
    })
}

fn code() -> Input {
    Input {
        at: At::Code,
        key: "record_code".into(),
        title: "编号".into(),
        hint: "本单位有编号的才填，不能与别的记录相同。".into(),
        required: false,
        judged: String::new(),
        control: Control::Line,
    }
}

fn control(engine: &Engine, ledger: &Ledger, field: &Field) -> Option<Control> {
    if let Some(slots) = slots(engine, ledger, field) {
        return Some(Control::Slot(slots));
    }
    Some(match &field.ty {
        FieldType::Text if text_limit(field) <= LINE => Control::Line,
        FieldType::Text => Control::Text,
        FieldType::Integer => Control::Whole,
        FieldType::Decimal | FieldType::Money => Control::Number,
        FieldType::Date => Control::Day,
        FieldType::Flag => Control::One(vec!["是".into(), "否".into()]),
        FieldType::Choice(of) if of.len() <= FEW => Control::One(of.clone()),
        FieldType::Choice(of) => Control::List(of.clone()),
        FieldType::Choices(of) => Control::Several(of.clone()),
        FieldType::Period => Control::Line,
        FieldType::Person => Control::Pick("person".into()),
        FieldType::Unit => Control::Pick("unit".into()),
        FieldType::Ref(to) => Control::Pick(to.clone()),
        FieldType::File | FieldType::Derived => return None,
    })
}

/// What the definition says, and what can be typed.
fn hint(field: &Field, control: &Control) -> String {
    let bounds = match (&field.ty, control) {
        (_, Control::Slot(s)) if (s.named.len() as i64) < s.size => {
            format!("文件要求{}个方面，写明{}个；其余由领导小组办公室定名后在此出现。", s.size, s.named.len())
        }
        (FieldType::Period, _) => "年填2025，半年填2025H1，季度填2025Q1，月填2025-03。".into(),
        (FieldType::Money, _) => "只写数字，最多两位小数。".into(),
        (FieldType::Choices(_), _) => "可选多项。".into(),
        _ if field.sensitive => "加密保存。更正时显示的是遮去一部分的内容，不改就不要动它。".into(),
        _ => String::new(),
    };
    match &field.hint {
        Some(own) if own.ends_with(['。', '？', '！']) => format!("{own}{bounds}"),
        Some(own) if !own.is_empty() => format!("{own}。{bounds}"),
        _ => bounds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::Workdays, directive::own, org::builtin, verdict::compile::Given};

    fn engine() -> Engine {
        let (package, _, _) = own().unwrap();
        let given = Given::of(&package);
        Engine::new(package.into(), given, Workdays::default()).unwrap()
    }

    #[test]
    fn guidance_asks_two_things_and_offers_the_named_aspects() {
        let engine = engine();
        let ledger = &engine.layout.ledgers[engine.layout.index("guidance").unwrap()];
        let plan = plan(&engine, ledger);
        let required: Vec<&str> = plan.inputs().filter(|i| i.required).map(|i| i.title.as_str()).collect();
        assert_eq!(required, ["结对", "指导日期"]);
        assert_eq!((plan.required, plan.judged, plan.optional, plan.groups.len()), (2, 2, 4, 1));
        let area = plan.inputs().find(|i| i.key == "f.area").unwrap();
        let Control::Slot(slots) = &area.control else { panic!("{area:?}") };
        assert_eq!((slots.size, slots.named.len()), (8, 3));
        assert!(area.hint.contains("文件要求8个方面，写明3个"));
    }

    #[test]
    fn every_ledger_has_a_form_that_leaves_out_what_the_program_finds() {
        let engine = engine();
        for ledger in engine.layout.ledgers.iter().filter(|l| !l.derived) {
            let plan = plan(&engine, ledger);
            let files = |f: &&Field| matches!(f.ty, FieldType::File | FieldType::Derived);
            let left_out = ledger.fields.iter().filter(files).count();
            let own = 1 + usize::from(plan.inputs().any(|i| i.at == At::Unit));
            assert_eq!(plan.inputs().count(), ledger.fields.len() - left_out + own, "{}", ledger.name);
            assert!(plan.groups.iter().all(|g| !g.inputs.is_empty()) && !plan.groups[0].folded, "{}", ledger.name);
            let unit = plan.inputs().any(|i| i.at == At::Unit && i.required);
            assert!(!(builtin::is_setting(&ledger.name) && unit), "a setting holds for everybody");
        }
    }
}
