//! 权限一览 `/permissions`: who may do what, in words.

use askama::Template;

use super::page::Page;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "permissions.html")]
pub struct Permissions {
    /// Frame.
    pub page: Page,
    /// Roles in their order.
    pub roles: Vec<Role>,
    /// Acts in their order.
    pub acts: Vec<Act>,
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
