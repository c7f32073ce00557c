//! Pages that say what went wrong: 400, 404, 409, 500.

use askama::Template;

use super::page::Page;
use super::words::Link;

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
        Problem {
            page,
            title: "没有找到这个页面".into(),
            lead: "网址可能有误，或者内容已不存在。请核对网址，或从下面重新进入。".into(),
            details: Vec::new(),
            ways: ways(),
            number: String::new(),
        }
    }

    /// 400: the address asks for something that cannot be read; each detail says what, where and how to mend it.
    pub fn invalid(page: Page, details: Vec<String>) -> Problem {
        Problem {
            page,
            title: "网址中的条件无法识别".into(),
            lead: "请按下面的提示修改，或从下面重新进入。".into(),
            details,
            ways: ways(),
            number: String::new(),
        }
    }

    /// 500: a fault of the program or of its store.
    pub fn internal(page: Page, number: String) -> Problem {
        Problem {
            page,
            title: "系统出错，未能显示这个页面".into(),
            lead: "数据没有改动。请稍后再试；仍不成功的，请把下面的编号告诉管理员。".into(),
            details: Vec::new(),
            ways: ways(),
            number,
        }
    }
}

fn ways() -> Vec<Link> {
    vec![Link::new("工作总览", "/"), Link::new("要求清单", "/requirements"), Link::new("全部台账", "/ledgers")]
}
