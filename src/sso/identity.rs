//! The ID token (OpenID Connect Core 3.1.3.7): whose word it is, for whom, for which login, and until when.
//!
//! Five ways to sign are known (RS256, PS256, ES256, ES384, EdDSA), each bound to its kind of key, so that a token can neither
//! choose none at all nor have a public key taken for a shared secret.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use subtle::ConstantTimeEq as _;

use crate::auth::policy::{SECOND, SSO_SKEW};

/// Who the provider says it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its own name of the person, which stays.
    pub subject: String,
    /// Everything it says.
    claims: Map<String, Json>,
}

impl Identity {
    /// The same with what the provider says of the person besides, where the token says nothing; `None` if that is about
    /// somebody else (OpenID Connect Core 5.3.2).
    pub(super) fn completed(mut self, more: Map<String, Json>) -> Option<Identity> {
        if more.get("sub").and_then(Json::as_str) != Some(&self.subject) {
            return None;
        }
        for (name, value) in more {
            self.claims.entry(name).or_insert(value);
        }
        Some(self)
    }

    /// A claim that is a text or a whole number, without blanks around it.
    pub fn claim(&self, name: &str) -> Option<String> {
        let text = match self.claims.get(name)? {
            Json::String(text) => text.trim().to_owned(),
            Json::Number(n) if n.is_u64() => n.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// What a token must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// What we are called there.
    pub client_id: &'a str,
    /// The nonce of this login.
    pub nonce: &'a str,
    /// Now, µs.
    pub now: i64,
}

/// Why a token is not believed; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is not a signed token.
    #[error("malformed token")]
    Malformed,
    /// Signed in a way that is not known here, or not at all.
    #[error("algorithm not allowed")]
    Algorithm,
    /// No key of the provider is the one it names.
    #[error("no such key")]
    Key,
    /// The signature is not the provider's.
    #[error("bad signature")]
    Signature,
    /// Of another provider.
    #[error("wrong issuer")]
    Issuer,
    /// For somebody else.
    #[error("wrong audience")]
    Audience,
    /// It is over.
    #[error("expired")]
    Expired,
    /// It is not yet good, or was made long ago.
    #[error("wrong time")]
    Time,
    /// Of another login.
    #[error("wrong nonce")]
    Nonce,
    /// It names nobody.
    #[error("no subject")]
    Subject,
}

/// A public key of the provider that can be used here.
#[derive(Clone, Debug)]
pub struct Key {
    id: Option<String>,
    alg: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a key set (RFC 7517) that can be used here; others are passed over. `None` if it is no key set.
pub fn keys(set: &[u8]) -> Option<Vec<Key>> {
    let set: Json = serde_json::from_slice(set).ok()?;
    let keys = set.get("keys")?.as_array()?;
    Some(keys.iter().take(100).filter_map(|k| key(serde_json::from_value(k.clone()).ok()?)).collect())
}

fn key(jwk: Jwk) -> Option<Key> {
    if jwk.purpose.is_some_and(|p| p != "sig") {
        return None;
    }
    let bytes = |text: &Option<String>| BASE64.decode(text.as_deref()?).ok();
    let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            let stripped = |b: Vec<u8>| b.into_iter().skip_while(|b| *b == 0).collect();
            Public::Rsa { n: stripped(bytes(&jwk.n)?), e: stripped(bytes(&jwk.e)?) }
        }
        ("EC", Some(curve @ ("P-256" | "P-384"))) => {
            let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
            let half = if curve == "P-256" { 32 } else { 48 };
            if x.len() != half || y.len() != half {
                return None;
            }
            let point = [vec![4], x, y].concat();
            if half == 32 { Public::P256(point) } else { Public::P384(point) }
        }
        ("OKP", Some("Ed25519")) => Public::Ed25519(bytes(&jwk.x)?),
        _ => return None,
    };
    Some(Key { id: jwk.kid, alg: jwk.alg, public })
}

impl Key {
    /// Whether it is the key a token's header asks for.
    fn fits(&self, alg: &str, id: Option<&str>) -> bool {
        let kind = matches!(
            (alg, &self.public),
            ("RS256" | "PS256", Public::Rsa { .. })
                | ("ES256", Public::P256(_))
                | ("ES384", Public::P384(_))
                | ("EdDSA", Public::Ed25519(_))
        );
        kind && self.alg.as_deref().is_none_or(|own| own == alg) && id.is_none_or(|id| self.id.as_deref() == Some(id))
    }

    fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        let done = match &self.public {
            Public::Rsa { n, e } => {
                let way = if alg == "PS256" {
                    &signature::RSA_PSS_2048_8192_SHA256
                } else {
                    &signature::RSA_PKCS1_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n, e }.verify(way, message, signature)
            }
            Public::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Public::P384(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(message, signature)
            }
            Public::Ed25519(point) => UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signature),
        };
        done.is_ok()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Json>,
    b64: Option<Json>,
}

/// Checks a token. Nothing in it is looked at before its signature holds.
///
/// # Errors
/// What is wrong with it first.
pub fn check(token: &str, keys: &[Key], expected: &Expected<'_>) -> Result<Identity, Wrong> {
    let claims = signed(token, keys)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let time = |name: &str| claims.get(name).and_then(seconds).map(|s| s.saturating_mul(SECOND));
    if text("iss") != Some(expected.issuer) {
        return Err(Wrong::Issuer);
    }
    let audience: Vec<Option<&str>> = match claims.get("aud") {
        Some(Json::Array(all)) => all.iter().map(Json::as_str).collect(),
        Some(one) => vec![one.as_str()],
        None => Vec::new(),
    };
    // Nobody else is trusted to pass our tokens on.
    let ours = !audience.is_empty() && audience.iter().all(|a| *a == Some(expected.client_id));
    if !ours || claims.get("azp").is_some_and(|azp| azp.as_str() != Some(expected.client_id)) {
        return Err(Wrong::Audience);
    }
    if time("exp").ok_or(Wrong::Malformed)? <= expected.now - SSO_SKEW {
        return Err(Wrong::Expired);
    }
    let latest = expected.now + SSO_SKEW;
    let issued = time("iat").ok_or(Wrong::Malformed)?;
    let begins = if claims.contains_key("nbf") { time("nbf").ok_or(Wrong::Malformed)? } else { issued };
    if issued > latest || begins > latest {
        return Err(Wrong::Time);
    }
    if !bool::from(text("nonce").unwrap_or_default().as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(Wrong::Nonce);
    }
    let subject = text("sub").filter(|s| is_subject(s)).ok_or(Wrong::Subject)?.to_owned();
    Ok(Identity { issuer: expected.issuer.to_owned(), subject, claims })
}

/// A subject is 1 to 255 ASCII characters that can be seen.
pub fn is_subject(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

/// Instants are numbers of seconds, with a fraction or without.
fn seconds(value: &Json) -> Option<i64> {
    let whole = |f: f64| (f.abs() < 1e12).then_some(f as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

/// The claims of a token whose signature holds.
fn signed(token: &str, keys: &[Key]) -> Result<Map<String, Json>, Wrong> {
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, claims, signature] = parts.as_slice() else { return Err(Wrong::Malformed) };
    let bytes = |text: &str| BASE64.decode(text).map_err(|_| Wrong::Malformed);
    let parsed: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| Wrong::Malformed)?;
    if !["RS256", "PS256", "ES256", "ES384", "EdDSA"].contains(&parsed.alg.as_str()) {
        return Err(Wrong::Algorithm);
    }
    if parsed.crit.is_some() || parsed.b64.is_some() {
        return Err(Wrong::Malformed);
    }
    let mut fitting = keys.iter().filter(|k| k.fits(&parsed.alg, parsed.kid.as_deref()));
    let key = fitting.next().ok_or(Wrong::Key)?;
    // A token that does not name its key can be of one key alone.
    if parsed.kid.is_none() && fitting.next().is_some() {
        return Err(Wrong::Key);
    }
    let message = &token[..header.len() + 1 + claims.len()];
    if !key.verifies(&parsed.alg, message.as_bytes(), &bytes(signature)?) {
        return Err(Wrong::Signature);
    }
    serde_json::from_slice(&bytes(claims)?).map_err(|_| Wrong::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Keys and signatures made with another implementation (OpenSSL); the private keys were thrown away.
    const N: &str = "k9vkDkTl8zoqv1WhyhJ3mvvEcSLYCuF_PJIWgcMiO6nT658HChp6k3MVjG_UDbAWF0IVn97FBOu9dWgeekNlpop1spnL9vfOY_EfLdiKn8o1e7pgqZIXy_9k8vrqlm_3qvhrEMRilP3zMuoLtJt13cQJaOq_-EIMZE3rbLOvDVZNQWZbxM_GikHudPAooehfCGuIHXZmuVcXNNM6TDA7-rLG4mSuHAcd8hGK-vmY2TkFpaKZRkBx8CWoLIKOLvU2Q7bZb6UoefIjjJR-Y4HKPb9_L9vxaHXO4adJg4I7DBklpz7pdWyNxvXvZU3-LYSbGsuvWLKlOV4ib4jn-a4-IQ";
    const X: &str = "PEPhhRwQlD89FbpLm7cZatD7j9BMcDqG86bB0BeKBaM";
    const CLAIMS: &str =
        r#"{"iss":"https://id.example","sub":"u-1","aud":"dl","nonce":"n","iat":1700000000,"exp":1700000300}"#;
    const X384: &str = "Ym0yp_3UBaaFyLJ6oue_wz-FLA66LUfTZeTTnELZ26mTmlonjjmlFVmX8wfDdbRt";
    const Y384: &str = "_pqjzekKLSpgya6qdv8YpoTW5V70_HErRbS1nEeJ7Kb9EYkvEGt78QmSNDCSl_P7";
    const SIGNED: [(&str, &str); 4] = [
        (
            "RS256",
            "a9iHDMvnTSZtT9hKAx5Xfx1PcKSmJArs4MPdJQ_TMR7CwTWEbEnHUNf5jcw1rodNrwQB_2hXjXRfzibCe03t8-djMEgL90XghuF6AZmsuRTeIO3C4raW2nR6C9wnqkmJu0RqXDRRizO97R_B8NNCgpK0vrKkrX4JsIQd4Zwcx83Xx8xt3dtBAmN_N1dxmu842GDWk5iq9Gqs-zfrgBah99WbNL_JqoBfkUXm_2Nqdz9sn3s67IaTzhruhM3OdV0y6rbRzA-aijIrxCi87Egmu3vAHGHVndN-P3ol5JRsxTKyjtY-oobYMaMRVIViBFWzLLEddR-NsMOCLGXx07mHBg",
        ),
        (
            "PS256",
            "NqcE2j0LWyefnzMRc9iIbrGR4FadKdVJw8MHgsdhWIopBTEYJs-OShkYtbP3YdHdixVMtbDc06jrwI79uc3gL_3Av2Ii2p5X1Dh58o8UL1WmkjWuUrMrSAr8PdGVEU18vIyQlQhbRA-DOIdfCC1g-egX_d5aUSFKNGpF-LO3twwlWc245P2za7o47ZiH3BR2TRiJqcTDdYm7mnuGAKrfidH91OeuA9Clko2CAjy8fg4HVnJND70HFuyFREooNLs6-h0v535reZsSrtA2bLm4q8VNGNmCZ8QcIN523-E9hwsBVzw4I8dlGGfX7LEyF9GcyH8S9QLmN1fEIVohNxV1CA",
        ),
        (
            "ES384",
            "2CcK8X9U3sU6nkRPEJ7pJgKlTI6haGeZDTWouaQhfCTOm-mPVZEwtgVVx9KXCTYmJZmnC5pSxaIQWR66zYk6ixStPs3Bg-aH9oU-H21bE75T5ukkBuiI3dcnlA6LQppA",
        ),
        ("EdDSA", "VFm-23XChD82QsaOoNCCcNrtX-eEolKRidmodk--8SqMj0exhzXJxsnEOxO_PXAVDDPzTvuujw_Yj8sEs78aBg"),
    ];

    fn published() -> Vec<Key> {
        let set = json!({ "keys": [
            { "kty": "RSA", "n": N, "e": "AQAB" },
            { "kty": "OKP", "crv": "Ed25519", "x": X },
            { "kty": "EC", "crv": "P-384", "x": X384, "y": Y384 },
            { "kty": "EC", "crv": "P-384", "x": X, "y": X },
            { "kty": "RSA", "n": N, "e": "AQAB", "use": "enc" },
            { "kty": "oct", "k": "c2VjcmV0" },
            { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" },
            { "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" },
            "nothing",
        ] });
        let keys = keys(set.to_string().as_bytes()).unwrap();
        assert_eq!(keys.len(), 3, "what cannot be used is passed over");
        keys
    }

    fn token(alg: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", BASE64.encode(format!(r#"{{"alg":"{alg}"}}"#)), BASE64.encode(CLAIMS))
    }

    fn expected(now: i64) -> Expected<'static> {
        Expected { issuer: "https://id.example", client_id: "dl", nonce: "n", now: now * SECOND }
    }

    #[test]
    fn signatures_of_another_implementation_hold() {
        for (alg, signature) in SIGNED {
            let found = check(&token(alg, signature), &published(), &expected(1_700_000_000));
            assert_eq!(found.unwrap().subject, "u-1", "{alg}");
            let other = SIGNED.iter().find(|s| s.0 != alg).unwrap();
            assert_eq!(check(&token(alg, other.1), &published(), &expected(1_700_000_000)), Err(Wrong::Signature));
        }
    }

    #[test]
    fn the_clock_may_be_off_by_a_minute() {
        let at = |now: i64| check(&token(SIGNED[0].0, SIGNED[0].1), &published(), &expected(now)).map(|_| ());
        assert_eq!(at(1_700_000_000 - 61), Err(Wrong::Time));
        assert_eq!(at(1_700_000_000 - 60), Ok(()));
        assert_eq!(at(1_700_000_300 + 59), Ok(()));
        assert_eq!(at(1_700_000_300 + 60), Err(Wrong::Expired));
    }

    #[test]
    fn a_key_does_what_it_says_alone() {
        let set = json!({ "keys": [{ "kty": "RSA", "n": N, "e": "AQAB", "alg": "PS256", "kid": "a" }] });
        let keys = keys(set.to_string().as_bytes()).unwrap();
        let now = expected(1_700_000_000);
        assert_eq!(check(&token("RS256", SIGNED[0].1), &keys, &now), Err(Wrong::Key));
        assert!(check(&token("PS256", SIGNED[1].1), &keys, &now).is_ok());
        // Of two that may be meant, none is.
        assert_eq!(check(&token("PS256", SIGNED[1].1), &[keys.clone(), keys].concat(), &now), Err(Wrong::Key));
        assert!(super::keys(b"[]").is_none() && super::keys(b"{}").is_none() && super::keys(b"x").is_none());
    }

    #[test]
    fn what_is_said_besides_is_about_the_same_person_and_changes_nothing() {
        let map = |value: Json| value.as_object().cloned().unwrap();
        let (issuer, subject) = (String::new(), "u-1".to_owned());
        let identity = Identity { issuer, subject, claims: map(json!({ "sub": "u-1", "a": "P1" })) };
        for other in [json!({ "sub": "u-2", "b": "P2" }), json!({ "b": "P2" }), json!({ "sub": 1, "b": "P2" })] {
            assert_eq!(identity.clone().completed(map(other)), None);
        }
        let more = identity.completed(map(json!({ "sub": "u-1", "a": "P9", "b": "P2" }))).unwrap();
        assert_eq!((more.claim("a").as_deref(), more.claim("b").as_deref()), (Some("P1"), Some("P2")));
    }

    #[test]
    fn a_claim_is_one_text_or_number() {
        let claims = json!({ "a": " P1 ", "n": 17, "f": 1.5, "l": ["P1"], "e": "  " });
        let Json::Object(claims) = claims else { panic!("an object") };
        let identity = Identity { issuer: String::new(), subject: String::new(), claims };
        assert_eq!(identity.claim("a").as_deref(), Some("P1"));
        assert_eq!(identity.claim("n").as_deref(), Some("17"));
        assert!(["f", "l", "e", "none"].iter().all(|name| identity.claim(name).is_none()));
    }
}
