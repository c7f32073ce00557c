//! 我的账号 `/account`: who am I here, and is it only me?

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::Facts;

/// The page of one's own account.
#[derive(Clone, Debug, Template)]
#[template(path = "account.html")]
pub struct Account {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done, or what must be done first; empty for nothing.
    pub notice: String,
    /// Login name, name, person, roles, last login.
    pub facts: Facts,
    /// To change the password; `None` for an identity of the demo, which has none.
    pub password: Option<Form>,
    /// The second factor.
    pub factor: Factor,
    /// Single sign-on; `None` where it is not set or not for this account.
    pub sso: Option<SignOn>,
    /// Where one is logged in, this session first.
    pub sessions: Vec<Session>,
    /// Token for the small forms.
    pub token: String,
    /// Stand-ins that were named or that one is.
    pub stand_ins: Vec<StandIn>,
    /// To name a stand-in; `None` when no role can be handed on.
    pub stand_in: Option<Form>,
    /// Calendars by a secret link; `None` for who has none.
    pub feeds: Option<Feeds>,
}

/// Calendars that programs read by a secret link.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    /// Each with how its link stands.
    pub lines: Vec<Feed>,
    /// The link that was just made; shown once.
    pub address: String,
}

/// A calendar.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// `我的日程`.
    pub name: String,
    /// The unit's number; 0 for the own one.
    pub unit: i64,
    /// The link's number; 0 for none.
    pub id: i64,
    /// When it was made; empty for none.
    pub made: String,
}

/// The second factor on the page.
#[derive(Clone, Debug, Default)]
pub struct Factor {
    /// How it stands: `已启用，还有8个恢复码。`
    pub words: String,
    /// Picture for the authenticator, as the address of an image, and the secret to type; shown once.
    pub picture: Option<(String, String)>,
    /// Recovery codes; shown once.
    pub codes: Vec<String>,
    /// To begin, to confirm or to take away.
    pub forms: Vec<Form>,
}

/// Single sign-on on the page.
#[derive(Clone, Debug, Default)]
pub struct SignOn {
    /// How it stands: `没有绑定。`
    pub words: String,
    /// Where the provider is, once the password was right; empty before.
    pub away: String,
    /// To link or to take the link away.
    pub forms: Vec<Form>,
}

/// A session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// The one in which the page is read.
    pub own: bool,
    /// Address on the network.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When it began and when it was last used.
    pub times: [String; 2],
}

/// A stand-in.
#[derive(Clone, Debug, Default)]
pub struct StandIn {
    /// Its number.
    pub id: i64,
    /// Who stands in for whom: `由李明代理`, `代理周敏`.
    pub words: String,
    /// From when to when.
    pub span: String,
    /// Why.
    pub reason: String,
    /// 待生效, 代理中, 已结束, 已收回.
    pub state: &'static str,
    /// It can be withdrawn by the reader.
    pub own: bool,
}
