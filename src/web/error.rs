//! One error type of the pages; its status is decided here and nowhere else. Internals are logged, never shown.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    frame::{self, Desk},
    view::{page::Page, problem::Problem, words::Link},
};
use crate::{
    auth::{Permission, Role},
    db::DbError,
    facts::{KeptResult, OutOfScope},
    ledger::store::StoreError,
    once::Used,
    refusals::{Refused, Why},
    sso::Refusal,
};

/// What is said of a zero byte.
const ZERO_BYTE: &str = "地址或填写的内容里有无法识别的字符，请删去。";

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// Nothing is at this address.
    NotFound,
    /// The address is known, but not with this method.
    Method,
    /// The address asks for something that cannot be read; each detail says what and how to mend it.
    Invalid(Vec<String>),
    /// A character that no database keeps.
    ZeroByte,
    /// Nobody is logged in.
    NotLoggedIn,
    /// The password must be changed first, or the second factor set up.
    Unfinished,
    /// No role of the reader has the permission.
    Forbidden(Permission),
    /// Rows that are not the writer's; which, is told.
    OutOfScope(String),
    /// What was asked for is against a rule, which is told.
    Refused(String),
    /// The same, with what was typed, so that it is not lost.
    RefusedTyped(String, Vec<String>),
    /// Single sign-on let nobody in.
    SignOn(Refusal),
    /// A form that does not come from a page of ours in this session.
    Stale,
    /// A form that is too large, too slow, or none.
    Unreadable(StatusCode),
    /// A file that was not taken: what is wrong with it.
    Upload(StatusCode, String),
    /// A fault of the program or the store.
    Internal(anyhow::Error),
}

impl From<anyhow::Error> for PageError {
    fn from(e: anyhow::Error) -> PageError {
        match e.downcast::<PageError>() {
            Ok(e) => e,
            // No database keeps it, so whatever was typed with one in it cannot be meant.
            Err(e) if matches!(e.downcast_ref(), Some(DbError::ZeroByte)) => PageError::ZeroByte,
            Err(e) if matches!(e.downcast_ref(), Some(StoreError::Clock)) => PageError::Refused(format!("{e}。")),
            Err(e) => match e.downcast::<OutOfScope>() {
                Ok(rule) => PageError::OutOfScope(rule.to_string()),
                Err(e) => match e.downcast::<KeptResult>() {
                    Ok(kept) => PageError::Refused(kept.to_string()),
                    Err(e) if e.is::<Used>() => PageError::Refused(
                        "这张表单已经提交过，后来改的内容没有保存：请返回上一页记下要改的内容，再重新打开表单填写。"
                            .into(),
                    ),
                    Err(e) => PageError::Internal(e),
                },
            },
        }
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PageError::NotFound => f.write_str("没有找到"),
            PageError::Method => f.write_str("这个地址不能这样打开"),
            PageError::Invalid(details) => f.write_str(&details.join("；")),
            PageError::ZeroByte => f.write_str(ZERO_BYTE),
            PageError::NotLoggedIn => f.write_str("没有登录"),
            PageError::Unfinished => f.write_str("登录尚未完成"),
            PageError::Forbidden(permission) => write!(f, "没有权限：{}", permission.title()),
            PageError::OutOfScope(rule) | PageError::Refused(rule) | PageError::RefusedTyped(rule, _) => {
                f.write_str(rule)
            }
            PageError::SignOn(refusal) => write!(f, "{refusal}"),
            PageError::Stale => f.write_str("页面已过期"),
            PageError::Unreadable(status) => write!(f, "表单不能读取：{status}"),
            PageError::Upload(_, told) => f.write_str(told),
            PageError::Internal(e) => write!(f, "{e:#}"),
        }
    }
}

impl std::error::Error for PageError {}

impl PageError {
    /// Of what is refused, the same with what was typed; the rest as it is.
    pub(super) fn with_typed(e: anyhow::Error, typed: Vec<String>) -> anyhow::Error {
        match e.downcast::<PageError>() {
            Ok(PageError::Refused(why)) => PageError::RefusedTyped(why, typed).into(),
            Ok(e) => e.into(),
            Err(e) => e,
        }
    }

    /// The answer to who asked: somewhere else to go, or the page that says what is wrong.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn answer(self, desk: &mut Desk<'_, '_>) -> anyhow::Result<Response> {
        let refused = self.refused(desk);
        let mut response = match self {
            PageError::NotLoggedIn => Redirect::to(&frame::login_href(&desk.ask)).into_response(),
            PageError::Unfinished => Redirect::to("/account").into_response(),
            PageError::Forbidden(permission) => {
                let whom = security_officers(desk)?;
                let problem = Problem::forbidden(desk.page("")?, permission, &whom);
                (StatusCode::FORBIDDEN, Html(askama::Template::render(&problem)?)).into_response()
            }
            other => {
                let back =
                    desk.ask.place.clone().filter(|(_, needs)| frame::admit(*needs, desk.reader.as_ref()).is_ok());
                other.page(desk.page("").unwrap_or_else(|_| frame::bare(&desk.ask)), back.map(|(link, _)| link))
            }
        };
        if let Some(refused) = refused {
            response.extensions_mut().insert(refused);
        }
        Ok(response)
    }

    /// What is counted of it (`crate::refusals`). Where a reader is only led somewhere else, nothing.
    fn refused(&self, desk: &Desk<'_, '_>) -> Option<Refused> {
        let who = desk.reader.as_ref().map(|r| (r.account, r.name.clone()));
        let why = match self {
            PageError::Forbidden(_) => Why::Forbidden,
            PageError::NotFound if who.is_some() => Why::Absent,
            PageError::NotLoggedIn if !desk.ask.reads => Why::NotLoggedIn,
            PageError::Stale => Why::Stale,
            PageError::OutOfScope(_) => Why::OutOfScope,
            PageError::Unreadable(_) | PageError::Upload(..) | PageError::ZeroByte => Why::Unreadable,
            _ => return None,
        };
        Some(Refused { why, who })
    }

    /// Whether it is about something that is there, on whose page one goes on.
    fn leads_back(&self) -> bool {
        !matches!(self, PageError::NotFound | PageError::Method | PageError::SignOn(_))
    }

    /// The page that says so, in a frame that is there already; `back` leads to where one goes on.
    pub(super) fn page(self, frame: Page, back: Option<Link>) -> Response {
        let back = back.filter(|_| self.leads_back());
        let (status, mut problem) = match self {
            PageError::NotFound => (StatusCode::NOT_FOUND, Problem::not_found(frame)),
            PageError::Method => (StatusCode::METHOD_NOT_ALLOWED, Problem::method(frame)),
            PageError::Invalid(details) => (StatusCode::BAD_REQUEST, Problem::invalid(frame, details)),
            PageError::ZeroByte => (StatusCode::BAD_REQUEST, Problem::invalid(frame, vec![ZERO_BYTE.into()])),
            PageError::NotLoggedIn | PageError::Unfinished | PageError::Forbidden(_) | PageError::Stale => {
                (StatusCode::FORBIDDEN, Problem::stale(frame))
            }
            PageError::OutOfScope(rule) | PageError::Refused(rule) => {
                (StatusCode::CONFLICT, Problem::refused(frame, rule))
            }
            PageError::RefusedTyped(rule, typed) => {
                (StatusCode::CONFLICT, Problem { details: typed, ..Problem::refused(frame, rule) })
            }
            PageError::SignOn(refusal) => {
                let status = match refusal {
                    Refusal::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
                    Refusal::Wait => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::FORBIDDEN,
                };
                (status, Problem::sign_on(frame, refusal))
            }
            PageError::Unreadable(status) => (status, Problem::unreadable(frame)),
            PageError::Upload(status, told) => (status, Problem::not_taken(frame, told)),
            PageError::Internal(e) => {
                let number = number();
                tracing::error!("编号 {number}：{e:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, Problem::internal(frame, number))
            }
        };
        problem.ways.splice(0..0, back);
        match askama::Template::render(&problem) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!("错误页写不出来：{e}");
                (StatusCode::INTERNAL_SERVER_ERROR, "系统出错").into_response()
            }
        }
    }
}

/// Names of those who give roles, to be asked.
fn security_officers(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<String>> {
    let sql = "select distinct a.name from account a join role_grant g on g.account_id = a.row_id \
               where a.disabled_at is null and g.role = $1 and g.withdrawn_at is null and g.starts <= $2 \
               and (g.ends is null or g.ends >= $2) order by a.name limit 3";
    let params = [Role::Security.title().into(), desk.now.day.into()];
    desk.tx.rows(sql, &params, |r| Ok(r.text(0)?.to_owned()))
}

/// A short number to tell the administrator: `7F3A-22`.
fn number() -> String {
    let mut bytes = [0_u8; 3];
    let _ = getrandom::fill(&mut bytes);
    format!("{:02X}{:02X}-{:02}", bytes[0], bytes[1], bytes[2] % 100)
}
