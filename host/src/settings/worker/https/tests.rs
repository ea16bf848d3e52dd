//! Tables of a listener's `ssl.*` keys.

use super::*;

type Outcome = (Option<HttpsConfig>, Vec<String>, Vec<String>);

fn outcome(key: &str, wanted: bool, entries: &[(&str, &str)]) -> Outcome {
    let props = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let config = https(key, wanted, &props, &mut problems, &mut warnings);
    let shown = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect();
    (config, shown(problems), shown(warnings))
}

#[test]
fn plain_keys_hold_where_none_has_the_prefix() {
    let plain = [("ssl.keystore.location", "/plain"), ("ssl.keystore.type", "PEM")];
    let (config, problems, warnings) = outcome("listeners", true, &plain);
    let config = config.unwrap();
    assert_eq!((problems, warnings), (vec![], vec![]));
    assert_eq!(config.keystore.place, StorePlace::File("/plain".into()));
    assert_eq!(
        (config.keystore.key.as_str(), config.keystore.kind),
        ("ssl.keystore.location", StoreType::Pem)
    );
    assert_eq!((config.client_auth, config.tls12, config.tls13), (ClientAuth::None, true, true));

    let mut both = plain.to_vec();
    both.push(("admin.listeners.https.ssl.keystore.location", "/own"));
    let (config, ..) = outcome("admin.listeners", true, &both);
    let keystore = config.unwrap().keystore;
    assert_eq!((keystore.place, keystore.kind), (StorePlace::File("/own".into()), StoreType::Jks));
    assert_eq!(keystore.key, "admin.listeners.https.ssl.keystore.location");
    both.push(("listeners.https.ssl.client.auth", "none"));
    let (config, problems, _) = outcome("listeners", true, &both);
    assert!(config.is_none() && problems[0].starts_with("listeners.https.ssl.keystore.location: is needed"));
}

#[test]
fn texts_and_passwords_are_read_and_not_shown() {
    let (config, problems, _) = outcome(
        "listeners",
        true,
        &[
            ("ssl.keystore.type", "pem"),
            ("ssl.keystore.key", "K3Y"),
            ("ssl.keystore.certificate.chain", "CHA1N"),
            ("ssl.key.password", "s3cret"),
            ("ssl.truststore.location", "/t"),
            ("ssl.truststore.type", "PKCS12"),
            ("ssl.truststore.password", "s3cret"),
            ("ssl.client.auth", "required"),
            ("ssl.enabled.protocols", "TLSv1.3"),
            ("ssl.cipher.suites", "TLS_AES_128_GCM_SHA256"),
        ],
    );
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let shown = format!("{config:?}");
    assert!(["s3cret", "K3Y", "CHA1N"].iter().all(|secret| !shown.contains(secret)), "{shown}");
    assert_eq!(config.keystore.place, StorePlace::Text(Password::new("K3Y\nCHA1N\n")));
    assert_eq!(config.truststore.map(|store| store.kind), Some(StoreType::Pkcs12));
    assert_eq!((config.client_auth, config.tls12, config.tls13), (ClientAuth::Required, false, true));
    assert_eq!(config.cipher_suites, ["TLS_AES_128_GCM_SHA256"]);
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let table = [
        ("ssl.keystore.location", "", "listeners.https.ssl.keystore.location: is needed for https"),
        ("ssl.keystore.type", "BKS", "listeners.https.ssl.keystore.type: cannot be used: the type BKS"),
        ("ssl.keystore.key", "x", "ssl.keystore.certificate.chain: is needed"),
        ("ssl.client.auth", "REQUIRED", "String must be one of: none, requested, required"),
        ("ssl.client.auth", "requested", "ssl.truststore.location: is needed"),
        ("ssl.enabled.protocols", "TLSv1.1", "names neither TLSv1.2 nor TLSv1.3"),
        ("ssl.enabled.protocols", "TLSv1.2,TLS9", "'TLS9' is unknown"),
        ("ssl.cipher.suites", "TLS_NONE", "none of these suites is there"),
        ("ssl.engine.factory.class", "x.Y", "classes of the JVM cannot be used"),
        ("ssl.truststore.certificates", "x", "ssl.truststore.type: must be PEM"),
    ];
    for (key, value, part) in table {
        let mut entries = vec![("listeners.https.ssl.keystore.location", "/k")];
        let key = format!("listeners.https.{key}");
        entries.retain(|(known, _)| *known != key);
        entries.push((&key, value));
        let (config, problems, _) = outcome("listeners", true, &entries);
        assert!(config.is_none() && problems.len() == 1, "{key}: {problems:?}");
        assert!(problems[0].contains(part), "{key}: {problems:?}");
    }
}

#[test]
fn what_changes_nothing_is_named() {
    let store = ("listeners.https.ssl.keystore.location", "/k");
    let table = [
        ("ssl.provider", "x", "the JVM's TLS"),
        ("ssl.endpoint.identification.algorithm", "https", "don't check the names"),
        ("ssl.enabled.protocols", "TLSv1.2,TLSv1.1", "TLSv1.1 is not spoken"),
        ("ssl.cipher.suites", "TLS_AES_128_GCM_SHA256,X", "not there: X"),
        ("ssl.keystore.pasword", "s3cret", "was listeners.https.ssl.keystore.password meant?"),
        ("foo", "x", "is not a known config"),
    ];
    for (key, value, part) in table {
        let (config, _, warnings) =
            outcome("listeners", true, &[store, (&format!("listeners.https.{key}"), value)]);
        assert!(config.is_some() && warnings.len() == 1, "{key}: {warnings:?}");
        assert!(warnings[0].contains(part) && !warnings[0].contains("s3cret"), "{key}: {warnings:?}");
    }
    let (config, problems, warnings) = outcome("listeners", false, &[store]);
    assert!(config.is_none() && problems.is_empty() && warnings.len() == 1);
}
