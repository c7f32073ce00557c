//! Which roles log in with a second factor. Administrators and 机关党委 always do; of the others the 安全管理员 says so.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Role;
use crate::{
    audit::{self, Guarded, Kind},
    db::Tx,
    installation::{meta, set_meta},
    scope::Actor,
};

/// Where it lies in `meta`.
pub(super) const KEY: &str = "factor_roles";
/// Held while it is laid down (PostgreSQL).
const LOCK: i64 = 0x6661_6374_6f72;
/// Its number among the guarded settings; that of single sign-on is 0.
const ITEM: i64 = 1;

/// What the 安全管理员 laid down last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Titles of the roles, besides those that always need it.
    roles: Vec<String>,
    /// When (µs) and by whom; `None` before anything was laid down.
    pub laid: Option<(i64, String)>,
}

impl Policy {
    /// The one of a stored text.
    ///
    /// # Errors
    /// When it cannot be read: nobody is then let in as if there were none.
    pub(super) fn parse(stored: Option<&str>) -> anyhow::Result<Policy> {
        stored.map_or(Ok(Policy::default()), |text| Ok(serde_json::from_str(text)?))
    }

    /// What was laid down, to be told apart from what is laid down later.
    pub fn state(&self) -> String {
        self.roles.join("、")
    }

    /// Whether a role logs in with a second factor.
    pub fn needs(&self, role: Role) -> bool {
        role.needs_second_factor() || self.roles.iter().any(|title| title == role.title())
    }
}

/// The policy that holds.
///
/// # Errors
/// When the store cannot be read.
pub fn load(tx: &mut Tx<'_>) -> anyhow::Result<Policy> {
    Policy::parse(meta(tx, KEY)?.as_deref())
}

/// Lays it down, if it still stands as it was `seen` ([`Policy::state`]); gives whether it did. It holds from the next
/// request on: who has such a role and no second factor sets one up before anything else.
///
/// # Errors
/// When the store cannot be written.
pub fn lay_down(tx: &mut Tx<'_>, actor: &Actor, roles: &[Role], seen: &str) -> anyhow::Result<bool> {
    tx.lock(&[LOCK])?;
    let free = Role::ALL.into_iter().filter(|r| !r.needs_second_factor());
    let roles: Vec<String> = free.filter(|r| roles.contains(r)).map(|r| r.title().to_owned()).collect();
    let before = load(tx)?;
    if before.state() != seen {
        return Ok(false);
    }
    if before.roles == roles {
        return Ok(true);
    }
    let listed = |roles: &[String]| if roles.is_empty() { "没有其他角色".into() } else { roles.join("、") };
    let title =
        format!("登录须用动态码的角色，除管理员和机关党委外：由“{}”改为“{}”", listed(&before.roles), listed(&roles));
    let policy = Policy { roles, laid: Some((actor.at, actor.name.clone())) };
    set_meta(tx, KEY, &serde_json::to_string(&policy)?)?;
    audit::guard(tx, Guarded::Sso, ITEM);
    audit::note(tx, actor, Kind::Setting, json!({ "title": title }));
    Ok(true)
}
