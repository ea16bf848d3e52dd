//! Held against what Maven's own classes answered.

use proptest::prelude::*;

use super::*;

/// In ascending order; those on one line are equal.
const ORDER: &[&[&str]] = &[
    &["1-alpha-1", "1-a1", "1.0-ALPHA1", "1alpha1"],
    &["1-beta", "1.0-beta", "1beta"],
    &["1-rc1", "1-cr1", "1.0.rc1"],
    &["1-SNAPSHOT", "1.0.0-snapshot"],
    &["1", "1.0", "1.0.0", "1-ga", "1.final", "1-RELEASE", "1-0", "01"],
    &["1-sp"],
    &["1-xyz"],
    &["1-1", "1.0-1"],
    &["1.0.1"],
    &["1.9"],
    &["1.10"],
    &["1.10.0.1"],
    &["2-rc"],
    &["2"],
    &["12345678901234567890"],
    &["12345678901234567891"],
];

#[test]
fn versions_are_in_mavens_order() {
    for (at, equal) in ORDER.iter().enumerate() {
        for (other, others) in ORDER.iter().enumerate() {
            for (a, b) in equal.iter().flat_map(|a| others.iter().map(move |b| (a, b))) {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} and {b}");
            }
        }
    }
    let zero = ["", "0", "0.0", "."];
    assert!(zero.iter().all(|a| zero.iter().all(|b| compare(a, b).is_eq())));
    // No total order, in Maven neither.
    assert!(compare("1.sp.", "1").is_gt() && compare("1", "1-alpha").is_gt());
    assert!(compare("1-alpha", "1.sp.").is_gt());
}

#[test]
fn a_requirement_is_a_version_or_a_range_in_mavens_syntax() {
    let table: &[(&str, &str, &[&str], &[&str])] = &[
        ("1.0", "[1.0,1.0]", &["1", "1.0.0"], &["1.0.1", "0.9"]),
        (" [1.0] ", "[1.0,1.0]", &["1.0"], &["1.1"]),
        ("[1,2)", "[1,2)", &["1", "1.9.9", "2-rc1"], &["2", "0.9"]),
        ("( 1 , 2 ]", "(1,2]", &["1.1", "2.0"], &["1.0", "2.0.1"]),
        ("[1.5,)", "[1.5,)", &["1.5", "99"], &["1.4"]),
        ("(,1],[2,)", "(,1],[2,)", &["1", "0", "2"], &["1.5"]),
        ("[1] [3]", "[1,1],[3,3]", &["1", "3"], &["2"]),
        ("1,2", "[1,2]", &["1", "2"], &["3"]),
        ("", "[,]", &["", "0.0"], &["1"]),
        (" latest ", "[latest,latest]", &["latest"], &["1"]),
        ("(,)", "(,)", &["1", "x"], &[]),
    ];
    for (text, shown, inside, outside) in table {
        let range = requirement(Some(text)).unwrap().unwrap();
        assert_eq!(range.to_string(), *shown, "{text}");
        assert!(inside.iter().all(|version| range.contains(version)), "{text}");
        assert!(!outside.iter().any(|version| range.contains(version)), "{text}");
    }
    assert!(requirement(None).unwrap().is_none());
    assert!(requirement(Some("latest")).unwrap().is_none());
}

#[test]
fn what_is_no_range_is_refused_in_mavens_words() {
    let table = [
        ("[1", "Unbounded range: [1"),
        ("(1)", "Single version must be surrounded by []: (1)"),
        ("[1)", "Single version must be surrounded by []: [1)"),
        ("[2,1]", "Range defies version ordering: [2,1]"),
        ("[1,1)", "Range defies version ordering: [1,1)"),
        ("[1,3],[2,4]", "Ranges overlap: [1,3],[2,4]"),
        ("[1],(,2]", "Ranges overlap: [1],(,2]"),
        ("[1]2", "Only fully-qualified sets allowed in multiple set scenario: [1]2"),
        ("1]", "Only fully-qualified sets allowed in multiple set scenario: [1]]"),
    ];
    for (text, why) in table {
        assert_eq!(requirement(Some(text)).unwrap_err().to_string(), why, "{text}");
    }
    assert!(requirement(Some(&"-".repeat(1001))).is_err());
}

#[test]
fn items_are_put_in_order_without_insisting_on_one() {
    let versions = ["1.10", "1.sp.", "1.9", "1-alpha", "1", "1.9.0"];
    let ordered = in_order(versions, |a, b| compare(a, b));
    assert_eq!(ordered.len(), versions.len());
    assert_eq!(ordered.last(), Some(&"1.10"));
    let range = requirement(Some("[2,)")).unwrap().unwrap();
    let text = "Plugin a.B not found that matches the version range [2,), available versions: [1.9, 1.10]";
    assert_eq!(unfit("a.B", &range, &["1.9", "1.10"]), text);
}

proptest! {
    #[test]
    fn any_text_is_a_version_and_none_breaks_the_reader(a in ".{0,20}", b in "[0-9a-z.-]{0,12}", c in "[\\[\\](),1. -]{0,12}") {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert!(compare(&a, &a).is_eq());
        if let Ok(Some(range)) = requirement(Some(&c)) {
            range.contains(&b);
            let text = range.to_string();
            // An empty version is written like no bound, as by Maven, and read as that.
            if !text.contains("[,") && !text.contains(",]") {
                prop_assert!(requirement(Some(&text)).is_ok(), "{}", text);
            }
        }
    }
}
