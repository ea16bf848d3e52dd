//! Logging in: the mechanism, and who one is out of Java's `sasl.jaas.config`.

use super::Translation;
use jaas::Login;

mod jaas;
mod oauth;

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";
const OAUTH: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

/// Java's classes that ask for tokens, which are what librdkafka does.
pub(super) const HANDLERS: &[&str] = &[
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler",
];

/// Carries over the `sasl.*` settings, if the protocol is one with SASL; the others are of no use, as in
/// Java.
pub(super) fn apply(translation: &mut Translation<'_>) {
    if !translation.conf.get("security.protocol").is_some_and(|protocol| protocol.starts_with("sasl")) {
        return;
    }
    // Java's default. Without Kerberos in librdkafka it is refused like any other.
    let mechanism = translation.value("sasl.mechanism").unwrap_or("GSSAPI");
    let (module, example) = match mechanism {
        "PLAIN" => (PLAIN, "username=\"...\" password=\"...\""),
        "SCRAM-SHA-256" | "SCRAM-SHA-512" => (SCRAM, "username=\"...\" password=\"...\""),
        "OAUTHBEARER" => (OAUTH, "clientId=\"...\" clientSecret=\"...\""),
        _ => {
            let why = format!(
                "the mechanism {mechanism} is not supported; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
            );
            translation.refuse_beside("sasl.mechanism", "security.protocol", why);
            return;
        }
    };
    translation.set("sasl.mechanism", mechanism);
    let Some(text) = translation.value("sasl.jaas.config") else {
        let why = format!("is needed for {mechanism}: {module} required {example};");
        translation.refuse_beside("sasl.jaas.config", "sasl.mechanism", why);
        return;
    };
    match login(text, module) {
        Err(why) => translation.refuse("sasl.jaas.config", why),
        Ok(login) if mechanism == "OAUTHBEARER" => oauth::apply(translation, &login),
        Ok(login) => match user_and_password(login) {
            Ok((user, password)) => {
                translation.set("sasl.username", user);
                translation.set("sasl.password", password);
            }
            Err(why) => translation.refuse("sasl.jaas.config", why),
        },
    }
}

/// The login module in `text`, which must be this one. Errors never quote values: they may be secrets.
fn login(text: &str, wanted: &str) -> Result<Login, String> {
    let login = jaas::parse(text)?;
    if login.module != wanted {
        // What stands in this place is a class name, unless the text is broken.
        let is_class = login.module.contains('.') && login.module.ends_with("Module");
        let shown = if is_class { login.module.as_str() } else { "that" };
        return Err(format!("the login module {shown} cannot be used with this mechanism; use {wanted}"));
    }
    Ok(login)
}

/// For PLAIN and SCRAM. Options for the broker's side, such as `user_alice`, are of no use to a client.
fn user_and_password(mut login: Login) -> Result<(String, String), String> {
    if login.options.get("tokenauth").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err("delegation tokens (tokenauth) cannot be used".to_owned());
    }
    match (login.options.remove("username"), login.options.remove("password")) {
        (Some(user), Some(password)) => Ok((user, password)),
        (None, _) => Err("lacks the option username".to_owned()),
        (_, None) => Err("lacks the option password".to_owned()),
    }
}

#[cfg(test)]
mod tests;
