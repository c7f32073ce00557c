//! 无障碍说明 `/help/a11y`: how can everybody use it, and what is still amiss?

use askama::Template;

use super::page::Page;

/// The statement.
#[derive(Clone, Debug, Template)]
#[template(path = "a11y.html")]
pub struct Accessibility {
    /// Frame.
    pub page: Page,
}
