//! Where REST listens, and the headers that all its answers carry.

use crate::settings::Problem;
use crate::settings::definitions::value::trim;

/// One address on which REST listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// A name or an address, without brackets; empty is all addresses of the machine.
    pub host: String,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// Whether it speaks HTTPS.
    pub https: bool,
}

/// Reads a list of listeners, which may be empty.
pub(super) fn listeners(key: &str, items: &[String], problems: &mut Vec<Problem>) -> Vec<Listener> {
    let mut refuse = |why: String| problems.push(Problem::new(key, why));
    let mut found = Vec::new();
    for item in items {
        match listener(item) {
            Ok(listener) => found.push(listener),
            Err(why) => refuse(why),
        }
    }
    found
}

fn listener(text: &str) -> Result<Listener, String> {
    if text.is_empty() {
        return Err("Empty listener found when parsing list.".to_owned());
    }
    let wrong = || format!("Listener '{text}' is not of the form http://host:port");
    let (protocol, address) = text.split_once("://").ok_or_else(wrong)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').map_or(Some(host), |host| host.strip_suffix(']')).ok_or_else(wrong)?;
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || "-%._:".contains(c)) {
        return Err(wrong());
    }
    let port = port.parse().map_err(|_| format!("Listener '{text}' has no port between 0 and 65535"))?;
    match protocol.to_ascii_lowercase().as_str() {
        "http" => Ok(Listener { host: host.to_owned(), port, https: false }),
        "https" => Ok(Listener { host: host.to_owned(), port, https: true }),
        other => Err(format!("Listener '{text}': the protocol '{other}' is unknown; use http or https")),
    }
}

/// How a header is put into an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderAction {
    /// In place of a header of that name.
    Set,
    /// Besides headers of that name.
    Add,
    /// As a date, in place of a header of that name.
    SetDate,
    /// As a date, besides headers of that name.
    AddDate,
}

/// One header for all answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRule {
    /// How it is put into an answer.
    pub action: HeaderAction,
    /// Its name.
    pub name: String,
    /// Its value; for dates, milliseconds to add to the present time.
    pub value: String,
}

/// Reads `response.http.headers.config`: comma separated `action name:value`, each perhaps in double quotes.
pub(super) fn header_rules(text: &str, problems: &mut Vec<Problem>) -> Vec<HeaderRule> {
    let mut rules = Vec::new();
    for item in split_quoted(text) {
        match header_rule(&item) {
            Ok(rule) => rules.push(rule),
            Err(why) => problems.push(Problem::new("response.http.headers.config", why)),
        }
    }
    rules
}

/// Splits at commas outside of double quotes; the quotes go.
fn split_quoted(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        let last = items.len() - 1;
        match c {
            _ if escaped => items[last].push(c),
            '\\' if quoted => {}
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(String::new()),
            _ => items[last].push(c),
        }
        escaped = quoted && !escaped && c == '\\';
    }
    items.into_iter().map(|item| trim(&item).to_owned()).filter(|item| !item.is_empty()).collect()
}

fn header_rule(text: &str) -> Result<HeaderRule, String> {
    let wrong = |why: &str| format!("Invalid header config '{text}': {why}");
    let (action, header) = text
        .split_once(char::is_whitespace)
        .ok_or_else(|| wrong("expected '[action] [header name]:[header value]'"))?;
    let action = match action.to_ascii_lowercase().as_str() {
        "set" => HeaderAction::Set,
        "add" => HeaderAction::Add,
        "setdate" => HeaderAction::SetDate,
        "adddate" => HeaderAction::AddDate,
        _ => return Err(wrong("expected action to be one of set, add, setDate, addDate")),
    };
    let parts: Vec<_> = header.split(':').map(trim).collect();
    let [name, value] = parts.as_slice() else {
        return Err(wrong("expected '[header name]:[header value]'"));
    };
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(wrong("the header name is not a valid one"));
    }
    if value.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err(wrong("the header value holds characters that a header cannot have"));
    }
    if matches!(action, HeaderAction::SetDate | HeaderAction::AddDate) && value.parse::<i64>().is_err() {
        return Err(wrong("a date needs a number of milliseconds"));
    }
    Ok(HeaderRule { action, name: (*name).to_owned(), value: (*value).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_or_refused_by_name() {
        type Case<'a> = (&'a str, Result<(&'a str, u16), &'a str>);
        let table: &[Case<'_>] = &[
            ("http://:8083", Ok(("", 8083))),
            ("HTTP://localhost:0", Ok(("localhost", 0))),
            ("http://[::1]:80", Ok(("::1", 80))),
            ("http://10.0.0.5:65535", Ok(("10.0.0.5", 65535))),
            ("http://h:65536", Err("no port between 0 and 65535")),
            ("http://h:-1", Err("no port")),
            ("http://h", Err("not of the form")),
            ("localhost:8083", Err("not of the form")),
            ("http://[::1:80", Err("not of the form")),
            ("http://a b:80", Err("not of the form")),
            ("HTTPS://h:8443", Ok(("h", 8443))),
            ("ftp://h:21", Err("'ftp' is unknown")),
            ("", Err("Empty listener")),
        ];
        for (text, expected) in table {
            match (listener(text), expected) {
                (Ok(found), Ok((host, port))) => {
                    assert_eq!((found.host.as_str(), found.port, found.https), (*host, *port, *port == 8443));
                }
                (Err(found), Err(part)) => assert!(found.contains(part), "{text}: {found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        let (mut problems, items) = (Vec::new(), ["http://a:1", "b", "http://c:2"].map(str::to_owned));
        assert_eq!(listeners("metrics.listeners", &items, &mut problems).len(), 2);
        assert_eq!(
            problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(),
            ["metrics.listeners"]
        );
    }

    #[test]
    fn header_rules_are_read_or_refused_by_name() {
        let mut problems = Vec::new();
        let rules = header_rules(
            r#"add Cache-Control: no-cache, "SET X-A: b,c", setDate Expires: 31540000000, addDate Age:-5"#,
            &mut problems,
        );
        assert_eq!(problems, []);
        let shown: Vec<_> = rules.iter().map(|r| (r.action, r.name.as_str(), r.value.as_str())).collect();
        assert_eq!(
            shown,
            [
                (HeaderAction::Add, "Cache-Control", "no-cache"),
                (HeaderAction::Set, "X-A", "b,c"),
                (HeaderAction::SetDate, "Expires", "31540000000"),
                (HeaderAction::AddDate, "Age", "-5"),
            ]
        );
        for text in ["set", "put X: y", "set X", "set X:y:z", "set X Y: z", "set :z", "setDate X: soon"] {
            let mut problems = Vec::new();
            assert!(header_rules(text, &mut problems).is_empty());
            assert_eq!(problems.len(), 1, "{text}");
        }
    }
}
