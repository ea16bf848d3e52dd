//! The settings of Kafka's clients as Kafka defines them, for those that a connector overrides.

use super::Client;
use crate::settings::definitions::{ConfigDef, Definition, Importance, Type, Validation};
use crate::settings::{Props, with_prefix};

const TABLE: &str = include_str!("definitions.txt");

/// What a connector overrides of a client: the part of a validation that stands behind the client's prefix.
///
/// # Errors
/// Kafka's message about the first value that its type cannot read. The whole validation fails, as in Kafka Connect.
pub fn overrides(client: Client, connector: &Props) -> Result<Validation, String> {
    let given = with_prefix(connector, client.override_prefix());
    let mut definitions = ConfigDef::new();
    for key in given.keys() {
        if let Some(definition) = definition(client, key) {
            definitions.push(definition);
        }
    }
    for definition in definitions.iter() {
        let text = given.get(&definition.name).map_or("", String::as_str);
        definition.kind.parse(&definition.name, text)?;
    }
    let mut validation = Validation::new(definitions, &given);
    for (key, text) in &given {
        if validation.definitions().get(key).is_none() {
            validation.tell(key, text);
        }
    }
    Ok(validation)
}

/// Kafka's definition of a key; none: it defines no such key.
fn definition(client: Client, key: &str) -> Option<Definition> {
    let letter = match client {
        Client::Producer => 'p',
        Client::Consumer => 'c',
        Client::Admin => 'a',
    };
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut fields = rows.map(|line| line.splitn(5, ' ').collect::<Vec<_>>());
    let found = fields.find(|row| row.len() == 5 && row[0].contains(letter) && row[1] == key)?;
    let doc = "A setting of Kafka's client; Kafka's documentation tells what it does.";
    let definition = Definition::new(key, kind(found[2])?, importance(found[3])?, doc);
    Some(match found[4].strip_prefix('=') {
        Some(text) => definition.default(text),
        None if found[4] == "!" => definition.required(),
        None => definition,
    })
}

fn kind(name: &str) -> Option<Type> {
    use Type::{Boolean, Class, Double, Int, List, Long, Password, Short, String};
    [Boolean, String, Int, Short, Long, Double, List, Class, Password].into_iter().find(|t| t.name() == name)
}

fn importance(name: &str) -> Option<Importance> {
    Some(match name {
        "HIGH" => Importance::High,
        "MEDIUM" => Importance::Medium,
        "LOW" => Importance::Low,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(entries: &[(&str, &str)]) -> Props {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_row_is_a_definition_whose_default_can_be_read() {
        let mut rows = 0;
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.splitn(5, ' ').collect();
            for (letter, client) in ['p', 'c', 'a'].into_iter().zip(Client::ALL) {
                if fields[0].contains(letter) {
                    let definition = definition(client, fields[1]).unwrap_or_else(|| panic!("{line}"));
                    if let Some(text) = fields[4].strip_prefix('=') {
                        definition
                            .kind
                            .parse(fields[1], text)
                            .unwrap_or_else(|error| panic!("{line}: {error}"));
                    }
                    rows += 1;
                }
            }
        }
        assert!(rows > 250, "only {rows}");
        assert!(definition(Client::Producer, "fetch.min.bytes").is_none());
    }

    #[test]
    fn overrides_are_told_with_their_definitions() {
        let given = props(&[
            ("producer.override.linger.ms", "7"),
            ("producer.override.ssl.key.password", "s3cret"),
            ("producer.override.zzz", "1"),
            ("consumer.override.max.poll.records", "abc"),
        ]);
        let validation = overrides(Client::Producer, &given).unwrap();
        let shown = |key: &str| validation.value(key).map(|value| value.text());
        assert_eq!(shown("linger.ms").as_deref(), Some("7"));
        assert_eq!(shown("ssl.key.password").as_deref(), Some("[hidden]"));
        assert_eq!(shown("zzz").as_deref(), Some("1"));
        assert_eq!(validation.error_count(), 0);
        assert_eq!(
            overrides(Client::Consumer, &given).unwrap_err(),
            "Invalid value abc for configuration max.poll.records: Not a number of type INT"
        );
    }
}
