//! Which fields of a record the judgement looks at, from the compiled requirements: what a form marks 判定要用.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    directive::model::{Field, FieldType, Ledger, Value},
    spelling::requirement_code,
    verdict::{
        compile::{Access, Check, Compiled, Condition, Conditions, Fold, Relate, Rows, Side, Step},
        engine::Engine,
        world::PERSON,
    },
};

/// Sentences said of one field at most; the rule itself stands on the page of the requirement.
const SAID: usize = 2;
/// Requirements named in a sentence at most.
const NAMED: usize = 3;

/// What follows where a field is left empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Empty {
    /// The record does not count.
    Out,
    /// What is asked of it is not met.
    Unmet,
    /// Nobody can tell.
    Unclear,
    /// There is no deadline.
    Undated,
}

impl Empty {
    fn words(self, codes: &str) -> String {
        match self {
            Empty::Out => format!("{codes}要看此栏，不填不计入。"),
            Empty::Unmet => format!("{codes}要看此栏，不填按没有满足计。"),
            Empty::Unclear => format!("{codes}要看此栏，不填不能判定。"),
            Empty::Undated => format!("{codes}按此栏定期限，不填没有期限。"),
        }
    }
}

/// For each field that a requirement looks at, by its position, which ones do and what follows where it is left empty.
/// What ends a record is not among them: a new record has not ended.
pub(super) fn hints(engine: &Engine, ledger: &Ledger) -> BTreeMap<usize, String> {
    let Some(table) = engine.layout.index(&ledger.name) else { return BTreeMap::new() };
    let mut looking = Looking { ledger, table, code: String::new(), found: BTreeMap::new() };
    for c in &engine.compiled {
        looking.code = requirement_code(&c.requirement.pillar, &c.requirement.id);
        looking.requirement(c);
    }
    let mut hints: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    for ((field, empty, among), codes) in looking.found {
        let (said, hint) = hints.entry(field).or_default();
        if *said < SAID {
            let of = if among.is_empty() { String::new() } else { format!("{among}的，") };
            hint.push_str(&format!("{of}{}", empty.words(&named(&codes))));
            *said += 1;
        }
    }
    hints.into_iter().map(|(field, (_, hint))| (field, hint)).collect()
}

fn named(codes: &[String]) -> String {
    let shown = codes.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、");
    if codes.len() > NAMED { format!("{shown}等{}项要求", codes.len()) } else { shown }
}

/// The fields of a ledger, by position, that a requirement looks at.
pub(crate) fn judged(engine: &Engine, ledger: &Ledger) -> BTreeSet<usize> {
    hints(engine, ledger).into_keys().collect()
}

/// A ledger looked for in requirements.
struct Looking<'a> {
    ledger: &'a Ledger,
    table: usize,
    /// Of the requirement that is looked through.
    code: String,
    /// Codes by field, by what follows, and by which records alone it is about.
    found: BTreeMap<(usize, Empty, String), Vec<String>>,
}

impl Looking<'_> {
    fn requirement(&mut self, c: &Compiled) {
        let own = c.table == self.table && c.per.is_empty();
        self.conditions(&c.filter, own);
        if own {
            for access in c.by.iter().chain(c.part_by.iter().flatten()) {
                self.note(access, Empty::Undated, &c.filter);
            }
        }
        for fold in &c.folds {
            self.fold(fold, own);
        }
    }

    fn fold(&mut self, fold: &Fold, own: bool) {
        match fold {
            Fold::Count(rows) => self.rows(rows),
            Fold::Sum(rows, value) | Fold::Distinct(rows, value) | Fold::Latest(rows, value) => {
                self.rows(rows);
                self.value(rows, value, Empty::Out);
            }
            Fold::Change(rows, from, to) => {
                self.rows(rows);
                self.value(rows, from, Empty::Unclear);
                self.value(rows, to, Empty::Unclear);
            }
            Fold::Share(rows, that) => {
                self.rows(rows);
                self.further(that, rows.table == self.table, &rows.filter);
            }
            Fold::Ratio(top, bottom) => {
                self.fold(top, own);
                self.fold(bottom, own);
            }
            Fold::Holds(that) => self.further(that, own, &Conditions::default()),
            Fold::Span(from, _) if own => self.note(from, Empty::Unclear, &Conditions::default()),
            Fold::Span(..) => {}
        }
    }

    fn rows(&mut self, rows: &Rows) {
        let own = rows.table == self.table;
        self.conditions(&rows.filter, own);
        if !own {
            return;
        }
        if let Some((column, _)) = rows.dated {
            self.column(column, Empty::Out, &rows.filter);
        }
        if let Relate::Via(pairs) = &rows.relate {
            for (access, _) in pairs {
                self.note(access, Empty::Out, &rows.filter);
            }
        }
        if let Some(access) = &rows.last_per {
            self.note(access, Empty::Unclear, &rows.filter);
        }
    }

    fn value(&mut self, rows: &Rows, access: &Access, empty: Empty) {
        if rows.table == self.table {
            self.note(access, empty, &rows.filter);
        }
    }

    /// What a row must satisfy to be looked at.
    fn conditions(&mut self, conds: &Conditions, own: bool) {
        for cond in conds.all.iter().filter(|_| own) {
            match cond.test {
                Check::Filled(true) => self.note(&cond.access, Empty::Out, conds),
                Check::Filled(false) => {}
                _ => self.note(&cond.access, Empty::Unclear, conds),
            }
        }
        conds.has.iter().for_each(|rows| self.rows(rows));
    }

    /// What a row that is looked at must satisfy further.
    fn further(&mut self, that: &Conditions, own: bool, among: &Conditions) {
        for cond in that.all.iter().filter(|_| own) {
            match cond.test {
                Check::Filled(true) => self.note(&cond.access, Empty::Unmet, among),
                Check::Filled(false) => {}
                _ => self.note(&cond.access, Empty::Unclear, among),
            }
        }
        that.has.iter().for_each(|rows| self.rows(rows));
    }

    fn note(&mut self, access: &Access, empty: Empty, among: &Conditions) {
        match access.steps.first() {
            Some(Step::Column(column)) => self.column(*column, empty, among),
            Some(Step::Young) if self.table == PERSON => {
                if let Some(born) = self.ledger.field_index("born") {
                    self.column(born, Empty::Unclear, among);
                }
            }
            _ => {}
        }
    }

    fn column(&mut self, column: usize, empty: Empty, among: &Conditions) {
        let Some(field) = self.ledger.fields.get(column) else { return };
        if Some(field.name.as_str()) == self.ledger.closing() || field.required {
            return;
        }
        let among: Vec<String> = among.all.iter().filter_map(|c| chosen(self.ledger, c, column)).collect();
        let codes = self.found.entry((column, empty, among.join("、"))).or_default();
        if !codes.contains(&self.code) {
            codes.push(self.code.clone());
        }
    }
}

/// `类型为“调查”`: a condition by which another field of the record chooses what it is about.
fn chosen(ledger: &Ledger, cond: &Condition, but: usize) -> Option<String> {
    let [Step::Column(column)] = cond.access.steps.as_slice() else { return None };
    let field: &Field = ledger.fields.get(*column).filter(|_| *column != but)?;
    let (FieldType::Choice(_), Check::Equal(true, sides)) = (&field.ty, &cond.test) else { return None };
    let text = |side: &Side| match side {
        Side::Fixed(_, Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let texts: Option<Vec<String>> = sides.iter().map(text).collect();
    texts.filter(|t| !t.is_empty()).map(|t| format!("{}为“{}”", field.title, t.join("、")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::Workdays, directive::own, verdict::compile::Given};

    fn hint(ledger: &str, field: &str) -> String {
        let (package, _, _) = own().unwrap();
        let given = Given::of(&package);
        let engine = Engine::new(package.into(), given, Workdays::default()).unwrap();
        let ledger = &engine.layout.ledgers[engine.layout.index(ledger).unwrap()];
        let position = ledger.field_index(field).unwrap();
        hints(&engine, ledger).remove(&position).unwrap_or_default()
    }

    #[test]
    fn what_a_rule_looks_at_is_marked_with_what_follows_where_it_is_empty() {
        assert_eq!(hint("guidance", "confirmed"), "干-21要看此栏，不填不计入。");
        assert_eq!(hint("guidance", "area"), "干-20要看此栏，不填不计入。");
        assert_eq!(hint("firm_voice", "rating"), "类型为“调查”的，干-12要看此栏，不填不能判定。");
        assert_eq!(hint("posting", "report"), "干-17要看此栏，不填按没有满足计。");
        assert!(hint("posting", "planned_end").contains("按此栏定期限"));
        assert!(hint("project", "city_key").contains("等") && hint("project", "city_key").contains("不能判定"));
        assert!(hint("person", "born").contains("不能判定"));
    }

    #[test]
    fn what_no_rule_looks_at_what_must_be_filled_and_what_ends_a_record_is_not() {
        for (ledger, field) in [
            ("guidance", "content"),
            ("guidance", "way"),
            ("guidance", "pair"),
            ("posting", "ended"),
            ("project", "sort"),
        ] {
            assert_eq!(hint(ledger, field), "", "{ledger}.{field}");
        }
    }
}
