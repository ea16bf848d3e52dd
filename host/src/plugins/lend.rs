//! Building what the host lends to a plugin: values and configs as views, with everything they point to.

use std::borrow::Cow;

use connect_plugin_abi as abi;

use super::schemas::tag;
use crate::records::value::Value;
use crate::settings::Props;

/// Owns what views point to. Views stay valid while it lives and is not cleared; it may move.
#[derive(Default)]
pub struct Lender {
    texts: Vec<String>,
    bytes: Vec<Vec<u8>>,
    nodes: Vec<Box<[abi::CpValue]>>,
}

// SAFETY: the views in `nodes` point into heap memory of this same lender, or into memory that the caller keeps alive
// with it; nothing is tied to a thread.
unsafe impl Send for Lender {}
// SAFETY: shared use only reads.
unsafe impl Sync for Lender {}

impl Lender {
    /// A view of a schemaless value. Borrowed strings and bytes are not copied: they must outlive the lender.
    pub fn value(&mut self, value: Value<'_>) -> abi::CpValue {
        let bits = match &value {
            Value::Boolean(it) => u64::from(*it),
            Value::Int8(it) => i64::from(*it) as u64,
            Value::Int16(it) => i64::from(*it) as u64,
            Value::Int32(it) => i64::from(*it) as u64,
            Value::Int64(it) => *it as u64,
            Value::Float32(it) => u64::from(it.to_bits()),
            Value::Float64(it) => it.to_bits(),
            _ => 0,
        };
        let kind = value.kind();
        let (ptr, bits): (*const u8, u64) = match value {
            Value::String(text) => self.text(text),
            Value::Bytes(bytes) => self.raw(bytes),
            Value::Array(items) | Value::Struct(items) => self.children(items),
            Value::Map(entries) => {
                let flat = entries.into_iter().flat_map(|(key, value)| [key, value]).collect();
                let (ptr, count) = self.children(flat);
                (ptr, count / 2)
            }
            _ => (std::ptr::null(), bits),
        };
        abi::CpValue { tag: kind.map_or(abi::NULL, tag), schema: abi::SCHEMA_NONE, ptr: ptr.cast(), bits }
    }

    fn text(&mut self, text: Cow<'_, str>) -> (*const u8, u64) {
        let at = (text.as_ptr(), text.len() as u64);
        if let Cow::Owned(text) = text {
            // Moving a String leaves its heap buffer, and so `at`, where it is.
            self.texts.push(text);
        }
        at
    }

    fn raw(&mut self, bytes: Cow<'_, [u8]>) -> (*const u8, u64) {
        let at = (bytes.as_ptr(), bytes.len() as u64);
        if let Cow::Owned(bytes) = bytes {
            self.bytes.push(bytes);
        }
        at
    }

    fn children(&mut self, items: Vec<Value<'_>>) -> (*const u8, u64) {
        let views: Box<[abi::CpValue]> = items.into_iter().map(|item| self.value(item)).collect();
        let at = (views.as_ptr().cast::<u8>(), views.len() as u64);
        self.nodes.push(views);
        at
    }

    /// Forgets everything; views made so far are dead.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.bytes.clear();
        self.nodes.clear();
    }
}

/// A config with its view.
pub struct LentConfig {
    entries: Vec<abi::CpParam>,
    _props: Props,
}

// SAFETY: the entries point into the heap buffers of `_props`, which neither move nor change.
unsafe impl Send for LentConfig {}
// SAFETY: as above.
unsafe impl Sync for LentConfig {}

impl LentConfig {
    /// Takes a config over for lending.
    pub fn new(props: Props) -> LentConfig {
        let entry = |(key, value): (&String, &String)| abi::CpParam {
            key: abi::CpStr::new(key),
            value: abi::CpStr::new(value),
        };
        LentConfig { entries: props.iter().map(entry).collect(), _props: props }
    }

    /// The view; valid while `self` lives, also when it moves.
    pub fn view(&self) -> abi::CpConfig {
        abi::CpConfig { entries: self.entries.as_ptr(), count: self.entries.len() }
    }
}
