//! The state of a verdict in one sentence.
use super::Context;
use crate::{day::Day, verdict::explain::Explanation};
/// State first.
pub fn lead(_: Context<'_>, e: &Explanation, _: Day) -> String {
    format!("{}：{}", e.verdict.state.chinese(), e.verdict.value_text())
}
