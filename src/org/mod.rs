//! The organisation: units, persons, posts and 分管, effective-dated and recorded like facts.

pub mod builtin;
pub mod chart;
