//! 谁看过我的档案 `/account/trace`: who opened, exported or changed what is recorded of me?

use askama::Template;

use super::page::Page;
use super::parts::Timeline;

/// The trace of one's own records.
#[derive(Clone, Debug, Template)]
#[template(path = "trace.html")]
pub struct Trace {
    /// Frame.
    pub page: Page,
    /// What happened, the newest first.
    pub events: Timeline,
    /// Why there is nothing.
    pub none: String,
    /// There is more than is shown.
    pub more: bool,
}
