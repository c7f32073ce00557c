//! The server's certificate and key: TLS 1.2 and 1.3 by rustls, read again when asked to.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::{Context as _, ensure};
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// The two files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificates in PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its key in PEM, closed to others.
    pub key: PathBuf,
}

/// The certificate as last read.
#[derive(Debug)]
pub(super) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, they do not belong together, or others may read the key.
    pub(super) fn read(files: TlsFiles) -> anyhow::Result<Arc<Certificate>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let current = RwLock::new(Arc::new(certified(&files, &provider)?));
        Ok(Arc::new(Certificate { files, provider, current }))
    }

    /// Reads them again; on an error the one before stays in use.
    ///
    /// # Errors
    /// As [`Certificate::read`].
    pub(super) fn renew(&self) -> anyhow::Result<()> {
        let renewed = Arc::new(certified(&self.files, &self.provider)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    /// What to accept connections with.
    ///
    /// # Errors
    /// When the provider knows no protocol, which cannot be.
    pub(super) fn acceptor(self: &Arc<Certificate>) -> anyhow::Result<tokio_rustls::TlsAcceptor> {
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&self.provider)).with_safe_default_protocol_versions()?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(files: &TlsFiles, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let unreadable = |path: &Path| format!("文件 {} 读不出来，应是 PEM", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .with_context(|| unreadable(&files.certificate))?;
    ensure!(!chain.is_empty(), "文件 {} 里没有证书", files.certificate.display());
    let shown = files.key.display();
    let mode = fs::metadata(&files.key).with_context(|| unreadable(&files.key))?.permissions().mode();
    // A group may read it, as the keys of a machine's services often lie.
    ensure!(mode & 0o007 == 0, "私钥 {shown} 别人也能读：请执行 chmod 600 {shown}");
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(|| unreadable(&files.key))?;
    CertifiedKey::from_der(chain, key, provider)
        .with_context(|| format!("证书 {} 与私钥 {shown} 不配套", files.certificate.display()))
}
