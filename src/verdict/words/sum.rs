//! temp
use super::Context;
use crate::verdict::explain::Explanation;
/// t
pub struct Sum {
    /// t
    pub part: Option<String>,
    /// t
    pub terms: Vec<Term>,
    /// t
    pub outcome: String,
}
/// t
pub struct Term {
    /// t
    pub sign: String,
    /// t
    pub label: String,
    /// t
    pub value: String,
}
/// t
pub fn sums(_: Context<'_>, _: &Explanation) -> Vec<Sum> {
    Vec::new()
}
