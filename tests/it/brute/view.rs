//! What is known of the world on the day asked: rows, their lives, fields, paths, posts and units.

use std::collections::BTreeMap;

use dongliang::{
    day::Day,
    directive::model::{FieldType, Ledger, LedgerKind, Package, Setting, Value},
    org::builtin,
};

use super::{BruteRow, Options, Val, World, native};

/// The known rows, seen from the day asked.
pub(super) struct View<'a> {
    pub(super) package: &'a Package,
    pub(super) options: &'a Options,
    pub(super) today: Day,
    organisation: Vec<Ledger>,
    world: &'a World,
    rows: BTreeMap<String, Vec<BruteRow>>,
}

/// From where a field is read: whose chart (and age), and up to which day a date in it is filled (4.10).
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) chart: Day,
    pub(super) look: Day,
}

impl<'a> View<'a> {
    pub(super) fn new(package: &'a Package, world: &'a World, options: &'a Options) -> View<'a> {
        let rows = world
            .iter()
            .map(|(name, all)| {
                (name.clone(), all.iter().filter(|r| known(r, all, options.known_at)).cloned().collect())
            })
            .collect();
        let organisation = builtin::ledgers();
        let mut view = View { package, options, today: options.as_of, organisation, world, rows };
        if package.ledger("low_rank").is_some_and(|l| l.derived) {
            let found = native::low_rank(&view);
            view.rows.insert("low_rank".into(), found);
        }
        view
    }

    /// The known rows of a ledger that are not after the day asked.
    pub(super) fn seen(&self, ledger: &str) -> Vec<&BruteRow> {
        self.rows.get(ledger).into_iter().flatten().filter(|r| self.is_seen(ledger, r)).collect()
    }

    /// "What happened after D is unseen" (4.10).
    /// Reading: a row without its own day has not happened; only persons have no day and are always there to see.
    fn is_seen(&self, ledger: &str, row: &BruteRow) -> bool {
        match self.ledger(ledger).kind {
            LedgerKind::Register => true,
            _ => self.opening(ledger, row).is_some_and(|d| d <= self.today),
        }
    }

    pub(super) fn ledger(&self, name: &str) -> &Ledger {
        let own = self.organisation.iter().find(|l| l.name == name);
        own.or_else(|| self.package.ledger(name)).unwrap_or_else(|| panic!("no ledger {name}"))
    }

    /// The row's own day: of an event, or an item's opening.
    pub(super) fn opening(&self, ledger: &str, row: &BruteRow) -> Option<Day> {
        day(row.values.get(self.ledger(ledger).opening()?))
    }

    /// An item's closing; one after the day asked is only a plan (4.10).
    pub(super) fn closing(&self, ledger: &str, row: &BruteRow) -> Option<Day> {
        day(row.values.get(self.ledger(ledger).closing()?)).filter(|d| *d <= self.today)
    }

    /// Whether the row is there on that day: an item from opening to closing, both included, an event from its day (4.2).
    pub(super) fn is_there(&self, ledger: &str, row: &BruteRow, on: Day) -> bool {
        self.opening(ledger, row).is_none_or(|d| d <= on) && self.closing(ledger, row).is_none_or(|d| on <= d)
    }

    /// The day whose chart and age the row uses (4.10): its own.
    pub(super) fn chart(&self, ledger: &str, row: &BruteRow) -> Day {
        self.opening(ledger, row).unwrap_or(self.today).min(self.today)
    }

    /// The record behind a row id. Reading: a row that replaces another is the same record under a new id, and a
    /// reference to either means the one that stands.
    pub(super) fn record(&self, ledger: &str, id: &str) -> String {
        let all = self.world.get(ledger).map_or(&[][..], Vec::as_slice);
        let mut at = id;
        for _ in 0..=all.len() {
            match all.iter().find(|r| r.replaces.is_some() && r.id == at).and_then(|r| r.replaces.as_deref()) {
                Some(older) => at = older,
                None => break,
            }
        }
        at.to_owned()
    }

    /// The row that a reference leads to, if it is known and not after the day asked.
    pub(super) fn follow(&self, ledger: &str, id: &str) -> Option<&BruteRow> {
        let record = self.record(ledger, id);
        self.seen(ledger).into_iter().rfind(|r| self.record(ledger, &r.id) == record)
    }

    /// The id by which the row that stands is shown, whenever it happens.
    pub(super) fn shown_id(&self, ledger: &str, record: &str) -> String {
        let record = self.record(ledger, record);
        let mut known = self.rows.get(ledger).into_iter().flatten();
        known.rfind(|r| self.record(ledger, &r.id) == record).map_or(record, |r| r.id.clone())
    }

    /// The ledger that a field points into.
    pub(super) fn points_at(&self, ledger: &str, field: &str) -> Option<String> {
        match (field, self.ledger(ledger).field(field).map(|f| &f.ty)) {
            (_, Some(FieldType::Person)) => Some("person".into()),
            (_, Some(FieldType::Unit)) | ("unit" | "organ", None) => Some("unit".into()),
            (_, Some(FieldType::Ref(other))) => Some(other.clone()),
            _ => None,
        }
    }

    /// The field's value, or none if it is empty.
    pub(super) fn field(&self, ledger: &str, row: &BruteRow, name: &str, at: Moment) -> Option<Val> {
        match (ledger, name) {
            (_, "id") => Some(Val::Text(self.record(ledger, &row.id))),
            ("person", "duty") => self.post_of(&row.id, at.chart)?.values.get("duty").cloned(),
            ("person", "young") => native::young(self, row, at.chart).map(Val::Flag),
            ("person", "talk_due") => Some(Val::Text(native::talk_due(self, &row.id, at.chart).into())),
            ("unit", "organ") => self.organ(&row.id).map(Val::Text),
            ("talk", "level") => native::talk_level(self, row),
            ("approval", "actual_days") => native::actual_days(self, row, at.look).map(Val::Int),
            (_, "unit") => self.unit_of(ledger, row, at.chart).map(Val::Text),
            _ => self.stored(ledger, row, name, at.look),
        }
    }

    fn stored(&self, ledger: &str, row: &BruteRow, name: &str, look: Day) -> Option<Val> {
        match row.values.get(name)? {
            // 4.10: a date after D is not filled yet, in a `by` window one after its deadline.
            Val::Day(d) if *d > look => None,
            Val::List(list) if list.is_empty() => None,
            Val::Text(id) => Some(Val::Text(match self.points_at(ledger, name) {
                Some(other) => self.record(&other, id),
                None => id.clone(),
            })),
            other => Some(other.clone()),
        }
    }

    /// `person.unit.level`: empty where a step is empty or leads to a row that cannot be seen (4.10).
    pub(super) fn path(&self, ledger: &str, row: &BruteRow, path: &[String], at: Moment) -> Option<Val> {
        let (first, rest) = path.split_first()?;
        let value = self.field(ledger, row, first, at)?;
        if rest.is_empty() {
            return Some(value);
        }
        let (other, Val::Text(id)) = (self.points_at(ledger, first)?, value) else { return None };
        self.path(&other, self.follow(&other, &id)?, rest, at)
    }

    /// The post that counts on that day: the one marked main, else the oldest (4.10).
    pub(super) fn post_of(&self, person: &str, on: Day) -> Option<&BruteRow> {
        let person = self.record("person", person);
        self.posts(on)
            .into_iter()
            .filter(|p| self.refers(p, "person", "person") == Some(person.clone()))
            .min_by_key(|p| (p.values.get("main") != Some(&Val::Flag(true)), self.opening("post", p), p.id.clone()))
    }

    /// All posts held on that day; of a day to come, those of the day asked.
    pub(super) fn posts(&self, on: Day) -> Vec<&BruteRow> {
        let on = on.min(self.today);
        self.seen("post").into_iter().filter(|p| self.is_there("post", p, on)).collect()
    }

    /// The record that a reference field holds.
    pub(super) fn refers(&self, row: &BruteRow, field: &str, to: &str) -> Option<String> {
        match row.values.get(field) {
            Some(Val::Text(id)) => Some(self.record(to, id)),
            _ => None,
        }
    }

    /// The unit to which a row belongs on that day: typed, or followed through `unit_from` (4.12).
    pub(super) fn unit_of(&self, ledger: &str, row: &BruteRow, chart: Day) -> Option<String> {
        match ledger {
            "unit" => return Some(self.record("unit", &row.id)),
            "person" => return self.unit_of("post", self.post_of(&row.id, chart)?, chart),
            _ => {}
        }
        let Some(from) = &self.ledger(ledger).unit_from else {
            return row.unit.as_deref().map(|u| self.record("unit", u));
        };
        let other = self.points_at(ledger, from)?;
        let id = self.refers(row, from, &other)?;
        if other == "unit" { Some(id) } else { self.unit_of(&other, self.follow(&other, &id)?, chart) }
    }

    /// The 市 or 区县 unit that a unit belongs to; an organ is its own.
    pub(super) fn organ(&self, unit: &str) -> Option<String> {
        let mut at = self.record("unit", unit);
        for _ in 0..64 {
            let row = self.follow("unit", &at)?;
            if row.values.get("level") != Some(&Val::Text("科室".into())) {
                return Some(at);
            }
            at = self.refers(row, "parent", "unit")?;
        }
        None
    }

    /// 5.1: a unit owns itself and its 科室, never a subordinate organ.
    pub(super) fn owns(&self, owner: &str, unit: &str) -> bool {
        let (owner, unit) = (self.record("unit", owner), self.record("unit", unit));
        owner == unit || self.organ(&unit) == Some(owner)
    }

    /// The values of a setting; none if it is empty or not there.
    pub(super) fn setting(&self, name: &str) -> Option<&[Value]> {
        let own = self.package.directive.settings.get(name);
        let setting: Option<&Setting> = self.options.settings.get(name).or(own).and_then(Option::as_ref);
        setting.map(|s| s.values.as_slice()).filter(|v| !v.is_empty())
    }

    /// Size and named members of a slot set.
    pub(super) fn slots(&self, name: &str) -> (i64, Vec<String>) {
        let own = self.package.directive.slots.get(name).cloned().unwrap_or_default();
        (own.size, self.options.slots.get(name).cloned().unwrap_or(own.named))
    }
}

/// 4.10: recorded on or before K and not voided on or before K; no `recorded`: always known; a replacement voids what it
/// replaces at its own recording. Without K everything is known, the voids too.
fn known(row: &BruteRow, all: &[BruteRow], at: Option<Day>) -> bool {
    let by = |day: Option<Day>| match (day, at) {
        (_, None) | (None, _) => true,
        (Some(day), Some(at)) => day <= at,
    };
    let voided = row.voided.is_some() && by(row.voided);
    let replaced = all.iter().any(|r| r.replaces.as_ref() == Some(&row.id) && by(r.recorded));
    by(row.recorded) && !voided && !replaced
}

fn day(value: Option<&Val>) -> Option<Day> {
    match value {
        Some(Val::Day(d)) => Some(*d),
        _ => None,
    }
}
