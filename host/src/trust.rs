//! Whom this worker trusts at the other end of a TLS connection that it makes: brokers, and other workers.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Looks at certificates as Java's clients and OpenSSL do: one that is trusted by itself needs no authority, and the name
/// counts only where `ssl.endpoint.identification.algorithm` is not empty.
#[derive(Debug)]
pub struct Trust {
    named: bool,
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

/// The certificates that the system trusts.
///
/// # Errors
/// There are none.
pub fn of_the_system() -> Result<Vec<CertificateDer<'static>>, String> {
    match rustls_native_certs::load_native_certs().certs {
        found if found.is_empty() => {
            Err("is not given, and the system has no certificates to trust".to_owned())
        }
        found => Ok(found),
    }
}

impl Trust {
    /// `trusted`: authorities, and certificates that count by themselves. `named`: whether one has to be for the host that
    /// was asked for.
    ///
    /// # Errors
    /// Nothing of `trusted` can be used.
    pub fn new(
        trusted: Vec<CertificateDer<'static>>,
        named: bool,
        provider: Arc<CryptoProvider>,
    ) -> Result<Trust, String> {
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(trusted.iter().cloned());
        if taken == 0 {
            return Err("no certificate of it can be used".to_owned());
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Trust { named, inner: inner.map_err(|error| error.to_string())?, trusted })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        match self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last.
            Err(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
                if !self.named =>
            {
                Ok(ServerCertVerified::assertion())
            }
            // An authority's own certificate at the other end, which webpki never takes.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.trusted.iter().any(|trusted| trusted == end_entity) =>
            {
                if self.named {
                    let parsed = ParsedCertificate::try_from(end_entity)?;
                    rustls::client::verify_server_name(&parsed, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;

    const ROOT: &[u8] = include_bytes!("settings/keystores/testdata/root.pem");
    /// A leaf, and what stands between it and the root.
    const CHAIN: &[u8] = include_bytes!("settings/keystores/testdata/chain.pem");

    fn read(pem: &[u8]) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap()
    }

    fn verdict(trusted: &[u8], shown: &[CertificateDer<'_>], named: bool) -> Result<(), String> {
        let trust = Trust::new(read(trusted), named, Arc::new(ring::default_provider())).unwrap();
        let host = ServerName::try_from("broker.example").unwrap();
        let verdict = trust.verify_server_cert(&shown[0], &shown[1..], &host, &[], UnixTime::now());
        verdict.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn who_is_trusted_by_himself_needs_no_authority_and_names_count_where_they_shall() {
        let (root, chain) = (read(ROOT), read(CHAIN));
        let table = [
            ("a chain to an authority", ROOT, &chain[..], true),
            ("a chain with a hole", ROOT, &chain[..1], false),
            ("an authority's own", ROOT, &root[..], true),
            ("one that is not trusted itself", CHAIN, &root[..], false),
        ];
        for (what, trusted, shown, good) in table {
            let unnamed = verdict(trusted, shown, false);
            assert_eq!(unnamed.is_ok(), good, "{what}: {unnamed:?}");
            // None of them is for this host.
            let named = verdict(trusted, shown, true).unwrap_err();
            assert_eq!(named.contains("not valid for"), good, "{what}: {named}");
        }
    }

    #[test]
    fn nothing_to_trust_is_an_error() {
        assert!(Trust::new(Vec::new(), true, Arc::new(ring::default_provider())).is_err());
    }
}
