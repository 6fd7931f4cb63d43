//! Whom TLS connections trust: the system's certificate authorities and the operator's extra ones.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Certificate authorities, loaded at first use: reading the system's takes milliseconds that a
/// router of loopback hosts need not spend.
#[derive(Debug, Default)]
pub struct Trust {
    extra: Vec<PathBuf>,
    loaded: OnceLock<Result<Arc<ClientConfig>, Arc<Untrusted>>>,
}

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    #[error(
        "the system has no certificate authorities. Install its package of them \
         (ca-certificates), or name PEM files in server.extra_root_certs"
    )]
    NoRoots,
    #[error("server.extra_root_certs: {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
}

impl Trust {
    /// Trust in the system's authorities and in those of these PEM files.
    pub fn with_extra(extra: Vec<PathBuf>) -> Self {
        Self { extra, loaded: OnceLock::new() }
    }

    /// The TLS configuration.
    ///
    /// # Errors
    /// When there are no certificate authorities, or an extra file is unreadable.
    pub fn config(&self) -> Result<Arc<ClientConfig>, Arc<Untrusted>> {
        self.loaded.get_or_init(|| self.load().map(Arc::new).map_err(Arc::new)).clone()
    }

    /// Whether the extra files can be used. Cheap: it leaves the system's alone.
    ///
    /// # Errors
    /// When one cannot be read, or holds no certificate.
    pub fn check_extra(&self) -> Result<(), Untrusted> {
        self.extra.iter().try_for_each(|path| add(&mut RootCertStore::empty(), path))
    }

    fn load(&self) -> Result<ClientConfig, Untrusted> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for path in &self.extra {
            add(&mut roots, path)?;
        }
        if roots.is_empty() {
            return Err(Untrusted::NoRoots);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(config)
    }
}

/// Adds the certificates of a PEM file. One without any is a mistake: the key's file, say, or DER.
fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), Untrusted> {
    let unreadable = |why: String| Untrusted::Unreadable { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| unreadable("broken PEM".to_owned()))?;
        roots.add(certificate).map_err(|_| unreadable("holds a broken certificate".to_owned()))?;
    }
    if roots.len() == before {
        return Err(unreadable("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".into()));
    }
    Ok(())
}
