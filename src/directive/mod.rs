//! The directive as data: loads a package directory, refuses it with all errors at once, and holds what it says.

pub mod example;
pub mod model;
