//! One log line, as text and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The fields of a span or of an event.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields {
    connector: Option<String>,
    task: Option<u64>,
    message: String,
    /// Target of a line that comes from the `log` crate.
    target: Option<String>,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    /// Takes a field; one that was there before is replaced.
    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        match name {
            "connector" => self.connector = Some(plain(&value)).filter(|name| !name.is_empty()),
            // A task may be given as text, too, as `%task` does it.
            "task" => self.task = value.as_u64().or_else(|| plain(&value).parse().ok()),
            "message" => self.message = plain(&value),
            "log.target" => self.target = Some(plain(&value)),
            "log.module_path" | "log.file" | "log.line" => {}
            name => match self.others.iter_mut().find(|(other, _)| *other == name) {
                Some((_, other)) => *other = value,
                None => self.others.push((name, value)),
            },
        }
    }

    /// Takes what is not there from the span around.
    pub(super) fn inherit(&mut self, outer: &Fields) {
        // The task of another connector is none of ours.
        if self.connector.is_none() || self.connector == outer.connector {
            self.task = self.task.or(outer.task);
        }
        self.connector = self.connector.take().or_else(|| outer.connector.clone());
        for (name, value) in &outer.others {
            if self.others.iter().all(|(own, _)| own != name) {
                self.others.push((name, value.clone()));
            }
        }
    }
}

/// What a line tells.
pub(super) struct Line<'a> {
    pub(super) time: &'a str,
    pub(super) level: &'a str,
    pub(super) target: &'a str,
    pub(super) fields: Fields,
}

/// The line as text, `time LEVEL [connector|task-0] message name=value (target)`, with its end. Further
/// lines of a message begin with the same brackets, so that none can be taken for a line of its own or of
/// another connector.
pub(super) fn text(line: &Line<'_>) -> String {
    let fields = &line.fields;
    let context = match (&fields.connector, fields.task) {
        (Some(connector), Some(task)) => format!("[{}|task-{task}] ", visible(connector)),
        (Some(connector), None) => format!("[{}|worker] ", visible(connector)),
        (None, _) => String::new(),
    };
    let mut text = format!("{} {:5} ", line.time, line.level);
    for (index, part) in fields.message.lines().enumerate() {
        if index > 0 {
            text.push_str("\n    ");
        }
        text.push_str(&context);
        text.push_str(&visible(part));
    }
    if fields.message.is_empty() {
        text.push_str(context.trim_end());
    }
    let lone = fields.task.filter(|_| fields.connector.is_none()).map(|task| ("task", Value::from(task)));
    // Writing to a String does not fail.
    for (name, value) in lone.iter().chain(&fields.others) {
        let _ = match value {
            Value::String(value) if quiet(value) => write!(text, " {name}={value}"),
            value => write!(text, " {name}={}", visible(&value.to_string())),
        };
    }
    let target = fields.target.as_deref().unwrap_or(line.target);
    let _ = writeln!(text, " ({})", visible(target));
    text
}

/// The line as one JSON object, with its end: `timestamp`, `level`, `target`, `connector`, `task`,
/// `message`, and whatever else was told in `fields`.
pub(super) fn json(line: Line<'_>) -> String {
    let Fields { connector, task, message, target, others } = line.fields;
    let mut object = Map::new();
    object.insert("timestamp".into(), line.time.into());
    object.insert("level".into(), line.level.into());
    object.insert("target".into(), target.unwrap_or_else(|| line.target.to_owned()).into());
    if let Some(connector) = connector {
        object.insert("connector".into(), connector.into());
    }
    if let Some(task) = task {
        object.insert("task".into(), task.into());
    }
    object.insert("message".into(), message.into());
    if !others.is_empty() {
        let others = others.into_iter().map(|(name, value)| (name.to_owned(), value));
        object.insert("fields".into(), Value::Object(others.collect()));
    }
    let mut text = Value::Object(object).to_string();
    text.push('\n');
    text
}

/// Text without quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Needs no quotes.
fn quiet(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '"' && c != '=')
}

/// Control characters but tabs are escaped, so that text cannot play with a terminal or begin a line.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fields: &[(&'static str, Value)]) -> Line<'static> {
        let mut all = Fields::default();
        for (name, value) in fields {
            all.set(name, value.clone());
        }
        Line { time: "2024-05-06T07:08:09.000010Z", level: "INFO", target: "host", fields: all }
    }

    fn text_of(fields: &[(&'static str, Value)]) -> String {
        text(&line(fields)).strip_prefix("2024-05-06T07:08:09.000010Z ").unwrap_or("no time").to_owned()
    }

    #[test]
    fn text_has_the_context_before_the_message_and_other_fields_after_it() {
        let message = ("message", Value::from("started"));
        assert_eq!(text_of(std::slice::from_ref(&message)), "INFO  started (host)\n");
        let connector = ("connector", Value::from("my-file"));
        assert_eq!(text_of(&[message.clone(), connector.clone()]), "INFO  [my-file|worker] started (host)\n");
        let task = ("task", Value::from(3));
        let took = ("took_ms", Value::from(7));
        let path = ("path", Value::from("a b"));
        let all = [connector, task.clone(), took, path, message.clone()];
        assert_eq!(text_of(&all), "INFO  [my-file|task-3] started took_ms=7 path=\"a b\" (host)\n");
        let none = [("connector", Value::from("")), message, task];
        assert_eq!(text_of(&none), "INFO  started task=3 (host)\n");
    }

    #[test]
    fn each_line_of_a_message_has_the_context_and_none_can_be_forged() {
        let trace = "failed\r\n  at \u{1b}[31mhere\nand there";
        let fields =
            [("message", Value::from(trace)), ("connector", Value::from("a\nb")), ("task", 0.into())];
        let expected = concat!(
            "INFO  [a\\nb|task-0] failed\n",
            "    [a\\nb|task-0]   at \\u{1b}[31mhere\n",
            "    [a\\nb|task-0] and there (host)\n"
        );
        assert_eq!(text_of(&fields), expected);
        let fields = [("message", Value::from("x")), ("why", Value::from("a\nb"))];
        assert_eq!(text_of(&fields), "INFO  x why=\"a\\nb\" (host)\n");
    }

    #[test]
    fn json_has_connector_and_task_at_the_top_and_the_rest_in_fields() {
        let fields = [
            ("message", Value::from("two\nlines")),
            ("connector", Value::from("c\"1")),
            ("task", Value::from("2")),
            ("level", Value::from("of water")),
        ];
        let expected = concat!(
            r#"{"timestamp":"2024-05-06T07:08:09.000010Z","level":"INFO","target":"host","connector":"c\"1","#,
            r#""task":2,"message":"two\nlines","fields":{"level":"of water"}}"#,
            "\n"
        );
        assert_eq!(json(line(&fields)), expected);
    }

    #[test]
    fn the_inner_context_stands() {
        let mut inner = Fields::default();
        inner.set("connector", "mine".into());
        let mut outer = Fields::default();
        outer.set("connector", "other".into());
        outer.set("task", 5.into());
        outer.set("step", "poll".into());
        inner.inherit(&outer);
        assert_eq!((inner.connector.as_deref(), inner.task, inner.others.len()), (Some("mine"), None, 1));
    }

    #[test]
    fn lines_of_the_log_crate_have_their_own_target() {
        let fields =
            [("message", Value::from("m")), ("log.target", "rdkafka".into()), ("log.line", 4.into())];
        assert_eq!(text_of(&fields), "INFO  m (rdkafka)\n");
    }
}
