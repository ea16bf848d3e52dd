//! Which of the user's settings is at fault when a broker and a client do not come to terms.

use std::collections::BTreeMap;

use super::Translation;

/// The security settings of a client by the keys that the user wrote. Holds no values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityKeys {
    /// Java's name to the key.
    given: BTreeMap<String, String>,
    /// Of keys that were not given.
    prefix: String,
    /// Options of the login module about TLS to the endpoint of tokens.
    options: Vec<String>,
}

impl SecurityKeys {
    pub(super) fn of(translation: &Translation<'_>) -> Self {
        let of_security =
            |name: &str| ["ssl.", "sasl.", "security."].iter().any(|part| name.starts_with(part));
        let given = translation.given.iter().filter(|(name, _)| of_security(name));
        let protocol = translation.key_of("security.protocol", "security.protocol");
        SecurityKeys {
            given: given.map(|(name, given)| ((*name).to_owned(), given.key.clone())).collect(),
            prefix: protocol.strip_suffix("security.protocol").unwrap_or_default().to_owned(),
            options: translation.login_options.clone(),
        }
    }

    /// The broker did not let the client log in.
    pub fn login(&self) -> String {
        let endpoint = "sasl.oauthbearer.token.endpoint.url";
        let also = if self.given.contains_key(endpoint) { endpoint } else { "sasl.mechanism" };
        format!("check {} and {}", self.key("sasl.jaas.config"), self.key(also))
    }

    /// The broker did not accept the client's certificate, or misses one.
    pub fn identity(&self) -> String {
        match self.first(&["ssl.keystore.location", "ssl.keystore.key"]) {
            Some(key) => format!("the broker does not accept the certificate of {key}"),
            None => format!(
                "the broker wants a certificate, and {} is not given",
                self.key("ssl.keystore.location")
            ),
        }
    }

    /// The client did not accept the broker's certificate.
    pub fn trust(&self) -> String {
        match self.first(&["ssl.truststore.location", "ssl.truststore.certificates"]) {
            Some(key) => format!("the broker's certificate is not accepted by {key}"),
            None => format!(
                "the broker's certificate is not accepted by the system, and {} is not given",
                self.key("ssl.truststore.location")
            ),
        }
    }

    /// They do not speak the same protocol.
    pub fn protocol(&self) -> String {
        format!("check {} and bootstrap.servers", self.key("security.protocol"))
    }

    /// The endpoint of tokens does not accept the client's id and secret.
    pub fn credentials(&self) -> String {
        let own = [
            "sasl.oauthbearer.client.credentials.client.secret",
            "sasl.oauthbearer.client.credentials.client.id",
        ];
        let key = self.first(&own).map_or_else(|| self.key("sasl.jaas.config"), str::to_owned);
        format!("the client id, the secret or the scope of {key} is not accepted")
    }

    /// The endpoint of tokens does not answer as it should.
    pub fn endpoint(&self) -> String {
        format!("check {}", self.key("sasl.oauthbearer.token.endpoint.url"))
    }

    /// The client did not accept the certificate of the endpoint of tokens.
    pub fn endpoint_trust(&self) -> String {
        let jaas = self.key("sasl.jaas.config");
        match self.option(&["ssl.truststore.location", "ssl.truststore.certificates"]) {
            Some(option) => {
                format!("the endpoint's certificate is not accepted by the option {option} of {jaas}")
            }
            None => format!(
                "the endpoint's certificate is not accepted by the system, and {jaas} has no option \
                 ssl.truststore.location"
            ),
        }
    }

    /// The endpoint of tokens did not accept the client's certificate, or misses one.
    pub fn endpoint_identity(&self) -> String {
        let jaas = self.key("sasl.jaas.config");
        match self.option(&["ssl.keystore.location", "ssl.keystore.key"]) {
            Some(option) => {
                format!("the endpoint does not accept the certificate of the option {option} of {jaas}")
            }
            None => {
                format!("the endpoint wants a certificate, and {jaas} has no option ssl.keystore.location")
            }
        }
    }

    fn option<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().find(|name| self.options.iter().any(|option| option == *name)).copied()
    }

    fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.given.get(*name)).map(String::as_str)
    }

    fn key(&self, name: &str) -> String {
        self.given.get(name).cloned().unwrap_or_else(|| format!("{}{name}", self.prefix))
    }
}
