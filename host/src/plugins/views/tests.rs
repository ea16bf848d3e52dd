//! Values from views: what is read back, and what is refused.

use std::ffi::c_void;

use super::*;

fn view<T>(tag: u32, items: &[T]) -> abi::CpValue {
    abi::CpValue { tag, schema: 0, ptr: items.as_ptr().cast::<c_void>(), bits: items.len() as u64 }
}

fn number(tag: u32, number: i64) -> abi::CpValue {
    abi::CpValue { tag, schema: 0, ptr: std::ptr::null(), bits: number as u64 }
}

fn read(view: &abi::CpValue) -> Result<Value<'static>, Bad> {
    // SAFETY: the tests hand over live data.
    unsafe { value(view) }.map(Value::into_owned)
}

#[test]
fn every_type_is_read() {
    let text = view(abi::STRING, b"h\xc3\xa9");
    assert_eq!(read(&text), Ok(Value::str("hé")));
    assert_eq!(read(&view(abi::BYTES, b"\xff")), Ok(Value::bytes(b"\xff")));
    assert_eq!(read(&number(abi::BOOLEAN, 1)), Ok(Value::Boolean(true)));
    assert_eq!(read(&number(abi::INT8, -1)), Ok(Value::Int8(-1)));
    assert_eq!(read(&number(abi::INT16, -300)), Ok(Value::Int16(-300)));
    assert_eq!(read(&number(abi::INT32, i64::from(i32::MIN))), Ok(Value::Int32(i32::MIN)));
    assert_eq!(read(&number(abi::INT64, i64::MIN)), Ok(Value::Int64(i64::MIN)));
    assert_eq!(read(&number(abi::FLOAT32, i64::from(1.5f32.to_bits()))), Ok(Value::Float32(1.5)));
    assert_eq!(read(&number(abi::FLOAT64, (-2.5f64).to_bits() as i64)), Ok(Value::Float64(-2.5)));
    let items = [text, number(abi::NULL, 0)];
    assert_eq!(read(&view(abi::ARRAY, &items)), Ok(Value::Array(vec![Value::str("hé"), Value::Null])));
    assert_eq!(read(&view(abi::STRUCT, &items)), Ok(Value::Struct(vec![Value::str("hé"), Value::Null])));
    let map = abi::CpValue { bits: 1, ..view(abi::MAP, &items) };
    assert_eq!(read(&map), Ok(Value::Map(vec![(Value::str("hé"), Value::Null)])));
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(read(&number(99, 0)), Err(Bad::Tag(99)));
    assert_eq!(read(&number(abi::BOOLEAN, 2)), Err(Bad::Number(2, "BOOLEAN")));
    assert_eq!(read(&number(abi::INT8, 200)), Err(Bad::Number(200, "INT8")));
    assert!(matches!(read(&view(abi::STRING, b"\xff")), Err(Bad::Text(_))));
    assert!(matches!(read(&number(abi::STRING, 5)), Err(Bad::Length { len: 5, what: "a null pointer" })));
    assert!(matches!(read(&number(abi::MAP, i64::MAX)), Err(Bad::Length { .. })));
    let huge = abi::CpValue { bits: u64::MAX, ..view(abi::BYTES, b"x") };
    assert!(matches!(read(&huge), Err(Bad::Length { .. })));
}

#[test]
fn depth_is_bounded() {
    let mut levels = vec![number(abi::INT8, 1)];
    let boxed: Vec<Box<abi::CpValue>> = (0..70)
        .map(|_| {
            let inner = Box::new(*levels.last().unwrap());
            levels.push(abi::CpValue {
                tag: abi::ARRAY,
                schema: 0,
                ptr: (&raw const *inner).cast(),
                bits: 1,
            });
            inner
        })
        .collect();
    assert!(read(&levels[60]).is_ok());
    assert_eq!(read(&levels[70]), Err(Bad::Depth));
    drop(boxed);
}

#[test]
fn schema_ids_below_the_registered_ones_are_the_primitives() {
    let id = |id| schema(id, &[]);
    assert_eq!(id(0), Ok(None));
    assert_eq!(id(abi::STRING), Ok(Some(Schema::shared(Type::String, false))));
    assert_eq!(id(128 + abi::INT8), Ok(Some(Schema::shared(Type::Int8, true))));
    for wrong in [abi::ARRAY, 100, 128, 128 + abi::MAP, 256] {
        assert_eq!(id(wrong), Err(Bad::SchemaId(wrong)));
    }
}
