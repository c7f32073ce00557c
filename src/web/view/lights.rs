//! 亮灯规则 `/help/lights`: what do the lights mean, and how are they computed?

use askama::Template;

use super::page::Page;
use super::tag::{Light, State, Tag};

/// The rules of the lights. The lines from the settings of the package in force; the rest is fixed in the language.
#[derive(Clone, Debug, Template)]
#[template(path = "lights.html")]
pub struct Lights {
    /// Frame.
    pub page: Page,
    /// Percentage points from which it is yellow: 10.
    pub yellow_from: u32,
    /// Percentage points above which it is red: 30.
    pub red_above: u32,
}
