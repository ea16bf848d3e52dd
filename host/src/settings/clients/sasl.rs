//! Logging in: the mechanism, and user and password out of Java's `sasl.jaas.config`.

use super::Translation;

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";

/// Carries over the `sasl.*` settings, if the protocol is one with SASL; the others are of no use, as in
/// Java.
pub(super) fn apply(translation: &mut Translation<'_>) {
    if !translation.conf.get("security.protocol").is_some_and(|protocol| protocol.starts_with("sasl")) {
        return;
    }
    // Java's default. Without Kerberos in librdkafka it is refused like any other.
    let mechanism = translation.value("sasl.mechanism").unwrap_or("GSSAPI");
    let module = match mechanism {
        "PLAIN" => PLAIN,
        "SCRAM-SHA-256" | "SCRAM-SHA-512" => SCRAM,
        _ => {
            let why = format!(
                "the mechanism {mechanism} is not supported by this version; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
            );
            translation.refuse_beside("sasl.mechanism", "security.protocol", why);
            return;
        }
    };
    translation.set("sasl.mechanism", mechanism);
    let Some(text) = translation.value("sasl.jaas.config") else {
        let why = format!("is needed for {mechanism}: {module} required username=\"...\" password=\"...\";");
        translation.refuse_beside("sasl.jaas.config", "sasl.mechanism", why);
        return;
    };
    match login(text, module) {
        Ok((user, password)) => {
            translation.set("sasl.username", user);
            translation.set("sasl.password", password);
        }
        Err(why) => translation.refuse("sasl.jaas.config", why),
    }
}

/// User and password of the one login module in `text`. Errors never quote values: they may be secrets.
fn login(text: &str, wanted: &str) -> Result<(String, String), String> {
    let mut tokens = Tokens { rest: text };
    let module = match tokens.next()? {
        Some(Token::Text(module)) => module,
        _ => return Err("begins with no login module".to_owned()),
    };
    if module != wanted {
        // What stands in this place is a class name, unless the text is broken.
        let is_class = module.contains('.') && module.ends_with("Module");
        let shown = if is_class { module.as_str() } else { "that" };
        return Err(format!("the login module {shown} cannot be used with this mechanism; use {wanted}"));
    }
    match tokens.next()? {
        Some(Token::Text(flag))
            if ["required", "requisite", "sufficient", "optional"]
                .iter()
                .any(|known| flag.eq_ignore_ascii_case(known)) => {}
        _ => return Err("lacks the control flag after the login module, for example 'required'".to_owned()),
    }
    let (mut user, mut password) = (None, None);
    loop {
        match tokens.next()? {
            Some(Token::End) => break,
            Some(Token::Text(option)) => {
                let (Some(Token::Equals), Some(Token::Text(value))) = (tokens.next()?, tokens.next()?) else {
                    return Err(format!("has no value for the option '{}'", option_name(&option)));
                };
                match option.as_str() {
                    "username" => user = Some(value),
                    "password" => password = Some(value),
                    "tokenauth" if value.eq_ignore_ascii_case("true") => {
                        return Err("delegation tokens (tokenauth) cannot be used".to_owned());
                    }
                    "tokenauth" => {}
                    // Options for the broker's side, such as user_alice, are of no use to a client.
                    _ => {}
                }
            }
            _ => return Err("must end in ';'".to_owned()),
        }
    }
    if tokens.next()?.is_some() {
        return Err("has more than one login module".to_owned());
    }
    match (user, password) {
        (Some(user), Some(password)) => Ok((user, password)),
        (None, _) => Err("lacks the option username".to_owned()),
        (_, None) => Err("lacks the option password".to_owned()),
    }
}

/// An option's name for an error; a broken text may have a secret in its place.
fn option_name(option: &str) -> &str {
    if ["username", "password", "tokenauth", "serviceName"].contains(&option) { option } else { "..." }
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
        self.rest = self.rest.trim_start();
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

    fn quoted(&mut self, quote: char) -> Result<Token, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + 1..];
                return Ok(Token::Text(text));
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, escaped)) => text.push(escaped),
                None => break,
            }
        }
        Err("has a quoted value without an end".to_owned())
    }
}

#[cfg(test)]
mod tests;
