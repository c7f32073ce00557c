//! A small client for the provider: no redirects, no proxy, bounded in time and size, TLS by the rustls that is here
//! already.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

use super::setting::endpoint;

/// A request takes no longer.
const LONGEST: Duration = Duration::from_secs(8);
/// A connection is there by then.
const CONNECT: Duration = Duration::from_secs(4);
/// Larger answers are not read.
const LARGEST: u64 = 256 * 1024;

/// Fetches from the provider.
pub struct Client(Agent);

impl Client {
    /// One that trusts these certificates (PEM), or the system's.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(roots: Option<&str>) -> anyhow::Result<Client> {
        let roots = match roots {
            Some(pem) => given(pem)?,
            None => rustls_native_certs::load_native_certs().certs,
        };
        let roots: Vec<Certificate<'static>> =
            roots.iter().map(|c| Certificate::from_der(c.as_ref()).to_owned()).collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(LONGEST))
            .timeout_connect(Some(CONNECT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("dongliang")
            .accept("application/json")
            .max_response_header_size(32 * 1024)
            .build();
        Ok(Client(config.new_agent()))
    }

    /// A document.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub(super) fn get(&self, url: &str, authorization: Option<&str>) -> anyhow::Result<Vec<u8>> {
        ensure!(endpoint(url).is_some(), "{url} may not be fetched");
        let mut request = self.0.get(url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.call().with_context(|| format!("GET {url}"))?;
        if answer.status() != 200 {
            bail!("GET {url}: {}", answer.status());
        }
        Ok(answer.body_mut().with_config().limit(LARGEST).read_to_vec()?)
    }

    /// The answer to a form, with its status.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn post(
        &self,
        url: &str,
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        ensure!(endpoint(url).is_some(), "{url} may not be fetched");
        let mut request = self.0.post(url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.send_form(form.iter().copied()).with_context(|| format!("POST {url}"))?;
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec()?;
        Ok((answer.status().as_u16(), body))
    }
}

fn given(pem: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.ok().filter(|c| !c.is_empty());
    certificates.context("根证书文件里没有可用的证书，应为 PEM 格式（-----BEGIN CERTIFICATE-----）")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_certificates() {
        for bad in ["", "abc", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
            assert!(Client::new(Some(bad)).is_err(), "{bad}");
        }
        assert!(Client::new(None).is_ok());
    }

    #[test]
    fn nothing_is_fetched_in_the_clear_from_elsewhere() {
        let client = Client::new(None).unwrap();
        let text = client.get("http://id.example/x", None).unwrap_err().to_string();
        assert!(text.contains("may not be fetched"), "{text}");
    }
}
