//! When: calendar periods, deadlines, lives and the day asked.

use dongliang::{
    day::{Day, days_in_month},
    directive::model::{Count, Path, Period, Requirement, Value, When},
};

use super::{subject::Subject, view::View};

/// One window of one subject.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// As section 11 spells it.
    pub(super) label: String,
    /// First day.
    pub(super) first: Day,
    /// Whether it has a begin: `standing` and `once` see all up to the day (4.6) and have none.
    pub(super) begins: bool,
    /// The first day whose facts count: earlier than `first` with `since = "any"`.
    pub(super) facts: Day,
    /// Last day; none: `by ?` or a life that goes on.
    pub(super) last: Option<Day>,
    /// Last day on which it runs (3.4).
    pub(super) shuts_after: Option<Day>,
    /// A deadline: dates after it are not filled.
    pub(super) by: bool,
}

impl Span {
    /// Its last day, or the day asked while that is not reached.
    pub(super) fn end(&self, today: Day) -> Day {
        self.last.map_or(today, |l| l.min(today))
    }

    /// The day of `at = start`. Reading: `standing` and `once` have one day, the day asked.
    pub(super) fn start(&self, today: Day) -> Day {
        if self.begins { self.first } else { self.end(today) }
    }

    /// 3.4: shut from the day after its last.
    pub(super) fn runs(&self, today: Day) -> bool {
        self.shuts_after.is_none_or(|last| today <= last)
    }

    /// Judged as of the day asked, never running.
    pub(super) fn standing(today: Day) -> Span {
        Span {
            label: "standing".into(),
            first: Day::MIN,
            begins: false,
            facts: Day::MIN,
            last: Some(today),
            shuts_after: Some(today.plus(-1)),
            by: false,
        }
    }

    /// 4.6: ends on a deadline; one before the window opens is that day alone; none is `by ?`.
    fn by(deadline: Option<Day>, opens: Day, since_any: bool) -> Span {
        let first = deadline.map_or(opens, |d| d.min(opens));
        Span {
            label: deadline.map_or_else(|| "by ?".to_owned(), |d| format!("by {d}")),
            first,
            begins: true,
            facts: if since_any { Day::MIN } else { first },
            last: deadline,
            shuts_after: deadline,
            by: true,
        }
    }

    /// 4.8: the same question with today as deadline, judged as if it shut today.
    pub(super) fn as_if_due(&self, today: Day) -> Span {
        Span { last: Some(today), shuts_after: Some(today.plus(-1)), ..self.clone() }
    }

    /// The window of a part that has a deadline of its own; it begins as that of a requirement would (4.6).
    pub(super) fn of_part(&self, view: &View<'_>, by: &When, subject: &Subject, req: &Requirement, any: bool) -> Span {
        let opens = match by {
            When::ByDate(_) => view.package.directive.from,
            _ => subject.opening(view, req).unwrap_or(self.first),
        };
        Span::by(deadline(view, by, subject), opens, any)
    }
}

/// The windows in which a subject may be judged on the day asked, before asking whether it was there.
pub(super) fn windows(view: &View<'_>, req: &Requirement, subject: &Subject) -> Vec<Span> {
    let from = view.package.directive.from;
    let today = view.today;
    let opening = || subject.opening(view, req);
    match &req.when {
        When::Every(period) => periods(view, req, *period),
        When::ByDate(day) => vec![Span::by(Some(*day), from, req.since_any)],
        When::ByField { .. } => {
            let deadline = deadline(view, &req.when, subject);
            opening().map(|opens| Span::by(deadline, opens, req.since_any)).into_iter().collect()
        }
        // Reading: 4.1 leaves out periods, deadlines and days asked, not lives; one that ended before the directive is judged.
        When::Life => opening()
            .map(|first| {
                let last = subject.closing(view, req);
                Span { label: "life".into(), first, begins: true, facts: first, last, shuts_after: last, by: false }
            })
            .into_iter()
            .collect(),
        When::Standing => vec![Span::standing(today)],
        When::Once(_) => vec![Span { label: "once".into(), ..Span::standing(today) }],
    }
    .into_iter()
    // 4.1: deadlines before the directive's first day are not judged.
    .filter(|s| !(s.by && s.last.is_some_and(|d| d < from)))
    .collect()
}

/// 4.6: the first field that is filled, as it stands, also ahead of the day asked; none: no end.
/// Reading: rows of a combination that disagree give the latest.
fn deadline(view: &View<'_>, by: &When, subject: &Subject) -> Option<Day> {
    match by {
        When::ByDate(day) => Some(*day),
        When::ByField { fields, plus } => {
            let plus = match plus {
                None => 0,
                Some(count) => days(view, count)?,
            };
            let filled = fields.iter().find_map(|f: &Path| subject.days_as_they_stand(view, f).into_iter().max());
            filled.map(|d| d.plus(plus as i32))
        }
        other => panic!("no deadline: {other:?}"),
    }
}

/// A number of days; none if its setting is empty.
pub(super) fn days(view: &View<'_>, count: &Count) -> Option<i64> {
    match count {
        Count::Days(n) => Some(*n),
        Count::Setting(name) => match view.setting(name)?.first()? {
            Value::Number(n) => Some(n.floor()),
            other => panic!("setting {name} is no number of days: {other:?}"),
        },
    }
}

/// 4.1: the periods begun from the directive's first day to the day asked, and not after `until`.
fn periods(view: &View<'_>, req: &Requirement, period: Period) -> Vec<Span> {
    let settle = req.settle.as_ref().and_then(|c| days(view, c)).unwrap_or(0) as i32;
    let (from, today) = (view.package.directive.from, view.today);
    (from.0..=today.0)
        .map(Day)
        .filter(|d| begins(view, period, *d) && req.until.is_none_or(|u| *d <= u))
        .map(|first| {
            let last = last_of(period, first);
            let shuts_after = Some(last.plus(settle));
            Span {
                label: label(period, first),
                first,
                begins: true,
                facts: first,
                last: Some(last),
                shuts_after,
                by: false,
            }
        })
        .collect()
}

fn begins(view: &View<'_>, period: Period, day: Day) -> bool {
    let (_, month, of_month) = day.ymd();
    match period {
        Period::Day => true,
        Period::Workday => view.package.workdays.is_workday(day),
        Period::Week => day.weekday() == 1,
        Period::Month => of_month == 1,
        Period::Quarter => of_month == 1 && month % 3 == 1,
        Period::Half => of_month == 1 && month % 6 == 1,
        Period::Year => of_month == 1 && month == 1,
    }
}

fn last_of(period: Period, first: Day) -> Day {
    let (year, month, _) = first.ymd();
    let months = match period {
        Period::Day | Period::Workday => return first,
        Period::Week => return first.plus(6),
        Period::Month => 1,
        Period::Quarter => 3,
        Period::Half => 6,
        Period::Year => 12,
    };
    let month = month + months - 1;
    Day::from_ymd(year, month, days_in_month(year, month)).expect("the last day of a month")
}

fn label(period: Period, first: Day) -> String {
    let (year, month, _) = first.ymd();
    match period {
        Period::Day | Period::Workday => first.to_string(),
        Period::Week => {
            // ISO: the week belongs to the year of its Thursday.
            let thursday = first.plus(3);
            let new_year = Day::from_ymd(thursday.ymd().0, 1, 1).expect("a new year's day");
            format!("{}-W{:02}", thursday.ymd().0, (thursday.0 - new_year.0) / 7 + 1)
        }
        Period::Month => format!("{year}-{month:02}"),
        Period::Quarter => format!("{year}Q{}", month.div_ceil(3)),
        Period::Half => format!("{year}H{}", month.div_ceil(6)),
        Period::Year => format!("{year}"),
    }
}
