//! HTTP by hand over a socket: what a client library would not send, or not show.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A connection on which this end decides when to send what.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    /// Connects to `address`, a `host:port` or the address of a REST interface.
    ///
    /// # Panics
    /// When nobody listens there.
    pub fn connect(address: &str) -> Raw {
        let address = address.trim_start_matches("http://");
        let stream =
            TcpStream::connect(address).unwrap_or_else(|e| panic!("cannot connect to {address}: {e}"));
        Raw { stream }
    }

    /// Sends these bytes; false: the other end has closed.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// All that comes until the other end closes, and how long that took.
    ///
    /// # Panics
    /// When it does not close within half a minute.
    pub fn rest(&mut self) -> (String, Duration) {
        let (begin, mut all) = (Instant::now(), Vec::new());
        self.stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        match self.stream.read_to_end(&mut all) {
            Ok(_) => {}
            // Closed with bytes of ours unread.
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(e) => panic!("the connection was not closed: {e}"),
        }
        (String::from_utf8_lossy(&all).into_owned(), begin.elapsed())
    }

    /// One request on a connection of its own, and the whole answer.
    pub fn ask(address: &str, request: &str) -> String {
        let mut raw = Raw::connect(address);
        raw.send(request.as_bytes());
        raw.rest().0
    }

    /// The same with headers, each `Name: value`, and without a body.
    pub fn with_headers(address: &str, line: &str, headers: &[&str]) -> String {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        Raw::ask(address, &format!("{line} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n{headers}\r\n"))
    }
}

/// The values of a header of an answer, by its name in any letter case.
pub fn header<'a>(answer: &'a str, name: &str) -> Vec<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}
