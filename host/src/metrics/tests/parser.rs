//! A strict reader of Prometheus's text format: what it accepts, any scraper does.

use std::collections::{BTreeMap, BTreeSet};

/// A series: its name with any suffix, and its labels in the order of their names.
pub(super) type Series = (String, BTreeMap<String, String>);

/// What a page tells.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Type of each family.
    pub(super) types: BTreeMap<String, String>,
    /// Help of each family.
    pub(super) helps: BTreeMap<String, String>,
    /// Value of each series.
    pub(super) values: BTreeMap<Series, f64>,
}

impl Parsed {
    /// The value of a series; labels as `name=value,name=value`.
    pub(super) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        self.values.get(&(name.to_owned(), labels)).copied()
    }

    /// All values of a label.
    pub(super) fn label(&self, label: &str) -> BTreeSet<&str> {
        self.values.keys().filter_map(|(_, labels)| labels.get(label)).map(String::as_str).collect()
    }
}

/// Reads a page.
///
/// # Panics
/// It breaks a rule.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut family = String::new();
    assert!(text.ends_with('\n'), "no line feed at the end");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            let before = parsed.helps.insert(name.to_owned(), help.to_owned());
            assert!(before.is_none(), "second help: {line}");
            assert!(!help.trim().is_empty(), "no help: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect(line);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(parsed.types.insert(name.to_owned(), kind.to_owned()).is_none(), "second type: {line}");
            assert!(legal(name), "{line}");
            name.clone_into(&mut family);
        } else {
            let (series, value) = sample(line);
            let kind = &parsed.types[&family];
            let suffix = series.0.strip_prefix(&family).unwrap_or_else(|| panic!("{line} in {family}"));
            assert_eq!(kind == "histogram", ["_bucket", "_sum", "_count"].contains(&suffix), "{line}");
            assert!(kind == "histogram" || suffix.is_empty(), "{line} in {family}");
            assert!(parsed.values.insert(series, value).is_none(), "twice: {line}");
        }
    }
    assert!(parsed.types.keys().eq(parsed.helps.keys()), "each family has help and type");
    histograms(&parsed);
    parsed
}

fn legal(name: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(start) && name.chars().all(|c| start(c) || c.is_ascii_digit())
}

/// One line with a value.
fn sample(line: &str) -> (Series, f64) {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(legal(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect(line);
            assert!(legal(label) && !label.contains(':'), "{line}");
            let (value, after) = unescape(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "label twice: {line}");
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => {
                    rest = after.strip_prefix('}').expect(line);
                    break;
                }
            }
        }
    }
    let value = match rest.strip_prefix(' ').expect(line) {
        "+Inf" => f64::INFINITY,
        "NaN" => f64::NAN,
        number => {
            assert!(number.chars().all(|c| c.is_ascii_digit() || "+-.e".contains(c)), "{line}");
            number.parse().expect(line)
        }
    };
    ((name.to_owned(), labels), value)
}

/// The text up to the closing quote, and what follows.
fn unescape(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return (value, &text[index + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                other => panic!("escape {other:?} in {text}"),
            },
            c => value.push(c),
        }
    }
    panic!("no closing quote: {text}");
}

/// Buckets rise, and the last one holds all.
fn histograms(parsed: &Parsed) {
    for ((name, labels), count) in &parsed.values {
        let Some(family) = name
            .strip_suffix("_count")
            .filter(|family| parsed.types.get(*family).is_some_and(|kind| kind == "histogram"))
        else {
            continue;
        };
        assert!(parsed.values.contains_key(&(format!("{family}_sum"), labels.clone())));
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for ((name, with), value) in &parsed.values {
            let mut others = with.clone();
            if let (true, Some(bound)) = (*name == format!("{family}_bucket"), others.remove("le"))
                && others == *labels
            {
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
                buckets.push((bound, *value));
            }
        }
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{name} {buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
    }
}
