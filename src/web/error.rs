//! One error type of the pages; its status is decided here and nowhere else. Internals are logged, never shown.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::view::{page::Page, problem::Problem};

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// Nothing is at this address.
    NotFound,
    /// The address asks for something that cannot be read; each detail says what and how to mend it.
    Invalid(Vec<String>),
    /// A fault of the program or the store.
    Internal(anyhow::Error),
}

impl From<anyhow::Error> for PageError {
    fn from(e: anyhow::Error) -> PageError {
        match e.downcast::<PageError>() {
            Ok(e) => e,
            Err(e) => PageError::Internal(e),
        }
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PageError::NotFound => f.write_str("没有找到"),
            PageError::Invalid(details) => f.write_str(&details.join("；")),
            PageError::Internal(e) => write!(f, "{e:#}"),
        }
    }
}

impl std::error::Error for PageError {}

impl PageError {
    /// The page that says so.
    pub(super) fn page(self, frame: Page) -> Response {
        let (status, problem) = match self {
            PageError::NotFound => (StatusCode::NOT_FOUND, Problem::not_found(frame)),
            PageError::Invalid(details) => (StatusCode::BAD_REQUEST, Problem::invalid(frame, details)),
            PageError::Internal(e) => {
                let number = number();
                tracing::error!("编号 {number}：{e:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, Problem::internal(frame, number))
            }
        };
        match askama::Template::render(&problem) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!("错误页写不出来：{e}");
                (StatusCode::INTERNAL_SERVER_ERROR, "系统出错").into_response()
            }
        }
    }
}

/// A short number to tell the administrator: `7F3A-22`.
fn number() -> String {
    let mut bytes = [0_u8; 3];
    let _ = getrandom::fill(&mut bytes);
    format!("{:02X}{:02X}-{:02}", bytes[0], bytes[1], bytes[2] % 100)
}
