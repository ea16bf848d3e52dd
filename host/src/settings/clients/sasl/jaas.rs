//! `sasl.jaas.config`: one login module with its options, as the text of a JAAS file. Errors never quote values:
//! they may be secrets.

use std::collections::BTreeMap;

/// A login module.
#[derive(PartialEq, Eq)]
pub(super) struct Login {
    /// Its class.
    pub(super) module: String,
    /// Its options.
    pub(super) options: BTreeMap<String, String>,
}

/// Names of options that may stand in an error; in place of others, a broken text may have a secret.
const KNOWN: [&str; 6] = ["username", "password", "tokenauth", "clientId", "clientSecret", "scope"];

const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];

/// Reads the one login module in `text`.
pub(super) fn parse(text: &str) -> Result<Login, String> {
    let mut tokens = Tokens { rest: text };
    let Some(Token::Text(module)) = tokens.next()? else {
        return Err("begins with no login module".to_owned());
    };
    match tokens.next()? {
        Some(Token::Text(flag)) if FLAGS.iter().any(|known| flag.eq_ignore_ascii_case(known)) => {}
        _ => return Err("lacks the control flag after the login module, for example 'required'".to_owned()),
    }
    let mut options = BTreeMap::new();
    loop {
        match tokens.next()? {
            Some(Token::End) => break,
            Some(Token::Text(option)) => {
                let (Some(Token::Equals), Some(Token::Text(value))) = (tokens.next()?, tokens.next()?) else {
                    let shown = if KNOWN.contains(&option.as_str()) { &option } else { "..." };
                    return Err(format!("has no value for the option '{shown}'"));
                };
                options.insert(option, value);
            }
            _ => return Err("must end in ';'".to_owned()),
        }
    }
    if tokens.next()?.is_some() {
        return Err("has more than one login module".to_owned());
    }
    Ok(Login { module, options })
}

enum Token {
    Text(String),
    Equals,
    End,
}

struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<Token>, String> {
        self.skip()?;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        match first {
            '=' | ';' => {
                self.rest = &self.rest[1..];
                Ok(Some(if first == '=' { Token::Equals } else { Token::End }))
            }
            '"' | '\'' => self.quoted(first).map(Some),
            _ => {
                let end = self.rest.find(|c: char| c.is_whitespace() || c == '=' || c == ';');
                let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                Ok(Some(Token::Text(word.to_owned())))
            }
        }
    }

    /// Passes over blanks and comments.
    fn skip(&mut self) -> Result<(), String> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("//") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let Some((_, rest)) = comment.split_once("*/") else {
                    return Err("has a comment without an end".to_owned());
                };
                self.rest = rest;
            } else {
                return Ok(());
            }
        }
    }

    /// A quoted value with the escapes of Java's StreamTokenizer; it ends in its line.
    fn quoted(&mut self, quote: char) -> Result<Token, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Ok(Token::Text(text));
                }
                '\n' | '\r' => break,
                '\\' => {}
                _ => {
                    text.push(c);
                    continue;
                }
            }
            let Some((_, escaped)) = chars.next() else { break };
            match escaped {
                'a' => text.push('\u{7}'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'v' => text.push('\u{b}'),
                '0'..='7' => {
                    // Up to three octal digits, the first of three at most 3.
                    let mut code = escaped.to_digit(8).unwrap_or_default();
                    let more = if escaped <= '3' { 2 } else { 1 };
                    for _ in 0..more {
                        let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(8)) else { break };
                        code = code * 8 + digit;
                        chars.next();
                    }
                    text.extend(char::from_u32(code));
                }
                '\n' | '\r' => break,
                other => text.push(other),
            }
        }
        Err("has a quoted value without an end".to_owned())
    }
}
