//! The settings of the built-in converters as definitions, for the REST API; what counts is what `configure` takes.

use crate::settings::definitions::{ConfigDef, Definition, Importance, Type, Validator, Width};

/// The settings of a class, named in full; none: there is no such converter.
pub fn definitions(class: &str) -> Option<ConfigDef> {
    let name = class.strip_prefix("org.apache.kafka.connect.")?;
    Some(match name {
        "storage.SimpleHeaderConverter" => ConfigDef::new(),
        "storage.StringConverter" => string(),
        "json.JsonConverter" => json(),
        _ if super::registry::resolve(class) == Some(class) => with_type(),
        _ => return None,
    })
}

fn with_type() -> ConfigDef {
    let doc = "What the converter is for: key, value or header. The worker sets it.";
    ConfigDef::new().define(
        Definition::new("converter.type", Type::String, Importance::Low, doc)
            .required()
            .check(Validator::one_of(&["key", "value", "header"])),
    )
}

fn string() -> ConfigDef {
    let mut encoding = Definition::new(
        "converter.encoding",
        Type::String,
        Importance::High,
        "The encoding of texts: UTF-8, US-ASCII or ISO-8859-1, by any of Java's names.",
    )
    .default("UTF-8");
    encoding.width = Width::Medium;
    encoding.display_name = "Encoding".to_owned();
    with_type().define(encoding)
}

fn json() -> ConfigDef {
    let (schemas, serialization) = ("Schemas", "Serialization");
    let doc = "Whether each key and value is an envelope of its schema and its payload.";
    let enable = Definition::new("schemas.enable", Type::Boolean, Importance::High, doc).default("true");
    let doc = "The most schemas that the converter remembers.";
    let cache = Definition::new("schemas.cache.size", Type::Int, Importance::High, doc).default("1000");
    let doc = "How decimals are written, in any letter case: BASE64, the bytes of the number; NUMERIC, a JSON number.";
    let decimals = Definition::new("decimal.format", Type::String, Importance::Low, doc)
        .default("BASE64")
        .check(Validator::one_of_ignore_case(&["NUMERIC", "BASE64"]));
    let doc = "Whether a null field whose schema has a default is written as that default.";
    let nulls =
        Definition::new("replace.null.with.default", Type::Boolean, Importance::Low, doc).default("true");
    with_type()
        .define(enable.shown(schemas, 0, Width::Medium, "Enable Schemas"))
        .define(cache.shown(schemas, 1, Width::Medium, "Schema Cache Size"))
        .define(decimals.shown(serialization, 0, Width::Medium, "Decimal Format"))
        .define(nulls.shown(serialization, 1, Width::Medium, "Replace null with default"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::convert::registry::{Role, converter_classes, header_converter};
    use crate::settings::Props;

    #[test]
    fn every_class_has_definitions_whose_defaults_it_takes() {
        for class in converter_classes() {
            let definitions = definitions(class.class).unwrap();
            let given = |definition: &Definition| match &definition.default {
                crate::settings::definitions::DefaultValue::Text(text) => {
                    Some((definition.name.clone(), text.clone()))
                }
                _ => None,
            };
            let props: Props = definitions.iter().filter_map(given).collect();
            assert!(header_converter(class.class, &props).is_ok(), "{}", class.class);
        }
        assert!(definitions("org.apache.kafka.connect.storage.NoConverter").is_none());
        assert!(definitions("StringConverter").is_none());
        assert_eq!(Role::Header.key(), "header.converter");
    }
}
