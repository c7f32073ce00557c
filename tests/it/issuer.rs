//! A provider of single sign-on that does as it is told, the wrong thing too.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair as _,
    },
};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::visit::now;

/// How it signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Signs {
    Well,
    /// With a key that it does not publish, under the name of the one it does.
    WithAnother,
    /// Changes the claims afterwards.
    ThenChanges,
    Not,
    /// HS256, with its public key for a secret.
    WithItsPublicKey,
}

/// What it does.
pub(crate) struct Script {
    /// Claims other than it should make; `null` leaves one out.
    pub(crate) claims: Json,
    pub(crate) header: Json,
    pub(crate) signs: Signs,
    /// What it calls itself in its discovery document.
    pub(crate) name: Option<String>,
    /// What it answers to a code, instead of a token.
    pub(crate) token: Option<(u16, String)>,
    /// More of the discovery document.
    pub(crate) metadata: Json,
    /// How often each of its addresses was asked for.
    pub(crate) asked: BTreeMap<String, usize>,
    /// Name of its key.
    pub(crate) key_id: String,
    /// What it says of a person besides, to who brings the access token.
    pub(crate) besides: Option<Json>,
    /// On which curve.
    way: &'static EcdsaSigningAlgorithm,
    key: EcdsaKeyPair,
    /// Codes it has given: nonce, challenge, subject.
    codes: BTreeMap<String, (String, String, String)>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

/// What we are called there, and the secret.
pub(crate) const CLIENT: (&str, &str) = ("dongliang", "p:w %x");

fn key(way: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(way, pkcs8.as_ref(), &random).unwrap()
}

impl Issuer {
    /// Starts one; it lives as long as the tests.
    pub(crate) fn start() -> Issuer {
        Issuer::over(None)
    }

    fn over(tls: Option<Arc<ServerConfig>>) -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let script = Script {
            claims: json!({}),
            header: json!({}),
            signs: Signs::Well,
            name: None,
            token: None,
            metadata: json!({}),
            asked: BTreeMap::new(),
            key_id: "k1".into(),
            besides: None,
            way: &ECDSA_P256_SHA256_FIXED_SIGNING,
            key: key(&ECDSA_P256_SHA256_FIXED_SIGNING),
            codes: BTreeMap::new(),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let issuer = Issuer { url, script: Arc::new(Mutex::new(script)) };
        let own = issuer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is its own matter.
                let _ = match &tls {
                    None => own.answer(stream),
                    Some(tls) => own.answer(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), stream)),
                };
            }
        });
        issuer
    }

    /// One over TLS, with a certificate for a name, and the root (PEM) under which that stands.
    pub(crate) fn start_over_tls(name: &str) -> (Issuer, String) {
        let [root_key, own_key] = [(); 2].map(|()| rcgen::KeyPair::generate().unwrap());
        let mut root = CertificateParams::new([]).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = root.self_signed(&root_key).unwrap().pem();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let own = params.signed_by(&own_key, &rcgen::Issuer::new(root, root_key)).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], PrivateKeyDer::Pkcs8(own_key.serialize_der().into()))
            .unwrap();
        (Issuer::over(Some(Arc::new(config))), pem)
    }

    /// Nobody at that address.
    pub(crate) fn at(url: String) -> Issuer {
        Issuer { url, ..Issuer::start() }
    }

    /// Changes what it does.
    pub(crate) fn told<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }

    /// Another key under another name.
    pub(crate) fn changes_its_key(&self) {
        self.told(|s| (s.key, s.key_id) = (key(s.way), "k2".into()));
    }

    /// A key of another curve, P-384.
    pub(crate) fn signs_longer(&self) {
        self.told(|s| s.way = &ECDSA_P384_SHA384_FIXED_SIGNING);
        self.changes_its_key();
    }

    /// Somebody says yes at the address that a browser was sent to; gives where the browser is sent back to.
    pub(crate) fn says_yes(&self, address: &str, subject: &str) -> String {
        let pairs = pairs(address.split_once('?').unwrap().1);
        let of = |key: &str| pairs[key].clone();
        assert!(address.starts_with(&format!("{}/authorize?", self.url)), "{address}");
        assert_eq!([of("response_type"), of("client_id"), of("code_challenge_method")], ["code", CLIENT.0, "S256"]);
        assert!(of("scope").split(' ').any(|s| s == "openid"));
        let code = format!("code{}", self.told(|s| s.codes.len()));
        let kept = (of("nonce"), of("code_challenge"), subject.to_owned());
        self.told(|s| s.codes.insert(code.clone(), kept));
        format!("/login/sso/return?code={code}&state={}", of("state"))
    }

    fn answer(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => value.clone_into(&mut authorization),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, body) = self.said(&path, &String::from_utf8(body).unwrap(), &authorization);
        let mut stream = reader.into_inner();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        stream.flush()
    }

    fn said(&self, path: &str, body: &str, authorization: &str) -> (u16, String) {
        let mut script = self.script.lock().unwrap();
        *script.asked.entry(path.to_owned()).or_default() += 1;
        match path {
            "/.well-known/openid-configuration" => {
                let mut document = json!({
                    "issuer": script.name.as_ref().unwrap_or(&self.url),
                    "authorization_endpoint": format!("{}/authorize", self.url),
                    "token_endpoint": format!("{}/token", self.url),
                    "jwks_uri": format!("{}/keys", self.url),
                });
                merge(&mut document, &script.metadata);
                (200, document.to_string())
            }
            "/keys" => (200, json!({ "keys": [script.jwk(), { "kty": "oct", "k": "AAAA", "kid": "s" }] }).to_string()),
            "/userinfo" => match &script.besides {
                Some(said) if authorization == "Bearer a" => (200, said.to_string()),
                _ => (401, "{}".into()),
            },
            "/token" => script.exchange(&self.url, body, authorization),
            _ => (404, "{}".into()),
        }
    }
}

impl Script {
    fn jwk(&self) -> Json {
        let point = self.key.public_key().as_ref();
        let half = point.len() / 2;
        let (x, y) = (BASE64.encode(&point[1..=half]), BASE64.encode(&point[half + 1..]));
        json!({ "kty": "EC", "crv": if half == 32 { "P-256" } else { "P-384" }, "use": "sig", "kid": self.key_id, "x": x, "y": y })
    }

    fn exchange(&mut self, url: &str, body: &str, authorization: &str) -> (u16, String) {
        if let Some(answer) = &self.token {
            return answer.clone();
        }
        let form = pairs(body);
        let invalid = || (400, json!({ "error": "invalid_grant" }).to_string());
        assert_eq!(form["grant_type"], "authorization_code");
        let coded = |text: &str| text.replace('%', "%25").replace(':', "%3A").replace(' ', "%20");
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", CLIENT.0, coded(CLIENT.1))));
        let in_form = form.get("client_secret").is_some_and(|s| s == CLIENT.1) && authorization.is_empty();
        if authorization != basic && !in_form {
            return (401, json!({ "error": "invalid_client" }).to_string());
        }
        // A code is good once, and with the verifier of its challenge.
        let Some((nonce, challenge, subject)) = self.codes.remove(&form["code"]) else { return invalid() };
        self.codes.insert(format!("used {}", form["code"]), Default::default());
        if BASE64.encode(Sha256::digest(form["code_verifier"].as_bytes())) != challenge {
            return invalid();
        }
        let now = now() / 1_000_000;
        let mut claims = json!({
            "iss": url, "sub": subject, "aud": CLIENT.0, "nonce": nonce, "iat": now, "exp": now + 300,
        });
        merge(&mut claims, &self.claims);
        (200, json!({ "access_token": "a", "token_type": "Bearer", "id_token": self.token_of(&claims) }).to_string())
    }

    fn token_of(&self, claims: &Json) -> String {
        let alg = match self.signs {
            Signs::Not => "none",
            Signs::WithItsPublicKey => "HS256",
            _ if self.key.public_key().as_ref().len() > 65 => "ES384",
            _ => "ES256",
        };
        let mut header = json!({ "alg": alg, "kid": self.key_id });
        merge(&mut header, &self.header);
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signed = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match self.signs {
            Signs::Well | Signs::ThenChanges => signed(&self.key),
            Signs::WithAnother => signed(&key(self.way)),
            Signs::Not => Vec::new(),
            Signs::WithItsPublicKey => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.public_key().as_ref());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
        };
        let message = if self.signs == Signs::ThenChanges {
            let mut other = claims.clone();
            other["sub"] = "somebody-else".into();
            format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(other.to_string()))
        } else {
            message
        };
        format!("{message}.{}", BASE64.encode(signature))
    }
}

fn merge(into: &mut Json, from: &Json) {
    for (key, value) in from.as_object().unwrap() {
        match value {
            Json::Null => drop(into.as_object_mut().unwrap().remove(key)),
            value => into[key] = value.clone(),
        }
    }
}

/// The pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(b) = bytes.next() {
            out.push(match b {
                b'+' => b' ',
                b'%' => {
                    let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap()
                }
                b => b,
            });
        }
        String::from_utf8(out).unwrap()
    };
    text.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (decoded(k), decoded(v))).collect()
}
