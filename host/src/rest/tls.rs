//! TLS of a listener: its stores read, and made into what takes connections.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig, SupportedCipherSuite};
use tokio_rustls::server::TlsStream;

use crate::settings::keystores;
use crate::settings::worker::{ClientAuth, HttpsConfig, StoreConfig, StorePlace};

/// Takes TLS connections. Cheap to clone.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why there is no TLS: the key of the config, and what is wrong with what it names. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {why}")]
pub struct TlsError {
    /// The key.
    pub key: String,
    /// What is wrong.
    pub why: String,
}

impl Tls {
    /// Reads the stores. Blocks for as long as files take.
    ///
    /// # Errors
    /// A store that cannot be read or used, by its key.
    pub fn load(config: &HttpsConfig) -> Result<Tls, TlsError> {
        let provider = Arc::new(provider(&config.cipher_suites));
        let wrong = |store: &StoreConfig, error: rustls::Error| {
            Err(TlsError { key: store.key.clone(), why: format!("{}cannot be used: {error}", place(store)) })
        };
        let versions: Vec<_> = [(config.tls12, &TLS12), (config.tls13, &TLS13)]
            .into_iter()
            .filter(|(on, _)| *on)
            .map(|(_, v)| v)
            .collect();
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&versions);
        let builder = match builder {
            Ok(builder) => builder,
            Err(error) => {
                let why = format!("protocols and cipher suites don't fit: {error}");
                return Err(TlsError { key: "ssl.cipher.suites".to_owned(), why });
            }
        };
        let builder = match (&config.truststore, config.client_auth) {
            (Some(store), ClientAuth::Requested | ClientAuth::Required) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(store)?), provider);
                let verifier = match config.client_auth {
                    ClientAuth::Required => verifier,
                    _ => verifier.allow_unauthenticated(),
                };
                match verifier.build() {
                    Ok(verifier) => builder.with_client_cert_verifier(verifier),
                    Err(error) => return wrong(store, rustls::Error::General(error.to_string())),
                }
            }
            _ => builder.with_no_client_auth(),
        };
        let (chain, key) = identity(config)?;
        match builder.with_single_cert(chain, key) {
            Ok(mut server) => {
                server.alpn_protocols = vec![b"http/1.1".to_vec()];
                Ok(Tls(TlsAcceptor::from(Arc::new(server))))
            }
            Err(error) => wrong(&config.keystore, error),
        }
    }

    /// The handshake.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> std::io::Result<TlsStream<S>> {
        self.0.accept(stream).await
    }
}

/// ring, with the suites that the config leaves.
pub(super) fn provider(wanted: &[String]) -> CryptoProvider {
    let mut provider = ring::default_provider();
    let name = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1);
    provider.cipher_suites.retain(|suite| wanted.is_empty() || wanted.contains(&name(suite)));
    provider
}

pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(super) fn identity(config: &HttpsConfig) -> Result<Identity, TlsError> {
    let store = &config.keystore;
    let bytes = bytes(store)?;
    let password = store.password.as_ref().map(|password| password.reveal());
    let key_password = config.key_password.as_ref().map(|password| password.reveal());
    let read = keystores::read(store.kind, &bytes, password, key_password);
    let store_of = read.map_err(|error| unreadable(store, &error))?;
    let entry = store_of.identity().map_err(|error| unreadable(store, &error))?;
    let chain = entry.chain.iter().cloned().map(CertificateDer::from).collect();
    Ok((chain, PrivatePkcs8KeyDer::from(entry.key.clone()).into()))
}

/// The certificates of a trust store.
pub(super) fn trusted(store: &StoreConfig) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let password = store.password.as_ref().map(|password| password.reveal());
    let read = keystores::read_trusted(store.kind, &bytes(store)?, password);
    Ok(read.map_err(|error| unreadable(store, &error))?.into_iter().map(CertificateDer::from).collect())
}

fn roots(store: &StoreConfig) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(trusted(store)?);
    if taken == 0 {
        let why = format!("{}holds no certificate that can be used", place(store));
        return Err(TlsError { key: store.key.clone(), why });
    }
    Ok(roots)
}

fn bytes(store: &StoreConfig) -> Result<Vec<u8>, TlsError> {
    match &store.place {
        StorePlace::Text(text) => Ok(text.reveal().as_bytes().to_vec()),
        StorePlace::File(path) => std::fs::read(path).map_err(|error| TlsError {
            key: store.key.clone(),
            why: format!("{}cannot be read: {error}", place(store)),
        }),
    }
}

fn unreadable(store: &StoreConfig, error: &keystores::KeyStoreError) -> TlsError {
    TlsError { key: store.key.clone(), why: format!("{}{error}", place(store)) }
}

/// Where the store is, at the start of a sentence.
fn place(store: &StoreConfig) -> String {
    match &store.place {
        StorePlace::File(path) => format!("{} ", path.display()),
        StorePlace::Text(_) => String::new(),
    }
}
