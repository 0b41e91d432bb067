//! Requests of HTTP, written as they go over the wire.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to send the next part of an answer.
const LIMIT: Duration = Duration::from_secs(60);

/// The answer to a request.
#[derive(Debug)]
pub struct HttpAnswer {
    /// Its status: 200.
    pub status: u16,
    /// Names of headers, in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// What follows the headers, as text.
    pub body: String,
    /// What follows the headers.
    pub content: Vec<u8>,
}

impl HttpAnswer {
    /// Returns the value of a header whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| &**value)
    }
}

/// Asks a server for a path, with further headers (`Name: value`).
pub fn http_get(address: SocketAddr, path: &str, headers: &[&str]) -> HttpAnswer {
    let mut request = format!("GET {path} HTTP/1.1\r\n");
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        request.push_str(&format!("Host: {address}\r\n"));
    }
    for header in headers {
        request.push_str(&format!("{header}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    http_send(address, &request)
}

/// Sends these bytes, and reads the answer to the end of the connection.
pub fn http_send(address: SocketAddr, request: &str) -> HttpAnswer {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that does not read to the end of a request resets the connection after its answer.
    if let Err(error) = connection.read_to_end(&mut answer) {
        assert!(!answer.is_empty(), "{error}");
    }
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&answer)));
    let content = answer[end + 4..].to_vec();
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_lowercase(), value.trim().to_owned())
    });
    HttpAnswer {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&content).into_owned(),
        content,
    }
}
