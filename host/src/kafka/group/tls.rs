//! TLS to a broker, out of the same settings that librdkafka is given, by rustls.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    self, AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};

use super::GroupError;
use super::machine::Failure;
use crate::kafka::Conf;
use crate::kafka::security::Remedies;

/// What makes TLS of a connection.
///
/// # Errors
/// Keys or certificates cannot be used, or a setting has no counterpart.
pub(super) fn connector(conf: &Conf) -> Result<TlsConnector, GroupError> {
    let provider = Arc::new(ring::default_provider());
    let wrong = |key: &str, why: &dyn std::fmt::Display| GroupError(format!("{key}: cannot be used: {why}"));
    let trusted = trusted(conf)?;
    let verifier = Verifier {
        named: conf.get("ssl.endpoint.identification.algorithm").is_none_or(|value| value != "none"),
        inner: inner(&trusted, &provider).map_err(|why| wrong("ssl.truststore", &why))?,
        trusted,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong("ssl.protocol", &why))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match (conf.get("ssl.certificate.pem"), conf.get("ssl.key.pem")) {
        (Some(chain), Some(key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
            let chain = chain.map_err(|why| wrong("ssl.keystore", &why))?;
            let key =
                PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|why| wrong("ssl.keystore", &why))?;
            builder.with_client_auth_cert(chain, key).map_err(|why| wrong("ssl.keystore", &why))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Those of the settings, or else the system's.
fn trusted(conf: &Conf) -> Result<Vec<CertificateDer<'static>>, GroupError> {
    if let Some(pem) = conf.get("ssl.ca.pem") {
        let read: Result<_, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        return read.map_err(|why| GroupError(format!("ssl.truststore: cannot be used: {why}")));
    }
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        let why = "ssl.truststore.location: is not given, and the system has no certificates to trust";
        return Err(GroupError(why.to_owned()));
    }
    Ok(found)
}

fn inner(
    trusted: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if taken == 0 {
        return Err("no certificate of it can be used".to_owned());
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| error.to_string())
}

/// Looks at certificates as Java's clients and OpenSSL do: one that is trusted by itself needs no authority, and the name
/// counts only where `ssl.endpoint.identification.algorithm` is not empty.
#[derive(Debug)]
struct Verifier {
    named: bool,
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        let verdict =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            // The name is looked at last.
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
                if !self.named =>
            {
                Ok(ServerCertVerified::assertion())
            }
            // An authority's own certificate at a broker's, which webpki never takes.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
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
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// What an error of a connection means. What TLS itself says does not pass; all else may.
pub(super) fn failure(error: &std::io::Error, remedies: &Remedies) -> Failure {
    use AlertDescription as Alert;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else { return Failure::Passing(error.to_string()) };
    let remedy = match inner {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => &remedies.trust,
        rustls::Error::AlertReceived(
            Alert::HandshakeFailure
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::CertificateRequired,
        ) => &remedies.identity,
        rustls::Error::AlertReceived(Alert::CloseNotify | Alert::InternalError | Alert::UserCanceled) => {
            return Failure::Passing(error.to_string());
        }
        _ => &remedies.protocol,
    };
    Failure::Refused(super::with_remedy(remedy, &inner.to_string()))
}
