//! TLS to other workers, with the stores of the worker's own HTTPS listeners.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::rest::tls::{TlsError, identity, provider, roots};
use crate::settings::worker::HttpsConfig;

/// Makes TLS connections. Cheap to clone.
#[derive(Clone)]
pub struct PeerTls(Option<TlsConnector>);

impl PeerTls {
    /// None: other workers are reached by HTTP alone.
    pub fn none() -> PeerTls {
        PeerTls(None)
    }

    /// Reads the stores of a listener: who this worker is, and whom it trusts; without a trust store, whom the system
    /// trusts. Blocks for as long as files take.
    ///
    /// # Errors
    /// A store that cannot be read or used, by its key.
    pub fn load(config: &HttpsConfig) -> Result<PeerTls, TlsError> {
        let key = config.truststore.as_ref().map_or("ssl.truststore.location", |store| store.key.as_str());
        let wrong = |why: String| TlsError { key: key.to_owned(), why };
        let provider = Arc::new(provider(&config.cipher_suites));
        let roots = match &config.truststore {
            Some(store) => roots(store)?,
            None => system().map_err(&wrong)?,
        };
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| wrong(format!("cannot be used: {error}")))?;
        let verifier = Verifier { inner, names: config.check_names };
        let (chain, key) = identity(config)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(format!("protocols and cipher suites don't fit: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(chain, key);
        let client = client.map_err(|error| TlsError {
            key: config.keystore.key.clone(),
            why: format!("cannot be used: {error}"),
        })?;
        Ok(PeerTls(Some(TlsConnector::from(Arc::new(client)))))
    }

    /// The handshake.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let Some(connector) = &self.0 else {
            return Err("HTTPS needs ssl.* keys, with which this worker has no listener".to_owned());
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        connector.connect(name, stream).await.map_err(|error| error.to_string())
    }
}

fn system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match taken {
        0 => Err("is not given, and the system has no certificates to trust".to_owned()),
        _ => Ok(roots),
    }
}

/// Checks chains, and names where that is wanted.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    names: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        match self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
                if !self.names =>
            {
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
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
