//! Who is judged: the system, units, persons, rows, or combinations of rows; and when each is there (4.2).

use dongliang::{
    day::Day,
    directive::model::{Each, Path, Requirement},
};

use super::{
    BruteRow, Val,
    condition::{Asked, Found, Truth, pointing},
    view::{Moment, View},
    window::Span,
};

/// One that is judged.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) ledger: String,
    /// Its row, of a combination all its rows.
    pub(super) rows: Vec<BruteRow>,
    /// What the rows of a combination have in common.
    pub(super) keys: Vec<Key>,
    /// A combination with a row of which `where` cannot be told (3.8).
    doubtful: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    System,
    Row,
    Combination,
}

/// One field of a combination.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// As the requirement names it.
    pub(super) name: Path,
    /// Where the rows have it: `unit` is the organ.
    path: Path,
    /// Record id or text.
    pub(super) value: String,
    /// The ledger it points into.
    pub(super) target: Option<String>,
}

impl Key {
    /// Where rows of another ledger have this field, if they have it.
    pub(super) fn path_in(&self, view: &View<'_>, ledger: &str, own: &str) -> Option<Path> {
        match self.target.as_deref() {
            _ if ledger == own => Some(self.path.clone()),
            Some("unit") => Some(vec!["unit".into(), "organ".into()]),
            Some(target) => pointing(view, ledger, target).map(|f| vec![f]),
            None => None,
        }
    }
}

/// All that `where` admits, or may admit, whenever they are there.
pub(super) fn subjects(view: &View<'_>, req: &Requirement) -> Vec<Subject> {
    let each = |ledger: &str| view.seen(ledger).into_iter().map(|r| Subject::of_row(ledger, r)).collect();
    match &req.each {
        Each::System => top(view).into_iter().collect(),
        Each::Unit => each("unit"),
        Each::Person => each("person"),
        Each::Ledger(name) if req.per.is_empty() => each(name),
        Each::Ledger(name) => combinations(view, req, name),
    }
}

/// The top unit stands for the system.
fn top(view: &View<'_>) -> Option<Subject> {
    let units = view.seen("unit");
    let mut tops: Vec<_> = units.into_iter().filter(|u| !u.values.contains_key("parent")).collect();
    tops.sort_by_key(|u| (u.values.get("level") != Some(&Val::Text("市".into())), u.id.clone()));
    tops.first().map(|u| Subject { kind: Kind::System, ..Subject::of_row("unit", u) })
}

/// Reading: a row in which a field of the combination is empty belongs to none.
fn combinations(view: &View<'_>, req: &Requirement, ledger: &str) -> Vec<Subject> {
    let ever = Span::standing(view.today);
    let asked = Asked { view, span: &ever };
    let mut all: Vec<Subject> = Vec::new();
    for row in view.seen(ledger) {
        let single = Subject::of_row(ledger, row);
        let passes = asked.holds(&req.filter, &single.found(view.chart(ledger, row)), &single);
        let keys: Option<Vec<Key>> = req.per.iter().map(|p| key(view, ledger, row, p)).collect();
        let (Some(keys), true) = (keys, passes != Truth::No) else { continue };
        let doubtful = passes == Truth::Maybe;
        match all.iter_mut().find(|s| s.keys == keys) {
            Some(same) => {
                same.rows.push(row.clone());
                same.doubtful |= doubtful;
            }
            None => all.push(Subject { kind: Kind::Combination, keys, doubtful, ..single }),
        }
    }
    all
}

fn key(view: &View<'_>, ledger: &str, row: &BruteRow, name: &Path) -> Option<Key> {
    let organ = name.len() == 1 && name[0] == "unit";
    let path = if organ { vec!["unit".into(), "organ".into()] } else { name.clone() };
    let chart = view.chart(ledger, row);
    let value = text(&view.path(ledger, row, &path, Moment { chart, look: view.today })?);
    let target = if organ { Some("unit".into()) } else { pointed(view, ledger, &path) };
    Some(Key { name: name.clone(), path, value, target })
}

/// The ledger into which the end of a path points.
fn pointed(view: &View<'_>, ledger: &str, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let other = view.points_at(ledger, first)?;
    if rest.is_empty() { Some(other) } else { pointed(view, &other, rest) }
}

fn days(from: Day, to: Day) -> impl DoubleEndedIterator<Item = Day> {
    (from.0..=to.0).map(Day)
}

/// Before it nobody has a unit.
fn first_post(view: &View<'_>) -> Option<Day> {
    view.seen("post").into_iter().filter_map(|p| view.opening("post", p)).min()
}

fn text(value: &Val) -> String {
    match value {
        Val::Text(t) => t.clone(),
        Val::Int(n) | Val::Money(n) => n.to_string(),
        Val::Ratio(r) => r.to_string(),
        Val::Flag(b) => b.to_string(),
        Val::Day(d) => d.to_string(),
        Val::List(l) => l.join(","),
    }
}

impl Subject {
    pub(super) fn of_row(ledger: &str, row: &BruteRow) -> Subject {
        Subject { kind: Kind::Row, ledger: ledger.into(), rows: vec![row.clone()], keys: Vec::new(), doubtful: false }
    }

    /// Its row. Reading: where a combination is asked for a field that is none of its own, its first row answers.
    pub(super) fn row(&self) -> &BruteRow {
        &self.rows[0]
    }

    /// Its own row under test.
    pub(super) fn found(&self, chart: Day) -> Found {
        Found { ledger: self.ledger.clone(), row: self.row().clone(), chart, passes: Truth::Yes }
    }

    fn is_person(&self) -> bool {
        self.kind == Kind::Row && self.ledger == "person"
    }

    /// Id, or the ids of a combination joined by `|`.
    pub(super) fn id(&self, view: &View<'_>) -> String {
        if self.kind != Kind::Combination {
            return self.row().id.clone();
        }
        let shown = |k: &Key| k.target.as_ref().map_or_else(|| k.value.clone(), |t| view.shown_id(t, &k.value));
        self.keys.iter().map(shown).collect::<Vec<_>>().join("|")
    }

    /// Whether it is there, and judged, on that day; days to come are as the day asked (4.3).
    /// A person: each day in post on which `where` holds (4.2), read on that day.
    pub(super) fn presence(&self, view: &View<'_>, req: &Requirement, span: &Span, on: Day) -> Truth {
        let on = on.min(view.today);
        let there = match self.kind {
            Kind::System => true,
            _ if self.is_person() => view.post_of(&self.row().id, on).is_some(),
            _ => self.rows.iter().any(|r| view.is_there(&self.ledger, r, on)),
        };
        match (there, self.kind) {
            (false, _) => Truth::No,
            (true, Kind::Combination) if self.doubtful => Truth::Maybe,
            (true, Kind::Combination) => Truth::Yes,
            (true, _) => {
                let chart = if self.is_person() { on } else { self.own_day(view) };
                Asked { view, span }.holds(&req.filter, &self.found(chart), self)
            }
        }
    }

    /// The day whose chart its row uses.
    pub(super) fn own_day(&self, view: &View<'_>) -> Day {
        view.chart(&self.ledger, self.row())
    }

    /// Its first day; of a combination that of its earliest row.
    pub(super) fn opening(&self, view: &View<'_>, req: &Requirement) -> Option<Day> {
        if self.is_person() {
            return self.days_in_post(view, req).first().copied();
        }
        self.rows.iter().filter_map(|r| view.opening(&self.ledger, r)).min()
    }

    /// Its last day, if it has ended.
    pub(super) fn closing(&self, view: &View<'_>, req: &Requirement) -> Option<Day> {
        if self.is_person() {
            return self.days_in_post(view, req).last().copied().filter(|d| *d < view.today);
        }
        let closings: Option<Vec<Day>> = self.rows.iter().map(|r| view.closing(&self.ledger, r)).collect();
        closings?.into_iter().max()
    }

    /// The first day of the present spell in post: the days on which it is judged, without a gap up to the day asked.
    pub(super) fn spell(&self, view: &View<'_>, req: &Requirement) -> Option<Day> {
        if !self.is_person() {
            return self.opening(view, req);
        }
        let ever = Span::standing(view.today);
        let judged = |d: &Day| self.presence(view, req, &ever, *d) != Truth::No;
        days(first_post(view)?, view.today).rev().take_while(judged).last()
    }

    /// All days up to the day asked on which a person is, or may be, judged.
    fn days_in_post(&self, view: &View<'_>, req: &Requirement) -> Vec<Day> {
        let ever = Span::standing(view.today);
        let Some(first) = first_post(view) else { return Vec::new() };
        days(first, view.today).filter(|d| self.presence(view, req, &ever, *d) != Truth::No).collect()
    }

    /// A field of the subject, `id` the subject itself.
    pub(super) fn value(&self, asked: &Asked<'_>, path: &[String]) -> Option<Val> {
        let view = asked.view;
        let chart = if self.is_person() { asked.span.end(view.today) } else { self.own_day(view) };
        let at = asked.moment(chart);
        if self.kind == Kind::Combination {
            return match self.key_of(path) {
                Some((key, [])) => Some(Val::Text(key.value.clone())),
                Some((key, rest)) => {
                    let target = key.target.as_ref()?;
                    view.path(target, view.follow(target, &key.value)?, rest, at)
                }
                None => view.path(&self.ledger, self.row(), path, at),
            };
        }
        view.path(&self.ledger, self.row(), path, at)
    }

    /// The key with which a path begins, and what is left of the path.
    pub(super) fn key_of<'p>(&self, path: &'p [String]) -> Option<(&Key, &'p [String])> {
        self.keys.iter().find_map(|k| path.strip_prefix(k.name.as_slice()).map(|rest| (k, rest)))
    }

    /// The days in a field of its rows as they stand, also ahead of the day asked (4.6).
    pub(super) fn days_as_they_stand(&self, view: &View<'_>, path: &Path) -> Vec<Day> {
        let read = |r: &BruteRow| {
            let at = Moment { chart: view.chart(&self.ledger, r), look: Day::MAX };
            match view.path(&self.ledger, r, path, at) {
                Some(Val::Day(d)) => Some(d),
                _ => None,
            }
        };
        self.rows.iter().filter_map(read).collect()
    }

    /// 5.2: its unit on its last day in the window; none then: the latest before.
    pub(super) fn unit(&self, view: &View<'_>, req: &Requirement, span: &Span) -> Option<String> {
        if let Some(key) = self.keys.iter().find(|k| k.target.as_deref() == Some("unit")) {
            return Some(key.value.clone());
        }
        let row = self.rows.last()?;
        let end = span.end(view.today);
        let earliest = first_post(view).unwrap_or(end).min(end);
        let last = if self.is_person() {
            let judged = |d: &Day| self.presence(view, req, span, *d) != Truth::No;
            days(span.first.max(earliest), end).rev().find(judged).unwrap_or(end)
        } else {
            self.closing(view, req).map_or(end, |c| c.min(end))
        };
        days(earliest.min(last), last).rev().find_map(|d| view.unit_of(&self.ledger, row, d))
    }
}
