//! What would make it pass.
use super::Context;
use crate::{day::Day, verdict::explain::Explanation};
/// A way.
pub struct Mend {
    /// What.
    pub title: String,
    /// Note.
    pub note: String,
}
/// Ways.
#[derive(Default)]
pub struct Mends {
    /// Ways.
    pub ways: Vec<Mend>,
    /// Why none.
    pub none: String,
}
/// Ways.
pub fn needs(_: Context<'_>, _: &Explanation, _: Day) -> Mends {
    Mends::default()
}
