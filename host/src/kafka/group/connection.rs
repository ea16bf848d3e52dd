//! A connection to a broker: made, secured, logged in, and asked one thing at a time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::bytes::Garbled;
use super::codes;
use super::machine::Failure;
use super::messages::{self, Address, Authenticated, Kind};
use super::sasl::Login;
use super::{GroupError, tls, with_remedy};
use crate::kafka::Conf;
use crate::kafka::security::Remedies;

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// How long making a connection may take where nothing is said, in milliseconds, as in Java.
const SETUP: u64 = 10_000;

/// What carries the bytes.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Makes connections. Holds secrets, so it has no Debug.
pub(super) struct Dialer {
    client_id: String,
    setup: Duration,
    tls: Option<TlsConnector>,
    login: Option<Login>,
    remedies: Remedies,
}

/// A connection on which requests may be sent.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    client_id: String,
    requests: i32,
    remedies: Remedies,
    /// The login holds until then.
    pub(super) ends: Option<Instant>,
}

impl Dialer {
    /// # Errors
    /// A setting cannot be honoured, by its name.
    pub(super) fn new(conf: &Conf, remedies: &Remedies) -> Result<Dialer, GroupError> {
        let protocol = conf.get("security.protocol").map_or("plaintext", String::as_str);
        let (tls, sasl) = match protocol {
            "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            other => return Err(GroupError(format!("security.protocol: {other} is not supported"))),
        };
        if conf.get("client.dns.lookup").is_some_and(|lookup| lookup != "use_all_dns_ips") {
            let why =
                "client.dns.lookup: only use_all_dns_ips is supported on the way to the group's coordinator";
            return Err(GroupError(why.to_owned()));
        }
        let setup = conf.get("socket.connection.setup.timeout.ms").and_then(|time| time.parse().ok());
        Ok(Dialer {
            client_id: conf.get("client.id").cloned().unwrap_or_default(),
            setup: Duration::from_millis(setup.unwrap_or(SETUP)),
            tls: tls.then(|| tls::connector(conf)).transpose()?,
            login: sasl.then(|| Login::of(conf)).transpose()?,
            remedies: remedies.clone(),
        })
    }

    /// Connects and logs in.
    pub(super) async fn dial(&self, to: &Address) -> Result<Connection, Failure> {
        let within = tokio::time::timeout(self.setup, self.connect(to)).await;
        let stream = match within {
            Ok(stream) => stream,
            Err(_) => Err(Failure::Passing("connecting takes too long".to_owned())),
        };
        let mut connection = Connection {
            stream: stream.map_err(|failure| at(to, failure))?,
            client_id: self.client_id.clone(),
            requests: 0,
            remedies: self.remedies.clone(),
            ends: None,
        };
        connection.check_versions().await.map_err(|failure| at(to, failure))?;
        if let Some(login) = &self.login {
            connection.log_in(login).await.map_err(|failure| at(to, failure))?;
        }
        Ok(connection)
    }

    async fn connect(&self, to: &Address) -> Result<Box<dyn Stream>, Failure> {
        let passing = |error: std::io::Error| Failure::Passing(error.to_string());
        let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(passing)?;
        stream.set_nodelay(true).map_err(passing)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(to.host.clone())
            .map_err(|_| Failure::Passing("the host name is not one for TLS".to_owned()))?;
        let secured = tls.connect(name, stream).await;
        Ok(Box::new(secured.map_err(|error| tls::failure(&error, &self.remedies))?))
    }
}

/// The failure, with the broker that it is about.
fn at(to: &Address, failure: Failure) -> Failure {
    match failure {
        Failure::Passing(why) => Failure::Passing(format!("{to}: {why}")),
        Failure::Refused(why) => Failure::Refused(format!("{why} (broker {to})")),
    }
}

impl From<Garbled> for Failure {
    fn from(error: Garbled) -> Failure {
        Failure::Passing(error.to_string())
    }
}

impl Connection {
    /// Asks, and waits for the answer, without a bound. When the request was written comes first.
    pub(super) async fn call(&mut self, api: Kind, body: &[u8]) -> Result<(Instant, Vec<u8>), Failure> {
        self.requests = self.requests.wrapping_add(1);
        let frame = messages::frame(api, self.requests, &self.client_id, body);
        let sent = Instant::now();
        let mut answer = self.exchange(&frame).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Failure::Passing("the connection ended".to_owned()),
            _ => tls::failure(&error, &self.remedies),
        })?;
        if answer.get(..4) != Some(&self.requests.to_be_bytes()) {
            return Err(Garbled.into());
        }
        answer.drain(..4);
        Ok((sent, answer))
    }

    async fn exchange(&mut self, frame: &[u8]) -> std::io::Result<Vec<u8>> {
        self.stream.write_all(frame).await?;
        self.stream.flush().await?;
        let length = u64::from(self.stream.read_u32().await?);
        if length > LONGEST {
            return Err(std::io::Error::other("the answer is too long to be one"));
        }
        let mut answer = Vec::new();
        // Room is taken for what comes, not for what was announced.
        (&mut self.stream).take(length).read_to_end(&mut answer).await?;
        if answer.len() as u64 == length { Ok(answer) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Whether the broker speaks what is spoken here.
    async fn check_versions(&mut self) -> Result<(), Failure> {
        let (_, body) = self.call(Kind::ApiVersions, &[]).await?;
        let (error, known) = messages::read_versions(&body)?;
        if error != codes::NONE {
            return Err(Failure::Passing(codes::name(error)));
        }
        for api in [
            Kind::Metadata,
            Kind::FindCoordinator,
            Kind::JoinGroup,
            Kind::Heartbeat,
            Kind::LeaveGroup,
            Kind::SyncGroup,
        ] {
            let (key, version) = api.number();
            if !known.get(&key).is_some_and(|(first, last)| (*first..=*last).contains(&version)) {
                let why = format!(
                    "it does not speak version {version} of {api:?}, as brokers do from Kafka 2.2 on"
                );
                return Err(Failure::Refused(why));
            }
        }
        Ok(())
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), Failure> {
        let (_, body) = self.call(Kind::SaslHandshake, &messages::sasl_handshake(login.mechanism())).await?;
        let (error, has) = messages::read_mechanisms(&body)?;
        let remedies = self.remedies.clone();
        if error != codes::NONE {
            let why = format!("{}: the broker has {}", codes::name(error), has.join(", "));
            return Err(Failure::Refused(with_remedy(&remedies.login, &why)));
        }
        login.log_in(self, &remedies).await
    }

    /// A step of a login: what is said, and what the broker says.
    pub(super) async fn authenticate(
        &mut self,
        said: &[u8],
        remedies: &Remedies,
    ) -> Result<Vec<u8>, Failure> {
        let (sent, body) = self.call(Kind::SaslAuthenticate, &messages::sasl_authenticate(said)).await?;
        let answer = Authenticated::decode(&body)?;
        if answer.error != codes::NONE {
            let why = format!("{}: {}", codes::name(answer.error), answer.text);
            return Err(match answer.error {
                codes::SASL_AUTHENTICATION_FAILED => Failure::Refused(with_remedy(&remedies.login, &why)),
                _ => Failure::Passing(why),
            });
        }
        // Before it ends, so that no request meets the end.
        let lifetime = u64::try_from(answer.lifetime_ms).ok().filter(|lifetime| *lifetime > 0);
        self.ends = lifetime.map(|lifetime| sent + Duration::from_millis(lifetime / 10 * 8));
        Ok(answer.said)
    }
}
