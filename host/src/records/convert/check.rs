//! The converters that a connector's config names, as part of its validation: their classes and their own settings.

use std::collections::BTreeSet;

use super::definitions::definitions;
use super::registry::{Role, classes_for, converter, header_converter, resolve};
use crate::settings::definitions::value::invalid;
use crate::settings::definitions::{Parsed, Validation};
use crate::settings::versions::{self, API_VERSION};
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

/// Holds what a config asks of a converter's version against the one that there is.
///
/// # Errors
/// The version does not fit, or what is asked is no range; under the key of the version, in Kafka Connect's words.
pub fn fits(role: Role, config: &ConverterConfig) -> Result<(), Problem> {
    let problem = |message: String| Problem::new(role.version_key(), message);
    let Some(class) = resolve(&config.class) else { return Ok(()) };
    let range = versions::requirement(config.version.as_deref());
    match range.map_err(|error| problem(error.to_string()))? {
        Some(range) if !range.contains(API_VERSION) => {
            Err(problem(versions::unfit(class, &range, &[API_VERSION])))
        }
        _ => Ok(()),
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
        let version = role.version_key();
        if nulls.contains(key) {
            validation.set_visible(version, false);
        }
        let shown = validation.value(key).and_then(Parsed::as_str).and_then(resolve);
        if shown.is_some_and(|class| classes_for(role).contains(&class)) {
            validation.recommend(version, vec![API_VERSION.to_owned()]);
        }
        let Some(named) = ConverterConfig::read(key, config) else { continue };
        let class = resolve(&named.class).map(str::to_owned);
        let class = class.or_else(|| other_class(&named.class)).or_else(|| transformation(&named.class));
        validation.show(key, class.clone().map(Parsed::String));
        match class {
            None => {
                let detail = format!("Class {} could not be found.", named.class);
                validation.add_error(key, invalid(key, &named.class, &detail));
                validation.set_visible(version, false);
            }
            Some(class) if !classes_for(role).contains(&class.as_str()) => {
                let interface = role.interface();
                validation.add_error(
                    key,
                    format!("Class class {class} does not implement the {interface} interface"),
                );
            }
            Some(_) if validation.is_faulty(version) => {}
            Some(class) => match fits(role, &named) {
                Err(problem) => {
                    validation.add_error(key, problem.message.clone());
                    validation.add_error(&problem.key, problem.message);
                }
                Ok(()) => settings(validation, role, &class, named.props),
            },
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
    fn a_version_that_is_not_there_is_told_with_the_one_that_is() {
        let class = "org.apache.kafka.connect.json.JsonConverter";
        let key = "key.converter.plugin.version";
        let with = |wanted: &str| checked(&[("key.converter", class), (key, wanted)]);
        for wanted in [API_VERSION, "latest", "[4,5)", "(,4.0],[4.1,)"] {
            let validation = with(wanted);
            assert_eq!(validation.error_count(), 0, "{wanted}");
            assert!(validation.value("key.converter.schemas.enable").is_some());
        }
        let missing = format!(
            "Plugin {class} not found that matches the version range [5,), available versions: [{API_VERSION}]"
        );
        let no_range = "Invalid value [5 for configuration key.converter.plugin.version: Unbounded range: [5";
        for (wanted, errors) in [("[5,)", vec![missing.as_str(); 2]), ("[5", vec![no_range])] {
            let validation = with(wanted);
            let problems = validation.problems();
            let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(messages, errors);
            assert!(validation.value("key.converter.schemas.enable").is_none());
        }
        let infos = with(API_VERSION).infos("C");
        let shown = infos.configs.iter().find(|config| config.value.name == key).unwrap();
        assert_eq!(shown.value.recommended_values, [API_VERSION]);
        let header =
            ConverterConfig { class: "Simple".into(), version: Some("9".into()), props: Props::new() };
        assert_eq!(fits(Role::Header, &header).unwrap_err().key, "header.converter.plugin.version");
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
