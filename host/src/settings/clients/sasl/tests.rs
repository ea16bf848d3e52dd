//! sasl.jaas.config as Java reads it, and errors that never quote a secret.

use super::*;

#[test]
fn user_and_password_are_found() {
    let table = [
        (PLAIN, r#"MODULE required username="u" password="p";"#, ("u", "p")),
        (SCRAM, r#"MODULE required username="u" password="p" ;"#, ("u", "p")),
        (PLAIN, "MODULE\n  REQUIRED\n  password=\"p;=x y\"\n  username='u'\n;\n", ("u", "p;=x y")),
        (PLAIN, r#"MODULE required username="a\"b\\c" password="";"#, ("a\"b\\c", "")),
        (PLAIN, r#"MODULE optional username=u password=p user_alice="x";"#, ("u", "p")),
        (SCRAM, r#"MODULE required username="ü" password="päss" tokenauth=false;"#, ("ü", "päss")),
    ];
    for (module, text, (user, password)) in table {
        let text = text.replace("MODULE", module);
        assert_eq!(login(&text, module), Ok((user.to_owned(), password.to_owned())), "{text}");
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
        (r#"MODULE required username="u";"#, "lacks the option password"),
        (r#"MODULE required password="s3cret";"#, "lacks the option username"),
        (r#"MODULE required username="u" s3cret;"#, "has no value for the option '...'"),
        (r#"MODULE required username= password="s3cret";"#, "must end in ';'"),
        (r#"MODULE required username="u" password="s3cret" tokenauth=true;"#, "delegation tokens"),
        (r#"MODULE required username="u" password="s3cret"; MODULE required;"#, "more than one login module"),
    ];
    for (text, expected) in table {
        let error = login(&text.replace("MODULE", PLAIN), PLAIN).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
