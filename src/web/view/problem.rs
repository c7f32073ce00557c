//! Pages that say what went wrong: 400, 403, 404, 405, 408, 409, 413, 415, 429, 500, 503.

use askama::Template;

use super::page::Page;
use super::words::Link;
use crate::{auth::Permission, sso::Refusal};

/// A page instead of the one asked for. From the error of the handler; an internal error is told by its number
/// alone, its cause stays in the log.
#[derive(Clone, Debug, Template)]
#[template(path = "problem.html")]
pub struct Problem {
    /// Frame.
    pub page: Page,
    /// `没有找到这个页面`
    pub title: String,
    /// What it means and what to do.
    pub lead: String,
    /// What is wrong in the address or the form, one by one; may be empty.
    pub details: Vec<String>,
    /// Where to go on.
    pub ways: Vec<Link>,
    /// `7F3A-22`, to be told to the administrator; empty for none.
    pub number: String,
}

impl Problem {
    /// 404: nothing is here.
    pub fn not_found(page: Page) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "没有找到这个页面".into(),
            lead: "网址可能有误，或者内容已不存在。请核对网址，或从下面重新进入。".into(),
            details: Vec::new(),
            ways,
            number: String::new(),
        }
    }

    /// 405: what is only sent by a form was opened, or the other way round.
    pub fn method(page: Page) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "这个网址不能这样打开".into(),
            lead: "它只接收页面上的按钮提交的内容；直接打开、刷新或者改用其他方式，都不办理任何事项。数据没有改动。"
                .into(),
            details: vec!["请返回原来的页面，用页面上的按钮办理，或从下面重新进入。".into()],
            ways,
            number: String::new(),
        }
    }

    /// 400: the address or the form asks for something that cannot be read; each detail says what, where and how to mend it.
    pub fn invalid(page: Page, details: Vec<String>) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "请求的内容无法识别".into(),
            lead: "请按下面的提示修改，或从下面重新进入。".into(),
            details,
            ways,
            number: String::new(),
        }
    }

    /// 403: none of the reader's roles has the permission; `whom` are the names of those who give roles.
    pub fn forbidden(page: Page, permission: Permission, whom: &[String]) -> Problem {
        let roles: Vec<&str> = permission.roles().map(|r| r.title()).collect();
        let whom = if whom.is_empty() { String::new() } else { format!("（{}）", whom.join("、")) };
        let home = page.home.clone();
        Problem {
            page,
            title: "没有权限查看这个页面".into(),
            lead: format!("缺少的权限：{}。有此权限的角色：{}。", permission.title(), roles.join("、")),
            details: vec![format!("工作需要的，请向安全管理员{whom}申请角色。")],
            ways: vec![Link::new("返回首页", home), Link::new("权限一览", "/permissions")],
            number: String::new(),
        }
    }

    /// 403: a form that was not sent from a page of this session.
    pub fn stale(page: Page) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "页面已过期，没有提交".into(),
            lead: "这个页面打开后，登录状态已经改变，或者它不是从本系统打开的。数据没有改动。".into(),
            details: vec!["请返回原来的页面，刷新后重新填写提交。".into()],
            ways,
            number: String::new(),
        }
    }

    /// 409: against a rule.
    pub fn refused(page: Page, rule: String) -> Problem {
        let home = page.home.clone();
        Problem {
            page,
            title: "没有办理".into(),
            lead: rule,
            details: Vec::new(),
            ways: vec![Link::new("返回首页", home), Link::new("权限一览", "/permissions")],
            number: String::new(),
        }
    }

    /// 403, 429, 503: single sign-on let nobody in.
    pub fn sign_on(page: Page, refusal: Refusal) -> Problem {
        let way = if page.user.is_some() {
            Link::new("我的账号", "/account")
        } else {
            Link::new("返回登录页", "/login")
        };
        Problem {
            page,
            title: refusal.title().into(),
            lead: refusal.words().into(),
            details: Vec::new(),
            ways: vec![way],
            number: String::new(),
        }
    }

    /// 408, 413, 415: a form that was not read.
    pub fn unreadable(page: Page) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "提交的内容没有收下".into(),
            lead: "内容超过64KB，传得太慢，不是UTF-8编码，或者不是表单。数据没有改动。".into(),
            details: vec!["请缩短填写的内容后重新提交。".into()],
            ways,
            number: String::new(),
        }
    }

    /// 400, 408, 413, 507: a file that was not taken.
    pub fn not_taken(page: Page, told: String) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "文件没有收下".into(),
            lead: told,
            details: vec!["没有保存任何内容。请返回原来的页面，换好文件后重新上传。".into()],
            ways,
            number: String::new(),
        }
    }

    /// 500: a fault of the program or of its store.
    pub fn internal(page: Page, number: String) -> Problem {
        let ways = ways(&page);
        Problem {
            page,
            title: "系统出错，未能显示这个页面".into(),
            lead: "数据没有改动。请稍后再试；仍不成功的，请把下面的编号告诉管理员。".into(),
            details: Vec::new(),
            ways,
            number,
        }
    }
}

/// The reader's own first page, and what everybody may see.
fn ways(page: &Page) -> Vec<Link> {
    vec![
        Link::new("返回首页", page.home.clone()),
        Link::new("要求清单", "/requirements"),
        Link::new("全部台账", "/ledgers"),
    ]
}
