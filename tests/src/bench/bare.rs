//! The bare loops that a worker is measured against: file to topic and topic to file with librdkafka alone, in a
//! process of their own. `bench-bare source|json|sink BOOTSTRAP TOPIC FILE` waits for a line on standard input, works,
//! and stays until its input closes, so that it can be measured; a sink reads until then.

mod settings;

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use settings::{CONSUMER, FILE_BUFFER, PRODUCER};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

type Outcome = Result<(), Box<dyn Error>>;

/// Records are reported one by one, known by their number.
#[derive(Default)]
struct Reports {
    delivered: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, _number: usize) {
        let count = if result.is_ok() { &self.delivered } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn config(bootstrap: &str, settings: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    settings.iter().for_each(|(key, value)| _ = config.set(*key, *value));
    config
}

/// Connect's JsonConverter envelope around a line.
fn envelope(line: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(br#"{"schema":{"type":"string","optional":false},"payload":""#);
    for &byte in line {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.extend_from_slice(br#""}"#);
}

fn produce(bootstrap: &str, topic: &str, file: &str, json: bool) -> Outcome {
    let producer: BaseProducer<Reports> =
        config(bootstrap, &PRODUCER).create_with_context(Reports::default())?;
    let mut lines = BufReader::with_capacity(FILE_BUFFER, File::open(file)?);
    let (mut line, mut wrapped, mut sent) = (Vec::new(), Vec::new(), 0usize);
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let value = if json {
            envelope(text, &mut wrapped);
            &wrapped
        } else {
            text
        };
        let mut record: BaseRecord<'_, [u8], [u8], usize> =
            BaseRecord::with_opaque_to(topic, sent).payload(value);
        while let Err((error, again)) = producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            producer.poll(Duration::from_millis(10));
            record = again;
        }
        sent += 1;
        if sent.is_multiple_of(1000) {
            producer.poll(Duration::ZERO);
        }
        line.clear();
    }
    producer.flush(Duration::from_secs(120))?;
    let reports = producer.client().context();
    let (delivered, failed) =
        (reports.delivered.load(Ordering::Relaxed), reports.failed.load(Ordering::Relaxed));
    if delivered != sent as u64 {
        Err(format!("{failed} failed, {delivered} of {sent} delivered").into())
    } else {
        Ok(())
    }
}

fn consume(bootstrap: &str, topic: &str, file: &str, stop: &AtomicBool) -> Outcome {
    let mut config = config(bootstrap, &CONSUMER);
    config.set("group.id", format!("bench-bare-{}", std::process::id()));
    let consumer: BaseConsumer = config.create()?;
    consumer.subscribe(&[topic])?;
    let mut out = BufWriter::with_capacity(FILE_BUFFER, File::create(file)?);
    while !stop.load(Ordering::Relaxed) {
        let next = match consumer.poll(Duration::ZERO) {
            None => {
                out.flush()?;
                consumer.poll(Duration::from_millis(100))
            }
            some => some,
        };
        if let Some(message) = next.transpose()? {
            out.write_all(message.payload().unwrap_or_default())?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [workload, bootstrap, topic, file] = args.as_slice() else {
        return Err("usage: bench-bare source|json|sink BOOTSTRAP TOPIC FILE".into());
    };
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let closed = io::copy(&mut io::stdin(), &mut io::sink());
            stop.store(true, Ordering::Relaxed);
            closed
        }
    });
    match workload.as_str() {
        "source" => produce(bootstrap, topic, file, false)?,
        "json" => produce(bootstrap, topic, file, true)?,
        "sink" => consume(bootstrap, topic, file, &stop)?,
        other => return Err(format!("no workload {other}").into()),
    }
    watcher.join().map_err(|_| "the watcher of standard input panicked")??;
    Ok(())
}
