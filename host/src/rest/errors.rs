//! The one place that turns what went wrong into a status and a body.

use serde_json::json;

use super::answer::Answer;
use super::stage::Stage;
use crate::herder::ApiError;

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// The herder says so.
    Api(ApiError),
    /// No endpoint has this path.
    NoSuchPath,
    /// The path is there, but not with this method; those that it has.
    WrongMethod(String),
    /// A path that could mean two things, and why.
    AmbiguousPath(&'static str),
    /// A path of ours that needs the parameter `name`.
    NoName,
    /// The caller did not say who it is, or not rightly.
    Unauthorized,
    /// The caller takes no JSON.
    NotAcceptable,
    /// The body is not said to be JSON.
    NotJson,
    /// A header that is none of its kind; its name.
    Malformed(&'static str),
    /// The body is larger than the limit, in bytes.
    TooLarge(usize),
    /// The request line or, if not that, the header fields are longer than anybody needs.
    HeadTooLong { line: bool },
    /// The body did not arrive whole, or not in time.
    BodyCutOff,
    /// The body is no JSON, or not of the shape needed; what is wrong with it.
    BadBody(String),
    /// A text of the body has an escape of half a surrogate pair: where.
    HalfSurrogate {
        /// The line, from 1.
        line: usize,
        /// The byte of the line at which the escape begins, from 1.
        column: usize,
    },
    /// The herder did not answer in time; what it was busy with.
    TimedOut(Option<Stage>),
    /// The same for validation, whose text ends differently.
    ValidationTimedOut(Option<Stage>),
    /// The answer can't be put into a URL; what is wrong.
    BadLocation(String),
    /// A part of Kafka Connect's API that is not there.
    Absent(&'static str),
}

/// Status and body of a failure. The status is in the body again as `error_code`.
pub(super) fn answer(failure: Failure) -> Answer {
    let (status, message) = match &failure {
        // Bare text, as the extension of Kafka Connect has it.
        Failure::Unauthorized => return Answer::bare(401, "User cannot access the resource."),
        Failure::Api(error) => (status_of(error), error.to_string()),
        Failure::NoSuchPath => (404, "HTTP 404 Not Found".to_owned()),
        Failure::WrongMethod(_) => (405, "HTTP 405 Method Not Allowed".to_owned()),
        Failure::AmbiguousPath(why) => (400, (*why).to_owned()),
        Failure::NoName => (400, "The query lacks the parameter name, the connector's name".to_owned()),
        Failure::NotAcceptable => (406, "HTTP 406 Not Acceptable".to_owned()),
        Failure::NotJson => (415, "HTTP 415 Unsupported Media Type".to_owned()),
        Failure::Malformed(header) => {
            (400, format!("HTTP 400 Bad Request: the header {header} is malformed"))
        }
        Failure::TooLarge(limit) => (413, format!("The request body has more than {limit} bytes")),
        Failure::HeadTooLong { line: true } => (414, "HTTP 414 URI Too Long".to_owned()),
        Failure::HeadTooLong { line: false } => (431, "HTTP 431 Request Header Fields Too Large".to_owned()),
        Failure::BodyCutOff => (408, "The request body did not arrive whole".to_owned()),
        Failure::BadBody(problem) | Failure::BadLocation(problem) => (500, problem.clone()),
        Failure::HalfSurrogate { line, column } => {
            let message = format!(
                "The body has half a surrogate pair at line {line}, column {column}: no text can hold that; write the \
                 character itself, or both halves"
            );
            (400, message)
        }
        Failure::TimedOut(stage) => (500, timed_out(stage.as_ref())),
        Failure::ValidationTimedOut(stage) => {
            (500, timed_out(stage.as_ref()).trim_end_matches('.').to_owned())
        }
        Failure::Absent(what) => (501, format!("{what} is not implemented by this worker")),
    };
    let answer = Answer::json(status, json!({"error_code": status, "message": message}));
    match failure {
        Failure::WrongMethod(methods) => answer.allowing(methods),
        _ => answer,
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure::Api(error)
    }
}

fn status_of(error: &ApiError) -> u16 {
    match error {
        ApiError::BadRequest(_) => 400,
        ApiError::Forbidden(_) => 403,
        ApiError::NotFound(_) => 404,
        ApiError::Conflict(_) | ApiError::Forward { .. } | ApiError::RebalanceNeeded => 409,
        ApiError::Internal(_) => 500,
        ApiError::NotImplemented(_) => 501,
        ApiError::Unavailable(_) => 503,
    }
}

fn timed_out(stage: Option<&Stage>) -> String {
    match stage {
        Some(stage) => format!("Request timed out. {}", stage.sentence()),
        None => "Request timed out".to_owned(),
    }
}
