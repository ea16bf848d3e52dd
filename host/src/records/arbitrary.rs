//! Any schema with any value that fits it, for property tests.

use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::date::MILLIS_PER_DAY;
use super::schema::{DATE, Field, Schema, TIME, TIMESTAMP, Type};
use super::value::Value;

/// A schema, and values that fit it (as many as a draw wants, at least one).
pub type Typed = (Arc<Schema>, Value<'static>);

/// A schema, and how to draw a value of it that is not null.
type Drawn = (Schema, BoxedStrategy<Value<'static>>);

/// Texts with all that is hard in JSON and in headers.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", "\\PC{0,12}", "[\\x00-\\x7f\"\\\\]{0,12}", "[0-9eE+.:TZ\\[\\]{},\"-]{0,10}"]
}

fn plain(kind: Type) -> Drawn {
    let value = match kind {
        Type::Int8 => any::<i8>().prop_map(Value::Int8).boxed(),
        Type::Int16 => any::<i16>().prop_map(Value::Int16).boxed(),
        Type::Int32 => any::<i32>().prop_map(Value::Int32).boxed(),
        Type::Int64 => any::<i64>().prop_map(Value::Int64).boxed(),
        Type::Float32 => any::<u32>().prop_map(|bits| Value::Float32(f32::from_bits(bits))).boxed(),
        Type::Float64 => any::<u64>().prop_map(|bits| Value::Float64(f64::from_bits(bits))).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Type::Bytes => vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(bytes.into())).boxed(),
        _ => text().prop_map(|text| Value::String(text.into())).boxed(),
    };
    (Schema::of(kind), value)
}

fn leaf() -> impl Strategy<Value = Drawn> {
    let nested = [Type::Array, Type::Map, Type::Struct];
    let kinds: Vec<Type> = Type::ALL.into_iter().filter(|kind| !nested.contains(kind)).collect();
    let named = |kind, name, value| (Schema::of(kind).named(name, Some(1)), value);
    let decimal = |scale: i32| {
        // In as few bytes as hold it, as Java has it.
        let unscaled = any::<i128>().prop_map(|n| {
            Value::Bytes(super::decimal::from_text(&n.to_string(), 0).unwrap_or_default().into())
        });
        (Schema::decimal(scale), unscaled.boxed())
    };
    let day = 0..MILLIS_PER_DAY as i32;
    prop_oneof![
        6 => proptest::sample::select(kinds).prop_map(plain),
        1 => Just(named(Type::Int32, DATE, any::<i32>().prop_map(Value::Int32).boxed())),
        1 => Just(named(Type::Int32, TIME, day.prop_map(Value::Int32).boxed())),
        1 => Just(named(Type::Int64, TIMESTAMP, any::<i64>().prop_map(Value::Int64).boxed())),
        1 => (-9..20).prop_map(decimal),
    ]
}

/// What else a schema may tell, and null where it is allowed.
fn dress(drawn: impl Strategy<Value = Drawn>) -> impl Strategy<Value = Drawn> {
    let more = (any::<bool>(), option::of(text()), option::of(0..100), option::of(text()), any::<bool>());
    let parameters = btree_map("[a-z]{1,3}", text(), 0..2);
    (drawn, more, parameters).prop_flat_map(|((schema, value), more, parameters)| {
        let (optional, name, version, doc, default) = more;
        let mut schema = Schema { optional, doc, ..schema };
        if schema.name.is_none() {
            (schema.name, schema.version) = (name, version);
        }
        schema.parameters.extend(parameters);
        let dressed = value.clone().prop_map(move |drawn| {
            let default = default.then_some(drawn);
            Schema { default, ..schema.clone() }
        });
        let value = match optional {
            true => option::weighted(0.8, value).prop_map(|v| v.unwrap_or(Value::Null)).boxed(),
            false => value,
        };
        dressed.prop_map(move |schema| (schema, value.clone()))
    })
}

fn drawn() -> BoxedStrategy<Drawn> {
    dress(leaf())
        .prop_recursive(3, 24, 4, |inner| {
            let array = inner.clone().prop_map(|(schema, value)| {
                let items = vec(value, 0..4).prop_map(Value::Array).boxed();
                (Schema::array(Arc::new(schema)), items)
            });
            let map = (dress(leaf()), inner.clone()).prop_map(|((mut key, keys), (schema, value))| {
                // A null key of text becomes the text "null", as in Kafka.
                key.optional = false;
                let pairs = vec((keys, value), 0..4).prop_map(distinct).boxed();
                (Schema::map(Arc::new(key), Arc::new(schema)), pairs)
            });
            let structure = vec((text(), inner), 0..4).prop_map(|fields| {
                // Kafka has no field without a name.
                let mut names = std::collections::BTreeSet::from([String::new()]);
                let (schemas, values): (Vec<_>, Vec<_>) = fields
                    .into_iter()
                    .filter(|(name, _)| names.insert(name.clone()))
                    .map(|(name, (schema, value))| (Field { name, schema: Arc::new(schema) }, value))
                    .unzip();
                (Schema::structure(schemas), values.prop_map(Value::Struct).boxed())
            });
            dress(prop_oneof![array, map, structure])
        })
        .boxed()
}

/// Pairs of which no two have the same key, and none is null.
fn distinct(pairs: Vec<(Value<'static>, Value<'static>)>) -> Value<'static> {
    let mut seen = std::collections::BTreeSet::new();
    let fresh = pairs.into_iter().filter(|(key, _)| !key.is_null() && seen.insert(format!("{key:?}")));
    Value::Map(fresh.collect())
}

/// A schema with a value that fits it.
pub fn typed() -> impl Strategy<Value = Typed> {
    drawn().prop_flat_map(|(schema, value)| (Just(Arc::new(schema)), value))
}
