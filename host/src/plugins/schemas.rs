//! The schemas of one instance, in both directions: ids to schemas and schemas to ids.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use connect_plugin_abi as abi;

use super::views::{self, Bad};
use crate::records::schema::{Field, Schema, Type};

/// Most schemas an instance may have.
const LIMIT: usize = 10_000;

/// Schemas that were registered, by either side. Ids are never reused.
#[derive(Default)]
pub struct Schemas {
    list: Arc<Vec<Arc<Schema>>>,
    lent: HashMap<u32, Pin<Box<Lent>>>,
    by_address: HashMap<usize, u32>,
}

/// A schema in the form of the boundary, with all that it points to.
struct Lent {
    view: abi::CpSchema,
    _schema: Arc<Schema>,
    _params: Vec<abi::CpParam>,
    _fields: Vec<abi::CpField>,
}

// SAFETY: the pointers of a view lead into what it owns beside it, which never moves or changes.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Schemas {
    /// The registered schemas as of now; ids lead into it from 256 on.
    pub fn snapshot(&self) -> Arc<Vec<Arc<Schema>>> {
        self.list.clone()
    }

    /// The id of a schema; an equal one has the same.
    pub fn register(&mut self, schema: Arc<Schema>) -> Result<u32, Bad> {
        if let Some(id) = primitive_id(&schema) {
            return Ok(id);
        }
        if let Some(id) = self.by_address.get(&(Arc::as_ptr(&schema) as usize)) {
            return Ok(*id);
        }
        if let Some(index) = self.list.iter().position(|known| *known == schema) {
            return Ok(id_of(index));
        }
        if self.list.len() >= LIMIT {
            return Err(Bad::Other(format!("more than {LIMIT} different schemas")));
        }
        let id = id_of(self.list.len());
        self.by_address.insert(Arc::as_ptr(&schema) as usize, id);
        Arc::make_mut(&mut self.list).push(schema);
        Ok(id)
    }

    /// Reads a schema that a plugin wants to register.
    ///
    /// # Safety
    /// The view and all it points to live during the call.
    pub unsafe fn read(&self, view: &abi::CpSchema) -> Result<Schema, Bad> {
        let kind = views::kind(view.tag).ok_or(Bad::Tag(view.tag))?;
        if view.flags & !(abi::SCHEMA_IS_OPTIONAL | abi::SCHEMA_HAS_VERSION) != 0 {
            return Err(Bad::Other(format!("a schema with unknown flags {:#x}", view.flags)));
        }
        let optional = view.flags & abi::SCHEMA_IS_OPTIONAL != 0;
        // SAFETY: the caller's promise, as for all below.
        let (name, doc) = unsafe { (views::text(view.name)?, views::text(view.doc)?) };
        let mut parameters = Vec::new();
        // SAFETY: as above.
        for param in unsafe { views::slice(view.params, view.param_count)? } {
            // SAFETY: as above.
            let (key, value) = unsafe { (views::text(param.key)?, views::text(param.value)?) };
            parameters.push((key.to_owned(), value.to_owned()));
        }
        let mut fields: Vec<Field> = Vec::new();
        // SAFETY: as above.
        for field in unsafe { views::slice(view.fields, view.field_count)? } {
            // SAFETY: as above.
            let name = unsafe { views::text(field.name)? }.to_owned();
            if fields.iter().any(|known| known.name == name) {
                return Err(Bad::Other(format!("a schema that has field {name} twice")));
            }
            fields.push(Field { name, schema: self.part(field.schema)? });
        }
        let default = match view.default_value.is_null() || !view.default_value.is_aligned() {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { views::value(&*view.default_value)? }.into_owned()),
        };
        if let Some(value) = &default
            && value.kind().map_or(!optional, |given| given != kind)
        {
            let given = value.kind_name();
            return Err(Bad::Other(format!("a {given} as default of a schema of type {}", kind.name())));
        }
        Ok(Schema {
            kind,
            optional,
            name: (!name.is_empty()).then(|| name.to_owned()),
            version: (view.flags & abi::SCHEMA_HAS_VERSION != 0).then_some(view.version),
            doc: (!doc.is_empty()).then(|| doc.to_owned()),
            parameters,
            default,
            fields: if kind == Type::Struct { fields } else { Vec::new() },
            key: if kind == Type::Map { Some(self.part(view.key_schema)?) } else { None },
            value: if matches!(kind, Type::Map | Type::Array) {
                Some(self.part(view.value_schema)?)
            } else {
                None
            },
        })
    }

    fn part(&self, id: u32) -> Result<Arc<Schema>, Bad> {
        views::schema(id, &self.list)?.cloned().ok_or(Bad::SchemaId(id))
    }

    /// The schema behind an id in the form of the boundary; it stays where it is as long as `self`.
    pub fn lend(&mut self, id: u32) -> Option<*const abi::CpSchema> {
        let schema = views::schema(id, &self.list).ok()??.clone();
        if !self.lent.contains_key(&id) {
            let lent = self.make(schema).ok()?;
            self.lent.insert(id, lent);
        }
        self.lent.get(&id).map(|lent| &raw const lent.view)
    }

    fn make(&mut self, schema: Arc<Schema>) -> Result<Pin<Box<Lent>>, Bad> {
        let mut fields = Vec::with_capacity(schema.fields.len());
        for field in &schema.fields {
            let id = self.register(field.schema.clone())?;
            fields.push(abi::CpField { name: abi::CpStr::new(&field.name), schema: id, reserved: 0 });
        }
        let param = |(key, value): &(String, String)| abi::CpParam {
            key: abi::CpStr::new(key),
            value: abi::CpStr::new(value),
        };
        let params: Vec<_> = schema.parameters.iter().map(param).collect();
        let mut part = |part: &Option<Arc<Schema>>| match part {
            Some(schema) => self.register(schema.clone()),
            None => Ok(abi::SCHEMA_NONE),
        };
        let (key_schema, value_schema) = (part(&schema.key)?, part(&schema.value)?);
        let optional = if schema.optional { abi::SCHEMA_IS_OPTIONAL } else { 0 };
        let versioned = if schema.version.is_some() { abi::SCHEMA_HAS_VERSION } else { 0 };
        let view = abi::CpSchema {
            tag: tag(schema.kind),
            flags: optional | versioned,
            name: abi::CpStr::new(schema.name.as_deref().unwrap_or_default()),
            doc: abi::CpStr::new(schema.doc.as_deref().unwrap_or_default()),
            version: schema.version.unwrap_or_default(),
            key_schema,
            value_schema,
            reserved: 0,
            params: params.as_ptr(),
            param_count: params.len(),
            fields: fields.as_ptr(),
            field_count: fields.len(),
            default_value: std::ptr::null(),
        };
        Ok(Box::pin(Lent { view, _schema: schema, _params: params, _fields: fields }))
    }
}

fn id_of(index: usize) -> u32 {
    // The list is bounded far below u32.
    abi::SCHEMA_FIRST_REGISTERED + index as u32
}

/// The fixed id of a plain primitive schema.
pub fn primitive_id(schema: &Schema) -> Option<u32> {
    let tag = tag(schema.kind);
    (tag <= abi::BYTES && schema.is_plain())
        .then(|| if schema.optional { abi::SCHEMA_OPTIONAL + tag } else { tag })
}

/// The tag of a type.
pub fn tag(kind: Type) -> u32 {
    match kind {
        Type::Boolean => abi::BOOLEAN,
        Type::Int8 => abi::INT8,
        Type::Int16 => abi::INT16,
        Type::Int32 => abi::INT32,
        Type::Int64 => abi::INT64,
        Type::Float32 => abi::FLOAT32,
        Type::Float64 => abi::FLOAT64,
        Type::String => abi::STRING,
        Type::Bytes => abi::BYTES,
        Type::Array => abi::ARRAY,
        Type::Map => abi::MAP,
        Type::Struct => abi::STRUCT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_schemas_have_one_id_and_lend_what_they_say() {
        let mut schemas = Schemas::default();
        let field = |name: &str, schema: &Arc<Schema>| Field { name: name.into(), schema: schema.clone() };
        let point = || {
            Arc::new(
                Schema::structure(vec![field("x", Schema::shared(Type::Int32, false))])
                    .named("Point", Some(2)),
            )
        };
        let id = schemas.register(point()).unwrap();
        assert_eq!(id, abi::SCHEMA_FIRST_REGISTERED);
        assert_eq!(schemas.register(point()).unwrap(), id);
        let view = schemas.lend(id).unwrap();
        // SAFETY: the view lives as long as the schemas.
        let read = unsafe { schemas.read(&*view) }.unwrap();
        assert_eq!(read, *point());
        assert_eq!(schemas.lend(id), Some(view));
        assert_eq!(schemas.lend(999), None);
        assert_eq!(schemas.register(Schema::shared(Type::String, true).clone()).unwrap(), 128 + abi::STRING);
    }
}
