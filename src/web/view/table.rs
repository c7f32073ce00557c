//! Around a list: filters, facets, chips, pager. All state is in the address.

use askama::Template;
use askama::filters::HtmlSafe;

use super::parts::Choice;
use super::tag::Icon;
use super::url::Query;

/// A line of facets: one property with its values and how many rows each has, the other filters respected.
#[derive(Clone, Debug, Default)]
pub struct Facet {
    /// Name of the property, 2 to 4 characters.
    pub title: String,
    /// Values with rows, in the order of the definition; the first is 全部.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Clone, Debug, Default)]
pub struct FacetValue {
    /// What is read.
    pub label: String,
    /// Number of rows.
    pub count: u64,
    /// The list with this value taken or given back ([`Query::toggle`]).
    pub href: String,
    /// Taken.
    pub current: bool,
    /// Shape of a state.
    pub icon: Option<Icon>,
}

/// Facets, one line each. A facet with fewer than two values beside 全部 is not shown.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/facets.html")]
pub struct Facets(pub Vec<Facet>);

impl HtmlSafe for Facets {}

impl Facets {
    fn shown(&self) -> Vec<&Facet> {
        self.0.iter().filter(|f| f.values.len() > 2 || f.values.iter().skip(1).any(|v| v.current)).collect()
    }

    /// Whether no line is shown.
    pub fn is_empty(&self) -> bool {
        self.shown().is_empty()
    }
}

/// The form of free conditions above a list; a plain GET form.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/filter.html")]
pub struct FilterForm {
    /// The list's address; pairs that are not among the controls go along as hidden fields. `page` must not be in it.
    pub query: Query,
    /// Controls in order.
    pub controls: Vec<Control>,
}

impl HtmlSafe for FilterForm {}

/// A control of the form.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Key in the address.
    pub name: String,
    /// Label.
    pub label: String,
    /// Kind with its value.
    pub input: Input,
    /// What is wrong with what was typed, and how to mend it; empty if nothing.
    pub error: String,
}

/// Kinds of controls.
#[derive(Clone, Debug)]
pub enum Input {
    /// Free text: value, example of what to type.
    Text(String, String),
    /// A day, ISO; the value stays as typed when it is not a day.
    Day(String),
    /// One of these; submits at once when scripts are on.
    Pick(Vec<Choice>),
}

impl Default for Input {
    fn default() -> Input {
        Input::Text(String::new(), String::new())
    }
}

impl FilterForm {
    fn hidden(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.pairs.iter().filter(|(key, _)| !self.controls.iter().any(|c| c.name == *key))
    }

    /// Controls with errors, for the summary above the title.
    pub fn errors(&self) -> Vec<&Control> {
        self.controls.iter().filter(|c| !c.error.is_empty()).collect()
    }
}

/// A condition in force, and the list without it.
#[derive(Clone, Debug, Default)]
pub struct Chip {
    /// `月份：5月、6月`
    pub label: String,
    /// The list without this condition.
    pub href: String,
}

/// Pages of a list. Not shown when there is one page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    /// The list's address without `page`.
    pub query: Query,
    /// What is paged, for readers of text: `指导记录`.
    pub title: String,
    /// Rows in all.
    pub total: u64,
    /// Rows on a page: 20, 50 or 100.
    pub size: u64,
    /// This page, from 1.
    pub page: u64,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// Number of pages.
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.size.max(1)).max(1)
    }

    /// For the title of the window: empty on the only page.
    pub fn title_suffix(&self) -> String {
        if self.pages() > 1 { format!("（第{}页，共{}页）", self.page, self.pages()) } else { String::new() }
    }

    fn from(&self) -> u64 {
        (self.page.max(1) - 1) * self.size + 1
    }

    fn to(&self) -> u64 {
        (self.page.max(1) * self.size).min(self.total)
    }

    fn href(&self, page: &u64) -> String {
        self.query.with("page", page.to_string()).href()
    }

    fn sizes(&self) -> [(u64, bool); 3] {
        [20, 50, 100].map(|n| (n, n == self.size))
    }

    fn carried(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.pairs.iter().filter(|(key, _)| key != "size")
    }

    /// Page numbers to show; `None` is a gap.
    fn numbers(&self) -> Vec<Option<u64>> {
        let pages = self.pages();
        let mut shown: Vec<u64> = [1, 2, self.page.saturating_sub(1), self.page, self.page + 1, pages - 1, pages]
            .into_iter()
            .filter(|n| (1..=pages).contains(n))
            .collect();
        shown.sort_unstable();
        shown.dedup();
        let mut numbers = Vec::new();
        for n in shown {
            if let Some(Some(before)) = numbers.last()
                && n > before + 1
            {
                numbers.push(if n == before + 2 { Some(n - 1) } else { None });
            }
            numbers.push(Some(n));
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(total: u64, page: u64) -> Pager {
        Pager { query: Query::new("/people"), title: "人员".into(), total, size: 20, page }
    }

    #[test]
    fn numbers_have_gaps_and_never_a_gap_of_one() {
        let spell = |p: Pager| -> String {
            p.numbers().iter().map(|n| n.map_or("…".to_owned(), |n| n.to_string())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(spell(pager(29, 1)), "1 2");
        assert_eq!(spell(pager(1000, 1)), "1 2 … 49 50");
        assert_eq!(spell(pager(1000, 5)), "1 2 3 4 5 6 … 49 50");
        assert_eq!(spell(pager(1000, 25)), "1 2 … 24 25 26 … 49 50");
    }

    #[test]
    fn one_page_has_no_pager_and_the_last_page_ends_with_the_last_row() {
        assert!(!pager(20, 1).to_string().contains("<nav"));
        let last = pager(29, 2);
        assert_eq!((last.from(), last.to(), last.title_suffix().as_str()), (21, 29, "（第2页，共2页）"));
    }

    #[test]
    fn a_facet_without_a_choice_is_left_out() {
        let value = |label: &str, current| FacetValue { label: label.into(), current, ..FacetValue::default() };
        let facet = |values| Facet { title: "科室".into(), values };
        assert!(Facets(vec![facet(vec![value("全部", true), value("办公室", false)])]).is_empty());
        assert!(!Facets(vec![facet(vec![value("全部", false), value("办公室", true)])]).is_empty());
    }

    #[test]
    fn conditions_that_have_no_control_go_along() {
        let form = FilterForm {
            query: Query::new("/people").with("unit", "3").with("q", "王"),
            controls: vec![Control { name: "q".into(), label: "姓名".into(), ..Control::default() }],
        };
        assert!(form.to_string().contains(r#"<input type="hidden" name="unit" value="3">"#));
        assert_eq!(form.hidden().count(), 1);
    }
}
