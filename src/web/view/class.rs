//! Participants of a class: chosen many at once, and how they were there.

use askama::Template;

use super::{
    form::Errors,
    page::Page,
    table::{FilterForm, Pager},
    words::{Link, Words},
};

/// `/training/{id}/people`: whom to add?
#[derive(Clone, Debug, Template)]
#[template(path = "class_people.html")]
pub struct People {
    /// Frame.
    pub page: Page,
    /// The class.
    pub class: Link,
    /// Where it is said how they were there.
    pub roster: String,
    /// Who is listed.
    pub lead: Words,
    /// What was done; empty for nothing.
    pub notice: &'static str,
    /// What is wrong.
    pub errors: Errors,
    /// By unit, kind of post and name.
    pub filter: FilterForm,
    /// Where the form is posted to.
    pub action: String,
    /// The form's token.
    pub token: String,
    /// Those on this page, by unit.
    pub groups: Vec<UnitPeople>,
    /// How many of all that fit are not added yet.
    pub free: usize,
    /// Why there is nobody.
    pub none: &'static str,
    /// Pages of them.
    pub pager: Pager,
}

/// The persons of a unit on a page.
#[derive(Clone, Debug, Default)]
pub struct UnitPeople {
    /// Record id of the unit.
    pub unit: i64,
    /// Its name behind that of its organ.
    pub title: String,
    /// How many of it fit and are not added yet, those of other pages too.
    pub free: usize,
    /// By name.
    pub rows: Vec<ChosenPerson>,
}

/// Somebody who may be added.
#[derive(Clone, Debug, Default)]
pub struct ChosenPerson {
    /// Record id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Number; empty for none.
    pub code: String,
    /// Kind of post.
    pub duty: &'static str,
    /// Is a participant already.
    pub added: bool,
    /// Was ticked.
    pub ticked: bool,
}

/// `/training/{id}/roster`: how was each there?
#[derive(Clone, Debug, Template)]
#[template(path = "class_roster.html")]
pub struct Roster {
    /// Frame.
    pub page: Page,
    /// The class.
    pub class: Link,
    /// Where participants are added.
    pub people: String,
    /// What was done; empty for nothing.
    pub notice: &'static str,
    /// How many, and how many are open.
    pub lead: Words,
    /// What a seventh of the hours comes to.
    pub rule: Words,
    /// What is wrong.
    pub errors: Errors,
    /// Where the form is posted to.
    pub action: String,
    /// The form's token.
    pub token: String,
    /// Those on this page, by unit and name.
    pub rows: Vec<Attended>,
    /// Half days of leave at most.
    pub halves: i64,
    /// Pages of them.
    pub pager: Pager,
}

/// How somebody was there.
#[derive(Clone, Debug, Default)]
pub struct Attended {
    /// Record id of the row.
    pub record: i64,
    /// The revision that is shown.
    pub revision: i64,
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// As posted, as read, chosen.
    pub ways: [(&'static str, &'static str, bool); 3],
    /// Half days of leave; empty for none.
    pub halves: String,
    /// What is recorded of leave.
    pub note: String,
    /// More than a seventh.
    pub late: bool,
    /// What is wrong; empty if nothing.
    pub error: String,
}
