//! JAAS files: named entries of login modules with options, as `-Djava.security.auth.login.config` names them.

use std::collections::BTreeMap;
use std::fmt;

use super::KeysOf;

/// A login module of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginModule {
    /// Its class.
    pub class: String,
    /// Its options. May hold secrets.
    pub options: BTreeMap<String, String>,
}

impl fmt::Debug for LoginModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = KeysOf(&self.options);
        f.debug_struct("LoginModule").field("class", &self.class).field("options", &options).finish()
    }
}

/// The modules of each entry, by the entry's name.
///
/// # Errors
/// What is wrong and in which line. No value is quoted.
pub fn parse(text: &str) -> Result<BTreeMap<String, Vec<LoginModule>>, String> {
    let mut tokens = Tokens { rest: text, line: 1 };
    let mut entries = BTreeMap::new();
    while let Some(token) = tokens.next()? {
        let Token::Text(name) = token else { return Err(tokens.wrong("the name of an entry")) };
        if tokens.next()? != Some(Token::Sign('{')) {
            return Err(tokens.wrong("'{' after the name of an entry"));
        }
        let mut modules = Vec::new();
        loop {
            match tokens.next()? {
                Some(Token::Text(class)) => modules.push(module(&mut tokens, class)?),
                Some(Token::Sign('}')) => break,
                _ => return Err(tokens.wrong("a login module or '}'")),
            }
        }
        if tokens.next()? != Some(Token::Sign(';')) {
            return Err(tokens.wrong("';' after '}'"));
        }
        entries.insert(name, modules);
    }
    Ok(entries)
}

fn module(tokens: &mut Tokens<'_>, class: String) -> Result<LoginModule, String> {
    const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];
    match tokens.next()? {
        Some(Token::Text(flag)) if FLAGS.iter().any(|known| flag.eq_ignore_ascii_case(known)) => {}
        _ => return Err(tokens.wrong("'required' or another flag after a login module")),
    }
    let mut options = BTreeMap::new();
    loop {
        let option = match tokens.next()? {
            Some(Token::Sign(';')) => return Ok(LoginModule { class, options }),
            Some(Token::Text(option)) => option,
            _ => return Err(tokens.wrong("an option or ';'")),
        };
        match (tokens.next()?, tokens.next()?) {
            (Some(Token::Sign('=')), Some(Token::Text(value))) => drop(options.insert(option, value)),
            _ => return Err(tokens.wrong("'=' and a value after an option")),
        }
    }
}

#[derive(PartialEq)]
enum Token {
    Text(String),
    Sign(char),
}

struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

impl Tokens<'_> {
    fn wrong(&self, expected: &str) -> String {
        format!("line {}: expected {expected}", self.line)
    }

    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    fn next(&mut self) -> Result<Option<Token>, String> {
        loop {
            self.skip(self.rest.len() - self.rest.trim_start().len());
            if self.rest.starts_with("//") {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").ok_or_else(|| self.wrong("the end of the comment"))?;
                self.skip(end + 2);
            } else {
                break;
            }
        }
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        match first {
            '{' | '}' | ';' | '=' => {
                self.skip(1);
                Ok(Some(Token::Sign(first)))
            }
            '"' | '\'' => self.quoted(first).map(Some),
            _ => {
                let end = |c: char| c.is_whitespace() || "{};=\"'".contains(c);
                let word = self.rest[..self.rest.find(end).unwrap_or(self.rest.len())].to_owned();
                self.skip(word.len());
                Ok(Some(Token::Text(word)))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token, String> {
        let (mut text, mut escaped) = (String::new(), false);
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => {
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                    escaped = false;
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.skip(at + 1);
                    return Ok(Token::Text(text));
                }
                '\n' => break,
                c => text.push(c),
            }
        }
        Err(self.wrong("the end of the quoted text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_their_modules_are_read() {
        let text = "// who may come in\nOther { x.Y optional; };\nKafkaConnect {\n  /* ours */ a.B Required\n    \
                    file=\"/a \\\"b\\\"\" debug=true;\n  c.D sufficient;\n};\n";
        let entries = parse(text).unwrap();
        let modules = &entries["KafkaConnect"];
        assert_eq!(entries.len(), 2);
        assert_eq!((modules[0].class.as_str(), modules[1].class.as_str()), ("a.B", "c.D"));
        assert_eq!(modules[0].options["file"], "/a \"b\"");
        assert_eq!(modules[0].options["debug"], "true");
        let shown = format!("{modules:?}");
        assert!(shown.contains("file") && !shown.contains("/a"), "{shown}");
        assert!(parse(" // nothing\n").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_without_values() {
        for (text, part) in [
            ("A { x.Y required file=\"s3cret };", "line 1: expected the end of the quoted text"),
            ("A {\nx.Y s3cret;\n};", "line 2: expected 'required'"),
            ("A {\nx.Y required s3cret;\n};", "line 3: expected '='"),
            ("A x", "expected '{'"),
            ("A { }", "expected ';'"),
            ("A { x.Y required;", "expected a login module or '}'"),
            ("{", "expected the name"),
            ("/* ", "expected the end of the comment"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(part) && !why.contains("s3cret"), "{text}: {why}");
        }
    }
}
