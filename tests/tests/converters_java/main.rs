//! Every converter against Kafka's own, cell by cell: what both write, read, and refuse must be the same.
//!
//! `tests/java` holds the tables and the program that asks Kafka; [`cells`] crosses the tables; what differs on purpose
//! stands in [`differences`], and nowhere else.

mod cells;
mod differences;
mod notation;

use cells::{Ask, Cell};
use connect_host::records::convert::{Converter, HeaderConverter, Payload, converter, header_converter};
use connect_host::records::{ConvertError, Schema, SchemaAndValue, Value};
use connect_tests::paths;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

#[test]
fn converters_make_of_everything_what_kafkas_make_of_it() {
    let cells = cells::all();
    let mut tally = Tally::default();
    let mut ways = Ways::default();
    let mut at = 0;
    ask_kafka(&cells, |kafka| {
        tally.take(&cells[at], ways.answer(&cells[at]), kafka);
        at += 1;
    });
    assert_eq!(at, cells.len());
    let Tally { same, unmade, on_purpose, wrong } = tally;
    println!("{at} cells: {same} equal, {unmade} that Kafka cannot hold; on purpose: {on_purpose:#?}");
    if let Some(file) = std::env::var_os("CONVERTERS_REPORT") {
        std::fs::write(file, wrong.join("\n")).unwrap();
    }
    let shown: Vec<&str> = wrong.iter().take(20).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} cells differ, among them:\n{}", wrong.len(), shown.join("\n"));
    for name in differences::NAMES {
        assert!(on_purpose.contains_key(name), "nothing differs any more by: {name}");
    }
    assert!(same > 20_000, "the table has shrunk: {same}");
}

/// How many cells are as they should be, and those that are not.
#[derive(Default)]
struct Tally {
    same: usize,
    unmade: usize,
    on_purpose: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn take(&mut self, cell: &Cell, ours: Json, kafka: Json) {
        // Kafka's JsonConverter reads into hash maps, whose order means nothing.
        let (ours, kafka) = match cell.class {
            "Json" if ours != kafka => (differences::sorted(&ours), differences::sorted(&kafka)),
            _ => (ours, kafka),
        };
        if kafka.get("unmade").is_some() {
            self.unmade += 1;
        } else if differences::equal(&ours, &kafka) {
            self.same += 1;
        } else if let Some(name) = differences::on_purpose(cell, &ours, &kafka) {
            *self.on_purpose.entry(name).or_default() += 1;
        } else {
            self.wrong.push(format!("{}\n  Kafka: {kafka}\n  ours:  {ours}", cell.line()));
        }
    }
}

/// Hands out Kafka's answers, one for each cell.
fn ask_kafka(cells: &[Cell], mut take: impl FnMut(Json)) {
    let jars =
        Command::new(paths::repo().join("scripts/kafka")).arg("jars").stderr(Stdio::inherit()).output();
    assert!(jars.is_ok_and(|output| output.status.success()), "scripts/kafka jars has failed: see above");
    let mut java = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-Duser.timezone=UTC", "-cp"])
        .arg(paths::kafka_jars().join("libs/*"))
        .arg(paths::repo().join("tests/java/Converters.java"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java is needed: scripts/test installs it");
    let mut input = BufWriter::new(java.stdin.take().unwrap());
    let output = BufReader::new(java.stdout.take().unwrap());
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            cells.iter().try_for_each(|cell| writeln!(input, "{}", cell.line())).and_then(|()| input.flush())
        });
        output.lines().for_each(|line| take(serde_json::from_str(&line.unwrap()).unwrap()));
        // The other end is closed when the program could not be compiled, which a machine without a JDK cannot.
        let written = writer.join().unwrap();
        assert!(
            written.is_ok(),
            "java has ended early; it needs a JDK (default-jdk-headless), not a JRE alone"
        );
    });
    assert!(java.wait().unwrap().success(), "the Java program has failed: see above");
}

/// A converter of either kind.
enum Way {
    Plain(Arc<dyn Converter>),
    Header(Arc<dyn HeaderConverter>),
}

impl Way {
    fn write<'a>(
        &self,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        match self {
            Way::Plain(converter) => converter.from_connect("t", schema, value, scratch),
            Way::Header(converter) => converter.from_connect("t", "h", schema, value, scratch),
        }
    }

    fn read<'a>(&self, bytes: Option<&'a [u8]>) -> Result<SchemaAndValue<'a>, ConvertError> {
        match self {
            Way::Plain(converter) => converter.to_connect("t", bytes),
            Way::Header(converter) => converter.to_connect("t", "h", bytes),
        }
    }

    fn read_and_show(&self, bytes: Option<&[u8]>) -> Json {
        match self.read(bytes) {
            Err(e) => json!({ "error": e.to_string() }),
            Ok(read) => {
                let schema = read.schema.as_deref();
                json!({
                    "schema": notation::show_schema(schema, true),
                    "value": notation::show(schema, &read.value, true),
                })
            }
        }
    }
}

/// Our converters, one for all cells of the same settings, so that its caches are tried too.
#[derive(Default)]
struct Ways(HashMap<String, Way>);

impl Ways {
    fn answer(&mut self, cell: &Cell) -> Json {
        let key = format!("{} {:?} {}", cell.class, cell.config, cell.header);
        let make = || {
            let props = cell.config.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            match cell.header {
                true => header_converter(&cell.class_name(), &props).map(Way::Header),
                false => converter(&cell.class_name(), &props, false).map(Way::Plain),
            }
            .unwrap_or_else(|problems| panic!("{key}: {problems:?}"))
        };
        let way = match self.0.get(&key) {
            Some(way) => way,
            None => {
                let made = make();
                self.0.entry(key).or_insert(made)
            }
        };
        match &cell.ask {
            Ask::Read(bytes) => way.read_and_show(bytes.as_deref()),
            Ask::Write(schema, value) => {
                let mut scratch = b"before".to_vec();
                match way.write(schema.as_ref(), value, &mut scratch) {
                    Err(e) => json!({ "error": e.to_string() }),
                    Ok(payload) => {
                        let bytes = payload.resolve(&scratch);
                        json!({ "bytes": bytes.map(notation::hex), "back": way.read_and_show(bytes) })
                    }
                }
            }
        }
    }
}
