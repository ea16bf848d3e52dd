//! Versions of plugins and ranges of them, ordered and written as by Maven, which is what Kafka Connect chooses by.

use std::cmp::Ordering;
use std::fmt;

use super::definitions::value::trim;

/// Version of Kafka Connect whose API this worker has. Its converters stand for those of that version.
pub const API_VERSION: &str = "4.1.1";

/// How long a requirement may be, in bytes.
const LONGEST: usize = 1000;

/// A part of a version, between dots, hyphens and the borders of numbers and words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A number: its digits without leading zeroes, so none for zero.
    Number(String),
    /// A word: the rank of a known one, or that of the unknown ones, and the word.
    Word(u8, String),
}

/// Words that come before a release, the release itself, and what follows one.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: u8 = 5;
const UNKNOWN: u8 = 7;

impl Part {
    fn number(digits: &str) -> Part {
        Part::Number(digits.trim_start_matches('0').to_owned())
    }

    fn word(text: &str, before_digits: bool) -> Part {
        let word = match text {
            "a" if before_digits => "alpha",
            "b" if before_digits => "beta",
            "m" if before_digits => "milestone",
            "ga" | "final" | "release" => "",
            "cr" => "rc",
            other => other,
        };
        let rank = (0..).zip(WORDS).find(|(_, known)| *known == word).map_or(UNKNOWN, |(rank, _)| rank);
        Part::Word(rank, word.to_owned())
    }

    fn read(text: &str, digits: bool) -> Part {
        if digits || text.is_empty() { Part::number(text) } else { Part::word(text, false) }
    }

    /// How it compares with nothing at its place: `1.0` is `1`, `1-rc` comes before it.
    fn against_nothing(&self) -> Ordering {
        match self {
            Part::Number(digits) => digits.len().cmp(&0),
            Part::Word(rank, _) => rank.cmp(&RELEASE),
        }
    }

    fn compare(&self, other: &Part) -> Ordering {
        match (self, other) {
            (Part::Number(a), Part::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Part::Number(_), Part::Word(..)) => Ordering::Greater,
            (Part::Word(..), Part::Number(_)) => Ordering::Less,
            (Part::Word(rank, a), Part::Word(other_rank, b)) => rank.cmp(other_rank).then_with(|| a.cmp(b)),
        }
    }
}

/// A version. Its parts are on levels: a hyphen, or the border of a number and a word, begins a level that lies at
/// the end of the one before.
#[derive(Clone, Debug)]
struct Version {
    text: String,
    levels: Vec<Vec<Part>>,
}

/// What is at a place of a level.
enum Place<'a> {
    Part(&'a Part),
    NextLevel,
    Nothing,
}

impl Version {
    fn new(text: &str) -> Version {
        let lower = text.to_lowercase();
        let mut levels: Levels = Levels(vec![Vec::new()]);
        let (mut start, mut digits) = (0, false);
        for (at, c) in lower.char_indices() {
            let part = &lower[start..at];
            match c {
                '.' | '-' => {
                    levels.push(Part::read(part, digits));
                    start = at + 1;
                    if c == '-' {
                        levels.begin();
                    }
                }
                _ if c.is_ascii_digit() => {
                    if !digits && !part.is_empty() {
                        levels.begin_unless_new();
                        levels.push(Part::word(part, true));
                        levels.begin();
                        start = at;
                    }
                    digits = true;
                }
                _ => {
                    if digits && !part.is_empty() {
                        levels.push(Part::number(part));
                        levels.begin();
                        start = at;
                    }
                    digits = false;
                }
            }
        }
        if start < lower.len() {
            if !digits {
                levels.begin_unless_new();
            }
            levels.push(Part::read(&lower[start..], digits));
        }
        Version { text: text.to_owned(), levels: levels.shortened() }
    }

    fn place(&self, level: usize, at: usize) -> Place<'_> {
        match self.levels.get(level).and_then(|parts| parts.get(at)) {
            Some(part) => Place::Part(part),
            None if self.levels.get(level).is_some_and(|parts| parts.len() == at)
                && level + 1 < self.levels.len() =>
            {
                Place::NextLevel
            }
            None => Place::Nothing,
        }
    }

    /// All from a level on, compared with nothing.
    fn rest_against_nothing(&self, level: usize) -> Ordering {
        let parts = self.levels.iter().skip(level).flatten();
        parts.map(Part::against_nothing).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn compare(&self, other: &Version) -> Ordering {
        let (mut level, mut at) = (0, 0);
        loop {
            let order = match (self.place(level, at), other.place(level, at)) {
                (Place::Nothing, Place::Nothing) => return Ordering::Equal,
                (Place::NextLevel, Place::NextLevel) => {
                    (level, at) = (level + 1, 0);
                    continue;
                }
                (Place::Part(a), Place::Part(b)) => a.compare(b),
                (Place::Part(Part::Number(_)), Place::NextLevel) => Ordering::Greater,
                (Place::Part(Part::Word(..)), Place::NextLevel) => Ordering::Less,
                (Place::NextLevel, Place::Part(Part::Number(_))) => Ordering::Less,
                (Place::NextLevel, Place::Part(Part::Word(..))) => Ordering::Greater,
                (Place::Part(part), Place::Nothing) => part.against_nothing(),
                (Place::Nothing, Place::Part(part)) => part.against_nothing().reverse(),
                (Place::NextLevel, Place::Nothing) => self.rest_against_nothing(level + 1),
                (Place::Nothing, Place::NextLevel) => other.rest_against_nothing(level + 1).reverse(),
            };
            if order.is_ne() {
                return order;
            }
            at += 1;
        }
    }
}

struct Levels(Vec<Vec<Part>>);

impl Levels {
    fn push(&mut self, part: Part) {
        match self.0.last_mut() {
            Some(level) => level.push(part),
            None => self.0.push(vec![part]),
        }
    }

    fn begin(&mut self) {
        self.0.push(Vec::new());
    }

    fn begin_unless_new(&mut self) {
        if self.0.last().is_some_and(|level| !level.is_empty()) {
            self.begin();
        }
    }

    /// Without what says nothing: zeroes and words for the release at the end of a level, and empty levels at the end.
    fn shortened(mut self) -> Vec<Vec<Part>> {
        for level in &mut self.0 {
            while level.last().is_some_and(|part| part.against_nothing().is_eq()) {
                level.pop();
            }
        }
        while self.0.len() > 1 && self.0.last().is_some_and(Vec::is_empty) {
            self.0.pop();
        }
        self.0
    }
}

/// How two versions compare. Not a total order for odd ones, as in Maven: `1.sp.` is newer than `1`, that than
/// `1-alpha`, and that than `1.sp.`; so nothing may be sorted by it that insists on one, see [`in_order`].
pub fn compare(a: &str, b: &str) -> Ordering {
    Version::new(a).compare(&Version::new(b))
}

/// Puts items in order one after the other; equal ones stay as they came.
pub fn in_order<T>(items: impl IntoIterator<Item = T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut ordered = Vec::new();
    for item in items {
        let at = ordered.partition_point(|other| compare(other, &item).is_le());
        ordered.insert(at, item);
    }
    ordered
}

/// Text that is no range of versions; why, in Maven's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRange(String);

#[derive(Clone, Debug)]
struct Span {
    from: Option<Version>,
    from_included: bool,
    to: Option<Version>,
    to_included: bool,
}

impl Span {
    fn read(spec: &str) -> Result<Span, InvalidRange> {
        let (from_included, to_included) = (spec.starts_with('['), spec.ends_with(']'));
        let inner = trim(&spec[1..spec.len() - 1]);
        let Some((from, to)) = inner.split_once(',') else {
            if !from_included || !to_included {
                return Err(InvalidRange(format!("Single version must be surrounded by []: {spec}")));
            }
            let version = Some(Version::new(inner));
            return Ok(Span { from: version.clone(), from_included, to: version, to_included });
        };
        let version = |text: &str| Some(trim(text)).filter(|text| !text.is_empty()).map(Version::new);
        let (from, to) = (version(from), version(to));
        if let (Some(from), Some(to)) = (&from, &to) {
            let order = to.compare(from);
            if order.is_lt() || (order.is_eq() && !(from_included && to_included)) {
                return Err(InvalidRange(format!("Range defies version ordering: {spec}")));
            }
        }
        Ok(Span { from, from_included, to, to_included })
    }

    fn contains(&self, version: &Version) -> bool {
        let inside = |bound: &Option<Version>, included: bool, beyond: Ordering| match bound {
            None => true,
            Some(bound) => match bound.compare(version) {
                Ordering::Equal => included,
                order => order != beyond,
            },
        };
        inside(&self.from, self.from_included, Ordering::Greater)
            && inside(&self.to, self.to_included, Ordering::Less)
    }
}

/// Versions between bounds, in one or more spans.
#[derive(Clone, Debug)]
pub struct VersionRange {
    spans: Vec<Span>,
}

impl VersionRange {
    /// Reads spans; none: the text is no range but one version, or nothing.
    fn read(spec: &str) -> Result<Option<VersionRange>, InvalidRange> {
        let mut spans: Vec<Span> = Vec::new();
        let mut rest = spec;
        while rest.starts_with(['[', '(']) {
            let end =
                rest.find([')', ']']).ok_or_else(|| InvalidRange(format!("Unbounded range: {spec}")))?;
            let span = Span::read(&rest[..=end])?;
            let before = spans.last().and_then(|last| last.to.as_ref());
            if let Some(before) = before
                && span.from.as_ref().is_none_or(|from| from.compare(before).is_lt())
            {
                return Err(InvalidRange(format!("Ranges overlap: {spec}")));
            }
            spans.push(span);
            rest = trim(&rest[end + 1..]);
            rest = trim(rest.strip_prefix(',').unwrap_or(rest));
        }
        match (spans.is_empty(), rest.is_empty()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(VersionRange { spans })),
            (false, false) => Err(InvalidRange(format!(
                "Only fully-qualified sets allowed in multiple set scenario: {spec}"
            ))),
        }
    }

    /// Whether a version is in it.
    pub fn contains(&self, version: &str) -> bool {
        let version = Version::new(version);
        self.spans.iter().any(|span| span.contains(&version))
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, span) in self.spans.iter().enumerate() {
            let text = |bound: &Option<Version>| bound.as_ref().map_or("", |bound| &bound.text).to_owned();
            let (open, close) =
                (if span.from_included { '[' } else { '(' }, if span.to_included { ']' } else { ')' });
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{open}{},{}{close}", text(&span.from), text(&span.to))?;
        }
        Ok(())
    }
}

/// What a config asks for with a `plugin.version` key. None: any version will do, which is said by `latest`, too. Text
/// without brackets asks for that very version.
///
/// # Errors
/// Text that is no range, in Maven's words, or that is longer than 1,000 bytes.
pub fn requirement(text: Option<&str>) -> Result<Option<VersionRange>, InvalidRange> {
    let Some(text) = text.filter(|text| *text != "latest") else { return Ok(None) };
    if text.len() > LONGEST {
        return Err(InvalidRange(format!("Longer than {LONGEST} characters")));
    }
    let text = trim(text);
    match VersionRange::read(text)? {
        Some(range) => Ok(Some(range)),
        None => VersionRange::read(&format!("[{text}]")),
    }
}

/// That a plugin is not there in a version of the range, in Kafka Connect's words.
pub fn unfit(class: &str, range: &VersionRange, available: &[&str]) -> String {
    format!(
        "Plugin {class} not found that matches the version range {range}, available versions: [{}]",
        available.join(", ")
    )
}

#[cfg(test)]
mod tests;
