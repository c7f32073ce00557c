//! 还需要什么: where each way to make a verdict pass is gone. A new record's form opens with what the verdict fixes.

use super::{
    frame::{self, Desk},
    record_begin,
    record_links::record_href,
    record_new::may_add,
    route::Needs,
    settings,
    view::{url::segment, verdict::Need, words::Link},
};
use crate::{
    auth::Permission,
    directive::model::{FieldType, Ledger, Value},
    ledger::query::{self, Filter, Query},
    names::Names,
    sheet::header::unit_is_typed,
    subjects,
    verdict::{
        compile::{Access, Check, Compiled, Condition, Fold, Relate, Rows, Side, Step},
        engine::Engine,
        explain::Explanation,
        words::{Doing, Mend},
        world::{PERSON, UNIT},
    },
};

/// Records that are offered to be completed, for one way.
const OFFERED: usize = 5;

/// A verdict whose ways are shown.
pub(super) struct Ways<'a> {
    /// The package in force.
    pub(super) engine: &'a Engine,
    /// Position of the requirement.
    pub(super) i: usize,
    /// The subject's cells.
    pub(super) key: &'a [i64],
    /// The subject as it stands in addresses.
    pub(super) subject: &'a str,
    /// Names of the subject and of the rows that are shown.
    pub(super) names: &'a Names,
    /// The verdict.
    pub(super) e: &'a Explanation,
}

impl Ways<'_> {
    /// The ways with their links, for who may record; of another day than today they are not offered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn needs(&self, desk: &mut Desk<'_, '_>, mends: Vec<Mend>, now: bool) -> anyhow::Result<Vec<Need>> {
        let mut needs = Vec::new();
        for m in mends {
            let links = if now { self.links(desk, &m.doing)? } else { Vec::new() };
            needs.push(Need { title: m.title, note: m.note, links });
        }
        Ok(needs)
    }

    fn compiled(&self) -> &Compiled {
        &self.engine.compiled[self.i]
    }

    fn links(&self, desk: &mut Desk<'_, '_>, doing: &Doing) -> anyhow::Result<Vec<Link>> {
        let set = |kind: &str, name: &str| {
            let href = format!("/settings/{kind}/{}", segment(name));
            settings::may_change(desk).then(|| Link::new("到设置里定", href)).into_iter().collect()
        };
        match doing {
            Doing::Nothing => Ok(Vec::new()),
            Doing::Setting(name) => Ok(set("value", name)),
            Doing::Slots(name) => Ok(set("slot", name)),
            _ if !self.may(desk)? => Ok(Vec::new()),
            Doing::Own => Ok(self.own(desk)),
            Doing::Fill { table, records, far } => Ok(self.fill(desk, *table, records, *far)),
            Doing::Add(part) => self.add(desk, &self.compiled().folds[*part], *part),
            Doing::Again => Ok(self.again(desk)),
        }
    }

    /// Whether the reader may record something for the subject's unit.
    fn may(&self, desk: &Desk<'_, '_>) -> anyhow::Result<bool> {
        let scope = frame::writing(desk.reader()?, Needs::May(Permission::Record), &desk.current, desk.now.day);
        Ok(desk.may(Permission::Record) && self.e.verdict.unit.is_none_or(|u| scope.has_unit(u)))
    }

    fn own(&self, desk: &Desk<'_, '_>) -> Vec<Link> {
        let own = subjects::records(self.engine, self.i, self.key);
        let own = own.into_iter().filter(|(table, _)| *table != UNIT);
        own.flat_map(|(table, id)| self.fill(desk, table, &[id], false)).collect()
    }

    fn fill(&self, desk: &Desk<'_, '_>, table: usize, records: &[i64], far: bool) -> Vec<Link> {
        let ledger = &self.engine.layout.ledgers[table];
        if ledger.derived || !may_add(desk, ledger) {
            return Vec::new();
        }
        let link = |id: &i64| {
            let code = self.names.code(table, *id);
            let title = match self.names.title(table, *id) {
                "" => code.as_str(),
                title => title,
            };
            let page = record_href(ledger, &code);
            match far {
                true => Link::new(format!("打开{title}"), page),
                false => Link::new(format!("补填{title}"), format!("{page}/correct")),
            }
        };
        records.iter().take(OFFERED).map(link).collect()
    }

    fn add(&self, desk: &mut Desk<'_, '_>, fold: &Fold, part: usize) -> anyhow::Result<Vec<Link>> {
        let (rows, related) = match fold {
            Fold::Ratio(top, _) => return self.add(desk, top, part),
            Fold::Count(rows) | Fold::Sum(rows, _) | Fold::Distinct(rows, _) => (rows, false),
            Fold::Change(rows, ..) | Fold::Latest(rows, _) => (rows, false),
            // Persons come by themselves; what they are to have is recorded. Whose it is nobody knows yet.
            Fold::Share(rows, that) if matches!(rows.table, PERSON | UNIT) => match that.has.first() {
                Some(has) => (has, true),
                None => return Ok(Vec::new()),
            },
            Fold::Share(rows, _) => (rows, false),
            Fold::Span(..) | Fold::Holds(_) => return Ok(Vec::new()),
        };
        let ledger = &self.engine.layout.ledgers[rows.table];
        if ledger.derived || matches!(rows.table, PERSON | UNIT) || !may_add(desk, ledger) {
            return Ok(Vec::new());
        }
        let mut address = record_begin::address(ledger, self.verdict());
        let of_subject = if related { Vec::new() } else { self.related(desk, ledger, rows)? };
        for (name, text) in of_subject.into_iter().chain(self.fixed(desk, ledger, rows, part)?) {
            address = address.with(&name, text);
        }
        Ok(vec![Link::new(format!("登记{}", ledger.title), address.href())])
    }

    fn verdict(&self) -> [&str; 3] {
        [&self.compiled().requirement.id, self.subject, &self.e.verdict.window.label]
    }

    /// What the verdict fixes in a new record: field and text as an address has them.
    fn fixed(
        &self,
        desk: &mut Desk<'_, '_>,
        ledger: &Ledger,
        rows: &Rows,
        part: usize,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let mut fixed = Vec::new();
        for cond in &rows.filter.all {
            fixed.extend(self.condition(desk, ledger, cond)?);
        }
        let (frame, window) = (&self.e.parts[part].frame, &self.e.verdict.window);
        if let Some((column, true)) = rows.dated {
            fixed.push((ledger.fields[column].name.clone(), window.label.to_string()));
        } else if let Some(day) = ledger.opening() {
            // Of a window that is over nobody knows the day but who was there.
            let today = desk.now.day;
            let on = if frame.from <= today && today <= frame.to { today.to_string() } else { String::new() };
            fixed.push((day.to_owned(), on));
        }
        Ok(fixed)
    }

    /// What makes a new record the subject's.
    fn related(&self, desk: &mut Desk<'_, '_>, ledger: &Ledger, rows: &Rows) -> anyhow::Result<Vec<(String, String)>> {
        let mut fixed = Vec::new();
        match &rows.relate {
            Relate::All => {}
            Relate::Owner => {
                let unit = self.key.first().filter(|_| unit_is_typed(ledger));
                fixed.extend(unit.map(|u| ("unit".to_owned(), self.names.code(UNIT, *u))));
            }
            Relate::Via(pairs) => {
                for (own, subject) in pairs {
                    let Some(text) = self.of_subject(desk, subject.as_ref())? else { continue };
                    fixed.extend(name(ledger, own).map(|name| (name, text)));
                }
            }
            Relate::Combination => {
                for per in &self.compiled().per {
                    let Some(text) = self.of_subject(desk, Some(per))? else { continue };
                    fixed.extend(name(ledger, per).map(|name| (name, text)));
                }
            }
        }
        Ok(fixed)
    }

    fn condition(
        &self,
        desk: &mut Desk<'_, '_>,
        ledger: &Ledger,
        cond: &Condition,
    ) -> anyhow::Result<Option<(String, String)>> {
        let (Some(name), Check::Equal(true, sides)) = (name(ledger, &cond.access), &cond.test) else { return Ok(None) };
        let text = match sides.as_slice() {
            [Side::Fixed(_, value)] => ledger.field(&name).and_then(|f| match (&f.ty, value) {
                (FieldType::Flag, Value::Flag(yes)) => Some(if *yes { "是" } else { "否" }.to_owned()),
                (FieldType::Choice(_) | FieldType::Choices(_) | FieldType::Text, Value::Text(text)) => {
                    Some(text.clone())
                }
                _ => None,
            }),
            [Side::Subject(access)] => self.of_subject(desk, Some(access))?,
            _ => None,
        };
        Ok(text.map(|text| (name, text)))
    }

    /// A record that the subject is, is combined of, or refers to, as an address names it; `None` for the subject itself.
    fn of_subject(&self, desk: &mut Desk<'_, '_>, access: Option<&Access>) -> anyhow::Result<Option<String>> {
        let c = self.compiled();
        let Some(access) = access else {
            return Ok(self.key.first().filter(|_| c.per.is_empty()).map(|id| self.names.code(c.table, *id)));
        };
        if let Some(at) = c.per.iter().position(|per| per.text == access.text) {
            let own = subjects::records(self.engine, self.i, self.key);
            return Ok(own.get(at).map(|(table, id)| self.names.code(*table, *id)));
        }
        let ledger = &self.engine.layout.ledgers[c.table];
        let (Some(id), [Step::Column(column)], true) = (self.key.first(), access.steps.as_slice(), c.per.is_empty())
        else {
            return Ok(None);
        };
        if ledger.derived {
            return Ok(None);
        }
        let query = Query { filters: vec![Filter::Records([*id].into())], ..Query::default() };
        let rows = query::list(desk.tx, ledger, &desk.scope, &query, (1, 0))?;
        let refers = matches!(ledger.fields[*column].ty, FieldType::Ref(_) | FieldType::Person | FieldType::Unit);
        Ok(rows.first().filter(|_| refers).and_then(|row| row.values[*column].as_i64()).map(|id| id.to_string()))
    }

    /// A repeat of the subject's first record that points back at it.
    fn again(&self, desk: &Desk<'_, '_>) -> Vec<Link> {
        let Some((at, access)) = &self.compiled().again else { return Vec::new() };
        let own = subjects::records(self.engine, self.i, self.key);
        let Some((table, id)) = own.get(at.unwrap_or(0)) else { return Vec::new() };
        let ledger = &self.engine.layout.ledgers[*table];
        let Some(name) = name(ledger, access).filter(|_| may_add(desk, ledger)) else { return Vec::new() };
        let address = record_begin::address(ledger, self.verdict()).with(&name, self.names.code(*table, *id));
        vec![Link::new(format!("登记{}", ledger.title), address.href())]
    }
}

/// The field of the row itself at the end of a path.
fn name(ledger: &Ledger, access: &Access) -> Option<String> {
    match access.steps.as_slice() {
        [Step::Column(column)] => ledger.fields.get(*column).map(|f| f.name.clone()),
        [Step::Unit] | [Step::Unit, Step::Organ] if unit_is_typed(ledger) => Some("unit".into()),
        _ => None,
    }
}
