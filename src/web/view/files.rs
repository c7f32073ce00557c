//! The files of a record on its page.

use askama::Template;
use askama::filters::HtmlSafe;

use super::form::{Errors, Form};
use super::words::Link;

/// The panel 附件.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/files.html")]
pub struct Files {
    /// Those that stand, the oldest first.
    pub lines: Vec<File>,
    /// They are sealed: no name and no hash is shown, and they are opened with a reason.
    pub sealed: bool,
    /// To send some; `None` for who may not.
    pub upload: Option<Upload>,
    /// To open one with a reason; `None` for who may not, and where they are not sealed.
    pub open: Option<Form>,
    /// To remove one; `None` for who may not.
    pub remove: Option<Form>,
}

impl HtmlSafe for Files {}

impl Files {
    /// Whether any stands in a field.
    fn used(&self) -> bool {
        self.lines.iter().any(|f| !f.used.is_empty())
    }

    /// What is wrong in its forms.
    pub fn errors(&self) -> Errors {
        let upload = self.upload.iter().filter(|u| !u.wrong.is_empty()).map(|u| Link::new(u.wrong.clone(), "#fu-file"));
        let forms = self.open.iter().chain(&self.remove).flat_map(|form| Errors::of(form).0);
        Errors(upload.chain(forms).collect())
    }
}

/// A file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// Where it is downloaded; empty where it is opened with a reason, or only its hash is known.
    pub href: String,
    /// Title of the field that holds it; empty in a ledger without such fields.
    pub used: String,
    /// `86KB`
    pub size: String,
    /// Who brought it, and when.
    pub by: String,
    /// The beginning of its hash: `9f3a 71c2 05de 88b1`.
    pub hash: String,
}

/// The form that sends files.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// Where to.
    pub action: String,
    /// Its token.
    pub token: String,
    /// Its own key.
    pub once: String,
    /// What a file may be used as: the field's name, or nothing, and what it is called.
    pub places: Vec<(String, String)>,
    /// What was chosen of these.
    pub place: String,
    /// What may be sent.
    pub hint: String,
    /// Endings of names, for the browser.
    pub accept: String,
    /// The largest file, in bytes, for the script.
    pub largest: u64,
    /// Why the last ones were not taken; empty for none.
    pub wrong: String,
}
