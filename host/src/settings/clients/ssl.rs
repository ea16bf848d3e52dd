//! Key and trust stores: PEM text and files, and PKCS12 keystores, to librdkafka's settings.

use super::Translation;
use crate::settings::definitions::value::list;

/// Carries over the `ssl.*` settings, if the protocol is one with TLS; the others are of no use, as in Java.
pub(super) fn apply(translation: &mut Translation<'_>) {
    if !translation.conf.get("security.protocol").is_some_and(|protocol| protocol.ends_with("ssl")) {
        return;
    }
    protocols(translation);
    keystore(translation);
    truststore(translation);
}

/// OpenSSL takes the newest version that both sides know, TLSv1.2 at least.
fn protocols(translation: &mut Translation<'_>) {
    let known = ["TLSv1.2", "TLSv1.3"];
    if let Some(value) = translation.value("ssl.enabled.protocols") {
        let versions = list(value);
        if !versions.iter().any(|version| version == "TLSv1.2") {
            let why =
                "librdkafka cannot be kept from TLSv1.2; have the broker refuse it, and add TLSv1.2 here";
            translation.refuse("ssl.enabled.protocols", why);
        } else if versions.len() != known.len() || !known.iter().all(|one| versions.iter().any(|v| v == one))
        {
            let why =
                "has no effect: TLSv1.2 or TLSv1.3 is used, whichever is the newest that the broker knows";
            translation.warn("ssl.enabled.protocols", why);
        }
    }
    if translation.value("ssl.protocol").is_some_and(|version| !known.contains(&version)) {
        let why = "has no effect: TLSv1.2 or TLSv1.3 is used, whichever is the newest that the broker knows";
        translation.warn("ssl.protocol", why);
    }
}

/// The setting, unless it is missing or empty.
fn given<'a>(translation: &Translation<'a>, name: &str) -> Option<&'a str> {
    translation.value(name).filter(|value| !value.is_empty())
}

fn store_type<'a>(translation: &Translation<'a>, name: &str) -> &'a str {
    given(translation, name).unwrap_or("JKS")
}

fn keystore(translation: &mut Translation<'_>) {
    let (key, chain) =
        (given(translation, "ssl.keystore.key"), given(translation, "ssl.keystore.certificate.chain"));
    let location = given(translation, "ssl.keystore.location");
    if key.is_none() && chain.is_none() && location.is_none() {
        return;
    }
    let kind = store_type(translation, "ssl.keystore.type").to_ascii_uppercase();
    match (kind.as_str(), location) {
        ("PEM", Some(_)) if key.is_some() || chain.is_some() => {
            let why = "is given next to ssl.keystore.key or ssl.keystore.certificate.chain; give the file or the text";
            translation.refuse("ssl.keystore.location", why);
        }
        ("PEM", Some(path)) => {
            translation.set("ssl.key.location", path);
            translation.set("ssl.certificate.location", path);
            key_password(translation);
        }
        ("PEM", None) => match (key, chain) {
            (Some(key), Some(chain)) => {
                translation.set("ssl.key.pem", key);
                translation.set("ssl.certificate.pem", chain);
                key_password(translation);
            }
            (Some(_), None) => {
                let (name, beside) = ("ssl.keystore.certificate.chain", "ssl.keystore.key");
                translation.refuse_beside(name, beside, "is needed next to ssl.keystore.key");
            }
            _ => {
                let (name, beside) = ("ssl.keystore.key", "ssl.keystore.certificate.chain");
                translation.refuse_beside(name, beside, "is needed next to ssl.keystore.certificate.chain");
            }
        },
        (_, None) => {
            let why = "must be PEM where ssl.keystore.key and ssl.keystore.certificate.chain are given";
            let beside = if key.is_some() { "ssl.keystore.key" } else { "ssl.keystore.certificate.chain" };
            translation.refuse_beside("ssl.keystore.type", beside, why);
        }
        ("PKCS12", Some(path)) => pkcs12(translation, path),
        (kind, Some(_)) => {
            let why = format!(
                "a keystore of type {kind} cannot be read by this version; convert it with 'keytool -importkeystore \
                 -srckeystore OLD -destkeystore NEW.p12 -deststoretype PKCS12' and set ssl.keystore.type=PKCS12"
            );
            let name = if given(translation, "ssl.keystore.type").is_some() {
                "ssl.keystore.type"
            } else {
                "ssl.keystore.location"
            };
            translation.refuse(name, why);
        }
    }
}

fn key_password(translation: &mut Translation<'_>) {
    if let Some(password) = given(translation, "ssl.key.password") {
        translation.set("ssl.key.password", password);
    }
}

fn pkcs12(translation: &mut Translation<'_>, path: &str) {
    let Some(password) = given(translation, "ssl.keystore.password") else {
        let (name, beside) = ("ssl.keystore.password", "ssl.keystore.location");
        translation.refuse_beside(name, beside, "is needed to open the keystore");
        return;
    };
    if given(translation, "ssl.key.password").is_some_and(|key| key != password) {
        let why = "a key with another password than its PKCS12 keystore cannot be read; give both the same";
        translation.refuse("ssl.key.password", why);
    }
    translation.set("ssl.keystore.location", path);
    translation.set("ssl.keystore.password", password);
}

fn truststore(translation: &mut Translation<'_>) {
    let certificates = given(translation, "ssl.truststore.certificates");
    let location = given(translation, "ssl.truststore.location");
    let kind = store_type(translation, "ssl.truststore.type").to_ascii_uppercase();
    match (certificates, location) {
        (None, None) => {}
        (Some(_), Some(_)) => {
            let why = "is given next to ssl.truststore.certificates; give the file or the text";
            translation.refuse("ssl.truststore.location", why);
        }
        (Some(_), None) if kind != "PEM" => {
            let why = "must be PEM where ssl.truststore.certificates is given";
            translation.refuse_beside("ssl.truststore.type", "ssl.truststore.certificates", why);
        }
        (Some(text), None) => translation.set("ssl.ca.pem", text),
        (None, Some(path)) if kind == "PEM" => {
            if given(translation, "ssl.truststore.password").is_some() {
                translation
                    .refuse("ssl.truststore.password", "cannot be given for PEM certificates; remove it");
            }
            translation.set("ssl.ca.location", path);
        }
        (None, Some(_)) => {
            let why = format!(
                "a truststore of type {kind} cannot be read by this version; write its certificates to a PEM file \
                 with 'keytool -exportcert -rfc -keystore OLD -alias ALIAS' and set ssl.truststore.type=PEM"
            );
            let name = if given(translation, "ssl.truststore.type").is_some() {
                "ssl.truststore.type"
            } else {
                "ssl.truststore.location"
            };
            translation.refuse(name, why);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
