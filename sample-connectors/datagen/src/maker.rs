//! What a record consists of: one row for each field, with its schema and how its value is drawn.

use connect_plugin::{Context, Result, Schema, SchemaAndValue, SchemaParts, Text, Type, Value};

use crate::random::Random;

/// Texts with what breaks careless code: nothing, quotes, control characters, more than ASCII.
const TEXTS: [&str; 8] =
    ["", "plain", "two words", "\"quoted\" \\", "tab\tand\nline", "häßlich", "\u{1F600}", "null"];
/// How many values in a row are no edge of their type.
const EDGES: u64 = 16;
/// Of the Decimal: digits behind the point.
const SCALE: &str = "2";

type Draw = fn(&mut Random) -> Value;

/// Makes the values of records, by seed and number.
#[derive(Debug)]
pub struct Maker {
    seed: i64,
    schema: Schema,
    draws: Vec<Draw>,
}

impl Maker {
    /// Registers the schemas with the worker.
    ///
    /// # Errors
    /// If the worker refuses one.
    pub fn new(context: &Context, seed: i64) -> Result<Maker> {
        let mut parts = SchemaParts::structure()
            .name("org.connecthost.samples.Datagen")
            .version(1)
            .field("number", Schema::INT64);
        let mut draws = Vec::new();
        for (name, schema, draw) in fields(context)? {
            parts = parts.field(name, schema);
            draws.push(draw);
        }
        Ok(Maker { seed, schema: context.register_schema(parts)?, draws })
    }

    /// The value of the record with this number.
    pub fn make(&self, number: i64) -> SchemaAndValue {
        let mut random = Random::of_record(self.seed, number);
        let mut values = Vec::with_capacity(1 + self.draws.len());
        values.push(Value::Int64(number));
        values.extend(self.draws.iter().map(|draw| draw(&mut random)));
        SchemaAndValue::new(self.schema.clone(), Value::Struct(values))
    }
}

/// All fields behind the number. What is drawn for one depends on those before it: new ones go to the end.
fn fields(context: &Context) -> Result<Vec<(&'static str, Schema, Draw)>> {
    let register = |parts: SchemaParts| context.register_schema(parts);
    let logical = |kind, name: &str| {
        SchemaParts::new(kind).name(format!("org.apache.kafka.connect.data.{name}")).version(1)
    };
    let point = SchemaParts::structure()
        .name("org.connecthost.samples.Point")
        .field("x", Schema::FLOAT64)
        .field("y", Schema::FLOAT64)
        .field("label", Schema::STRING.optional());
    let point = register(point)?;
    Ok(vec![
        ("boolean", Schema::BOOLEAN, |r| Value::Boolean(r.one_in(2))),
        ("int8", Schema::INT8, |r| Value::Int8(integer(r, i8::MIN.into(), i8::MAX.into()) as i8)),
        ("int16", Schema::INT16, |r| Value::Int16(integer(r, i16::MIN.into(), i16::MAX.into()) as i16)),
        ("int32", Schema::INT32, int32),
        ("int64", Schema::INT64, |r| Value::Int64(integer(r, i64::MIN, i64::MAX))),
        ("float32", Schema::FLOAT32, float32),
        ("float64", Schema::FLOAT64, float64),
        ("string", Schema::STRING, string),
        ("bytes", Schema::BYTES, |r| {
            let length = r.below(20);
            Value::from((0..length).map(|_| r.bits() as u8).collect::<Vec<u8>>())
        }),
        ("optional", Schema::STRING.optional(), |r| maybe(r, string)),
        ("nothing", Schema::INT32.optional(), |_| Value::Null),
        ("defaulted", register(SchemaParts::new(Type::Int32).optional().default(42))?, |r| maybe(r, int32)),
        ("array", register(SchemaParts::array(Schema::INT32))?, |r| {
            let length = r.below(5);
            Value::Array((0..length).map(|_| int32(r)).collect())
        }),
        ("map", register(SchemaParts::map(Schema::STRING, Schema::INT64.optional()))?, |r| {
            let length = r.below(4);
            Value::Map((0..length).map(|i| (Value::from(format!("key {i}")), maybe(r, int64))).collect())
        }),
        ("map_by_number", register(SchemaParts::map(Schema::INT32, Schema::BOOLEAN))?, |r| {
            let length = r.below(3) as i32;
            Value::Map((0..length).map(|i| (Value::Int32(i), Value::Boolean(r.one_in(2)))).collect())
        }),
        ("nested", point.clone(), nested),
        ("points", register(SchemaParts::array(point))?, |r| {
            let length = r.below(3);
            Value::Array((0..length).map(|_| nested(r)).collect())
        }),
        // Days since 1970-01-01; a hundred years of them.
        ("date", register(logical(Type::Int32, "Date"))?, |r| Value::Int32(r.below(36_525) as i32)),
        // Milliseconds since midnight.
        ("time", register(logical(Type::Int32, "Time"))?, |r| Value::Int32(r.below(86_400_000) as i32)),
        // Milliseconds since 1970-01-01; a hundred years of them.
        ("timestamp", register(logical(Type::Int64, "Timestamp"))?, |r| {
            Value::Int64(r.below(36_525 * 86_400_000) as i64)
        }),
        ("decimal", register(logical(Type::Bytes, "Decimal").parameter("scale", SCALE))?, |r| {
            Value::from(unscaled(integer(r, i64::MIN, i64::MAX)))
        }),
    ])
}

/// Between two bounds, both possible; at times a bound itself, 0 or -1.
fn integer(random: &mut Random, min: i64, max: i64) -> i64 {
    if random.one_in(EDGES) {
        return random.pick(&[min, max, 0, -1]);
    }
    match max.abs_diff(min).checked_add(1) {
        Some(count) => min.wrapping_add_unsigned(random.below(count)),
        None => random.bits() as i64,
    }
}

fn int32(random: &mut Random) -> Value {
    Value::Int32(integer(random, i32::MIN.into(), i32::MAX.into()) as i32)
}

fn int64(random: &mut Random) -> Value {
    Value::Int64(integer(random, i64::MIN, i64::MAX))
}

/// Thousandths, or the largest and the smallest numbers of the type.
fn float32(random: &mut Random) -> Value {
    Value::Float32(match random.one_in(EDGES) {
        true => random.pick(&[f32::MIN, f32::MAX, f32::MIN_POSITIVE, 0.0]),
        false => (random.below(2_000_000) as f32 - 1_000_000.0) / 1000.0,
    })
}

fn float64(random: &mut Random) -> Value {
    Value::Float64(match random.one_in(EDGES) {
        true => random.pick(&[f64::MIN, f64::MAX, f64::MIN_POSITIVE, 0.0]),
        false => (random.below(2_000_000_000_000) as f64 - 1e12) / 1000.0,
    })
}

fn string(random: &mut Random) -> Value {
    Value::String(match random.one_in(2) {
        true => Text::from_static(random.pick(&TEXTS)),
        false => Text::from(format!("{:016x}", random.bits())),
    })
}

/// Null once in four times.
fn maybe(random: &mut Random, draw: Draw) -> Value {
    if random.one_in(4) { Value::Null } else { draw(random) }
}

fn nested(random: &mut Random) -> Value {
    Value::Struct(vec![float64(random), float64(random), maybe(random, string)])
}

/// A whole number as a Decimal holds it: two's complement, most significant byte first, as few bytes as do.
fn unscaled(number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let idle = |pair: &[u8]| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80);
    let skipped = bytes.windows(2).take_while(|pair| idle(pair)).count();
    bytes[skipped..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_as_few_bytes_as_do() {
        for (number, bytes) in [
            (0, &[0][..]),
            (-1, &[0xff]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (i64::MAX, &i64::MAX.to_be_bytes()),
            (i64::MIN, &i64::MIN.to_be_bytes()),
        ] {
            assert_eq!(unscaled(number), bytes, "{number}");
        }
    }

    #[test]
    fn integers_reach_both_bounds_and_never_leave_them() {
        let mut seen = [false; 256];
        for number in 0..20_000 {
            let drawn = integer(&mut Random::of_record(0, number), i8::MIN.into(), i8::MAX.into());
            seen[(drawn + 128) as usize] = true;
        }
        assert!(seen.iter().all(|seen| *seen));
    }
}
