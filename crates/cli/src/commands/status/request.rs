//! Asks a writer for its state.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::Value as Json;

/// How long a writer may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The largest answer in bytes.
const MAX_ANSWER: u64 = 16 << 20;

/// Why the state of a writer is not known.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The address is not one of a writer.
    #[error("{0:?} is no address of a writer: http://HOST:PORT/")]
    Address(String),
    /// There is no connection.
    #[error("no answer: {0}")]
    Connection(#[from] io::Error),
    /// The writer does not answer the question.
    #[error("the answer is {status}: {text}")]
    Refused {
        /// Status of HTTP.
        status: u16,
        /// What the answer says.
        text: String,
    },
    /// Another program has answered.
    #[error("the answer is not that of a writer")]
    Answer,
}

/// A writer that can be asked.
pub struct Server {
    url: String,
    /// Host and port.
    host: String,
    token: Option<String>,
}

impl Server {
    /// Reads an address: `http://127.0.0.1:9610/`.
    ///
    /// # Errors
    /// If it has another form.
    pub fn new(url: &str, token: Option<String>) -> Result<Server, StatusError> {
        let invalid = || StatusError::Address(url.to_owned());
        let host = url.strip_prefix("http://").unwrap_or(url);
        let host = host.trim_end_matches('/');
        let (name, port) = host.rsplit_once(':').ok_or_else(invalid)?;
        let is_part = |character: char| character.is_ascii_graphic() && character != '/';
        if name.is_empty() || !name.chars().all(is_part) || port.parse::<u16>().is_err() {
            return Err(invalid());
        }
        Ok(Server {
            url: format!("http://{host}/"),
            host: host.to_owned(),
            token,
        })
    }

    /// Returns its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks for the state.
    ///
    /// # Errors
    /// If the writer cannot be reached or refuses to answer.
    pub fn state(&self) -> Result<Json, StatusError> {
        let mut addresses = self.host.to_socket_addrs()?;
        let address = addresses
            .next()
            .ok_or_else(|| StatusError::Address(self.url.clone()))?;
        let mut connection = TcpStream::connect_timeout(&address, LIMIT)?;
        connection.set_read_timeout(Some(LIMIT))?;
        connection.set_write_timeout(Some(LIMIT))?;
        let token = self.token.as_ref().map_or(String::new(), |token| {
            format!("Authorization: Bearer {token}\r\n")
        });
        let host = &self.host;
        // An answer of version 1.0 ends with the connection, and has no chunks.
        let request = format!("GET /api/v1/state HTTP/1.0\r\nHost: {host}\r\n{token}\r\n");
        connection.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        connection.take(MAX_ANSWER).read_to_end(&mut answer)?;
        read_answer(&answer)
    }
}

fn read_answer(answer: &[u8]) -> Result<Json, StatusError> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(StatusError::Answer)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status: u16 = status.ok_or(StatusError::Answer)?;
    let json: Result<Json, _> = serde_json::from_str(body);
    if status != 200 {
        let json = json.unwrap_or_default();
        let text = json["error"].as_str().unwrap_or_default().to_owned();
        return Err(StatusError::Refused { status, text });
    }
    json.ok()
        .filter(|state| state["head"].is_object())
        .ok_or(StatusError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for (url, host) in [
            ("http://127.0.0.1:9610/", "127.0.0.1:9610"),
            ("localhost:9610", "localhost:9610"),
            ("http://[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(Server::new(url, None).unwrap().host, host);
        }
        for url in [
            "",
            "localhost",
            "https://a:1/b",
            "http://:80",
            "a b:1",
            "a:99999",
        ] {
            assert!(Server::new(url, None).is_err(), "{url}");
        }
    }

    #[test]
    fn answers_of_other_programs_are_refused() {
        let read = |text: &str| read_answer(text.as_bytes());
        assert!(read("HTTP/1.1 200 OK\r\n\r\n{\"head\":{}}").is_ok());
        for text in ["", "HTTP/1.1 200 OK\r\n\r\n{}", "SSH-2.0\r\n\r\n"] {
            assert!(matches!(read(text), Err(StatusError::Answer)), "{text}");
        }
        let refused = read("HTTP/1.1 401 No\r\n\r\n{\"error\":\"the token\"}").unwrap_err();
        assert_eq!(refused.to_string(), "the answer is 401: the token");
    }
}
