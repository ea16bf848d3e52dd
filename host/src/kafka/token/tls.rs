//! TLS to the endpoint: whom we trust, who we are, and which of the two it is when there is no handshake.

use std::sync::Arc;

use rustls::CertificateError;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::{Failure, Fault, shown};

/// What the settings say. Holds a key, so it has no Debug.
pub(super) struct Tls {
    /// Authorities in PEM; none: those that the system trusts.
    pub(super) authorities: Option<String>,
    /// Our certificates and their key in PEM; none: we show none.
    pub(super) identity: Option<(String, String)>,
}

impl Tls {
    /// For an endpoint.
    ///
    /// # Errors
    /// There is nobody to trust, or our key cannot be used.
    pub(super) fn config(&self, url: &str) -> Result<TlsConfig, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failure = |fault, why: String| Failure {
            fault,
            ..Failure::of_endpoint(format!("no token from {}: {why}", shown(url)))
        };
        // A look at all of the system's files, for nothing where there is no TLS.
        let (roots, identity) = if url.starts_with("https:") {
            let identity = self.identity(&provider);
            let roots = self.roots().ok_or_else(|| "the system has no certificates to trust".to_owned());
            (
                roots.map_err(|why| failure(Fault::Trust, why))?,
                identity.map_err(|why| failure(Fault::Identity, why))?,
            )
        } else {
            (Vec::new(), None)
        };
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .client_cert(identity)
            .unversioned_rustls_crypto_provider(provider)
            .build())
    }

    fn roots(&self) -> Option<Vec<Certificate<'static>>> {
        if let Some(pem) = &self.authorities {
            return Some(certificates(pem));
        }
        let found = crate::trust::of_the_system().ok()?;
        Some(found.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
    }

    fn identity(&self, provider: &CryptoProvider) -> Result<Option<ClientCert>, String> {
        let Some((chain, key)) = &self.identity else { return Ok(None) };
        let chain = certificates(chain);
        // ureq takes for granted that the two fit.
        let shown = chain.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
        let unusable = |why: String| format!("our key cannot be used: {why}");
        let loaded =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        CertifiedKey::from_der(shown, loaded, provider).map_err(|error| unusable(error.to_string()))?;
        let key = PrivateKey::from_pem(key.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        Ok(Some(ClientCert::new_with_certs(&chain, key)))
    }
}

fn certificates(pem: &str) -> Vec<Certificate<'static>> {
    let items = parse_pem(pem.as_bytes());
    items.filter_map(|item| if let Ok(PemItem::Certificate(one)) = item { Some(one) } else { None }).collect()
}

/// Who is at fault if certificates are.
pub(super) fn fault(error: &ureq::Error) -> Option<Fault> {
    let error = match error {
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        ureq::Error::Rustls(error) => error,
        _ => return None,
    };
    match error {
        // The URL names another host.
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some(Fault::Endpoint),
        rustls::Error::InvalidCertificate(_) => Some(Fault::Trust),
        // From handshake_failure to access_denied, and certificate_required.
        rustls::Error::AlertReceived(alert) => {
            matches!(u8::from(*alert), 40..=49 | 116).then_some(Fault::Identity)
        }
        _ => None,
    }
}
