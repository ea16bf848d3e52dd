//! A small blocking REST client for a worker.

use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Method, Request};

/// A worker's REST interface.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    agent: Agent,
}

/// What the worker answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): status {}, body {:?}", self.status, self.body))
    }

    /// This answer, if its status is `status`.
    ///
    /// # Panics
    /// When it is another, showing the body.
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "unexpected answer: {}", self.body);
        self
    }

    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Rest {
    /// The interface at `base`, such as `http://127.0.0.1:8083`, with 30 s for each request.
    pub fn new(base: &str) -> Rest {
        Rest::with_timeout(base, Duration::from_secs(30))
    }

    /// The interface at `base` with another bound for each request.
    pub fn with_timeout(base: &str, timeout: Duration) -> Rest {
        // No connection is kept: one of a worker that was killed must not fail the next one's first request.
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let config = config.max_idle_connections(0).timeout_global(Some(timeout));
        Rest { base: base.to_owned(), agent: config.build().new_agent() }
    }

    /// The address without a path.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request; the error is one of the connection, never an HTTP status.
    pub fn try_request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let text = body.map(Value::to_string).unwrap_or_default();
        self.try_raw(method, path, body.map(|_| "application/json"), text.as_bytes())
    }

    /// Sends a request with any body.
    pub fn try_raw(
        &self,
        method: &str,
        path: &str,
        kind: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, String> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|e| format!("{method}: {e}"))?;
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let request = request.body(body).map_err(|e| e.to_string())?;
        let unbound = self.agent.configure_request(request).allow_non_standard_methods(true).build();
        let mut response = self.agent.run(unbound).map_err(|e| e.to_string())?;
        let text = response.body_mut().with_config().limit(256 << 20).read_to_string();
        let headers = response.headers().iter();
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
                .collect(),
            body: text.map_err(|e| e.to_string())?,
        })
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_request(method, path, body)
            .unwrap_or_else(|e| panic!("{method} {}{path} got no answer: {e}", self.base))
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(body))
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path, Some(body))
    }

    /// PUT or POST without a body, as for pause or restart.
    pub fn call(&self, method: &str, path: &str) -> Answer {
        self.request(method, path, None)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, None)
    }
}
