//! Conditions in three values: an empty field makes one neither true nor false (3.2).

use std::{cmp::Ordering, ops::Not};

use dongliang::{
    day::Day,
    directive::model::{At, Cond, Conds, Of, Operand, Source, Test, Value},
    ratio::Ratio,
};

use super::{
    BruteRow, Val,
    subject::{Kind, Subject},
    view::{Moment, View},
    window::Span,
};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    No,
    Maybe,
    Yes,
}

impl Not for Truth {
    type Output = Truth;
    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Maybe => Truth::Maybe,
            Truth::Yes => Truth::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(b: bool) -> Truth {
        if b { Truth::Yes } else { Truth::No }
    }
}

/// A row found by a source, or one under test: where it stands and whose chart it uses.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) ledger: String,
    pub(super) row: BruteRow,
    pub(super) chart: Day,
    /// Whether it passes the source's `where`; rows that do not are not found.
    pub(super) passes: Truth,
}

/// The question in which conditions are asked: one window of one subject.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) span: &'a Span,
}

impl Asked<'_> {
    /// Up to which day a date in a field is filled: the day asked, in a `by` window its deadline (4.10).
    fn look(&self) -> Day {
        if self.span.by { self.span.end(self.view.today) } else { self.view.today }
    }

    pub(super) fn moment(&self, chart: Day) -> Moment {
        Moment { chart, look: self.look() }
    }

    /// All conditions together. Reading: `{ subject = … }` means the one that is judged, also inside a `has`, whose `via`
    /// points at the row that has.
    pub(super) fn holds(&self, conds: &Conds, at: &Found, subject: &Subject) -> Truth {
        let fields = conds.all.iter().map(|c| self.cond(c, at, subject));
        let related = conds.has.iter().map(|s| self.has(s, at, subject));
        fields.chain(related).min().unwrap_or(Truth::Yes)
    }

    /// At least one related row, up to the day asked, bound by the window only where the source says so (2).
    fn has(&self, source: &Source, at: &Found, subject: &Subject) -> Truth {
        let owner = Subject::of_row(&at.ledger, &at.row);
        let ever = Span::standing(self.view.today);
        let span = if source.dated.is_none() && source.at.is_none() { &ever } else { self.span };
        let found = self.search(source, &owner, span, subject);
        found.iter().map(|f| f.passes).max().unwrap_or(Truth::No)
    }

    /// The rows of a source that belong to the subject, lie in the window and may pass `where`.
    pub(super) fn rows(&self, source: &Source, subject: &Subject) -> Vec<Found> {
        self.search(source, subject, self.span, subject)
    }

    /// The rows that belong to `owner`, lie in `span` and may pass `where`, which is asked of `judged`.
    fn search(&self, source: &Source, owner: &Subject, span: &Span, judged: &Subject) -> Vec<Found> {
        let mut found = Vec::new();
        for mut f in self.placed(source, span) {
            if !self.related(source, &f, owner) {
                continue;
            }
            f.passes = self.holds(&source.filter, &f, judged);
            if f.passes != Truth::No {
                found.push(f);
            }
        }
        found
    }

    /// Everybody whom a share of persons could be about, before `where` (3.7).
    pub(super) fn anybody(&self, source: &Source, subject: &Subject) -> bool {
        self.placed(source, self.span).iter().any(|f| self.related(source, f, subject))
    }

    /// The rows that lie in the window, whosever they are.
    fn placed(&self, source: &Source, span: &Span) -> Vec<Found> {
        let ledger = of(&source.of);
        let here = |row: &BruteRow| self.place(source, ledger, row, span);
        let found = |row: &BruteRow, chart: Day| Found {
            ledger: ledger.to_owned(),
            row: row.clone(),
            chart,
            passes: Truth::Yes,
        };
        self.view.seen(ledger).into_iter().filter_map(|r| here(r).map(|chart| found(r, chart))).collect()
    }

    /// The day whose chart the row uses, if it lies in the window.
    fn place(&self, source: &Source, ledger: &str, row: &BruteRow, span: &Span) -> Option<Day> {
        let (view, end) = (self.view, span.end(self.view.today));
        if let Some(at) = source.at.or((ledger == "person").then_some(At::End)) {
            let on = if at == At::End { end } else { span.start(view.today) };
            let there = match &source.of {
                Of::Person => view.post_of(&row.id, on).is_some(),
                _ => view.is_there(ledger, row, on),
            };
            return there.then_some(on);
        }
        let own = view.opening(ledger, row)?;
        let inside = match &source.dated {
            None => span.facts <= own && own <= end,
            // Reading: `dated` is no condition, so a row whose field is empty is outside, not doubtful.
            Some(field) => match row.values.get(field)? {
                Val::Day(d) => span.facts <= *d && *d <= end,
                // A paper about the window; 3.4: it may come until the window shuts. Reading: also before it begins.
                Val::Text(period) => *period == span.label && span.shuts_after.is_none_or(|last| own <= last),
                other => panic!("{ledger}.{field} is no day and no period: {other:?}"),
            },
        };
        inside.then(|| view.chart(ledger, row))
    }

    /// Whether the row belongs to the subject.
    fn related(&self, source: &Source, f: &Found, subject: &Subject) -> bool {
        let at = self.moment(f.chart);
        if source.via.is_empty() {
            return self.related_by_default(f, subject);
        }
        source.via.iter().all(|(theirs, own)| {
            let theirs = self.view.path(&f.ledger, &f.row, theirs, at);
            let own = match own {
                Some(path) => subject.value(self, path),
                None => subject.value(self, &["id".to_owned()]),
            };
            theirs.is_some() && theirs == own
        })
    }

    /// The system sees all; a unit what it owns (5.1); a combination the rows that agree in its fields; any other subject
    /// the rows whose one field of that type points at it, or itself.
    /// Reading: of several such fields the one that gives the unit, else the first; a combination's rows are not held
    /// against the requirement's `where` again.
    fn related_by_default(&self, f: &Found, subject: &Subject) -> bool {
        let (view, at) = (self.view, self.moment(f.chart));
        match subject.kind {
            Kind::System => true,
            Kind::Combination => subject.keys.iter().all(|key| {
                let Some(path) = key.path_in(view, &f.ledger, &subject.ledger) else { return true };
                view.path(&f.ledger, &f.row, &path, at) == Some(Val::Text(key.value.clone()))
            }),
            Kind::Row if subject.ledger == "unit" => {
                let unit = view.unit_of(&f.ledger, &f.row, f.chart);
                unit.is_some_and(|u| view.owns(&subject.row().id, &u))
            }
            Kind::Row => {
                let own = Some(view.record(&subject.ledger, &subject.row().id));
                match pointing(view, &f.ledger, &subject.ledger) {
                    Some(field) => view.refers(&f.row, &field, &subject.ledger) == own,
                    None => f.ledger == subject.ledger && Some(view.record(&f.ledger, &f.row.id)) == own,
                }
            }
        }
    }

    fn cond(&self, cond: &Cond, at: &Found, subject: &Subject) -> Truth {
        let value = self.view.path(&at.ledger, &at.row, &cond.path, self.moment(at.chart));
        let none = value == Some(Val::Text(String::new()));
        if let Test::Filled(wanted) = cond.test {
            return Truth::from((value.is_some() && !none) == wanted);
        }
        let Some(value) = value else { return Truth::Maybe };
        let compare = |operand: &Operand, right: fn(Ordering) -> bool| {
            let others = self.operand(operand, subject);
            let Some(other) = others.as_ref().and_then(|o| o.first()) else { return Truth::Maybe };
            Truth::from(order(&value, other).is_some_and(right))
        };
        match &cond.test {
            Test::Filled(_) => unreachable!("answered above"),
            Test::AnyOf(operands) => self.any_of(&value, operands, subject),
            Test::NoneOf(operands) => !self.any_of(&value, operands, subject),
            Test::AtLeast(o) | Test::NotBefore(o) => compare(o, Ordering::is_ge),
            Test::AtMost(o) | Test::NotAfter(o) => compare(o, Ordering::is_le),
            Test::Above(o) | Test::After(o) => compare(o, Ordering::is_gt),
            Test::Below(o) | Test::Before(o) => compare(o, Ordering::is_lt),
        }
    }

    fn any_of(&self, value: &Val, operands: &[Operand], subject: &Subject) -> Truth {
        let one = |operand: &Operand| match self.operand(operand, subject) {
            None => Truth::Maybe,
            Some(others) => Truth::from(others.iter().any(|o| equal(value, o))),
        };
        operands.iter().map(one).max().unwrap_or(Truth::No)
    }

    /// The values of the other side; none if it is empty.
    fn operand(&self, operand: &Operand, subject: &Subject) -> Option<Vec<Val>> {
        match operand {
            Operand::Value(v) => Some(vec![val(v)]),
            Operand::Setting(name) => Some(self.view.setting(name)?.iter().map(val).collect()),
            Operand::Subject(path) => Some(vec![subject.value(self, path)?]),
        }
    }
}

/// The field of a ledger that points at records of another.
pub(super) fn pointing(view: &View<'_>, ledger: &str, at: &str) -> Option<String> {
    let definition = view.ledger(ledger);
    let mut names =
        definition.fields.iter().map(|f| &f.name).filter(|n| view.points_at(ledger, n).as_deref() == Some(at));
    let unit_from = definition.unit_from.as_ref().filter(|f| view.points_at(ledger, f).as_deref() == Some(at));
    unit_from.or_else(|| names.next()).cloned()
}

/// The ledger of a source.
pub(super) fn of(of: &Of) -> &str {
    match of {
        Of::Person => "person",
        Of::Unit => "unit",
        Of::Ledger(name) => name,
    }
}

fn val(value: &Value) -> Val {
    match value {
        Value::Number(n) => Val::Ratio(*n),
        Value::Money(fen) => Val::Money(*fen),
        Value::Years(n) => Val::Int(*n),
        Value::Flag(b) => Val::Flag(*b),
        Value::Day(d) => Val::Day(*d),
        Value::Text(t) => Val::Text(t.clone()),
    }
}

/// The number in a value, if it is one.
pub(super) fn number(value: &Val) -> Option<Ratio> {
    match value {
        Val::Int(n) | Val::Money(n) => Some(Ratio::whole(*n)),
        Val::Ratio(r) => Some(*r),
        Val::Text(t) => Ratio::parse_decimal(t),
        _ => None,
    }
}

/// A list is equal to what it contains.
fn equal(value: &Val, other: &Val) -> bool {
    match (value, other) {
        (Val::List(list), Val::Text(t)) => list.contains(t),
        (Val::Text(a), Val::Text(b)) => a == b,
        (Val::Flag(a), Val::Flag(b)) => a == b,
        _ => order(value, other) == Some(Ordering::Equal),
    }
}

fn order(value: &Val, other: &Val) -> Option<Ordering> {
    let day = |v: &Val| match v {
        Val::Day(d) => Some(*d),
        Val::Text(t) => Day::parse(t),
        _ => None,
    };
    match (value, other) {
        (Val::Day(_), _) | (_, Val::Day(_)) => Some(day(value)?.cmp(&day(other)?)),
        _ => Some(number(value)?.cmp(&number(other)?)),
    }
}
