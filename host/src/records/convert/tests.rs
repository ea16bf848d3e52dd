//! Properties of all converters: what is written is read back, and no input makes one panic.

use proptest::prelude::*;

use super::*;
use crate::records::arbitrary::{Typed, text, typed};
use crate::records::schema::Type;
use crate::settings::Props;

fn props(settings: &[(&str, &str)]) -> Props {
    settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn json(settings: &[(&str, &str)]) -> Arc<dyn Converter> {
    converter("Json", &props(settings), false).unwrap()
}

fn written(converter: &dyn Converter, (schema, value): &Typed) -> Result<Option<Vec<u8>>, ConvertError> {
    let mut scratch = b"before".to_vec();
    let payload = converter.from_connect("t", Some(schema), value, &mut scratch)?;
    Ok(payload.resolve(&scratch).map(<[u8]>::to_vec))
}

/// NaN is not equal to itself, and 0.0 is to -0.0; their texts are what they should be.
fn shown(schema: Option<&Schema>, value: &Value<'_>) -> String {
    format!("{schema:?} {value:?}")
}

type Converters = Vec<Arc<dyn Converter>>;
type HeaderConverters = Vec<Arc<dyn HeaderConverter>>;

/// Every class with some settings, as a converter of values, and for headers.
fn all_converters() -> (Converters, HeaderConverters) {
    let (mut plain, mut headers) = (Vec::new(), Vec::new());
    for class in converter_classes() {
        for settings in [props(&[]), props(&[("schemas.enable", "false"), ("converter.encoding", "latin1")])]
        {
            match class.kind {
                "converter" => plain.push(converter(class.class, &settings, false).unwrap()),
                _ => headers.push(header_converter(class.class, &settings).unwrap()),
            }
        }
    }
    (plain, headers)
}

/// Puts these bytes at these places.
fn mutated(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, byte, how) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match how % 3 {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}

proptest! {
    #[test]
    fn any_value_with_any_schema_survives_the_json_round_trip(
        typed in typed(), numeric in any::<bool>()
    ) {
        let format = if numeric { "NUMERIC" } else { "BASE64" };
        // Where null becomes the default it does not come back.
        let settings = [("decimal.format", format), ("replace.null.with.default", "false")];
        let converter = json(&settings);
        let bytes = written(&*converter, &typed).unwrap().unwrap();
        let expected = shown(Some(&typed.0), &typed.1);
        // Read twice: as what is new, and as what is known.
        for _ in 0..2 {
            let read = converter.to_connect("t", Some(&bytes)).unwrap();
            prop_assert_eq!(shown(read.schema.as_deref(), &read.value), expected.clone());
        }
    }

    #[test]
    fn a_null_becomes_its_default_where_that_is_asked_for(typed in typed()) {
        let converter = json(&[]);
        let bytes = written(&*converter, &typed).unwrap().unwrap();
        let once = converter.to_connect("t", Some(&bytes)).unwrap();
        let again = written(&*converter, &(once.schema.unwrap(), once.value.into_owned())).unwrap().unwrap();
        prop_assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(bytes).unwrap());
    }

    #[test]
    fn header_values_come_back(typed in typed(), text in text()) {
        let header = header_converter("Json", &props(&[("replace.null.with.default", "false")])).unwrap();
        let mut scratch = Vec::new();
        let (schema, value) = &typed;
        let payload = header.from_connect("t", "h", Some(schema), value, &mut scratch).unwrap();
        let bytes = payload.resolve(&scratch).unwrap().to_vec();
        let read = header.to_connect("t", "h", Some(&bytes)).unwrap();
        prop_assert_eq!(shown(read.schema.as_deref(), &read.value), shown(Some(schema), value));

        let header = header_converter("String", &Props::new()).unwrap();
        let value = Value::str(&text);
        let payload = header.from_connect("t", "h", None, &value, &mut scratch).unwrap();
        let read = header.to_connect("t", "h", payload.resolve(&scratch)).unwrap();
        prop_assert_eq!(read.value, Value::str(&text));
    }

    #[test]
    fn simple_headers_are_written_and_read_whatever_they_hold(typed in typed()) {
        let header = header_converter("Simple", &Props::new()).unwrap();
        let (schema, value) = &typed;
        let mut scratch = Vec::new();
        let Ok(payload) = header.from_connect("t", "h", Some(schema), value, &mut scratch) else {
            return Ok(());
        };
        let bytes = payload.resolve(&scratch).map(<[u8]>::to_vec);
        let read = header.to_connect("t", "h", bytes.as_deref()).unwrap();
        match (schema.kind, value) {
            _ if schema.name.is_some() => {}
            (Type::Boolean, _) => prop_assert_eq!(&read.value, value),
            (Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64, Value::Null) => {}
            (Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64, _) => {
                prop_assert_eq!(read.value.as_i64(), value.as_i64());
            }
            _ => {}
        }
    }

    #[test]
    fn no_bytes_and_no_spoilt_envelope_make_a_converter_panic(
        typed in typed(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 1..6),
        noise in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (plain, headers) = all_converters();
        let envelope = written(&*json(&[]), &typed).unwrap().unwrap();
        let good = json(&[]);
        good.to_connect("t", Some(&envelope)).unwrap();
        for bytes in [mutated(envelope.clone(), &changes), noise] {
            let _ = good.to_connect("t", Some(&bytes));
            for converter in &plain {
                let _ = converter.to_connect("t", Some(&bytes));
            }
            for header in &headers {
                let _ = header.to_connect("t", "h", Some(&bytes));
            }
        }
        // A spoilt envelope leaves nothing behind.
        let again = good.to_connect("t", Some(&envelope)).unwrap();
        let fresh = json(&[]);
        let first = fresh.to_connect("t", Some(&envelope)).unwrap();
        prop_assert_eq!(shown(again.schema.as_deref(), &again.value), shown(first.schema.as_deref(), &first.value));
    }

    #[test]
    fn no_value_makes_a_converter_panic_not_even_under_a_schema_of_another(a in typed(), b in typed()) {
        let (plain, headers) = all_converters();
        let mut scratch = Vec::new();
        for (schema, value) in [(None, &a.1), (Some(&a.0), &a.1), (Some(&b.0), &a.1)] {
            for converter in &plain {
                scratch.clear();
                let _ = converter.from_connect("t", schema, value, &mut scratch);
            }
            for header in &headers {
                scratch.clear();
                let _ = header.from_connect("t", "h", schema, value, &mut scratch);
            }
        }
    }

    #[test]
    fn no_setting_makes_a_converter_panic(
        class in prop_oneof![
            prop::sample::select(converter_classes().into_iter().map(|c| c.class.to_owned()).collect::<Vec<_>>()),
            text(),
        ],
        settings in prop::collection::btree_map(
            prop_oneof![
                Just("schemas.enable".to_owned()), Just("schemas.cache.size".to_owned()),
                Just("decimal.format".to_owned()), Just("replace.null.with.default".to_owned()),
                Just("converter.encoding".to_owned()), Just("converter.type".to_owned()), text(),
            ],
            prop_oneof![text(), Just("true".to_owned()), Just("-1".to_owned()), Just("99999999999".to_owned())],
            0..5,
        ),
    ) {
        let settings: Props = settings.into_iter().collect();
        let _ = converter(&class, &settings, true);
        let _ = header_converter(&class, &settings);
    }
}
