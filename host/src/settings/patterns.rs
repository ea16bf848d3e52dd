//! Java regular expressions that must match a whole topic name, as in `topics.regex`.
//!
//! Topic names are ASCII, so differences in Unicode classes do not matter. What Java writes differently is
//! translated first: quoting by `\Q..\E`, POSIX classes such as `\p{Alnum}`, `\h` and `\Z`.

use std::fmt;

use fancy_regex::Regex;

/// How many steps of backtracking one match may take before it counts as no match.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// A compiled pattern that matches whole names.
#[derive(Clone)]
pub struct TopicPattern {
    source: String,
    regex: Regex,
}

impl TopicPattern {
    /// Compiles a Java pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in the words of the regex engine.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let compile = |text: &str| {
            fancy_regex::RegexBuilder::new(text)
                .backtrack_limit(BACKTRACK_LIMIT)
                .build()
                .map_err(|error| error.to_string().replace('\n', " "))
        };
        let translated = translate(pattern);
        // Alone first: `a)(b` is wrong, though it is fine inside the parentheses below.
        compile(&translated)?;
        let regex = compile(&format!(r"\A(?:{translated})\z"))?;
        Ok(TopicPattern { source: pattern.to_owned(), regex })
    }

    /// Whether the pattern matches all of `name`. A match that takes too many steps counts as none.
    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name).unwrap_or(false)
    }

    /// The pattern as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TopicPattern").field(&self.source).finish()
    }
}

/// What Java's POSIX classes hold, as the inside of a bracket class.
const CLASSES: [(&str, &str); 12] = [
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
    ("ASCII", r"\x00-\x7F"),
    ("Alpha", "a-zA-Z"),
    ("Digit", "0-9"),
    ("Alnum", "a-zA-Z0-9"),
    ("Punct", r"!-/:-@\[-`{-~"),
    ("Graph", "!-~"),
    ("Print", r"\x20-~"),
    ("Blank", r"\x20\t"),
    ("Cntrl", r"\x00-\x1F\x7F"),
    ("XDigit", "0-9a-fA-F"),
];

/// Rewrites what Java spells differently from the regex engine.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        if c != '\\' {
            in_class = (in_class || c == '[') && c != ']';
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let escaped = &rest[1..];
        if let Some(quoted) = escaped.strip_prefix('Q') {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&fancy_regex::escape(literal));
            rest = after;
        } else if let Some((class, after)) = posix(escaped) {
            out.push_str(&if in_class { class.to_owned() } else { format!("[{class}]") });
            rest = after;
        } else if let Some(after) = escaped.strip_prefix('h') {
            out.push_str(if in_class { r"\x20\t" } else { r"[\x20\t]" });
            rest = after;
        } else if let Some(after) = escaped.strip_prefix('Z') {
            out.push_str(r"(?=\n?\z)");
            rest = after;
        } else {
            out.push('\\');
            let next = escaped.chars().next();
            out.extend(next);
            rest = &escaped[next.map_or(0, char::len_utf8)..];
        }
    }
    out
}

/// The contents of the POSIX class at the start of `text` (`p{Name}`) and what follows it.
fn posix(text: &str) -> Option<(&'static str, &str)> {
    let (name, after) = text.strip_prefix("p{")?.split_once('}')?;
    let (_, class) = CLASSES.iter().find(|(known, _)| *known == name)?;
    Some((class, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_matched_in_javas_syntax() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("a|b", &["a", "b"], &["ab", "xa", "a\n"]),
            ("logs.*", &["logs", "logs-1"], &["my-logs"]),
            (r"t\d{2}", &["t01"], &["t1", "t001"]),
            ("(?!internal).*", &["orders"], &["internal-orders"]),
            ("(?<=x)y|xy", &["xy"], &["y"]),
            (r"(a+)-\1", &["aa-aa"], &["aa-a"]),
            ("(?>a+)b", &["aab"], &["aa"]),
            ("a++b", &["aab"], &["ab-"]),
            (r"\Qa.b\E.", &["a.bc"], &["axbc", "a.b"]),
            (r"\Qa.b", &["a.b"], &["axb"]),
            (r"\p{Alpha}+", &["abcXYZ"], &["abc1", ""]),
            (r"[\p{Digit}\-]+", &["1-2"], &["a"]),
            ("[a-z&&[^b]]+", &["ac"], &["abc"]),
            (r"\p{Punct}", &["-", ".", "_", "~"], &["a"]),
            ("(?i)abc", &["ABC"], &["ABCD"]),
            (r"a\.b", &["a.b"], &["a-b"]),
            ("", &[""], &["a"]),
        ];
        for (pattern, yes, no) in table {
            let compiled = TopicPattern::new(pattern).unwrap();
            yes.iter().for_each(|name| assert!(compiled.matches(name), "{pattern} on {name}"));
            no.iter().for_each(|name| assert!(!compiled.matches(name), "{pattern} on {name}"));
            assert_eq!(compiled.source(), *pattern);
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for pattern in ["(", "a)(b", "[a", "*", r"\p{Nope}", "a{3,2}", r"\1"] {
            assert!(TopicPattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_does_not_match() {
        let pattern = TopicPattern::new(r"(?=((a*)*b))x|(a|aa)+\1$").unwrap();
        assert!(!pattern.matches(&format!("{}c", "a".repeat(60))));
    }
}
