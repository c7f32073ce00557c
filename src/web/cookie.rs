//! Our cookies: what they are called and how they are set.
//!
//! Over TLS their names begin with `__Host-`, so that a browser takes them from this host alone, for all paths, and only
//! with `Secure`. On loopback without TLS browsers refuse that prefix; everything else about them is the same. They go
//! with links from other sites (`Lax`), since papers link here; nothing is changed by following a link.

use axum::http::HeaderValue;

use super::app::Transport;

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cookie(&'static str);

/// The token of the session.
pub(super) const SESSION: Cookie = Cookie("dongliang");
/// A login that is at the provider of single sign-on, or back from there.
pub(super) const SSO: Cookie = Cookie("dongliang_sso");
/// What the token in the form of the login page belongs to.
pub(super) const VISITOR: Cookie = Cookie("dongliang_visitor");

impl Cookie {
    /// Its name.
    pub(super) fn name(self, transport: Transport) -> String {
        match transport {
            Transport::Loopback => self.0.to_owned(),
            Transport::Tls => format!("__Host-{}", self.0),
        }
    }

    /// The header that sets it until the browser is closed.
    pub(super) fn set(self, transport: Transport, value: &str) -> HeaderValue {
        self.header(transport, value, "")
    }

    /// The header that takes it away.
    pub(super) fn clear(self, transport: Transport) -> HeaderValue {
        self.header(transport, "", "; Max-Age=0")
    }

    fn header(self, transport: Transport, value: &str, more: &str) -> HeaderValue {
        let secure = if transport == Transport::Tls { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.name(transport));
        HeaderValue::from_str(&text).expect("names and tokens are plain letters")
    }
}
