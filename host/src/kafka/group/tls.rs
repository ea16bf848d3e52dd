//! TLS to a broker, out of the same settings that librdkafka is given, by rustls.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, AlertDescription, ClientConfig};

use super::GroupError;
use super::machine::Failure;
use crate::kafka::Conf;
use crate::kafka::security::Remedies;
use crate::trust::{self, Trust};

/// What makes TLS of a connection.
///
/// # Errors
/// Keys or certificates cannot be used, or a setting has no counterpart.
pub(super) fn connector(conf: &Conf) -> Result<TlsConnector, GroupError> {
    let provider = Arc::new(ring::default_provider());
    let wrong = |key: &str, why: &dyn std::fmt::Display| GroupError(format!("{key}: cannot be used: {why}"));
    let named = conf.get("ssl.endpoint.identification.algorithm").is_none_or(|value| value != "none");
    let trust =
        Trust::new(trusted(conf)?, named, provider.clone()).map_err(|why| wrong("ssl.truststore", &why))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong("ssl.protocol", &why))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
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
    trust::of_the_system().map_err(|why| GroupError(format!("ssl.truststore.location: {why}")))
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
