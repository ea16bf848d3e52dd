//! Source offsets in a compact form, kept for each record in flight and read back only when they are stored.
//!
//! Layout: number of entries (u16), then for each its key (u16 length, bytes), its tag (u8) and 8 bytes, or u32 length
//! and bytes for text and bytes. Little-endian; the form never leaves the process.

use std::borrow::Cow;

use connect_plugin_abi as abi;

use super::views::{self, Bad};
use crate::records::value::Value;

/// Appends the compact form of an offset to `out`; nothing for null.
///
/// # Safety
/// Every pointer in the tree leads to what the header says during the call.
pub unsafe fn encode(view: &abi::CpValue, out: &mut Vec<u8>) -> Result<(), Bad> {
    match view.tag {
        abi::NULL => return Ok(()),
        abi::MAP => {}
        _ => return Err(Bad::Other("a source offset that is neither a map nor null".into())),
    }
    let count = usize::try_from(view.bits).unwrap_or(usize::MAX);
    // SAFETY: the caller's promise, as for all below.
    let items = unsafe { views::slice(view.ptr.cast::<abi::CpValue>(), count.saturating_mul(2))? };
    out.extend(
        u16::try_from(count)
            .map_err(|_| Bad::Other(format!("a source offset of {count} entries")))?
            .to_le_bytes(),
    );
    for entry in items.chunks_exact(2) {
        // SAFETY: as above.
        let Value::String(key) = (unsafe { views::value(&entry[0])? }) else {
            return Err(Bad::Other("a source offset with a key that is not a string".into()));
        };
        let len = u16::try_from(key.len())
            .map_err(|_| Bad::Other(format!("a source offset with a key of {} bytes", key.len())))?;
        out.extend(len.to_le_bytes());
        out.extend(key.as_bytes());
        // SAFETY: as above.
        primitive(&entry[1], unsafe { views::value(&entry[1])? }, out)?;
    }
    Ok(())
}

fn primitive(view: &abi::CpValue, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Bad> {
    // A tag that was read without complaint is below 256.
    out.push(view.tag as u8);
    match value {
        Value::Array(_) | Value::Map(_) | Value::Struct(_) => {
            Err(Bad::Other("a source offset with a value that is not a primitive".into()))
        }
        Value::String(_) | Value::Bytes(_) => {
            let raw = value.raw().unwrap_or_default();
            let len = u32::try_from(raw.len())
                .map_err(|_| Bad::Other("a source offset of more than 4 GB".into()))?;
            out.extend(len.to_le_bytes());
            out.extend(raw);
            Ok(())
        }
        _ => {
            out.extend(view.bits.to_le_bytes());
            Ok(())
        }
    }
}

/// Reads the compact form back. `None` for what [`encode`] never wrote.
pub fn decode(mut data: &[u8]) -> Option<Value<'static>> {
    if data.is_empty() {
        return Some(Value::Null);
    }
    let count = u16::from_le_bytes(take(&mut data)?);
    let mut entries = Vec::with_capacity(count.into());
    for _ in 0..count {
        let len = u16::from_le_bytes(take(&mut data)?);
        let key = String::from_utf8(cut(&mut data, len.into())?.to_vec()).ok()?;
        let [tag] = take(&mut data)?;
        let value = match u32::from(tag) {
            abi::STRING => {
                let len = u32::from_le_bytes(take(&mut data)?);
                let text = String::from_utf8(cut(&mut data, usize::try_from(len).ok()?)?.to_vec()).ok()?;
                Value::String(Cow::Owned(text))
            }
            abi::BYTES => {
                let len = u32::from_le_bytes(take(&mut data)?);
                Value::Bytes(Cow::Owned(cut(&mut data, usize::try_from(len).ok()?)?.to_vec()))
            }
            tag => number(tag, u64::from_le_bytes(take(&mut data)?))?,
        };
        entries.push((Value::String(Cow::Owned(key)), value));
    }
    Some(Value::Map(entries))
}

fn number(tag: u32, bits: u64) -> Option<Value<'static>> {
    let number = bits as i64;
    Some(match tag {
        abi::NULL => Value::Null,
        abi::BOOLEAN => Value::Boolean(bits != 0),
        abi::INT8 => Value::Int8(number.try_into().ok()?),
        abi::INT16 => Value::Int16(number.try_into().ok()?),
        abi::INT32 => Value::Int32(number.try_into().ok()?),
        abi::INT64 => Value::Int64(number),
        abi::FLOAT32 => Value::Float32(f32::from_bits(bits as u32)),
        abi::FLOAT64 => Value::Float64(f64::from_bits(bits)),
        _ => return None,
    })
}

fn cut<'a>(data: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, tail) = data.split_at_checked(len)?;
    *data = tail;
    Some(head)
}

fn take<const N: usize>(data: &mut &[u8]) -> Option<[u8; N]> {
    cut(data, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::lend::Lender;
    use super::*;

    fn round(value: Value<'static>) -> Result<Option<Value<'static>>, Bad> {
        let mut lender = Lender::default();
        let view = lender.value(value);
        let mut out = Vec::new();
        // SAFETY: the lender lives.
        unsafe { encode(&view, &mut out) }?;
        Ok(decode(&out))
    }

    #[test]
    fn offsets_come_back_as_they_were() {
        let text = |text: &'static str| Value::str(text);
        let offset = Value::Map(vec![
            (text("position"), Value::Int64(-5)),
            (text("file"), text("ü")),
            (text("raw"), Value::bytes(b"\0\xff")),
            (text("n"), Value::Null),
            (text("b"), Value::Boolean(true)),
            (text("f"), Value::Float64(1.5)),
            (text("i"), Value::Int32(-7)),
        ]);
        assert_eq!(round(offset.clone()), Ok(Some(offset)));
        assert_eq!(round(Value::Null), Ok(Some(Value::Null)));
        assert_eq!(round(Value::Map(vec![])), Ok(Some(Value::Map(vec![]))));
    }

    #[test]
    fn other_shapes_are_refused() {
        assert!(round(Value::Int64(1)).is_err());
        assert!(round(Value::Map(vec![(Value::Int64(1), Value::Null)])).is_err());
        assert!(round(Value::Map(vec![(Value::str("a"), Value::Array(vec![]))])).is_err());
    }
}
