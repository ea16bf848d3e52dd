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
        r#"clientId="me" clientSecret="s3cret" ssl.truststore.location="/t""#,
        Err("the option ssl.truststore.location is not supported"),
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
