//! Cells that name a unit, a person or a record: found exactly once, or refused with what would tell them apart.

use super::{
    norm,
    value::{Around, Fault},
};

/// Finds the records that cells name. Implemented over the store's maps, or over a few rows in tests.
pub trait Resolve {
    /// The unit of that name or code, or of that name below another, `柳溪县发改局/办公室`; with `within` a 科室 below that
    /// unit, by its own name.
    fn unit(&self, text: &str, within: Option<i64>) -> Lookup;
    /// The person of that name or code. `unit` (the row's own) only chooses among namesakes; it never excludes.
    fn person(&self, text: &str, unit: Option<i64>) -> Lookup;
    /// Whether the person has that name.
    fn is_called(&self, _person: i64, _name: &str) -> bool {
        true
    }
    /// The record of a ledger by its code, or by the title that pages show.
    fn record(&self, ledger: &str, text: &str) -> Lookup;
    /// The unit of rows that name none: that of the clerk who imports, if there is one.
    fn default_unit(&self) -> Option<i64> {
        None
    }
}

/// What a [`Resolve`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Exactly this record id.
    One(i64),
    /// Nothing of that name.
    None,
    /// Several, each described so that a clerk can tell them apart.
    Many(Vec<String>),
}

/// The unit that a cell names; `within` for a 科室 column beside a 单位 column.
pub fn unit(text: &str, resolve: &dyn Resolve, within: Option<i64>) -> Result<i64, Fault> {
    match resolve.unit(text, within) {
        Lookup::One(id) => Ok(id),
        Lookup::None => Err(Fault::new(text, "没有这个单位", "请核对名称，写全称、简称或单位编号；新单位请先登记")),
        Lookup::Many(list) => Err(many(text, "同名单位不止一个", &list, "请写作“上级单位/科室”，或填单位编号")),
    }
}

/// The person that a cell names, with the unit of its row for namesakes.
pub(super) fn person(text: &str, around: &Around<'_>) -> Result<i64, Fault> {
    match find_person(text, around) {
        Lookup::One(id) => Ok(id),
        Lookup::None if text.contains(['、', ',', '，', ';', '；', '\n']) => {
            Err(Fault::new(text, "这一格只能填一个人", "请每人各占一行"))
        }
        Lookup::None => Err(Fault::new(text, "花名册中没有这个人", "请核对姓名或人员编号；新进人员请先导入花名册")),
        Lookup::Many(list) => Err(many(text, "重名", &list, "请在“单位”列写明，或改填人员编号")),
    }
}

/// As written; then without a hint in brackets, `张三（区发改委）` or `张三（RY0012）`, which the export writes.
fn find_person(text: &str, around: &Around<'_>) -> Lookup {
    let whole = around.resolve.person(text, around.unit);
    let plain = norm::plain(text);
    let hint = plain.strip_suffix(')').and_then(|t| t.rsplit_once('('));
    match (&whole, hint) {
        (Lookup::None, Some((name, hint))) => match around.resolve.unit(hint.trim(), None) {
            Lookup::One(unit) => around.resolve.person(name.trim(), Some(unit)),
            _ => around.resolve.person(hint.trim(), around.unit),
        },
        _ => whole,
    }
}

/// The record of a ledger that a cell names.
pub(super) fn record(text: &str, ledger: &str, resolve: &dyn Resolve) -> Result<i64, Fault> {
    match resolve.record(ledger, text) {
        Lookup::One(id) => Ok(id),
        Lookup::None => Err(Fault::new(
            text,
            "没有找到所指的记录",
            "请填对方台账中的编号或页面上显示的名称；如尚未登记，请先导入那本台账",
        )),
        // A code like a number, and the number of a record without a code.
        Lookup::Many(list) if text.bytes().all(|b| b.is_ascii_digit()) => {
            let mend = "请改写能区分它们的编号或页面上显示的名称；没有编号的，先在台账中补上编号";
            Err(many(text, "这个数对得上的记录不止一条", &list, mend))
        }
        Lookup::Many(list) => Err(many(text, "同名的记录不止一条", &list, "请改填编号")),
    }
}

fn many(text: &str, reason: &str, list: &[String], mend: &str) -> Fault {
    let shown = list.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("；");
    Fault::new(text, format!("{reason}：{shown}{}", if list.len() > 5 { " 等" } else { "" }), mend)
}
