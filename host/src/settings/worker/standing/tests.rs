//! Keys that are refused or merely named.

use super::*;

fn keys(entries: &[(&str, &str)]) -> (Vec<String>, Vec<(String, String)>) {
    let props = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let (refused, named) = check(Mode::Standalone, &props);
    let refused = refused.into_iter().map(|problem| problem.key).collect();
    (refused, named.into_iter().map(|problem| (problem.key, problem.message)).collect())
}

#[test]
fn each_key_of_the_lists_stands_where_it_should() {
    for (key, _) in REFUSED {
        assert_eq!(keys(&[(key, "x")]), (vec![(*key).to_owned()], vec![]));
        assert_eq!(keys(&[(key, " ")]), (vec![], vec![]), "{key}");
    }
    for key in NO_EFFECT.iter().map(|(key, _)| key).chain(DISTRIBUTED) {
        let (refused, named) = keys(&[(key, "x")]);
        assert!(refused.is_empty(), "{key}");
        assert_eq!(named.len(), 1, "{key}");
        assert!(named[0].1.starts_with("has no effect"), "{key}");
    }
    for prefix in NO_EFFECT_PREFIXES.iter().map(|(prefix, _)| prefix).chain(DISTRIBUTED_PREFIXES) {
        let (refused, named) = keys(&[(&format!("{prefix}x"), "x")]);
        assert!(refused.is_empty() && named.len() == 1, "{prefix}");
    }
    for definition in definitions(Mode::Standalone).iter() {
        let (refused, named) = keys(&[(&definition.name, "x")]);
        let listed = NO_EFFECT.iter().any(|(key, _)| *key == definition.name);
        assert!(refused.is_empty() && named.len() == usize::from(listed), "{}", definition.name);
    }
    for key in READ_ELSEWHERE {
        assert_eq!(keys(&[(&format!("{key}x"), "x")]), (vec![], vec![]), "{key}");
    }
}

#[test]
fn exactly_once_is_refused_only_where_it_is_asked_for() {
    let key = "exactly.once.source.support";
    assert_eq!(keys(&[(key, "ENABLED")]).0, [key]);
    assert_eq!(keys(&[(key, "disabled")]).0, Vec::<String>::new());
}

#[test]
fn unknown_keys_are_named_with_what_was_probably_meant() {
    let (refused, named) = keys(&[("plugin.paths", "x"), ("my.own.key", "x"), ("group_id", "x")]);
    assert!(refused.is_empty());
    let messages: Vec<_> = named.iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "is not a known config and has no effect; was group.id meant?",
            "is not a known config and has no effect",
            "is not a known config and has no effect; was plugin.path meant?",
        ]
    );
}

#[test]
fn misspelt_client_keys_and_prefixes_are_named_too() {
    for (key, meant) in [
        ("secuirty.protocol", "security.protocol"),
        ("producr.acks", "producer.acks"),
        ("key.convertor.schemas.enable", "key.converter.schemas.enable"),
        ("ofset.storage.topic", "offset.storage.topic"),
        ("consumers.max.poll.records", "consumer.max.poll.records"),
    ] {
        let (refused, named) = keys(&[(key, "x")]);
        assert!(refused.is_empty(), "{key}");
        let expected = format!("is not a known config and has no effect; was {meant} meant?");
        assert_eq!(named, [(key.to_owned(), expected)]);
    }
}

#[test]
fn plain_security_keys_are_pointed_out_unless_repeated() {
    let plain = ("security.protocol", "SSL");
    assert_eq!(keys(&[plain]).1.len(), 1);
    assert_eq!(keys(&[plain, ("producer.security.protocol", "SSL")]).1.len(), 1);
    let all = [plain, ("producer.security.protocol", "SSL"), ("consumer.security.protocol", "SSL")];
    assert_eq!(keys(&all).1.len(), 0);
    assert_eq!(keys(&[("security.protocol", "plaintext"), ("request.timeout.ms", "1")]).1.len(), 0);
}
