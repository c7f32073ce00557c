//! 权限一览 `/permissions`: who may do what, in words.

use askama::Template;

use super::form::Errors;
use super::page::Page;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "permissions.html")]
pub struct Permissions {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: &'static str,
    /// What is wrong.
    pub errors: Errors,
    /// Roles in their order.
    pub roles: Vec<Role>,
    /// Acts in their order.
    pub acts: Vec<Act>,
    /// To say which further roles log in with a second factor; for who may.
    pub factors: Option<FactorForm>,
}

/// Which roles, besides those that always do, log in with a second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactorForm {
    /// Token of the form.
    pub token: String,
    /// What the page shows, so that nobody takes back unseen what another has laid down.
    pub seen: String,
    /// Titles of roles, and whether each is ticked.
    pub roles: Vec<(&'static str, bool)>,
    /// When and by whom it was laid down.
    pub laid: String,
}

/// A role and what it may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its title.
    pub title: &'static str,
    /// What it is for.
    pub words: &'static str,
    /// What it may do: titles of permissions joined by `、`.
    pub may: String,
    /// Over what it holds.
    pub reach: &'static str,
    /// 口令和动态码, 口令.
    pub factors: &'static str,
    /// The reader has it.
    pub own: bool,
}

/// An act and who may do it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Act {
    /// What is done.
    pub title: &'static str,
    /// Roles that may, joined by `、`.
    pub roles: String,
}
