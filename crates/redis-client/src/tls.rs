//! TLS for `rediss://`: which certificates are trusted.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::url::Trust;

/// Why no TLS connection can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No certificate can be about a server of this name.
    #[error("{host:?} cannot be the name of a server")]
    ServerName {
        /// The name in the URL.
        host: String,
        /// What is wrong with it.
        source: InvalidDnsNameError,
    },
    /// The system trusts no certificates.
    #[error("no trusted certificates on this system (SSL_CERT_FILE can name a file): {problems}")]
    NoSystemCertificates {
        /// What went wrong in the places that were searched.
        problems: String,
    },
    /// The file of certificates cannot be read.
    #[error("cannot read certificates in {}", .path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// The file has a certificate that cannot be used.
    #[error("cannot use a certificate in {}", .path.display())]
    BadCertificate {
        /// Path of the file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The file has no certificate.
    #[error("there are no certificates in {}", .path.display())]
    NoCertificates {
        /// Path of the file.
        path: PathBuf,
    },
    /// The server is not trusted, or both sides have no protocol in common.
    #[error(transparent)]
    Handshake(rustls::Error),
}

impl TlsError {
    /// True when TLS cannot work before somebody corrects a certificate, or the URL that names it.
    ///
    /// A handshake may also fail because the server, or a proxy in front of it, is just being replaced.
    pub(crate) fn is_final(&self) -> bool {
        use rustls::{AlertDescription as Alert, Error};
        match self {
            TlsError::Handshake(Error::AlertReceived(alert)) => matches!(
                alert,
                Alert::BadCertificate
                    | Alert::UnsupportedCertificate
                    | Alert::CertificateRevoked
                    | Alert::CertificateExpired
                    | Alert::CertificateUnknown
                    | Alert::UnknownCA
                    | Alert::AccessDenied
                    | Alert::CertificateRequired
            ),
            TlsError::Handshake(error) => matches!(
                error,
                Error::InvalidCertificate(_) | Error::NoCertificatesPresented
            ),
            TlsError::ServerName { .. }
            | TlsError::NoSystemCertificates { .. }
            | TlsError::Unreadable { .. }
            | TlsError::BadCertificate { .. }
            | TlsError::NoCertificates { .. } => true,
        }
    }
}

/// Returns the name of a server as its certificate must have it.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|source| TlsError::ServerName {
        host: host.to_owned(),
        source,
    })
}

/// What a client trusts, ready for connections.
pub(crate) struct TlsSettings {
    pub config: Arc<ClientConfig>,
    /// The certificates were not read now but for an earlier connection.
    pub is_cached: bool,
}

/// Returns the settings for connections that trust these certificates.
///
/// Certificates are read and parsed once for all connections of the process, which takes tens of
/// milliseconds. A file is read again when it has changed. What the system trusts cannot be checked so
/// cheaply: [`forget`] has it read again, which is done when a server turns out not to be trusted.
pub(crate) fn settings(trust: &Trust) -> Result<TlsSettings, TlsError> {
    let version = FileVersion::of(trust);
    if let Some(cached) = cache().get(trust)
        && cached.version == version
    {
        return Ok(TlsSettings {
            config: cached.config.clone(),
            is_cached: true,
        });
    }
    // Read without the lock: connections with other certificates do not wait for a slow disk.
    let config = Arc::new(client_config(trust)?);
    let cached = CachedConfig {
        config: config.clone(),
        version,
    };
    cache().insert(trust.clone(), cached);
    Ok(TlsSettings {
        config,
        is_cached: false,
    })
}

/// Has the certificates read again for the next connection.
pub(crate) fn forget(trust: &Trust) {
    cache().remove(trust);
}

struct CachedConfig {
    config: Arc<ClientConfig>,
    version: Option<FileVersion>,
}

/// What changes when a file of certificates is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileVersion {
    modified: SystemTime,
    length: u64,
}

impl FileVersion {
    /// Returns `None` if no file is trusted, or if it cannot be looked at.
    fn of(trust: &Trust) -> Option<FileVersion> {
        let Trust::File(path) = trust else {
            return None;
        };
        let metadata = path.metadata().ok()?;
        Some(FileVersion {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
        })
    }
}

static CACHE: LazyLock<Mutex<HashMap<Trust, CachedConfig>>> = LazyLock::new(Mutex::default);

/// No code runs under the lock that could leave the map half changed.
fn cache() -> MutexGuard<'static, HashMap<Trust, CachedConfig>> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn client_config(trust: &Trust) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Handshake)?;
    Ok(match trust {
        Trust::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AcceptAnyone(provider)))
            .with_no_client_auth(),
        Trust::System => builder
            .with_root_certificates(system_certificates()?)
            .with_no_client_auth(),
        Trust::File(path) => builder
            .with_root_certificates(certificates_in(path)?)
            .with_no_client_auth(),
    })
}

/// Reads `SSL_CERT_FILE` and `SSL_CERT_DIR`, or else the places where systems keep certificates.
fn system_certificates() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let problems: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        let problems = problems.join("; ");
        return Err(TlsError::NoSystemCertificates { problems });
    }
    Ok(roots)
}

fn certificates_in(path: &Path) -> Result<RootCertStore, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let added = roots.add(certificate.map_err(unreadable)?);
        added.map_err(|source| TlsError::BadCertificate {
            path: path.to_owned(),
            source,
        })?;
    }
    if roots.is_empty() {
        let path = path.to_owned();
        return Err(TlsError::NoCertificates { path });
    }
    Ok(roots)
}

/// What `ssl_cert_reqs=none` asks for: encryption without knowing with whom. Signatures are
/// still checked, so that the peer at least has the key of the certificate that it shows.
#[derive(Debug)]
struct AcceptAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_read_once_while_they_do_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let write = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let made = rcgen::generate_simple_self_signed(names).unwrap();
            std::fs::write(&path, made.cert.pem()).unwrap();
        };
        let trust = Trust::File(path.clone());
        assert!(matches!(settings(&trust), Err(TlsError::Unreadable { .. })));
        write(&["one"]);
        let first = settings(&trust).unwrap();
        let again = settings(&trust).unwrap();
        assert!(!first.is_cached && again.is_cached);
        assert!(Arc::ptr_eq(&first.config, &again.config));

        write(&["a", "longer", "list", "of", "names"]);
        let changed = settings(&trust).unwrap();
        assert!(!changed.is_cached && !Arc::ptr_eq(&first.config, &changed.config));
        forget(&trust);
        assert!(!settings(&trust).unwrap().is_cached);

        std::fs::write(&path, "").unwrap();
        assert!(matches!(
            settings(&trust),
            Err(TlsError::NoCertificates { .. })
        ));
        std::fs::remove_file(&path).unwrap();
        assert!(settings(&trust).is_err());
    }
}
