//! To the provider and back: authorization code flow (OpenID Connect Core 3.1) with PKCE (RFC 7636, S256).

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Cache, Provider, Refusal, Setting,
    attempt::{Attempt, use_up},
    identity::{self, Expected, Identity, Wrong},
};
use crate::{db::Db, ledger::secret::Keys};

/// What the browser brings back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The state it went with.
    pub state: String,
    /// The code to be exchanged; empty where there is an error.
    pub code: String,
    /// The provider's error; empty for none.
    pub error: String,
    /// Which provider answers (RFC 9207), if it says so.
    pub issuer: Option<String>,
}

/// Where the browser goes with an attempt.
pub fn away(provider: &Provider, setting: &Setting, attempt: &Attempt) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier.as_bytes()));
    let pairs = [
        ("response_type", "code"),
        ("client_id", setting.client_id.as_str()),
        ("redirect_uri", &setting.back()),
        ("scope", "openid profile"),
        ("state", &attempt.state),
        ("nonce", &attempt.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let endpoint = &provider.metadata.authorization_endpoint;
    with_pairs(endpoint, &pairs)
}

/// Where the browser goes to leave the provider too, if that can be told to. Which session, it knows by its own cookie:
/// the ID token is not kept for it.
pub fn out(provider: &Provider, setting: &Setting) -> Option<String> {
    let left = setting.left();
    let pairs = [("client_id", setting.client_id.as_str()), ("post_logout_redirect_uri", left.as_str())];
    provider.metadata.end_session().map(|endpoint| with_pairs(endpoint, &pairs))
}

fn with_pairs(endpoint: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={}", encoded(v))).collect();
    format!("{endpoint}{}{}", if endpoint.contains('?') { '&' } else { '?' }, pairs.join("&"))
}

/// The way back: the attempt is used up, the code exchanged, the ID token checked.
///
/// Must not be called inside a transaction: the provider is asked here.
///
/// # Errors
/// In the inner result, why nobody is let in; in the outer, when the store cannot be written.
pub fn back(
    (db, keys, cache): (&Db, &Keys, &Cache),
    setting: &Setting,
    attempt: &Attempt,
    answer: &Answer,
    now: i64,
) -> anyhow::Result<Result<Identity, Refusal>> {
    if !attempt.is_of(&setting.issuer, &answer.state) {
        return Ok(Err(Refusal::Stale));
    }
    let (id, ends) = (attempt.state.clone(), attempt.ends);
    if !db.write(move |tx| use_up(tx, &id, ends, now))? {
        return Ok(Err(Refusal::Stale));
    }
    let provider = match cache.provider(setting, now) {
        Ok(provider) => provider,
        Err(e) => return Ok(Err(logged(&e))),
    };
    let unnamed = provider.metadata.authorization_response_iss_parameter_supported && answer.issuer.is_none();
    if unnamed || answer.issuer.as_ref().is_some_and(|i| *i != setting.issuer) {
        tracing::warn!("single sign-on: an answer that does not name the provider");
        return Ok(Err(Refusal::Untrusted));
    }
    match answer.error.as_str() {
        "" => {}
        "access_denied" => return Ok(Err(Refusal::Cancelled)),
        other => {
            tracing::warn!("single sign-on: the provider says {:?}", short(other));
            return Ok(Err(Refusal::Declined));
        }
    }
    if !(1..=2048).contains(&answer.code.len()) {
        return Ok(Err(Refusal::Stale));
    }
    let secret = setting.secret(keys)?;
    Ok(exchange(&provider, setting, &secret, attempt, &answer.code).and_then(|tokens| {
        let identity = checked(cache, setting, attempt, &tokens.id_token, now)?;
        completed(&provider, setting, identity, tokens.access_token.as_deref())
    }))
}

/// The identity with what the provider says of it besides, where the claim that holds the person's code is not in the ID
/// token. If nothing can be had there it stays as it is: an account that is linked needs no claim.
fn completed(
    provider: &Provider,
    setting: &Setting,
    identity: Identity,
    access: Option<&str>,
) -> Result<Identity, Refusal> {
    let wanted = setting.claim.as_ref().is_some_and(|claim| identity.claim(claim).is_none());
    let (true, Some(url), Some(access)) = (wanted, provider.metadata.userinfo(), access) else { return Ok(identity) };
    let said = provider.client.get(url, Some(&format!("Bearer {access}")));
    let more = said.and_then(|body| Ok(serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body)?));
    match more {
        Ok(more) => identity.completed(more).ok_or_else(|| {
            tracing::warn!("single sign-on: what the provider says besides is of another subject");
            Refusal::Untrusted
        }),
        Err(e) => {
            tracing::warn!("single sign-on: the provider says nothing besides: {e:#}");
            Ok(identity)
        }
    }
}

/// What a code is exchanged for.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// The tokens for a code.
fn exchange(
    provider: &Provider,
    setting: &Setting,
    secret: &str,
    attempt: &Attempt,
    code: &str,
) -> Result<Tokens, Refusal> {
    #[derive(Deserialize)]
    struct Failed {
        error: String,
    }
    let back = setting.back();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", back.as_str()),
        ("code_verifier", attempt.verifier.as_str()),
    ];
    let header = if provider.metadata.secret_in_form() {
        form.extend([("client_id", setting.client_id.as_str()), ("client_secret", secret)]);
        None
    } else {
        let pair = format!("{}:{}", encoded(&setting.client_id), encoded(secret));
        Some(format!("Basic {}", BASE64.encode(pair)))
    };
    let answer = provider.client.post(&provider.metadata.token_endpoint, header.as_deref(), &form);
    let (status, body) = answer.map_err(|e| logged(&e))?;
    if status != 200 {
        let error = serde_json::from_slice::<Failed>(&body).map(|f| f.error).unwrap_or_default();
        tracing::warn!("single sign-on: the code was refused: {status} {:?}", short(&error));
        // A code that was used, or is too old, is the browser's matter; anything else is the setting's.
        return Err(if error == "invalid_grant" { Refusal::Stale } else { Refusal::Declined });
    }
    serde_json::from_slice::<Tokens>(&body).map_err(|_| {
        tracing::warn!("single sign-on: the answer to the code holds no ID token");
        Refusal::Untrusted
    })
}

fn checked(cache: &Cache, setting: &Setting, attempt: &Attempt, token: &str, now: i64) -> Result<Identity, Refusal> {
    let expected = Expected { issuer: &setting.issuer, client_id: &setting.client_id, nonce: &attempt.nonce, now };
    let provider = cache.provider(setting, now).map_err(|e| logged(&e))?;
    let found = match identity::check(token, &provider.keys, &expected) {
        // The provider may have changed its keys since it was asked.
        Err(Wrong::Key) => {
            let renewed = cache.renewed(setting, now).map_err(|e| logged(&e))?;
            identity::check(token, &renewed.keys, &expected)
        }
        other => other,
    };
    found.map_err(|wrong| {
        tracing::warn!("single sign-on: the ID token is not believed: {wrong}");
        Refusal::Untrusted
    })
}

/// The provider cannot be asked; why, is for the log.
pub fn logged(e: &anyhow::Error) -> Refusal {
    tracing::warn!("single sign-on: {e:#}");
    Refusal::Unreachable
}

/// What others sent, fit for a line of the log.
fn short(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(40).collect()
}

/// Percent-encoded for a form or a query.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_addresses_is_encoded() {
        assert_eq!(encoded("a b&c=周"), "a%20b%26c%3D%E5%91%A8");
        assert_eq!(short("bad\r\n\u{202e}<b>"), "bad<b>");
    }
}
