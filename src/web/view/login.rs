//! 登录 `/login`: am I in the right system, and who am I?

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;

/// The login page.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub struct Login {
    /// Frame.
    pub page: Page,
    /// Login name, password, code.
    pub form: Form,
    /// What is wrong, or how long to wait; one text for all that may be wrong.
    pub errors: Errors,
    /// In the demo, whom one can be: the first is offered first.
    pub identities: Vec<Identity>,
    /// Where single sign-on begins, when it is set.
    pub sso: Option<String>,
    /// Who has just left may still be logged in there.
    pub left: bool,
    /// A form was posted after the session had ended.
    pub lost: bool,
}

/// After the provider: the second factor, asked here.
#[derive(Clone, Debug, Template)]
#[template(path = "login_code.html")]
pub struct LoginCode {
    /// Frame.
    pub page: Page,
    /// The code.
    pub form: Form,
    /// What is wrong.
    pub errors: Errors,
}

/// An identity of the demo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Login name.
    pub login: String,
    /// Roles: `领导小组办公室`.
    pub role: String,
    /// Unit and name: `云岭市发改委　张三`.
    pub whom: String,
}
