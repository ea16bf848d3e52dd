//! TLS to other workers, with the stores of the worker's own HTTPS listeners.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::rest::tls::{TlsError, identity, provider, trusted};
use crate::settings::worker::HttpsConfig;
use crate::trust::{self, Trust};

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
        let trusted = match &config.truststore {
            Some(store) => trusted(store)?,
            None => trust::of_the_system().map_err(&wrong)?,
        };
        let trust = Trust::new(trusted, config.check_names, provider.clone()).map_err(&wrong)?;
        let (chain, key) = identity(config)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(format!("protocols and cipher suites don't fit: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust))
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
