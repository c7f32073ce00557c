//! The pages of the browser.

pub mod view;
