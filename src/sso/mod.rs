//! Single sign-on: OpenID Connect, authorization code flow with PKCE, state and nonce.
//!
//! - `setting` is what the office has set about its provider; `provider` what that says of itself, fetched by `http`.
//! - `flow` goes there and comes back; `attempt` is what the browser keeps meanwhile, sealed, good once.
//! - `identity` checks the ID token. It knows five ways to sign and no other.
//! - `link` leads from a subject to an account. None is ever made here.

pub mod attempt;
pub mod flow;
mod http;
pub mod identity;
pub mod link;
mod provider;
pub mod setting;

pub use http::Client;
pub use provider::{Cache, Provider};
pub use setting::Setting;
pub(crate) use setting::reseal;

/// Why nobody was let in. The words hold nothing that the provider or the browser has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The browser brings no login that was begun here, or one that is over or was used.
    Stale,
    /// Who was asked there said no.
    Cancelled,
    /// The provider refused.
    Declined,
    /// The provider does not answer, or not as the standard has it.
    Unreachable,
    /// What it said of the person does not hold.
    Untrusted,
    /// No account is this person's.
    Unknown,
    /// The account is an administrator's.
    Administrator,
    /// The subject, or the account, is linked already.
    Taken,
    /// Too many failures from this address.
    Wait,
}

impl Refusal {
    /// What happened.
    pub fn title(self) -> &'static str {
        match self {
            Refusal::Stale => "单点登录已过期，没有登录",
            Refusal::Cancelled => "已取消单点登录",
            Refusal::Declined => "单点登录系统没有同意登录",
            Refusal::Unreachable => "单点登录系统连接不上",
            Refusal::Untrusted => "单点登录没有通过核对",
            Refusal::Unknown => "没有对应的账号，请联系安全管理员",
            Refusal::Administrator => "管理员不能用单点登录",
            Refusal::Taken => "没有绑定",
            Refusal::Wait => "多次登录不成功，请稍后再试",
        }
    }

    /// What it means and what to do.
    pub fn words(self) -> &'static str {
        match self {
            Refusal::Stale => {
                "从登录页出发后须在10分钟内、在同一个浏览器里完成，每次只能用一遍。请回到登录页，重新点“单点登录”。"
            }
            Refusal::Cancelled => "您在单点登录系统里选择了取消。要登录的，请回到登录页重新开始，或用账号和口令登录。",
            Refusal::Declined => {
                "请稍后重新登录；仍不成功的，请把时间告诉系统管理员，由他与单点登录系统的管理单位核对。"
            }
            Refusal::Unreachable => "请稍后再试，或用账号和口令登录；仍不成功的，请告诉系统管理员。",
            Refusal::Untrusted => "返回的身份信息不可信，没有采用。请重新登录；仍不成功的，请告诉系统管理员。",
            Refusal::Unknown => {
                "您的身份已经核实，但本系统里没有与它绑定的账号。已有账号的，可用口令登录后在“我的账号”里绑定。"
            }
            Refusal::Administrator => {
                "系统管理员、安全管理员、审计管理员请用专用账号和口令登录，这三类账号不能绑定单点登录。"
            }
            Refusal::Taken => {
                "这个身份已与另一个账号绑定，或者您的账号已经绑定。一个账号只能绑定一个身份，请联系安全管理员。"
            }
            Refusal::Wait => "这个网络地址上不成功的登录太多，已暂停。最长15分钟后可以再试。",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}

impl std::error::Error for Refusal {}
