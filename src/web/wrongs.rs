//! What is wrong in a posted form: every field that is, told at once.

use super::account::Left;

/// A field that is wrong, and why.
pub(super) type Wrong = (&'static str, String);

/// The fields of a form that are wrong, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    /// The value that was read, or nothing where the field is wrong: then that is noted.
    pub(super) fn take<T>(&mut self, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.0.push(wrong)).ok()
    }

    /// The same of what took several fields to read.
    pub(super) fn take_all<T>(&mut self, read: Result<T, Wrongs>) -> Option<T> {
        read.map_err(|wrongs| self.0.extend(wrongs.0)).ok()
    }

    /// Notes one that was found otherwise.
    pub(super) fn add(&mut self, wrong: Wrong) {
        self.0.push(wrong);
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the form `id` leaves on the page: what was typed, and what is wrong with it.
    pub(super) fn left(self, id: &str, typed: Vec<(String, String)>) -> Left {
        let wrong = self.0.into_iter().map(|(field, why)| (format!("{id}-{field}"), why)).collect();
        Left { wrong, typed, ..Left::default() }
    }
}

impl From<Wrong> for Wrongs {
    fn from(wrong: Wrong) -> Wrongs {
        Wrongs(vec![wrong])
    }
}
