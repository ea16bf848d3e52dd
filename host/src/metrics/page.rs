//! A page in Prometheus's text format, filled in any order.
//!
//! Lines and escapes are those of the exporter's crate. Its recorder is not used: a series cannot be
//! removed from it, it takes single observations only where our histograms are counted already, its
//! counters are whole numbers, and each of its pages has another order.

use std::collections::BTreeMap;
use std::fmt;

use ::metrics::{Key, Label};
use metrics_exporter_prometheus::formatting::{
    key_to_parts, write_help_line, write_metric_line, write_type_line,
};

use super::histogram::Histogram;
use super::names;
use crate::settings::worker::MetricNames;

/// Labels of a series, by name.
pub(super) type Labels<'a> = [(&'static str, &'a str)];

/// What a family's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Counter,
    Gauge,
    Histogram,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

enum Value {
    Number(f64),
    Histogram(Box<Histogram>),
}

struct Family {
    help: String,
    kind: Type,
    /// By labels as they are written.
    series: BTreeMap<Vec<String>, Value>,
}

/// The page.
#[derive(Default)]
pub(super) struct Page {
    names: MetricNames,
    families: BTreeMap<String, Family>,
}

impl Page {
    /// An empty page whose series are called so; it is filled under Strimzi's names.
    pub(super) fn new(names: MetricNames) -> Page {
        Page { names, families: BTreeMap::new() }
    }

    /// A value that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, labels: &Labels<'_>, value: f64) {
        self.add(name, help, Type::Counter, labels, Value::Number(value));
    }

    /// A value that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, labels: &Labels<'_>, value: f64) {
        self.add(name, help, Type::Gauge, labels, Value::Number(value));
    }

    /// Durations.
    pub(super) fn histogram(&mut self, name: &str, help: &str, labels: &Labels<'_>, value: &Histogram) {
        self.add(name, help, Type::Histogram, labels, Value::Histogram(Box::new(*value)));
    }

    /// A family has one help and one type. Where two plugins disagree, the first help stands, and a gauge
    /// is right for both. Of two values with the same labels the last one stands.
    fn add(&mut self, name: &str, help: &str, kind: Type, labels: &Labels<'_>, value: Value) {
        let Some((name, labels)) = names::rename(self.names, name, labels) else { return };
        let labels = labels.iter().map(|(name, value)| Label::new(*name, escaped(value))).collect::<Vec<_>>();
        let (name, labels) = key_to_parts(&Key::from_parts(name.into_owned(), labels), None);
        let new = || Family { help: escaped(help), kind, series: BTreeMap::new() };
        let family = self.families.entry(name).or_insert_with(new);
        if family.kind != kind {
            family.kind = Type::Gauge;
        }
        family.series.insert(labels, value);
    }

    /// The page as it is sent.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.families {
            write_help_line(&mut text, name, &family.help);
            write_type_line(&mut text, name, family.kind.name());
            for (labels, value) in &family.series {
                match value {
                    Value::Number(value) => write_line(&mut text, name, None, labels, None, *value),
                    Value::Histogram(histogram) => write_histogram(&mut text, name, labels, histogram),
                }
            }
        }
        text
    }
}

/// The exporter takes two backslashes for one that was escaped before; with all of them doubled it is right.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
}

/// A number as Prometheus writes it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}

fn write_line(
    text: &mut String,
    name: &str,
    suffix: Option<&'static str>,
    labels: &[String],
    bound: Option<f64>,
    value: f64,
) {
    let bound = bound.map(|bound| ("le", Number(bound)));
    write_metric_line(text, name, suffix, labels, bound, Number(value), None);
}

fn write_histogram(text: &mut String, name: &str, labels: &[String], histogram: &Histogram) {
    let all = histogram.count();
    for (bound, count) in histogram.buckets().chain([(f64::INFINITY, all)]) {
        write_line(text, name, Some("bucket"), labels, Some(bound), count as f64);
    }
    write_line(text, name, Some("sum"), labels, None, histogram.sum());
    write_line(text, name, Some("count"), labels, None, all as f64);
}
