//! What may differ from Kafka, rule by rule; `docs/differences.md` tells the same to readers.

use crate::cells::{Ask, Cell};
use crate::notation::{hex, unhex};
use connect_host::records::schema::{DATE, DECIMAL, TIME, TIMESTAMP};
use serde_json::{Value as Json, json};

/// The names of all rules but [`SHORTER`]; each must have a cell.
pub const NAMES: [&str; 11] = [
    "a payload of another JSON type is an error, not 0",
    "numbers that are not finite are read back",
    "a numeric decimal is brought to the schema's scale",
    "text behind the document is an error",
    "bytes have no text",
    "text that Unicode does not know is an error",
    "dates and decimals that a list's or map's schema would not tell are text",
    "the name of a logical type on another type means nothing",
    "UTF-16 and UTF-32 are errors",
    "a struct's default is taken",
    "a bracket behind a blank is not dropped",
];

/// The rule that only JDKs before 19 meet.
const SHORTER: &str = "the shortest text of a double, as since JDK 19";

/// Whether both answers say the same. Errors are equal here whatever they say.
pub fn equal(ours: &Json, kafka: &Json) -> bool {
    if kafka.get("error").is_some() || ours.get("error").is_some() {
        return kafka.get("error").is_some() && ours.get("error").is_some();
    }
    match (ours.get("back"), kafka.get("back")) {
        (Some(back), Some(kafkas)) => ours["bytes"] == kafka["bytes"] && equal(back, kafkas),
        _ => ours == kafka,
    }
}

/// The rule by which two unequal answers may differ.
pub fn on_purpose(cell: &Cell, ours: &Json, kafka: &Json) -> Option<&'static str> {
    if equal(ours, &shorter(kafka)) {
        return Some(SHORTER);
    }
    if let (Some(back), Some(kafkas)) = (ours.get("back"), kafka.get("back"))
        && ours["bytes"] == kafka["bytes"]
    {
        return reading(cell.class, &unhex(ours["bytes"].as_str()?), back, kafkas);
    }
    match &cell.ask {
        Ask::Read(bytes) => reading(cell.class, bytes.as_deref()?, ours, kafka),
        Ask::Write(..) => {
            let textless = cell.class == "String" && error(ours).starts_with("bytes have no text form");
            textless.then_some(NAMES[4])
        }
    }
}

fn error(answer: &Json) -> &str {
    answer.get("error").and_then(Json::as_str).unwrap_or_default()
}

/// The rule by which two unequal readings of these bytes may differ.
fn reading(class: &str, bytes: &[u8], ours: &Json, kafka: &Json) -> Option<&'static str> {
    if class == "SimpleHeader" {
        let is_text = ours["value"]["s"].as_str().is_some_and(|text| text.as_bytes() == bytes);
        let blank = kafka["value"]["s"].as_str().is_some_and(|text| text.trim().is_empty());
        let rule = if blank { NAMES[10] } else { NAMES[6] };
        return (is_text && (blank || untold(&kafka["schema"], &kafka["value"]))).then_some(rule);
    } else if class != "Json" {
        return None;
    }
    let document: Json = serde_json::from_slice(bytes).unwrap_or_default();
    let taken = kafka.get("error").is_none();
    let says = |what: &[&str]| taken && what.iter().any(|what| error(ours).contains(what));
    if says(&["found a JSON value of type"]) {
        Some(NAMES[0])
    } else if says(&["does not fit the schema's scale", "scale parameter not found"]) {
        Some(NAMES[2])
    } else if says(&["trailing characters"]) {
        Some(NAMES[3])
    } else if says(&["surrogate", "invalid unicode", "hex escape"]) {
        Some(NAMES[5])
    } else if says(&["expected value"]) && bytes.iter().take(4).any(|byte| *byte == 0) {
        Some(NAMES[8])
    } else if misnamed(&document["schema"]) {
        Some(NAMES[7])
    } else if error(kafka) == "Invalid default value" && document["schema"]["default"].is_object() {
        Some(NAMES[9])
    } else if equal(&finite(ours), kafka) {
        Some(NAMES[1])
    } else if equal(&stripped(ours), &stripped(kafka)) {
        Some(NAMES[2])
    } else {
        None
    }
}

/// Whether this value has a date or decimal in it that is not of its schema.
fn untold(schema: &Json, value: &Json) -> bool {
    let all = |key: &str| value[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let [key, element] = [&schema["key"], &schema["element"]];
    value.get("date").is_some()
        || value.get("d").is_some_and(|number| {
            schema["name"] != DECIMAL || schema["parameters"] != json!([["scale", number[1].to_string()]])
        })
        || all("a").iter().any(|item| untold(element, item))
        || all("m").iter().any(|entry| untold(key, &entry[0]) || untold(element, &entry[1]))
}

/// Whether a schema as JsonConverter writes it has the name of a logical type, and not its type.
fn misnamed(schema: &Json) -> bool {
    let types = [(DATE, "int32"), (TIME, "int32"), (TIMESTAMP, "int64"), (DECIMAL, "bytes")];
    types.iter().any(|(name, kind)| schema["name"] == *name && schema["type"] != *kind)
}

/// With the text of 1e23 as it should be; older JDKs write more digits than tell it from its neighbours.
fn shorter(json: &Json) -> Json {
    let [long, short] = ["9.999999999999999E22", "1.0E23"];
    let text = json.to_string().replace(long, short).replace(&hex(long.as_bytes()), &hex(short.as_bytes()));
    serde_json::from_str(&text).unwrap_or_default()
}

/// With the entries of all maps in one order.
pub fn sorted(json: &Json) -> Json {
    mapped(json, &|mut object| {
        if let Some(entries) = object.get_mut("m").and_then(Json::as_array_mut) {
            entries.sort_by_cached_key(Json::to_string);
        }
        object
    })
}

/// Every object in the answer as `change` makes it, the innermost first.
fn mapped(json: &Json, change: &impl Fn(Json) -> Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(|item| mapped(item, change)).collect()),
        Json::Object(members) => {
            change(Json::Object(members.iter().map(|(k, v)| (k.clone(), mapped(v, change))).collect()))
        }
        other => other.clone(),
    }
}

/// With 0 for what is not finite, as Kafka reads it.
fn finite(json: &Json) -> Json {
    mapped(json, &|object| match (object["f32"].as_str(), object["f64"].as_str()) {
        (Some("7fc00000" | "7f800000" | "ff800000"), _) => json!({ "f32": "00000000" }),
        (_, Some("7ff8000000000000" | "7ff0000000000000" | "fff0000000000000")) => {
            json!({ "f64": "0000000000000000" })
        }
        _ => object,
    })
}

/// With decimals of as few digits as they need.
fn stripped(json: &Json) -> Json {
    mapped(json, &|object| {
        let Some([unscaled, scale]) = object.get("d").and_then(Json::as_array).map(Vec::as_slice) else {
            return object;
        };
        let mut bytes = unhex(unscaled.as_str().unwrap_or_default());
        let mut scale = scale.as_i64().unwrap_or_default();
        // Only compared with its like: the sign may stay.
        let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
        with_digits(&object, &mut bytes, &mut scale, negative)
    })
}

fn with_digits(object: &Json, bytes: &mut [u8], scale: &mut i64, negative: bool) -> Json {
    if negative {
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    if bytes.is_empty() {
        return object.clone();
    }
    while bytes.iter().any(|byte| *byte != 0) {
        let mut tenth = bytes.to_vec();
        let mut rest = 0u32;
        for byte in &mut tenth {
            let dividend = rest << 8 | u32::from(*byte);
            (*byte, rest) = ((dividend / 10) as u8, dividend % 10);
        }
        if rest != 0 {
            break;
        }
        bytes.copy_from_slice(&tenth);
        *scale -= 1;
    }
    if bytes.iter().all(|byte| *byte == 0) {
        *scale = 0;
    }
    let digits = hex(bytes);
    let digits = digits.trim_start_matches('0');
    json!({ "d": [if negative { format!("-{digits}") } else { digits.to_owned() }, scale] })
}
