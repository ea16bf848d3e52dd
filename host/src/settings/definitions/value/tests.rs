//! Each type and each rule, with Kafka's words.

use super::*;

#[test]
fn types_read_text_as_java_does() {
    let list = |items: &[&str]| Parsed::List(items.iter().map(|item| (*item).to_owned()).collect());
    let text = |text: &str| Parsed::String(text.to_owned());
    let table = [
        (Type::Boolean, " TRUE ", Some(Parsed::Boolean(true))),
        (Type::Boolean, "False", Some(Parsed::Boolean(false))),
        (Type::Boolean, "yes", None),
        (Type::Boolean, "", None),
        (Type::String, "  a b\t", Some(text("a b"))),
        (Type::String, "\u{a0}a", Some(text("\u{a0}a"))),
        (Type::Class, " a.B ", Some(text("a.B"))),
        (Type::Int, " 3 ", Some(Parsed::Integer(3))),
        (Type::Int, "-2147483648", Some(Parsed::Integer(-2_147_483_648))),
        (Type::Int, "2147483648", None),
        (Type::Int, "1.0", None),
        (Type::Int, "+7", Some(Parsed::Integer(7))),
        (Type::Short, "32767", Some(Parsed::Integer(32767))),
        (Type::Short, "32768", None),
        (Type::Long, "9223372036854775807", Some(Parsed::Integer(i64::MAX))),
        (Type::Long, "9223372036854775808", None),
        (Type::Long, "x", None),
        (Type::Double, "1.5", Some(Parsed::Double(1.5))),
        (Type::Double, "1e3d", Some(Parsed::Double(1000.0))),
        (Type::Double, "-Infinity", Some(Parsed::Double(f64::NEG_INFINITY))),
        (Type::Double, "inf", None),
        (Type::Double, "", None),
        (Type::List, "", Some(list(&[]))),
        (Type::List, " a , b ", Some(list(&["a", "b"]))),
        (Type::List, "a,,b,", Some(list(&["a", "", "b", ""]))),
        (Type::Password, " s ", Some(Parsed::Password(Password::new("s")))),
    ];
    for (kind, given, expected) in table {
        assert_eq!(kind.parse("k", given).ok(), expected, "{kind} {given:?}");
    }
}

#[test]
fn values_that_cannot_be_read_are_named_in_kafkas_words() {
    let table = [
        (
            Type::Boolean,
            "yes",
            "Invalid value yes for configuration k: Expected value to be either true or false",
        ),
        (Type::Int, "abc", "Invalid value abc for configuration k: Not a number of type INT"),
        (Type::Short, " x ", "Invalid value  x  for configuration k: Not a number of type SHORT"),
        (Type::Long, "", "Invalid value  for configuration k: Not a number of type LONG"),
        (Type::Double, "1,5", "Invalid value 1,5 for configuration k: Not a number of type DOUBLE"),
    ];
    for (kind, given, expected) in table {
        assert_eq!(kind.parse("k", given), Err(expected.to_owned()));
    }
}

#[test]
fn values_are_shown_as_text() {
    let table = [
        (Type::Boolean, "TRUE", "true"),
        (Type::Int, "+07", "7"),
        (Type::Double, "1", "1.0"),
        (Type::List, " a , b", "a,b"),
        (Type::Password, "s3cret", "[hidden]"),
    ];
    for (kind, given, expected) in table {
        assert_eq!(kind.parse("k", given).unwrap().text(), expected);
    }
    assert!(!format!("{:?}", Type::Password.parse("k", "s3cret")).contains("s3cret"));
}

#[test]
fn rules_are_broken_in_kafkas_words() {
    let range = |min, max| Validator::Range { min, max };
    let table = [
        (range(Some(1.0), None), Type::Int, Some("0"), "0: Value must be at least 1"),
        (range(Some(1.0), Some(9.0)), Type::Int, Some("9"), ""),
        (range(None, Some(9.0)), Type::Long, Some("10"), "10: Value must be no more than 9"),
        (range(Some(0.5), None), Type::Double, Some("0.25"), "0.25: Value must be at least 0.5"),
        (range(Some(1.0), None), Type::Int, None, "null: Value must be non-null"),
        (Validator::one_of(&["a", "b"]), Type::String, Some("a"), ""),
        (Validator::one_of(&["a", "b"]), Type::String, Some("A"), "A: String must be one of: a, b"),
        (Validator::one_of(&["a", "b"]), Type::String, None, "null: String must be one of: a, b"),
        (Validator::one_of_ignore_case(&["a", "b"]), Type::String, Some("A"), ""),
        (
            Validator::one_of_ignore_case(&["a", "b"]),
            Type::String,
            Some("c"),
            "c: String must be one of (case insensitive): A, B",
        ),
        (Validator::NonEmpty, Type::String, Some(" "), ": String must be non-empty"),
        (Validator::NonEmpty, Type::String, None, ""),
        (Validator::NonEmpty, Type::Password, Some(""), "[hidden]: String must be non-empty"),
        (Validator::NonEmpty, Type::List, Some("a"), ""),
        (Validator::NameText, Type::String, Some(""), ": String may not be empty"),
        (
            Validator::NameText,
            Type::String,
            Some("a\n\u{7f}b"),
            "a\n\u{7f}b: String may not contain control sequences but had the following ASCII chars: 10, 127",
        ),
        (Validator::NameText, Type::String, Some("a/b%c\\d é"), ""),
        (Validator::UniqueAliases, Type::List, Some("a,b,a"), "[a, b, a]: Duplicate alias provided."),
        (Validator::UniqueAliases, Type::List, Some("a,b"), ""),
        (Validator::Regex, Type::String, Some("a.*"), ""),
        (Validator::Pattern("[a-z]+".to_owned()), Type::String, Some("abc"), ""),
        (
            Validator::Pattern("[a-z]+".to_owned()),
            Type::Password,
            Some("s3cret"),
            "[hidden]: String must match pattern '[a-z]+'",
        ),
        (Validator::Pattern("[a-z]+".to_owned()), Type::String, None, ""),
    ];
    for (rule, kind, given, expected) in table {
        let value = given.map(|text| kind.parse("k", text).unwrap());
        let expected = match expected.split_once(": ") {
            None => Ok(()),
            Some((shown, detail)) => Err(format!("Invalid value {shown} for configuration k: {detail}")),
        };
        assert_eq!(rule.check("k", value.as_ref()), expected, "{rule:?} {given:?}");
    }
    let broken = Validator::Regex.check("k", Some(&Parsed::String("(".to_owned()))).unwrap_err();
    assert!(broken.starts_with("Invalid value ( for configuration k: Invalid regex: "), "{broken}");
}
