//! OAUTHBEARER: tokens from an endpoint for a client's id and secret, or unsecured ones for development.

use super::jaas::Login;
use crate::settings::clients::{Translation, ssl};
use crate::settings::definitions::Type;

const JAAS: &str = "sasl.jaas.config";
const URL: &str = "sasl.oauthbearer.token.endpoint.url";
const ID: &str = "sasl.oauthbearer.client.credentials.client.id";
const SECRET: &str = "sasl.oauthbearer.client.credentials.client.secret";
const SCOPE: &str = "sasl.oauthbearer.scope";

/// What is the same but for its name in [`ClientConfig::conf`](super::super::ClientConfig::conf). Names that begin with
/// `token.` are for whoever gets tokens, not for librdkafka.
const CARRIED: &[(&str, &str, Type)] = &[
    ("sasl.oauthbearer.header.urlencode", "token.header.urlencode", Type::Boolean),
    ("sasl.oauthbearer.sub.claim.name", "token.claim.sub", Type::String),
    ("sasl.oauthbearer.scope.claim.name", "token.claim.scope", Type::String),
    ("sasl.login.connect.timeout.ms", "token.connect.timeout.ms", Type::Int),
    ("sasl.login.read.timeout.ms", "token.read.timeout.ms", Type::Int),
    ("sasl.login.retry.backoff.ms", "token.retry.backoff.ms", Type::Long),
    ("sasl.login.retry.backoff.max.ms", "token.retry.backoff.max.ms", Type::Long),
];

/// With an endpoint, tokens are asked for there; without one they are unsecured, as Java's default is.
pub(super) fn apply(translation: &mut Translation<'_>, login: &Login) {
    let handler = translation.value("sasl.login.callback.handler.class").unwrap_or_default();
    let asks = handler.ends_with(".OAuthBearerLoginCallbackHandler");
    let unsecured = handler.ends_with("UnsecuredLoginCallbackHandler");
    match translation.value(URL).filter(|url| !url.is_empty()) {
        Some(url) if !unsecured => endpoint(translation, url, login),
        None if asks => {
            let why = "is needed by sasl.login.callback.handler.class, to ask for tokens";
            translation.refuse_beside(URL, "sasl.login.callback.handler.class", why);
        }
        _ => match unsecured_config(login) {
            Ok(config) => {
                translation.set("enable.sasl.oauthbearer.unsecure.jwt", "true");
                translation.set("sasl.oauthbearer.config", config);
            }
            Err(why) => translation.refuse(JAAS, why),
        },
    }
}

/// Tokens out of a file, or for client credentials: the settings of their own, or the options of the login module.
fn endpoint(translation: &mut Translation<'_>, url: &str, login: &Login) {
    let file = url.starts_with("file:/");
    if !file && !url.starts_with("https://") && !url.starts_with("http://") {
        translation.refuse(URL, "must begin with https://, http:// or file:/");
        return;
    }
    let option = |name: &str| login.options.get(name).map(String::as_str);
    if url.starts_with("https://") {
        ssl::of_endpoint(translation, &login.options);
    } else if let Some(name) = login.options.keys().find(|name| name.starts_with("ssl.")) {
        // Such names hold no secret.
        translation.warn(JAAS, format!("option {name}: has no effect: {URL} has no https://"));
    }
    let id = translation.value(ID).or(option("clientId"));
    let secret = translation.value(SECRET).or(option("clientSecret"));
    let scope = translation.value(SCOPE).or(option("scope"));
    match (id, secret) {
        _ if file => {}
        (Some(id), Some(secret)) => {
            translation.set("token.client.id", id);
            translation.set("token.client.secret", secret);
        }
        _ => {
            let missing = if id.is_none() { "clientId" } else { "clientSecret" };
            translation.refuse(JAAS, format!("lacks the option {missing}"));
            return;
        }
    }
    translation.set("token.url", url);
    if let Some(scope) = scope.filter(|scope| !scope.is_empty()) {
        translation.set("token.scope", scope);
    }
    for (name, value) in &login.options {
        if let Some(extension) = name.strip_prefix("extension_") {
            translation.set(&format!("token.extension.{extension}"), value.as_str());
        }
    }
    for (name, target, kind) in CARRIED {
        let Some(value) = translation.value(name).filter(|value| !value.is_empty()) else { continue };
        match kind.parse(name, value) {
            Ok(value) if value.as_i64().is_some_and(|number| number < 0) => {
                translation.refuse(name, "must be at least 0");
            }
            Ok(value) => translation.set(target, value.text()),
            Err(why) => translation.refuse(name, why),
        }
    }
}

/// librdkafka's text for a token that nobody signs, from the `unsecuredLogin...` options.
fn unsecured_config(login: &Login) -> Result<String, String> {
    let option = |name: &str| login.options.get(name).map(String::as_str);
    let principal_claim = option("unsecuredLoginPrincipalClaimName").unwrap_or("sub");
    let scope_claim = option("unsecuredLoginScopeClaimName").unwrap_or("scope");
    let (mut principal, mut parts) = (None, Vec::new());
    for (name, value) in &login.options {
        if let Some(claim) = name.strip_prefix("unsecuredLoginStringClaim_") {
            if claim != principal_claim {
                return Err(format!(
                    "the option {name} is not supported; of claims, {principal_claim} and scope are"
                ));
            }
            principal = Some(value.as_str());
        } else if let Some(claim) = name.strip_prefix("unsecuredLoginListClaim_") {
            if claim != scope_claim {
                return Err(format!(
                    "the option {name} is not supported; of claims, {principal_claim} and scope are"
                ));
            }
            // The first character says what stands between the items.
            let mut chars = value.chars();
            let between = chars.next().unwrap_or('|');
            let items: Vec<&str> = chars.as_str().split(between).filter(|item| !item.is_empty()).collect();
            parts.push(format!("scope={}", items.join(",")));
        } else if name.starts_with("unsecuredLoginNumberClaim_") {
            return Err(format!("the option {name} is not supported"));
        } else if let Some(extension) = name.strip_prefix("unsecuredLoginExtension_") {
            parts.push(format!("extension_{extension}={value}"));
        }
    }
    let Some(principal) = principal else {
        return Err(format!(
            "lacks the option unsecuredLoginStringClaim_{principal_claim}, or sasl.oauthbearer.token.endpoint.url is \
             missing"
        ));
    };
    if let Some(seconds) = option("unsecuredLoginLifetimeSeconds") {
        parts.push(format!("lifeSeconds={seconds}"));
    }
    parts.push(format!("principalClaimName={principal_claim}"));
    parts.push(format!("scopeClaimName={scope_claim}"));
    parts.push(format!("principal={principal}"));
    if parts.iter().any(|part| part.contains([' ', '"', '\n', '\t'])) {
        return Err("options of an unsecured token must have no blanks and quotes".to_owned());
    }
    Ok(parts.join(" "))
}
