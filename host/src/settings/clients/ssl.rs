//! Key and trust stores, given as PEM text or as files of any type, to PEM text for librdkafka.
//!
//! Text is read at once. Files are named in the config made, and read by whoever may
//! ([`super::ClientConfig::read_stores`]).

use std::collections::BTreeMap;

use super::stores::{StoreFile, Use};
use super::{Given, Layer, Translation};
use crate::settings::Password;
use crate::settings::definitions::value::{list, trim};
use crate::settings::keystores::StoreType;

/// What the names of settings for getting tokens begin with.
const TOKEN: &str = "token.";

/// Carries over the `ssl.*` settings, if the protocol is one with TLS; the others are of no use, as in Java.
pub(super) fn apply(translation: &mut Translation<'_>) {
    if !translation.conf.get("security.protocol").is_some_and(|protocol| protocol.ends_with("ssl")) {
        return;
    }
    // A broker's word that it does not accept our certificate comes when a connection ends.
    translation.set("log.connection.close", "true");
    protocols(translation, "broker");
    keystore(translation);
    truststore(translation);
}

/// What options of a login module say of TLS to the endpoint of tokens, as in Java: the same names, but within
/// `sasl.jaas.config`. What comes of them begins with `token.`.
pub(super) fn of_endpoint(translation: &mut Translation<'_>, options: &BTreeMap<String, String>) {
    let jaas = "sasl.jaas.config";
    let key = translation.key_of(jaas, jaas);
    let layer = translation.given.get(jaas).map_or(Layer::Plain, |given| given.layer);
    let mut within = Translation { login: Some(key.clone()), ..Translation::empty(translation.client) };
    for (name, value) in options.iter().filter(|(name, _)| name.starts_with("ssl.")) {
        let value = trim(value);
        within.given.insert(name, Given { key: key.clone(), value, layer });
        if !value.is_empty() {
            translation.login_options.push(name.clone());
        }
    }
    protocols(&mut within, "endpoint");
    keystore(&mut within);
    truststore(&mut within);
    of_the_jvm(&mut within);
    let Translation { conf, stores, warnings, errors, .. } = within;
    translation.conf.extend(conf.into_iter().map(|(name, value)| (format!("{TOKEN}{name}"), value)));
    translation.stores.extend(stores.into_iter().map(|store| StoreFile { prefix: TOKEN, ..store }));
    translation.warnings.extend(warnings);
    translation.errors.extend(errors);
}

/// Options for the endpoint that have nothing to act upon here.
fn of_the_jvm(translation: &mut Translation<'_>) {
    let names: Vec<&str> = translation.given.keys().copied().collect();
    for name in names {
        let given = given(translation, name);
        match name {
            "ssl.keystore.type"
            | "ssl.keystore.location"
            | "ssl.keystore.password"
            | "ssl.keystore.key"
            | "ssl.keystore.certificate.chain"
            | "ssl.key.password"
            | "ssl.truststore.type"
            | "ssl.truststore.location"
            | "ssl.truststore.password"
            | "ssl.truststore.certificates"
            | "ssl.enabled.protocols"
            | "ssl.protocol" => {}
            "ssl.engine.factory.class" => {
                translation.refuse(name, "classes of the JVM cannot be used; remove it")
            }
            "ssl.cipher.suites" if given.is_some() => {
                translation.refuse(name, "cannot be chosen for the endpoint; remove it");
            }
            "ssl.endpoint.identification.algorithm" if given.is_none_or(|algorithm| algorithm != "https") => {
                translation.warn(name, "has no effect: the name of the endpoint is checked, as in Java");
            }
            "ssl.cipher.suites" | "ssl.endpoint.identification.algorithm" => {}
            _ => translation.warn(name, "has no effect: it is about the JVM's TLS, or misspelt"),
        }
    }
}

/// OpenSSL and rustls take the newest version that both sides know, TLSv1.2 at least.
fn protocols(translation: &mut Translation<'_>, peer: &str) {
    let known = ["TLSv1.2", "TLSv1.3"];
    let newest =
        format!("has no effect: TLSv1.2 or TLSv1.3 is used, whichever is the newest that the {peer} knows");
    if let Some(value) = translation.value("ssl.enabled.protocols") {
        let versions = list(value);
        if !versions.iter().any(|version| version == "TLSv1.2") {
            let why = format!(
                "clients cannot be kept from TLSv1.2; have the {peer} refuse it, and add TLSv1.2 here"
            );
            translation.refuse("ssl.enabled.protocols", why);
        } else if versions.len() != known.len() || !known.iter().all(|one| versions.iter().any(|v| v == one))
        {
            translation.warn("ssl.enabled.protocols", newest.as_str());
        }
    }
    if translation.value("ssl.protocol").is_some_and(|version| !known.contains(&version)) {
        translation.warn("ssl.protocol", newest);
    }
}

/// The setting, unless it is missing or empty.
fn given<'a>(translation: &Translation<'a>, name: &str) -> Option<&'a str> {
    translation.value(name).filter(|value| !value.is_empty())
}

fn password(translation: &Translation<'_>, name: &str) -> Option<Password> {
    given(translation, name).map(Password::new)
}

/// The type of a store; none once it was refused. Java's default is JKS.
fn store_type(translation: &mut Translation<'_>, name: &str) -> Option<StoreType> {
    match StoreType::parse(given(translation, name).unwrap_or("JKS")) {
        Ok(kind) => Some(kind),
        Err(error) => {
            translation.refuse(name, error.to_string());
            None
        }
    }
}

fn keystore(translation: &mut Translation<'_>) {
    let (key, chain) =
        (given(translation, "ssl.keystore.key"), given(translation, "ssl.keystore.certificate.chain"));
    let location = given(translation, "ssl.keystore.location");
    if key.is_none() && chain.is_none() && location.is_none() {
        return;
    }
    let Some(kind) = store_type(translation, "ssl.keystore.type") else { return };
    match (kind, location) {
        (StoreType::Pem, Some(_)) if key.is_some() || chain.is_some() => {
            let why = "is given next to ssl.keystore.key or ssl.keystore.certificate.chain; give the file or the text";
            translation.refuse("ssl.keystore.location", why);
        }
        (_, Some(path)) => keystore_file(translation, kind, path),
        (StoreType::Pem, None) => match (key, chain) {
            (Some(key), Some(chain)) => {
                let text = format!("{key}\n{chain}");
                let store = StoreFile::of_text(Use::Identity, "ssl.keystore.key", translation);
                take(translation, store, &text);
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
    }
}

fn keystore_file(translation: &mut Translation<'_>, kind: StoreType, path: &str) {
    let (name, beside) = ("ssl.keystore.password", "ssl.keystore.location");
    let store_password = password(translation, name);
    match (kind, &store_password) {
        (StoreType::Pem, Some(_)) => {
            translation.refuse(name, "cannot be given for a PEM file; the key's is ssl.key.password");
        }
        (StoreType::Pkcs12 | StoreType::Jks, None) => {
            translation.refuse_beside(name, beside, "is needed to open the keystore");
        }
        _ => {
            let key_password = password(translation, "ssl.key.password");
            let file = StoreFile {
                kind,
                path: path.to_owned(),
                store_password,
                key_password,
                ..StoreFile::of_text(Use::Identity, beside, translation)
            };
            translation.stores.push(file);
        }
    }
}

fn truststore(translation: &mut Translation<'_>) {
    let certificates = given(translation, "ssl.truststore.certificates");
    let location = given(translation, "ssl.truststore.location");
    if certificates.is_none() && location.is_none() {
        return;
    }
    let Some(kind) = store_type(translation, "ssl.truststore.type") else { return };
    let store_password = password(translation, "ssl.truststore.password");
    match (certificates, location) {
        (None, None) => {}
        (Some(_), Some(_)) => {
            let why = "is given next to ssl.truststore.certificates; give the file or the text";
            translation.refuse("ssl.truststore.location", why);
        }
        (Some(_), None) if kind != StoreType::Pem => {
            let why = "must be PEM where ssl.truststore.certificates is given";
            translation.refuse_beside("ssl.truststore.type", "ssl.truststore.certificates", why);
        }
        _ if kind == StoreType::Pem && store_password.is_some() => {
            translation.refuse("ssl.truststore.password", "cannot be given for PEM certificates; remove it");
        }
        (Some(text), None) => {
            let store = StoreFile::of_text(Use::Trust, "ssl.truststore.certificates", translation);
            take(translation, store, text);
        }
        (None, Some(path)) => {
            let store = StoreFile::of_text(Use::Trust, "ssl.truststore.location", translation);
            translation.stores.push(StoreFile { kind, path: path.to_owned(), store_password, ..store });
        }
    }
}

/// Carries over a store that is given as text.
fn take(translation: &mut Translation<'_>, mut store: StoreFile, text: &str) {
    store.key_password = password(translation, "ssl.key.password");
    match store.settings(text.as_bytes()) {
        Ok(settings) => translation.conf.extend(settings),
        Err(problem) => translation.errors.push(problem),
    }
}

#[cfg(test)]
pub(super) mod tests;
