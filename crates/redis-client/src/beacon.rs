//! Asking the Beacon server of a beamline where its Redis servers are: the data store, and the one with the settings of BLISS.
//!
//! Beacon speaks a binary protocol over TCP: little endian `int32` type, `int32` length, and as
//! many bytes of content, whose first field (up to `|`) is a key that the reply repeats.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::url::RedisUrl;

const SETTINGS_QUERY: i32 = 30;
const SETTINGS: i32 = 31;
const QUERY: i32 = 32;
const FAILED: i32 = 33;
const OK: i32 = 34;
/// The answer to a question that Beacon does not know.
const UNKNOWN: i32 = -1;
const KEY: &[u8] = b"1";

const TIMEOUT: Duration = Duration::from_secs(3);
/// A beamline computer that boots starts Beacon and the writer at the same time.
const ATTEMPTS: u32 = 20;
const BETWEEN: Duration = Duration::from_secs(1);
/// An answer is a host and a port, or a path.
const MAX_CONTENT: usize = 1 << 16;

/// Why Beacon did not tell where the data store is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// The address is not `host:port`.
    #[error("BEACON_HOST is {given:?}, expected host:port")]
    Address {
        /// What was given.
        given: String,
    },
    /// Beacon cannot be reached.
    #[error("no answer from beacon at {address}")]
    Unreachable {
        /// Address of Beacon.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Beacon has no data store, or does not tell.
    #[error("beacon at {address} tells no data store: {message}")]
    Refused {
        /// Address of Beacon.
        address: String,
        /// What it says.
        message: String,
    },
    /// The answer cannot be understood.
    #[error("unintelligible answer from beacon at {address}: {reason}")]
    Answer {
        /// Address of Beacon.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BeaconError {
    /// Returns `true` if no server listens at the address.
    fn is_refused_connection(&self) -> bool {
        matches!(self, BeaconError::Unreachable { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused)
    }
}

/// URL of the data store that the Beacon server at `address` (`host:port`) knows.
///
/// Tries for 20 s while no server listens there.
pub async fn data_store(address: &str) -> Result<RedisUrl, BeaconError> {
    let mut attempt = 1;
    loop {
        match data_store_now(address).await {
            Err(error) if error.is_refused_connection() && attempt < ATTEMPTS => {
                if attempt == 1 {
                    tracing::info!(address, "waiting for beacon");
                }
                attempt += 1;
                tokio::time::sleep(BETWEEN).await;
            }
            answered => return answered,
        }
    }
}

/// URL of the data store that the Beacon server at `address` (`host:port`) knows. Asks once, for at most 3 s.
///
/// # Errors
/// If Beacon does not answer, or tells no data store.
pub async fn data_store_now(address: &str) -> Result<RedisUrl, BeaconError> {
    let content = [KEY, b"|"].concat();
    let (kind, content) = ask(address, QUERY, &content).await?;
    parse_answer(address, kind, &content)
}

/// URL of the Redis server with the settings of BLISS, such as those of `SCAN_SAVING`, that the Beacon server at `address`
/// (`host:port`) knows. Asks once, for at most 3 s.
///
/// # Errors
/// If Beacon does not answer, or its answer cannot be understood.
pub async fn settings_store(address: &str) -> Result<RedisUrl, BeaconError> {
    let (kind, content) = ask(address, SETTINGS_QUERY, b"").await?;
    parse_settings_answer(address, kind, &content)
}

/// Splits the address of a Beacon server into host and port.
///
/// # Errors
/// [`BeaconError::Address`] if it has another form.
pub fn parse_address(address: &str) -> Result<(&str, u16), BeaconError> {
    // As blissdata: exactly one colon, so that an IPv6 address is not misread.
    let parts = address.split_once(':').and_then(|(host, port)| {
        let port = port.parse().ok().filter(|_| !host.is_empty())?;
        Some((host, port))
    });
    parts.ok_or_else(|| BeaconError::Address {
        given: address.to_owned(),
    })
}

/// Sends one question. Returns the kind and the content of the answer.
async fn ask(address: &str, kind: i32, content: &[u8]) -> Result<(i32, Vec<u8>), BeaconError> {
    let (host, port) = parse_address(address)?;
    let asked = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        let mut request = Vec::new();
        request.extend_from_slice(&kind.to_le_bytes());
        request.extend_from_slice(&(content.len() as i32).to_le_bytes());
        request.extend_from_slice(content);
        stream.write_all(&request).await?;
        match kind {
            SETTINGS_QUERY => receive_any(&mut stream, &[SETTINGS, UNKNOWN]).await,
            _ => receive(&mut stream).await,
        }
    };
    match tokio::time::timeout(TIMEOUT, asked).await {
        Ok(answer) => answer.map_err(|source| unreachable(address, source)),
        Err(_) => Err(unreachable(address, io::ErrorKind::TimedOut.into())),
    }
}

/// Reads messages until one is an answer. Returns its kind and its content.
///
/// # Errors
/// If the connection ends before, or its other end is not Beacon.
pub async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(i32, Vec<u8>)> {
    receive_any(stream, &[OK, FAILED, UNKNOWN]).await
}

/// Reads messages until one is of one of these kinds.
async fn receive_any(
    stream: &mut (impl AsyncRead + Unpin),
    kinds: &[i32],
) -> io::Result<(i32, Vec<u8>)> {
    loop {
        let kind = stream.read_i32_le().await?;
        let len = usize::try_from(stream.read_i32_le().await?).unwrap_or(usize::MAX);
        if len > MAX_CONTENT {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is not beacon",
            ));
        }
        let mut content = vec![0; len];
        stream.read_exact(&mut content).await?;
        // Beacon also sends its clients messages that they did not ask for.
        if kinds.contains(&kind) {
            return Ok((kind, content));
        }
    }
}

/// Reads the URL of the data store from an answer of Beacon.
///
/// # Errors
/// [`BeaconError::Refused`] or [`BeaconError::Answer`] if the answer names none.
pub fn parse_answer(address: &str, kind: i32, content: &[u8]) -> Result<RedisUrl, BeaconError> {
    let text = String::from_utf8_lossy(content);
    let odd = |reason: &str| BeaconError::Answer {
        address: address.to_owned(),
        reason: format!("{reason} ({text:?})"),
    };
    let refused = |message: &str| BeaconError::Refused {
        address: address.to_owned(),
        message: message.into(),
    };
    let mut fields = text.splitn(3, '|');
    let key = fields.next().unwrap_or_default();
    if kind == UNKNOWN {
        return Err(refused("it does not know the question"));
    }
    if key.as_bytes() != KEY {
        return Err(odd("the answer to another question"));
    }
    let rest: Vec<&str> = fields.collect();
    if kind == FAILED {
        return Err(refused(&rest.join("|")));
    }
    match rest[..] {
        [host, place] => {
            url_of(host, place).ok_or_else(|| odd("neither a port nor the path of a socket"))
        }
        _ => Err(odd("three fields expected")),
    }
}

/// Reads the URL of the server with the settings from an answer of Beacon.
fn parse_settings_answer(
    address: &str,
    kind: i32,
    content: &[u8],
) -> Result<RedisUrl, BeaconError> {
    let text = String::from_utf8_lossy(content);
    if kind == UNKNOWN {
        return Err(BeaconError::Refused {
            address: address.to_owned(),
            message: "it does not know the question".to_owned(),
        });
    }
    let url = text
        .split_once(':')
        .and_then(|(host, place)| url_of(host, place));
    url.ok_or_else(|| BeaconError::Answer {
        address: address.to_owned(),
        reason: format!("host and port expected ({text:?})"),
    })
}

/// Returns the URL of a server at a port of a host, or at the path of a socket.
fn url_of(host: &str, place: &str) -> Option<RedisUrl> {
    match place.parse() {
        Ok(port) => Some(RedisUrl::tcp(host, port)),
        Err(_) if place.starts_with('/') => Some(RedisUrl::unix(place)),
        Err(_) => None,
    }
}

fn unreachable(address: &str, source: io::Error) -> BeaconError {
    BeaconError::Unreachable {
        address: address.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_host_and_port() {
        assert_eq!(parse_address("bl00:25000").unwrap(), ("bl00", 25000));
        for bad in [
            "",
            "localhost",
            "localhost:",
            ":25000",
            "::1:25000",
            "bl00:high",
        ] {
            let error = parse_address(bad).unwrap_err();
            assert!(
                matches!(error, BeaconError::Address { .. }),
                "{bad:?}: {error}"
            );
        }
    }

    #[test]
    fn settings_are_at_a_port_or_a_socket() {
        let url = |kind, content: &[u8]| parse_settings_answer("b:1", kind, content);
        for (content, expected) in [
            (&b"127.0.0.1:25101"[..], "redis://127.0.0.1:25101"),
            (b"localhost:/tmp/redis.sock", "unix:///tmp/redis.sock"),
        ] {
            assert_eq!(url(SETTINGS, content).unwrap().to_string(), expected);
        }
        for odd in [&b""[..], b"localhost", b"localhost:high"] {
            let error = url(SETTINGS, odd).unwrap_err();
            assert!(matches!(error, BeaconError::Answer { .. }), "{error}");
        }
        let unknown = url(UNKNOWN, b"").unwrap_err();
        assert!(matches!(unknown, BeaconError::Refused { .. }), "{unknown}");
    }

    #[test]
    fn understands_ports_and_sockets() {
        let url = |content: &[u8]| parse_answer("b:1", OK, content).map(|url| url.to_string());
        assert_eq!(
            url(b"1|127.0.0.1|25101").unwrap(),
            "redis://127.0.0.1:25101"
        );
        assert_eq!(
            url(b"1|localhost|/tmp/redis_data.sock").unwrap(),
            "unix:///tmp/redis_data.sock"
        );
        for odd in [&b"2|localhost|1"[..], b"1|localhost", b"1|localhost|", b""] {
            assert!(
                matches!(url(odd), Err(BeaconError::Answer { .. })),
                "{odd:?}"
            );
        }
        let refused = parse_answer("b:1", FAILED, b"1|Redis is not running").unwrap_err();
        assert!(
            refused.to_string().contains("Redis is not running"),
            "{refused}"
        );
    }
}
