//! How the way to a PostgreSQL server is protected: `sslmode` and `sslrootcert` of its address.
//!
//! Stricter than libpq, because a silent fall-back protects nobody: there is no `prefer`, every protected mode verifies
//! the server against the given root, and only loopback and sockets may go without saying.

use std::sync::Arc;

use ::postgres::config::Host;
use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::DbError;

/// Makes protected connections.
pub(super) type Connector = tokio_postgres_rustls::MakeRustlsConnect;

/// What the address says about protection.
#[derive(Debug, PartialEq)]
pub(super) struct Mode {
    sslmode: Option<String>,
    root: Option<String>,
}

/// Takes our two parameters out of an address.
pub(super) fn split(url: &str) -> Result<(String, Mode), DbError> {
    let mut mode = Mode { sslmode: None, root: None };
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), mode)) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode.sslmode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => mode.root = Some(percent_decoded(value)?),
            _ => rest.push(pair),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, mode))
}

impl Mode {
    /// What to connect with; `None` without protection.
    pub(super) fn connector(&self, hosts: &[Host]) -> Result<Option<Connector>, DbError> {
        let local = hosts.iter().all(|h| match h {
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
            Host::Unix(_) => true,
        });
        let check_name = match self.sslmode.as_deref() {
            Some("disable") => return Ok(None),
            None if local => return Ok(None),
            None => {
                return refuse(
                    "到另一台机器的连接须写明 sslmode=verify-full 和 sslrootcert=根证书文件，\
                     或者在可信的内网写明 sslmode=disable",
                );
            }
            Some("verify-full") => true,
            Some("verify-ca" | "require") => false,
            Some(other) => {
                return refuse(&format!("sslmode={other} 不认识，可写 disable、require、verify-ca 或 verify-full"));
            }
        };
        let Some(file) = &self.root else {
            return refuse("缺少 sslrootcert=根证书文件：没有根证书就不能核对服务器的身份，加密的连接也可能被冒充");
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier { inner: verifier(file, provider.clone())?, check_name };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .or_else(|e| refuse(&e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Some(Connector::new(config)))
    }
}

fn refuse<T>(why: &str) -> Result<T, DbError> {
    Err(DbError::Tls(why.to_owned()))
}

fn verifier(file: &str, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, DbError> {
    let unreadable = |e: &dyn std::fmt::Display| DbError::Tls(format!("根证书 {file} 读不出来：{e}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(&e))? {
        roots.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
    }
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    built.map_err(|e| unreadable(&e))
}

/// Verifies the chain always, and the name of the server if wanted (`verify-full`).
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    check_name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            // webpki looks at the name only after the whole chain was found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.check_name => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The address as it may be shown: without the password.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => {
            let user = rest[..at].split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{}", &rest[at + 1..])
        }
        None => url.to_owned(),
    }
}

fn percent_decoded(text: &str) -> Result<String, DbError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = || u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok();
        match (first, code()) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).or_else(|_| refuse("sslrootcert 的写法不对"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_parameters_are_taken_out_of_the_address() {
        let (url, mode) = split("postgres://u@db/x?sslmode=verify-full&a=b&sslrootcert=/etc/%E6%A0%B9.pem").unwrap();
        assert_eq!(url, "postgres://u@db/x?a=b");
        assert_eq!(mode, Mode { sslmode: Some("verify-full".into()), root: Some("/etc/根.pem".into()) });
        assert_eq!(split("postgres://db/x?sslmode=disable").unwrap().0, "postgres://db/x");
    }

    #[test]
    fn no_protected_mode_without_a_root_and_no_silence_to_another_machine() {
        let far = [Host::Tcp("10.0.0.1".into())];
        for mode in [Some("require"), Some("verify-ca"), Some("verify-full"), Some("prefer"), None] {
            let mode = Mode { sslmode: mode.map(str::to_owned), root: None };
            assert!(mode.connector(&far).is_err(), "{mode:?}");
        }
        let silent = Mode { sslmode: None, root: None };
        assert!(silent.connector(&[Host::Tcp("127.0.0.1".into())]).unwrap().is_none());
        assert!(silent.connector(&[Host::Unix("/run/postgresql".into())]).unwrap().is_none());
        let missing = Mode { sslmode: Some("verify-full".into()), root: Some("/nowhere.pem".into()) };
        assert!(missing.connector(&far).err().unwrap().to_string().contains("/nowhere.pem"));
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(without_password("postgres://u:p@ss@db:1/x?a=b@c"), "postgres://u@db:1/x?a=b@c");
        assert_eq!(without_password("postgres://db/x"), "postgres://db/x");
    }
}
