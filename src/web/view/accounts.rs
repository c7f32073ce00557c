//! 账号与角色 `/accounts`: who has an account, with which roles, from when to when?

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::Facts;
use super::table::Pager;
use super::words::Link;

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts.html")]
pub struct Accounts {
    /// Frame.
    pub page: Page,
    /// What was searched for.
    pub query: String,
    /// How many there are, in words.
    pub summary: String,
    /// One row an account.
    pub rows: Vec<Row>,
    /// Pages of the list.
    pub pager: Pager,
}

/// A row of the list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Login name, leading to the account.
    pub login: Link,
    /// What it is called.
    pub name: String,
    /// Roles held today.
    pub roles: String,
    /// 正常, 已停用, 暂停登录, 待首次登录.
    pub state: &'static str,
    /// Whether the second factor is in use.
    pub factor: bool,
    /// Last login; empty for none.
    pub last: String,
}

/// A page with one form: a new account.
#[derive(Clone, Debug, Template)]
#[template(path = "account_new.html")]
pub struct NewAccount {
    /// Frame.
    pub page: Page,
    /// What is wrong.
    pub errors: Errors,
    /// The form.
    pub form: Form,
}

/// One account.
#[derive(Clone, Debug, Template)]
#[template(path = "account_one.html")]
pub struct OneAccount {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// A one-time password, shown once; empty for none.
    pub password: String,
    /// Title: name and login name.
    pub title: String,
    /// Data of the account.
    pub facts: Facts,
    /// Where its grants are withdrawn, and the token for that.
    pub withdraw: [String; 2],
    /// All grants.
    pub grants: Vec<Grant>,
    /// To give a role; `None` on one's own account and on a disabled one.
    pub give: Option<Form>,
    /// To disable or enable, reset the password, end a wait.
    pub acts: Vec<Form>,
}

/// A grant.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// Its number.
    pub id: i64,
    /// The role.
    pub role: &'static str,
    /// 全市, or the unit's name; empty where there is none.
    pub unit: String,
    /// From when to when.
    pub span: String,
    /// Given by whom, when.
    pub given: String,
    /// 有效, 待生效, 已到期, 已收回, 随任职终止.
    pub state: &'static str,
    /// It can be withdrawn.
    pub open: bool,
}
