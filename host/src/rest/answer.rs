//! An answer before it is HTTP.

use serde_json::Value;

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Nothing, and no content type: clients parse whatever has one.
    Empty,
    /// JSON.
    Json(Value),
    /// Text that is said to be JSON and is none.
    Bare(&'static str),
    /// Text in the format of the Prometheus exposition.
    Metrics(String),
    /// Plain text.
    Text(String),
}

/// Status, content, and the headers that depend on the request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content: Content,
    /// Header `Location`.
    pub(super) location: Option<String>,
    /// Header `Allow`.
    pub(super) allow: Option<String>,
    /// What JSON is called, where the caller has asked for it with parameters.
    pub(super) json_type: Option<String>,
}

impl Answer {
    /// Only a status.
    pub(super) fn empty(status: u16) -> Answer {
        Answer { status, content: Content::Empty, location: None, allow: None, json_type: None }
    }

    /// A status and a JSON body.
    pub(super) fn json(status: u16, body: Value) -> Answer {
        Answer { content: Content::Json(body), ..Answer::empty(status) }
    }

    /// A status and a bare text.
    pub(super) fn bare(status: u16, text: &'static str) -> Answer {
        Answer { content: Content::Bare(text), ..Answer::empty(status) }
    }

    /// A page of metrics.
    pub(super) fn metrics(text: String) -> Answer {
        Answer { content: Content::Metrics(text), ..Answer::empty(200) }
    }

    /// The methods of a path, for who asks for nothing else.
    pub(super) fn options(methods: String) -> Answer {
        let text = methods.replace(',', ", ");
        Answer { content: Content::Text(text), ..Answer::empty(200) }.allowing(methods)
    }

    /// The same with a `Location`.
    pub(super) fn at(self, location: String) -> Answer {
        Answer { location: Some(location), ..self }
    }

    /// The same with an `Allow`.
    pub(super) fn allowing(self, methods: String) -> Answer {
        Answer { allow: Some(methods), ..self }
    }
}
