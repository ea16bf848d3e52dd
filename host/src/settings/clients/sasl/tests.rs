//! sasl.jaas.config as Java reads it, and errors that never quote a secret.

use super::*;
use crate::settings::clients::Client;
use crate::settings::clients::tests::{connector_client, props};

fn user_of(text: &str, module: &str) -> Result<(String, String), String> {
    login(text, module).and_then(user_and_password)
}

#[test]
fn user_and_password_are_found() {
    let table = [
        (PLAIN, r#"MODULE required username="u" password="p";"#, ("u", "p")),
        (SCRAM, r#"MODULE required username="u" password="p" ;"#, ("u", "p")),
        (PLAIN, "MODULE\n  REQUIRED\n  password=\"p;=x y\"\n  username='u'\n;\n", ("u", "p;=x y")),
        (PLAIN, r#"MODULE required username="a\"b\\c" password="";"#, ("a\"b\\c", "")),
        (PLAIN, r#"MODULE optional username=u password=p user_alice="x";"#, ("u", "p")),
        (PLAIN, "// who\nMODULE required /* and\nwhat */ username=u password=\"//p\";// end", ("u", "//p")),
        (PLAIN, r#"MODULE required username="\101\n\0601" password="\q\400";"#, ("A\n01", "q 0")),
        (PLAIN, r#"MODULE required username="it's" password='"';"#, ("it's", "\"")),
        (SCRAM, r#"MODULE required username="ü" password="päss" tokenauth=false;"#, ("ü", "päss")),
    ];
    for (module, text, (user, password)) in table {
        let text = text.replace("MODULE", module);
        assert_eq!(user_of(&text, module), Ok((user.to_owned(), password.to_owned())), "{text}");
    }
}

#[test]
fn broken_configs_are_refused_without_their_secrets() {
    let table = [
        ("", "begins with no login module"),
        (r#"="s3cret";"#, "begins with no login module"),
        (r#""s3cret" required;"#, "the login module that cannot be used"),
        (
            r#"com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;"#,
            "the login module com.sun.security.auth.module.Krb5LoginModule cannot be used",
        ),
        (r#"MODULE username="u" password="s3cret";"#, "lacks the control flag"),
        (r#"MODULE required username="u" password="s3cret""#, "must end in ';'"),
        (r#"MODULE required username="u" password="s3cret;"#, "quoted value without an end"),
        (r#"MODULE required username="u" password="s3cret\"#, "quoted value without an end"),
        ("MODULE required username=u password=\"s3cret\n\";", "quoted value without an end"),
        ("MODULE required username=u /* password=s3cret;", "comment without an end"),
        (r#"MODULE required username="u";"#, "lacks the option password"),
        (r#"MODULE required password="s3cret";"#, "lacks the option username"),
        (r#"MODULE required username="u" s3cret;"#, "has no value for the option '...'"),
        (r#"MODULE required username= password="s3cret";"#, "must end in ';'"),
        (r#"MODULE required username="u" password="s3cret" tokenauth=true;"#, "delegation tokens"),
        (r#"MODULE required username="u" password="s3cret"; MODULE required;"#, "more than one login module"),
    ];
    for (text, expected) in table {
        let error = user_of(&text.replace("MODULE", PLAIN), PLAIN).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

const ASKS: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";
const SECURED: &str = "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler";
const URL: &str = "sasl.oauthbearer.token.endpoint.url";

/// Other settings, options of the module, and librdkafka's settings or a part of the error.
type OauthCase = (
    &'static [(&'static str, &'static str)],
    &'static str,
    Result<&'static [(&'static str, &'static str)], &'static str>,
);

const OAUTH_CASES: &[OauthCase] = &[
    (
        &[(URL, "https://id/token"), ("sasl.login.callback.handler.class", ASKS)],
        r#"clientId="me" clientSecret="s3cret" scope="a b" extension_x="y""#,
        Ok(&[
            ("token.url", "https://id/token"),
            ("token.client.id", "me"),
            ("token.client.secret", "s3cret"),
            ("token.scope", "a b"),
            ("token.extension.x", "y"),
        ]),
    ),
    (
        &[
            (URL, "http://id"),
            ("sasl.oauthbearer.client.credentials.client.id", "you"),
            ("sasl.oauthbearer.client.credentials.client.secret", "s3cret"),
            ("sasl.oauthbearer.scope", "c"),
        ],
        r#"clientId="me" scope="d""#,
        Ok(&[
            ("token.url", "http://id"),
            ("token.client.id", "you"),
            ("token.client.secret", "s3cret"),
            ("token.scope", "c"),
        ]),
    ),
    (
        &[],
        r#"unsecuredLoginStringClaim_sub="me" unsecuredLoginListClaim_scope="|a|b" unsecuredLoginLifetimeSeconds=60"#,
        Ok(&[
            ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
            (
                "sasl.oauthbearer.config",
                "scope=a,b lifeSeconds=60 principalClaimName=sub scopeClaimName=scope principal=me",
            ),
        ]),
    ),
    (&[("sasl.login.callback.handler.class", ASKS)], r#"clientId="me" clientSecret="s3cret""#, Err(URL)),
    (&[(URL, "file:///t")], "", Ok(&[("token.url", "file:///t")])),
    (
        &[
            (URL, "file:/t"),
            ("sasl.login.callback.handler.class", SECURED),
            ("sasl.oauthbearer.header.urlencode", "TRUE"),
            ("sasl.oauthbearer.sub.claim.name", "user"),
            ("sasl.oauthbearer.scope.claim.name", "scp"),
            ("sasl.login.connect.timeout.ms", "1000"),
            ("sasl.login.read.timeout.ms", "2000"),
            ("sasl.login.retry.backoff.ms", "10"),
            ("sasl.login.retry.backoff.max.ms", "20"),
        ],
        "",
        Ok(&[
            ("token.url", "file:/t"),
            ("token.header.urlencode", "true"),
            ("token.claim.sub", "user"),
            ("token.claim.scope", "scp"),
            ("token.connect.timeout.ms", "1000"),
            ("token.read.timeout.ms", "2000"),
            ("token.retry.backoff.ms", "10"),
            ("token.retry.backoff.max.ms", "20"),
        ]),
    ),
    (
        &[(URL, "ftp://t")],
        r#"clientId="me" clientSecret="s3cret""#,
        Err("token.endpoint.url: must begin with"),
    ),
    (
        &[(URL, "https://id"), ("sasl.login.read.timeout.ms", "soon")],
        r#"clientId="me" clientSecret="s3cret""#,
        Err("sasl.login.read.timeout.ms"),
    ),
    (&[(URL, "https://id")], r#"clientId="me""#, Err("lacks the option clientSecret")),
    (&[(URL, "https://id")], r#"clientSecret="s3cret""#, Err("lacks the option clientId")),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.keystore.location="/k""#,
        Err("admin.override.sasl.jaas.config: option ssl.keystore.password: is needed to open the keystore"),
    ),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.truststore.type="BKS" ssl.truststore.certificates="s3cret""#,
        Err("sasl.jaas.config: option ssl.truststore.type: "),
    ),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.truststore.type=PEM ssl.truststore.certificates="s3cret""#,
        Err("sasl.jaas.config: option ssl.truststore.certificates: the text "),
    ),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.enabled.protocols="TLSv1.3""#,
        Err("option ssl.enabled.protocols: clients cannot be kept from TLSv1.2; have the endpoint refuse it"),
    ),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.engine.factory.class="s3cret""#,
        Err("option ssl.engine.factory.class: classes of the JVM cannot be used"),
    ),
    (
        &[(URL, "https://id")],
        r#"clientId="me" clientSecret="x" ssl.cipher.suites="s3cret""#,
        Err("option ssl.cipher.suites: cannot be chosen"),
    ),
    (&[], r#"clientId="me" clientSecret="s3cret""#, Err("unsecuredLoginStringClaim_sub")),
    (&[], r#"unsecuredLoginStringClaim_sub="a b""#, Err("no blanks")),
    (
        &[],
        r#"unsecuredLoginStringClaim_sub="a" unsecuredLoginNumberClaim_n="1""#,
        Err("unsecuredLoginNumberClaim_n"),
    ),
    (
        &[],
        r#"unsecuredLoginStringClaim_sub="a" unsecuredLoginStringClaim_n="1""#,
        Err("unsecuredLoginStringClaim_n"),
    ),
];

#[test]
fn tokens_come_from_an_endpoint_or_are_unsecured() {
    for (settings, options, expected) in OAUTH_CASES {
        let jaas = format!("{OAUTH} required {options};");
        let base = [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "OAUTHBEARER"),
            ("sasl.jaas.config", &jaas),
        ];
        let config = connector_client(Client::Admin, &[&base[..], settings].concat());
        match (config, expected) {
            (Ok(config), Ok(expected)) => {
                let found = config.conf.iter().filter(|(name, _)| {
                    ["token.", "enable.sasl.oauthbearer", "sasl.oauthbearer"]
                        .iter()
                        .any(|part| name.starts_with(part))
                });
                assert_eq!(
                    found.map(|(k, v)| (k.clone(), v.clone())).collect::<crate::settings::Props>(),
                    props(expected)
                );
                assert!(!format!("{config:?}").contains("s3cret"));
                assert!(config.security.login().contains("admin.override.sasl.jaas.config"));
            }
            (Err(problems), Err(part)) => {
                assert_eq!(problems.len(), 1, "{problems:?}");
                let text = problems[0].to_string();
                assert!(text.contains(part) && !text.contains("s3cret"), "{text}");
            }
            (found, _) => panic!("{options}: {found:?}"),
        }
    }
}

/// Settings of a client that gets tokens at an endpoint, with these options of the login module.
fn with_options(url: &str, options: &str) -> crate::settings::clients::ClientConfig {
    let jaas = format!(r#"{OAUTH} required clientId="me" clientSecret="s3cret" {options};"#);
    let settings = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.jaas.config", jaas.as_str()),
        (URL, url),
    ];
    connector_client(Client::Producer, &settings).unwrap()
}

#[test]
fn the_endpoint_has_stores_of_its_own() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/settings/keystores/testdata");
    let read = |path: &str| std::fs::read(format!("{folder}/{path}")).map_err(|error| error.to_string());
    let options = r#"ssl.truststore.location="keytool-trust.jks" ssl.truststore.password="store-pw"
        ssl.keystore.type="PKCS12" ssl.keystore.location="keytool.p12" ssl.keystore.password="store-pw""#;
    let mut config = with_options("https://id", options);
    assert!(!format!("{config:?}").contains("-pw") && config.warnings.is_empty());
    config.read_stores(read).unwrap();
    let made: Vec<&str> =
        config.conf.keys().filter(|name| name.contains("ssl.")).map(String::as_str).collect();
    assert_eq!(made, ["token.ssl.ca.pem", "token.ssl.certificate.pem", "token.ssl.key.pem"]);
    assert!(
        config
            .conf
            .iter()
            .filter(|(name, _)| made.contains(&name.as_str()))
            .all(|(_, pem)| pem.contains("BEGIN"))
    );
    assert!(!format!("{config:?}").contains("BEGIN"));
    let keys = config.security;
    let of = "of producer.override.sasl.jaas.config";
    assert!(keys.endpoint_trust().ends_with(&format!("by the option ssl.truststore.location {of}")));
    assert!(keys.endpoint_identity().ends_with(&format!("of the option ssl.keystore.location {of}")));
    let none = with_options("https://id", "").security;
    for told in [none.endpoint_trust(), none.endpoint_identity()] {
        assert!(told.contains("producer.override.sasl.jaas.config has no option ssl."), "{told}");
    }
    for (option, part) in [
        (
            r#"ssl.truststore.location="missing""#,
            "option ssl.truststore.location: the file missing cannot be read",
        ),
        (
            r#"ssl.truststore.location="keytool-trust.jks" ssl.truststore.password="s3cret""#,
            "option ssl.truststore.password: the file keytool-trust.jks ",
        ),
    ] {
        let problems = with_options("https://id", option).read_stores(read).unwrap_err();
        let text = problems[0].to_string();
        assert!(
            problems.len() == 1 && text.contains(&format!("producer.override.sasl.jaas.config: {part}")),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn options_of_tls_that_have_no_effect_are_named() {
    let table = [
        ("https://id", r#"ssl.provider="X""#, "option ssl.provider: has no effect"),
        ("https://id", r#"ssl.protocol="TLSv1.1""#, "the newest that the endpoint knows"),
        ("https://id", r#"ssl.endpoint.identification.algorithm="""#, "the name of the endpoint is checked"),
        ("https://id", r#"ssl.trustore.location="/t""#, "option ssl.trustore.location: has no effect"),
        ("http://id", r#"ssl.truststore.location="/t""#, "has no https://"),
        ("file:/t", r#"ssl.truststore.location="/t""#, "has no https://"),
    ];
    for (url, option, part) in table {
        let warnings = with_options(url, option).warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let text = warnings[0].to_string();
        assert!(
            text.contains(part) && text.starts_with("producer.override.sasl.jaas.config: option "),
            "{text}"
        );
    }
    let good = r#"ssl.endpoint.identification.algorithm="https" ssl.protocol="TLSv1.3" ssl.cipher.suites="""#;
    assert!(with_options("https://id", good).warnings.is_empty());
}
