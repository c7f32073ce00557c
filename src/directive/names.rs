//! The names a package may use, and where a path of names leads.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    head::Head,
    model::{FieldType, Ledger, Path},
    read::Node,
    suggest::nearest,
};
use crate::org::{builtin, chart::TalkLevel};

/// Everything that requirements and examples refer to by name.
pub(super) struct Names<'a> {
    /// The package's ledgers and the built-in ones.
    pub(super) ledgers: Vec<Ledger>,
    /// The head of the package, with the places of its settings.
    pub(super) head: &'a Head<'a>,
    /// Whether all ledger files could be read; otherwise unknown ledgers and fields are not reported again.
    pub(super) whole: bool,
    wants: RefCell<BTreeMap<String, Vec<Want>>>,
}

/// What a place that names a setting needs of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Want {
    /// One whole number of days, not negative.
    Days,
    /// One day.
    Day,
    /// One number, amount or span of years.
    Target,
    /// Values of a field of this type.
    Field(FieldType),
}

impl<'a> Names<'a> {
    pub(super) fn new(own: &[Ledger], head: &'a Head<'a>, whole: bool) -> Names<'a> {
        let ledgers = own.iter().cloned().chain(builtin::ledgers()).collect();
        Names { ledgers, head, whole, wants: RefCell::default() }
    }

    /// The ledger of that name.
    pub(super) fn ledger(&self, name: &str) -> Option<&Ledger> {
        self.ledgers.iter().find(|l| l.name == name)
    }

    /// The ledger named by the node, or a finding.
    pub(super) fn need_ledger(&self, node: &Node<'_>) -> Option<&Ledger> {
        let name = node.text()?;
        let found = self.ledger(&name);
        if found.is_none() && self.whole {
            let known = self.ledgers.iter().map(|l| l.name.as_str());
            node.error(format!("没有台账「{name}」"), meant(&name, known, "先在 ledgers/ 里定义它"));
        }
        found
    }

    /// The setting named by the node, needed for `want`; or a finding.
    pub(super) fn need_setting(&self, node: &Node<'_>, want: Want) -> Option<String> {
        let name = node.text()?;
        if !self.head.settings.contains_key(&name) && self.head.whole {
            let known = self.head.settings.keys().map(String::as_str);
            return node.fail(
                format!("没有设定「{name}」"),
                meant(&name, known, "在 directive.toml 的 [settings] 里加上它；还没有定的写成空文字 \"\""),
            );
        }
        self.want(&name, want);
        Some(name)
    }

    /// What the package needs of a setting.
    pub(super) fn wants(&self, setting: &str) -> Vec<Want> {
        self.wants.borrow().get(setting).cloned().unwrap_or_default()
    }

    /// The path in a text such as `person.unit.level`, and the type of what it leads to; or a finding.
    pub(super) fn need_path(&self, ledger: &str, node: &Node<'_>) -> Option<(Path, FieldType)> {
        let path: Path = node.text()?.split('.').map(str::to_owned).collect();
        let ty = self.need_type(ledger, &path, node)?;
        Some((path, ty))
    }

    /// The type of what the path leads to from a row of the ledger; or a finding at the node.
    pub(super) fn need_type(&self, ledger: &str, path: &[String], node: &Node<'_>) -> Option<FieldType> {
        let mut at = ledger.to_owned();
        let mut ty = None;
        for (i, name) in path.iter().enumerate() {
            if i > 0 {
                let Some(next) = ty.as_ref().and_then(target) else {
                    return node.fail(
                        format!("「{}」不是引用，后面不能再写「.{name}」", path[..i].join(".")),
                        "只有人员、单位和引用别的台账的字段后面可以接着写",
                    );
                };
                at = next.to_owned();
            }
            ty = self.field(&at, name);
            if at == "person" && name == "young" {
                self.need_young_age(node);
            }
            if ty.is_none() {
                self.unknown_field(&at, name, node);
                return None;
            }
        }
        ty
    }

    /// The type of one name on a row of the ledger: a field, or what the program derives.
    pub(super) fn field(&self, ledger: &str, name: &str) -> Option<FieldType> {
        let derived = || derived(ledger).into_iter().find(|(n, _)| *n == name).map(|(_, ty)| ty);
        match self.ledger(ledger)?.field(name).map(|f| &f.ty) {
            Some(FieldType::Derived) => Some(computed(ledger, name).unwrap_or(FieldType::Derived)),
            Some(ty) => Some(ty.clone()),
            None => derived(),
        }
    }

    /// The type of what the path leads to, without findings.
    pub(super) fn type_of(&self, ledger: &str, path: &[String]) -> Option<FieldType> {
        let (first, rest) = path.split_first()?;
        let ty = self.field(ledger, first)?;
        if rest.is_empty() { Some(ty) } else { self.type_of(target(&ty)?, rest) }
    }

    /// Who is young follows from the setting `young_age`.
    fn need_young_age(&self, node: &Node<'_>) {
        if !self.head.settings.contains_key("young_age") && self.head.whole {
            node.error(
                "用到 young（年轻干部），却没有设定「young_age」",
                "在 directive.toml 的 [settings] 里加上 young_age = 35",
            );
        }
        self.want("young_age", Want::Field(FieldType::Integer));
    }

    fn want(&self, setting: &str, want: Want) {
        let mut wants = self.wants.borrow_mut();
        let list = wants.entry(setting.to_owned()).or_default();
        if !list.contains(&want) {
            list.push(want);
        }
    }

    /// Notes a field that does not exist.
    fn unknown_field(&self, ledger: &str, name: &str, node: &Node<'_>) {
        let Some(found) = self.ledger(ledger).filter(|_| self.whole) else { return };
        let own = found.fields.iter().map(|f| f.name.as_str());
        let known: BTreeSet<&str> = own.chain(derived(ledger).into_iter().map(|(n, _)| n)).collect();
        let all = format!("可写：{}", known.iter().copied().collect::<Vec<_>>().join("、"));
        node.error(format!("台账「{ledger}」没有字段「{name}」"), meant(name, known.into_iter(), &all));
    }
}

/// The ledger that a value of this type leads to.
pub(super) fn target(ty: &FieldType) -> Option<&str> {
    match ty {
        FieldType::Person => Some("person"),
        FieldType::Unit => Some("unit"),
        FieldType::Ref(ledger) => Some(ledger),
        _ => None,
    }
}

/// Type of a derived field that the program computes.
pub(super) fn computed(ledger: &str, field: &str) -> Option<FieldType> {
    match (ledger, field) {
        ("talk", "level") => Some(choice(&TalkLevel::NAMES)),
        ("approval", "actual_days") => Some(FieldType::Integer),
        _ => None,
    }
}

fn choice(of: &[&str]) -> FieldType {
    FieldType::Choice(of.iter().map(|c| (*c).to_owned()).collect())
}

/// What the program adds to the fields of a ledger's rows.
pub(super) fn derived(ledger: &str) -> Vec<(&'static str, FieldType)> {
    match ledger {
        "unit" => vec![("organ", FieldType::Unit), ("unit", FieldType::Unit), ("id", FieldType::Unit)],
        "person" => vec![
            ("unit", FieldType::Unit),
            ("duty", choice(&builtin::DUTIES)),
            ("young", FieldType::Flag),
            ("talk_due", choice(&TalkLevel::NAMES)),
            ("id", FieldType::Person),
        ],
        _ => vec![("unit", FieldType::Unit), ("id", FieldType::Ref(ledger.to_owned()))],
    }
}

/// A hint: the name that was likely meant, or other words.
pub(super) fn meant<'n>(name: &str, known: impl Iterator<Item = &'n str>, other: &str) -> String {
    nearest(name, known).map_or_else(|| other.to_owned(), |k| format!("是不是想写「{k}」？"))
}
