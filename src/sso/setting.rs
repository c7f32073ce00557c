//! What the office has set about its provider.

use serde::{Deserialize, Serialize};
use ureq::http::Uri;

use crate::{
    audit::{self, Guarded, Kind},
    db::Tx,
    installation::{meta, set_meta},
    ledger::secret::Keys,
    scope::Actor,
};

/// Where it lies in `meta`.
const KEY: &str = "sso";

/// A provider, and how we are known there.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Setting {
    /// The provider's name: an address, compared letter by letter.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// The secret we share with it, sealed.
    secret: String,
    /// The address under which our pages are reached, without a path.
    pub address: String,
    /// Certificates to trust instead of the system's, PEM.
    pub roots: Option<String>,
    /// The claim, of the ID token or else of what the provider says besides, that holds the person's code.
    pub claim: Option<String>,
    /// The provider asks for a second factor, and is trusted to.
    pub factor: bool,
}

/// A setting that cannot be; to be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

impl Setting {
    /// A setting whose addresses are fit, with its secret sealed.
    ///
    /// # Errors
    /// [`Wrong`] says which part cannot be; else when the secret cannot be sealed.
    pub fn new(keys: &Keys, issuer: &str, client: (&str, &str), address: &str) -> anyhow::Result<Setting> {
        let (client_id, secret) = client;
        let issuer_uri = endpoint(issuer).ok_or_else(|| Wrong(format!("--issuer {issuer}：{WANTED}")))?;
        if issuer_uri.query().is_some() {
            return Err(Wrong(format!("--issuer {issuer}：不能带问号和参数")).into());
        }
        let address_uri = endpoint(address).ok_or_else(|| Wrong(format!("--address {address}：{WANTED}")))?;
        if address_uri.path() != "/" || address_uri.query().is_some() {
            return Err(Wrong(format!("--address {address}：只写到主机和端口，如 https://gbdw.example.gov.cn")).into());
        }
        let plain = |text: &str, most: usize| {
            !text.is_empty() && text.len() <= most && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
        };
        if !plain(client_id, 255) {
            return Err(Wrong("--client-id 应为1至255个英文字符".into()).into());
        }
        if !plain(secret, 1024) {
            return Err(Wrong("密码文件应只有一行，为1至1024个英文字符".into()).into());
        }
        Ok(Setting {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret: keys.seal(secret)?,
            address: address.trim_end_matches('/').to_owned(),
            roots: None,
            claim: None,
            factor: false,
        })
    }

    /// The secret.
    ///
    /// # Errors
    /// When it was sealed with other keys.
    pub fn secret(&self, keys: &Keys) -> anyhow::Result<String> {
        keys.open(&self.secret)
    }

    /// Where the provider sends the browser to after one has left it; to be registered there.
    pub fn left(&self) -> String {
        format!("{}/login", self.address)
    }

    /// Where the provider sends the browser back to; to be registered there.
    pub fn back(&self) -> String {
        format!("{}/login/sso/return", self.address)
    }
}

/// What is said about an address that cannot be.
const WANTED: &str = "应为 https:// 开头的地址；只有本机（127.0.0.1、[::1]、localhost）可以用 http://";

/// An address that may be fetched or gone to: over TLS, or on this machine.
pub(super) fn endpoint(text: &str) -> Option<Uri> {
    let fits = text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'\\' && b != b'#');
    let uri: Uri = text.parse().ok().filter(|_| fits)?;
    let authority = uri.authority()?.as_str();
    let host = uri.host()?;
    let local =
        host == "localhost" || host == "[::1]" || host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback());
    let kind = match uri.scheme_str()? {
        "https" => true,
        "http" => local,
        _ => false,
    };
    (kind && !authority.contains('@') && !host.is_empty()).then_some(uri)
}

/// The setting; `None` while single sign-on is off.
///
/// # Errors
/// When the store cannot be read.
pub fn load(tx: &mut Tx<'_>) -> anyhow::Result<Option<Setting>> {
    let stored = meta(tx, KEY)?.filter(|text| !text.is_empty());
    stored.map(|text| Ok(serde_json::from_str(&text)?)).transpose()
}

/// Sets it.
///
/// # Errors
/// When the store cannot be written.
pub fn save(tx: &mut Tx<'_>, actor: &Actor, setting: &Setting) -> anyhow::Result<()> {
    set_meta(tx, KEY, &serde_json::to_string(setting)?)?;
    audit::guard(tx, Guarded::Sso, 0);
    let title = format!(
        "单点登录：{}，客户端 {}，编号字段 {}，第二因子{}",
        setting.issuer,
        setting.client_id,
        setting.claim.as_deref().unwrap_or("无"),
        if setting.factor { "由对方负责" } else { "在本系统核对" }
    );
    audit::note(tx, actor, Kind::Setting, serde_json::json!({ "title": title }));
    Ok(())
}

/// Encrypts the secret with the newest key, if an older one encrypted it; gives whether that was so.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn reseal(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<bool> {
    let Some(mut setting) = load(tx)? else { return Ok(false) };
    let Some(anew) = keys.anew(&setting.secret)? else { return Ok(false) };
    setting.secret = anew;
    set_meta(tx, KEY, &serde_json::to_string(&setting)?)?;
    audit::guard(tx, Guarded::Sso, 0);
    Ok(true)
}

/// Turns single sign-on off. Links stay, for the day it is set again. Gives whether it was on.
///
/// # Errors
/// When the store cannot be written.
pub fn remove(tx: &mut Tx<'_>, actor: &Actor) -> anyhow::Result<bool> {
    let was = tx.execute("delete from meta where key = $1", &[KEY.into()])? > 0;
    if was {
        audit::guard(tx, Guarded::Sso, 0);
        audit::note(tx, actor, Kind::Setting, serde_json::json!({ "title": "单点登录：停用" }));
    }
    Ok(was)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::from_bytes([1; 32], [2; 32])
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for good in ["https://id.example/realms/a", "http://127.0.0.1:3000", "http://[::1]:1/x", "http://localhost"] {
            assert!(endpoint(good).is_some(), "{good}");
        }
        for bad in [
            "http://id.example",
            "http://127.0.0.1.evil.test",
            "http://localhost.evil.test/",
            "http://localhost@evil.test/",
            "https://u:p@id.example",
            "ftp://127.0.0.1",
            "https://",
            "/a",
            "javascript:alert(1)",
            "https://a\\b",
            "https://a/#b",
            "https://a b",
            "",
        ] {
            assert!(endpoint(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_secret_is_sealed() {
        let setting = Setting::new(&keys(), "https://id.example", ("dl", "s3cret"), "https://dl.example/").unwrap();
        assert!(!format!("{setting:?}").contains("s3cret"));
        assert!(!serde_json::to_string(&setting).unwrap().contains("s3cret"));
        assert_eq!(setting.secret(&keys()).unwrap(), "s3cret");
        assert_eq!(setting.back(), "https://dl.example/login/sso/return");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let wrong = |issuer: &str, client: (&str, &str), address: &str| {
            Setting::new(&keys(), issuer, client, address).unwrap_err().downcast::<Wrong>().unwrap().0
        };
        let (id, at) = ("https://id.example", "https://dl.example");
        assert!(wrong("http://id.example", ("a", "b"), at).contains("--issuer"));
        assert!(wrong("https://id.example?x=1", ("a", "b"), at).contains("问号"));
        assert!(wrong(id, ("a", "b"), "https://dl.example/x").contains("--address"));
        assert!(wrong(id, ("", "b"), at).contains("--client-id"));
        assert!(wrong(id, ("a", ""), at).contains("密码文件"));
        assert!(wrong(id, ("a", "b\nc"), at).contains("密码文件"));
    }
}
