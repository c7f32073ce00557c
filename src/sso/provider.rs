//! What the provider says of itself (OpenID Connect Discovery 1.0) and its keys, kept for a while.

use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::{
    Setting,
    http::Client,
    identity::{self, Key},
    setting::endpoint,
};
use crate::auth::policy::{MINUTE, SSO_KEPT};

/// A provider as it was found.
pub struct Provider {
    /// Of which setting.
    setting: Setting,
    /// What it says of itself.
    pub(super) metadata: Metadata,
    /// Its keys.
    pub(super) keys: Vec<Key>,
    /// The way to it.
    pub(super) client: Client,
    /// When (µs) it was asked.
    at: i64,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Where it says more of a person, if it does.
    pub(super) fn userinfo(&self) -> Option<&str> {
        self.userinfo_endpoint.as_deref().filter(|url| endpoint(url).is_some())
    }

    /// Where one leaves it, if it can be told to (OpenID Connect RP-Initiated Logout 1.0).
    pub(super) fn end_session(&self) -> Option<&str> {
        self.end_session_endpoint.as_deref().filter(|url| endpoint(url).is_some())
    }

    /// The secret goes into the form: the provider does not take it as a header.
    pub(super) fn secret_in_form(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes = |name: &str| methods.iter().any(|m| m == name);
        !takes("client_secret_basic") && takes("client_secret_post")
    }
}

impl Provider {
    /// Asks the provider.
    ///
    /// # Errors
    /// When it does not answer, or not as the standard has it.
    pub fn fetch(setting: &Setting, now: i64) -> anyhow::Result<Provider> {
        let client = Client::new(setting.roots.as_deref())?;
        let url = format!("{}/.well-known/openid-configuration", setting.issuer.trim_end_matches('/'));
        let metadata: Metadata =
            serde_json::from_slice(&client.get(&url, None)?).context("not a discovery document")?;
        // Another issuer's document at this address would let it speak for this one.
        ensure!(metadata.issuer == setting.issuer, "the provider calls itself {:?}", metadata.issuer);
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            ensure!(endpoint(url).is_some(), "endpoint {url:?} is neither https nor on this machine");
        }
        let keys = identity::keys(&client.get(&metadata.jwks_uri, None)?).context("not a key set")?;
        Ok(Provider { setting: setting.clone(), metadata, keys, client, at: now })
    }
}

/// The provider as last found.
#[derive(Default)]
pub struct Cache(Mutex<Option<Arc<Provider>>>);

impl Cache {
    /// The provider, asked again when the setting is another or its word is old.
    ///
    /// # Errors
    /// As [`Provider::fetch`].
    pub fn provider(&self, setting: &Setting, now: i64) -> anyhow::Result<Arc<Provider>> {
        self.kept(setting, now, SSO_KEPT).map_or_else(|| self.fetch(setting, now), Ok)
    }

    /// The same when a token names a key that is not there: keys may have changed, but nobody makes us ask more than
    /// once a minute.
    ///
    /// # Errors
    /// As [`Provider::fetch`].
    pub fn renewed(&self, setting: &Setting, now: i64) -> anyhow::Result<Arc<Provider>> {
        self.kept(setting, now, MINUTE).map_or_else(|| self.fetch(setting, now), Ok)
    }

    fn kept(&self, setting: &Setting, now: i64, age: i64) -> Option<Arc<Provider>> {
        let slot = self.0.lock().ok()?;
        slot.as_ref().filter(|p| p.setting == *setting && (p.at..p.at + age).contains(&now)).cloned()
    }

    /// Nothing is locked while the provider is asked: one that is slow holds up only who wants to go there.
    fn fetch(&self, setting: &Setting, now: i64) -> anyhow::Result<Arc<Provider>> {
        let fresh = Arc::new(Provider::fetch(setting, now)?);
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(Arc::clone(&fresh));
        }
        Ok(fresh)
    }
}
