//! The cells: the tables of `tests/java` crossed with schemas, places, settings and converters.

use crate::notation::{self, hex, unhex};
use connect_host::records::convert::json::write::{Style, push_schema};
use connect_host::records::{Field, Schema, Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Settings of a converter.
pub type Config = BTreeMap<String, String>;

/// What is asked of a converter.
#[derive(Clone)]
pub enum Ask {
    /// To write this value, and to read what was written.
    Write(Option<Arc<Schema>>, Value<'static>),
    /// To read these bytes.
    Read(Option<Vec<u8>>),
}

/// One cell of the table.
pub struct Cell {
    /// The short name of the converter's class.
    pub class: &'static str,
    /// Its settings.
    pub config: Config,
    /// Whether it converts headers.
    pub header: bool,
    /// The question.
    pub ask: Ask,
}

/// The converters of one type.
pub const PRIMITIVES: [&str; 6] = ["Boolean", "Short", "Integer", "Long", "Float", "Double"];

fn config(pairs: &[(&str, &str)]) -> Config {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn cell(class: &'static str, config: Config, ask: Ask) -> Cell {
    Cell { class, config, header: class == "SimpleHeader", ask }
}

/// Every cell, always in the same order.
pub fn all() -> Vec<Cell> {
    let seeds: Vec<Seed> = lines("values.jsonl").map(Seed::read).collect();
    let mut cells = Vec::new();
    for (nth, seed) in seeds.iter().enumerate() {
        alone(seed, &seeds, &mut cells);
        in_places(seed, &mut cells);
        payloads(nth, seed, &mut cells);
    }
    documents(&mut cells);
    raw_bytes(&mut cells);
    headers(&mut cells);
    cells
}

fn lines(table: &str) -> impl Iterator<Item = &'static str> {
    match table {
        "values.jsonl" => include_str!("../../java/values.jsonl"),
        "payloads.txt" => include_str!("../../java/payloads.txt"),
        "envelopes.txt" => include_str!("../../java/envelopes.txt"),
        "bytes.txt" => include_str!("../../java/bytes.txt"),
        "headers.txt" => include_str!("../../java/headers.txt"),
        _ => panic!("no such table: {table}"),
    }
    .split_terminator('\n')
}

/// A line of `values.jsonl`: a required schema, values that fit it, and a default.
struct Seed {
    schema: Schema,
    values: Vec<Value<'static>>,
    default: Option<Value<'static>>,
}

impl Seed {
    fn read(line: &str) -> Seed {
        let json: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let schema = notation::schema(&json["schema"]).unwrap_or_else(|| panic!("{line}: no schema"));
        let values = json["values"].as_array().unwrap().iter().map(notation::value).collect();
        let default = json.get("default").map(notation::value);
        Seed { schema: Schema::clone(&schema), values, default }
    }

    /// The schema required and optional, with and without a default, and with all that a schema may tell.
    fn schemas(&self) -> Vec<Arc<Schema>> {
        let mut schemas = vec![self.schema.clone(), self.schema.clone().optional()];
        if let Some(default) = &self.default {
            schemas.push(self.schema.clone().with_default(default.clone()));
            schemas.push(self.schema.clone().optional().with_default(default.clone()));
        }
        let mut told = self.schema.clone();
        told.name = told.name.or(Some("a.\"name\"".to_owned()));
        told.version = Some(3);
        told.doc = Some("näh\n\"doc\"".to_owned());
        told.parameters.push(("p\"".to_owned(), "v\\".to_owned()));
        schemas.push(told);
        schemas.into_iter().map(Arc::new).collect()
    }

    fn values_and_null(&self) -> impl Iterator<Item = Value<'static>> {
        self.values.iter().cloned().chain([Value::Null])
    }

    /// All values with the first schema; one of them, and null, with every other.
    fn with_schemas(&self) -> Vec<(Arc<Schema>, Value<'static>)> {
        let mut all = Vec::new();
        for (at, schema) in self.schemas().into_iter().enumerate() {
            let fits = |(nth, value): &(usize, Value<'_>)| at == 0 || *nth == 0 || value.is_null();
            let values = self.values_and_null().enumerate().filter(fits);
            all.extend(values.map(|(_, value)| (schema.clone(), value)));
        }
        all
    }
}

/// Every combination of JsonConverter's settings; the short list is for values that only `schemas.enable` touches.
fn json_configs(full: bool) -> Vec<Config> {
    let mut configs = Vec::new();
    for schemas in ["true", "false"] {
        for decimals in ["BASE64", "NUMERIC"] {
            for replace in ["true", "false"] {
                if full || (decimals, replace) == ("BASE64", "true") {
                    let pairs = [
                        ("schemas.enable", schemas),
                        ("decimal.format", decimals),
                        ("replace.null.with.default", replace),
                    ];
                    configs.push(config(&pairs));
                }
            }
        }
    }
    configs
}

/// Each value with its schemas and none, and values of other types, by every converter.
fn alone(seed: &Seed, seeds: &[Seed], cells: &mut Vec<Cell>) {
    for (schema, value) in seed.with_schemas() {
        every_way(Some(schema), value, cells);
    }
    seed.values_and_null().for_each(|value| every_way(None, value, cells));
    let own = |value: &Value<'_>| value.kind() == Some(seed.schema.kind);
    let mut kinds = BTreeSet::new();
    let strangers = seeds.iter().filter(|other| kinds.insert(other.schema.kind));
    for stranger in strangers.filter_map(|other| other.values.last()).filter(|value| !own(value)) {
        let ask = Ask::Write(Some(Arc::new(seed.schema.clone())), stranger.clone());
        for class in PRIMITIVES.into_iter().chain(["Json", "String", "ByteArray", "SimpleHeader"]) {
            cells.push(cell(class, Config::new(), ask.clone()));
        }
    }
}

fn every_way(schema: Option<Arc<Schema>>, value: Value<'static>, cells: &mut Vec<Cell>) {
    let ask = Ask::Write(schema.clone(), value.clone());
    let nested = matches!(value, Value::Struct(_) | Value::Array(_) | Value::Null);
    let full = nested || schema.is_some_and(|s| s.kind == Type::Bytes);
    cells.extend(json_configs(full).into_iter().map(|config| cell("Json", config, ask.clone())));
    let encodings = ["UTF-8", "US-ASCII", "ISO-8859-1"];
    for encoding in encodings.into_iter().take(if matches!(value, Value::String(_)) { 3 } else { 1 }) {
        cells.push(cell("String", config(&[("converter.encoding", encoding)]), ask.clone()));
    }
    for class in PRIMITIVES.into_iter().chain(["ByteArray", "SimpleHeader"]) {
        cells.push(cell(class, Config::new(), ask.clone()));
    }
    cells.push(Cell { header: true, ..cell("Json", Config::new(), ask.clone()) });
    cells.push(Cell { header: true, ..cell("String", Config::new(), ask) });
}

/// A schema in a place, and how a value gets there.
type Place = fn(Arc<Schema>) -> Schema;

fn field(name: &str, schema: Arc<Schema>) -> Field {
    Field { name: name.to_owned(), schema }
}

fn string() -> Arc<Schema> {
    Arc::new(Schema::of(Type::String))
}

fn in_struct(schema: Arc<Schema>) -> Schema {
    Schema::structure(vec![field("f", schema)]).named("S", Some(1))
}

const PLACES: [Place; 5] = [
    in_struct,
    Schema::array,
    |schema| Schema::map(string(), schema),
    |schema| Schema::map(schema, string()),
    |schema| Schema::array(Arc::new(in_struct(schema))),
];

fn put(place: usize, value: Value<'static>) -> Value<'static> {
    match place {
        0 => Value::Struct(vec![value]),
        1 => Value::Array(vec![value.clone(), value]),
        2 => Value::Map(vec![(Value::str("k"), value)]),
        3 => Value::Map(vec![(value, Value::str("v"))]),
        _ => Value::Array(vec![Value::Struct(vec![value])]),
    }
}

/// Each value in a struct, an array and a map, with a schema and, where that can be, without.
fn in_places(seed: &Seed, cells: &mut Vec<Cell>) {
    for (at, place) in PLACES.iter().enumerate() {
        for (schema, value) in seed.with_schemas() {
            let full = value.is_null() || schema.kind == Type::Bytes;
            let ask = Ask::Write(Some(Arc::new(place(schema.clone()))), put(at, value));
            cells.extend(json_configs(full).into_iter().map(|c| cell("Json", c, ask.clone())));
            cells.push(cell("String", Config::new(), ask.clone()));
            cells.push(cell("SimpleHeader", Config::new(), ask));
        }
        for value in seed.values_and_null().filter(|_| (1..4).contains(&at)) {
            let ask = Ask::Write(None, put(at, value));
            cells.extend(json_configs(false).into_iter().map(|c| cell("Json", c, ask.clone())));
            cells.push(cell("String", Config::new(), ask.clone()));
            cells.push(cell("SimpleHeader", Config::new(), ask));
        }
    }
}

/// Each payload of the table in an envelope of two of the seed's schemas: alone, and in one of five places, null in all.
fn payloads(nth: usize, seed: &Seed, cells: &mut Vec<Cell>) {
    let schemas = seed.schemas();
    let mut ask = |schema: &Schema, payload: &str, replace: &str| {
        let mut bytes = b"{\"schema\":".to_vec();
        push_schema(&mut bytes, Style::default(), schema).unwrap();
        bytes.extend_from_slice(format!(",\"payload\":{payload}}}").as_bytes());
        let config = config(&[("replace.null.with.default", replace)]);
        cells.push(cell("Json", config, Ask::Read(Some(bytes))));
    };
    for (at, payload) in lines("payloads.txt").enumerate() {
        for schema in [&schemas[0], &schemas[schemas.len() - 2]] {
            let null = payload == "null";
            ask(schema, payload, "true");
            if null {
                ask(schema, payload, "false");
            }
            let places = [
                (in_struct(schema.clone()), format!("{{\"f\":{payload}}}")),
                (in_struct(schema.clone()), "{}".to_owned()),
                (Schema::array(schema.clone()), format!("[{payload}]")),
                (Schema::map(string(), schema.clone()), format!("{{\"k\":{payload}}}")),
                (Schema::map(schema.clone(), string()), format!("[[{payload},\"v\"]]")),
            ];
            for (place, (schema, document)) in places.iter().enumerate() {
                if null || (nth + at) % places.len() == place {
                    ask(schema, document, if (nth + at).is_multiple_of(2) { "true" } else { "false" });
                }
            }
        }
    }
}

/// Whole documents: the payloads without an envelope, and envelopes well and badly formed.
fn documents(cells: &mut Vec<Cell>) {
    for document in lines("payloads.txt").chain(lines("envelopes.txt")) {
        for settings in json_configs(true).into_iter().filter(|c| c["decimal.format"] == "BASE64") {
            cells.push(cell("Json", settings, Ask::Read(Some(document.as_bytes().to_vec()))));
        }
    }
    for depth in [1, 10, 30] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let document = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let plain = config(&[("schemas.enable", "false")]);
            cells.push(cell("Json", plain, Ask::Read(Some(document.clone().into_bytes()))));
            let envelope = format!("{{\"schema\":null,\"payload\":{document}}}");
            cells.push(cell("Json", Config::new(), Ask::Read(Some(envelope.into_bytes()))));
        }
    }
}

/// Bytes of all lengths and kinds by every converter.
fn raw_bytes(cells: &mut Vec<Cell>) {
    for bytes in lines("bytes.txt").map(|line| Some(unhex(line))).chain([None]) {
        let ask = Ask::Read(bytes);
        for class in PRIMITIVES.into_iter().chain(["ByteArray", "SimpleHeader"]) {
            cells.push(cell(class, Config::new(), ask.clone()));
        }
        for encoding in ["UTF-8", "US-ASCII", "ISO-8859-1"] {
            cells.push(cell("String", config(&[("converter.encoding", encoding)]), ask.clone()));
        }
        cells.extend(json_configs(false).into_iter().map(|c| cell("Json", c, ask.clone())));
    }
}

/// How texts of headers are put together; `$` is the first atom, `%` the second.
const ONE: [&str; 24] = [
    "$",
    " $",
    "$ ",
    "\"$\"",
    "$,",
    "$:",
    "$]",
    "$}",
    "x$",
    "$x",
    "\\$",
    "[$]",
    "[ $ ]",
    "[$",
    "[$,]",
    "[,$]",
    "[[$]]",
    "[{\"k\":$}]",
    "{$:1}",
    "{\"k\":$}",
    "{\"k\": $ }",
    "{\"k\":$",
    "{\"k\":[$]}",
    "{\"k\":$,}",
];
const TWO: [&str; 5] = ["[$,%]", "[\"$\", %]", "{\"a\":$,\"b\":%}", "{$:%}", "[[$],[%]]"];

/// The texts of headers: every atom in every frame, and pairs of atoms.
fn headers(cells: &mut Vec<Cell>) {
    let mut ask = |text: String| {
        cells.push(cell("SimpleHeader", Config::new(), Ask::Read(Some(text.into_bytes()))));
    };
    let atoms: Vec<&str> = lines("headers.txt").collect();
    for atom in &atoms {
        for frame in ONE {
            ask(frame.replace('$', atom));
        }
    }
    for (at, first) in atoms.iter().enumerate() {
        for (step, frame) in TWO.iter().enumerate() {
            // Not every pair in every frame: each frame meets another fifth of the pairs.
            for second in atoms.iter().skip((at + step) % 5).step_by(5) {
                ask(frame.replace('$', first).replace('%', second));
            }
        }
    }
}

impl Cell {
    /// The full name of the converter's class.
    pub fn class_name(&self) -> String {
        match self.class {
            "Json" => "org.apache.kafka.connect.json.JsonConverter".to_owned(),
            "String" | "SimpleHeader" => format!("org.apache.kafka.connect.storage.{}Converter", self.class),
            class => format!("org.apache.kafka.connect.converters.{class}Converter"),
        }
    }

    /// The cell as a line for `Converters.java`.
    pub fn line(&self) -> String {
        let mut line = serde_json::json!({
            "class": self.class_name(), "config": self.config, "header": self.header,
        });
        match &self.ask {
            Ask::Write(schema, value) => {
                let schema = schema.as_deref();
                line["write"] = serde_json::json!([
                    notation::show_schema(schema, false),
                    notation::show(schema, value, false)
                ]);
            }
            Ask::Read(bytes) => line["read"] = bytes.as_deref().map(hex).into(),
        }
        line.to_string()
    }
}
