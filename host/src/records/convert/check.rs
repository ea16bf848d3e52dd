//! The converters that a connector's config names, as part of its validation: their classes and their own settings.

use std::collections::BTreeSet;

use super::definitions::definitions;
use super::registry::{Role, classes_for, converter, header_converter, resolve};
use crate::settings::definitions::value::invalid;
use crate::settings::definitions::{Parsed, Validation};
use crate::settings::{Problem, Props, connector::ConverterConfig};

impl Role {
    /// The name of the role, as in `converter.type`.
    fn name(self) -> &'static str {
        match self {
            Role::Key => "key",
            Role::Value => "value",
            Role::Header => "header",
        }
    }

    fn interface(self) -> &'static str {
        if self == Role::Header { "HeaderConverter" } else { "Converter" }
    }
}

/// Checks the converters and adds their settings behind all other keys. `other_class` tells the full name of a class that is
/// no converter.
pub fn check(
    validation: &mut Validation,
    config: &Props,
    nulls: &BTreeSet<String>,
    other_class: impl Fn(&str) -> Option<String>,
) {
    for role in [Role::Header, Role::Key, Role::Value] {
        let key = role.key();
        validation.recommend(key, classes_for(role).into_iter().map(str::to_owned).collect());
        if nulls.contains(key) {
            validation.set_visible(&format!("{key}.plugin.version"), false);
        }
        let Some(named) = ConverterConfig::read(key, config) else { continue };
        let class = resolve(&named.class).map(str::to_owned);
        let class = class.or_else(|| other_class(&named.class)).or_else(|| transformation(&named.class));
        validation.show(key, class.clone().map(Parsed::String));
        match class {
            None => {
                let detail = format!("Class {} could not be found.", named.class);
                validation.add_error(key, invalid(key, &named.class, &detail));
                validation.set_visible(&format!("{key}.plugin.version"), false);
            }
            Some(class) if !classes_for(role).contains(&class.as_str()) => {
                let interface = role.interface();
                validation.add_error(
                    key,
                    format!("Class class {class} does not implement the {interface} interface"),
                );
            }
            Some(class) => settings(validation, role, &class, named.props),
        }
    }
}

/// A class that Kafka Connect has, and not as a converter.
fn transformation(class: &str) -> Option<String> {
    class.starts_with("org.apache.kafka.connect.transforms.").then(|| class.to_owned())
}

fn settings(validation: &mut Validation, role: Role, class: &str, own: Props) {
    let mut shown = own.clone();
    shown.entry("converter.type".to_owned()).or_insert_with(|| role.name().to_owned());
    if let Some(definitions) = definitions(class) {
        validation.append_part(&format!("{}.", role.key()), Validation::new(definitions, &shown));
    }
    let problems: Vec<Problem> = match role {
        Role::Header => header_converter(class, &own).err(),
        _ => converter(class, &own, role == Role::Key).err(),
    }
    .unwrap_or_default();
    for problem in problems {
        // What the definitions have found already is told in their words.
        if !validation.is_faulty(&problem.key) {
            validation.add_error(&problem.key, problem.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::connector::Kind;
    use crate::settings::definitions::common;

    fn checked(entries: &[(&str, &str)]) -> Validation {
        let config: Props = entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut given = config.clone();
        given.insert("name".to_owned(), "n".to_owned());
        given.insert("connector.class".to_owned(), "C".to_owned());
        let mut validation = Validation::new(common::connector(Kind::Source), &given);
        check(&mut validation, &config, &BTreeSet::new(), |class| {
            (class == "C").then(|| "org.example.CConnector".to_owned())
        });
        validation
    }

    fn value(validation: &Validation, key: &str) -> Option<String> {
        validation.value(key).map(Parsed::text)
    }

    #[test]
    fn the_settings_of_named_converters_follow_in_javas_order() {
        let validation = checked(&[
            ("key.converter", "JsonConverter"),
            ("key.converter.schemas.enable", "x"),
            ("key.converter.decimal.format", "q"),
            ("header.converter", "String"),
            ("value.converter.schemas.enable", "ignored without a class"),
        ]);
        let infos = validation.infos("C");
        let names: Vec<&str> = infos.configs.iter().map(|config| config.value.name.as_str()).collect();
        let expected = [
            "header.converter.converter.type",
            "header.converter.converter.encoding",
            "key.converter.decimal.format",
            "key.converter.converter.type",
            "key.converter.schemas.cache.size",
            "key.converter.replace.null.with.default",
            "key.converter.schemas.enable",
        ];
        assert_eq!(names[names.len() - 7..], expected);
        assert_eq!(infos.groups[infos.groups.len() - 2..], ["Serialization", "Schemas"]);
        assert_eq!(infos.error_count, 2);
        assert_eq!(
            value(&validation, "key.converter").as_deref(),
            Some("org.apache.kafka.connect.json.JsonConverter")
        );
        assert_eq!(value(&validation, "header.converter.converter.type").as_deref(), Some("header"));
        let messages: Vec<String> =
            validation.problems().into_iter().map(|problem| problem.message).collect();
        assert_eq!(
            messages,
            [
                "Invalid value q for configuration decimal.format: String must be one of (case insensitive): NUMERIC, BASE64",
                "Invalid value x for configuration schemas.enable: Expected value to be either true or false",
            ]
        );
    }

    #[test]
    fn what_is_no_converter_is_told_in_kafkas_words() {
        let table = [
            (
                "key.converter",
                "nope",
                None,
                "Invalid value nope for configuration key.converter: Class nope could not be found.",
            ),
            (
                "key.converter",
                "SimpleHeaderConverter",
                Some("org.apache.kafka.connect.storage.SimpleHeaderConverter"),
                "Class class org.apache.kafka.connect.storage.SimpleHeaderConverter does not implement the Converter interface",
            ),
            (
                "key.converter",
                "org.apache.kafka.connect.transforms.RegexRouter",
                Some("org.apache.kafka.connect.transforms.RegexRouter"),
                "Class class org.apache.kafka.connect.transforms.RegexRouter does not implement the Converter interface",
            ),
            (
                "header.converter",
                "C",
                Some("org.example.CConnector"),
                "Class class org.example.CConnector does not implement the HeaderConverter interface",
            ),
        ];
        for (key, class, shown, message) in table {
            let validation = checked(&[(key, class)]);
            assert_eq!(value(&validation, key).as_deref(), shown);
            let problems: Vec<String> =
                validation.problems().into_iter().map(|problem| problem.message).collect();
            assert_eq!(problems, [message]);
        }
        let strange = checked(&[
            ("value.converter", "StringConverter"),
            ("value.converter.converter.encoding", "klingon"),
        ]);
        assert_eq!(strange.error_count(), 1);
    }
}
