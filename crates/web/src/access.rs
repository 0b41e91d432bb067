//! Which requests may be answered: by their token, and by the name that they use for this host.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The fewest characters of a token.
const SHORTEST_TOKEN: usize = 16;

/// What the name of the cookie begins with that stands for the token.
const COOKIE_NAME: &str = "nexus-writer-";

/// The requests that may be answered: those that have the token, if there is one, and name this host in a known way.
#[derive(Debug, Clone, Default)]
pub struct Access {
    token: Option<Token>,
    hosts: Vec<String>,
}

#[derive(Clone)]
struct Token(String);

/// The token must not appear in a log.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// Why the file of a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be read.
    #[error("cannot read the token file {file}")]
    Read {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// Every user of this computer could read the token.
    #[error(
        "the token file {file} can be read by all users (mode {mode:o}); it should have the mode 600"
    )]
    Public {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The token could be guessed, or cannot be sent in a header.
    #[error(
        "the token file {0} has to hold one line of at least 16 letters, digits or marks, without spaces"
    )]
    Unsuitable(PathBuf),
}

impl Access {
    /// Reads the token from a file, if there is one. Requests may name the server by these further hosts, and by the
    /// address at which it listens.
    ///
    /// # Errors
    /// If the token cannot be read, or is no secret.
    pub fn new(token_file: Option<&Path>, hosts: Vec<String>) -> Result<Access, AccessError> {
        Ok(Access {
            token: token_file.map(read_token).transpose()?,
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        })
    }

    /// Returns `true` if a token is asked for.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Returns `true` if the header `Authorization` has the token, or none is asked for.
    pub(crate) fn permits(&self, authorization: Option<&str>) -> bool {
        let Some(Token(token)) = &self.token else {
            return true;
        };
        let sent = authorization.and_then(|value| {
            let (scheme, sent) = value.split_once(' ')?;
            let is_bearer = scheme.eq_ignore_ascii_case("bearer");
            is_bearer.then(|| sent.trim())
        });
        sent.is_some_and(|sent| is_equal(sent.as_bytes(), token.as_bytes()))
    }

    /// Returns the cookie that stands for the token, for a server that listens at this port. There is none if no token is
    /// asked for.
    ///
    /// Cookies are for all ports of a host, so the port is in the name.
    pub(crate) fn cookie(&self, port: u16) -> Option<String> {
        let Token(token) = self.token.as_ref()?;
        // A token may have characters that a cookie cannot have.
        let value: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("{COOKIE_NAME}{port}={value}"))
    }

    /// Returns `true` if the header `Cookie` has the cookie that stands for the token.
    pub(crate) fn permits_cookie(&self, cookies: Option<&str>, port: u16) -> bool {
        let Some((expected, sent)) = self.cookie(port).zip(cookies) else {
            return false;
        };
        let mut sent = sent.split(';').map(str::trim);
        sent.any(|cookie| is_equal(cookie.as_bytes(), expected.as_bytes()))
    }

    /// Returns `true` if the header `Host` names a server that listens at this address.
    ///
    /// A web page of another host can have a browser send requests to this server, if the name of that host is made to
    /// lead here. The name of the other host is in the header then.
    pub(crate) fn knows_host(&self, host: &str, listen: SocketAddr) -> bool {
        let host = host.to_ascii_lowercase();
        let name = without_port(&host);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = address.parse::<IpAddr>() {
            // A server that listens at all addresses is reached at each of them. A web page can give a name of its own the
            // address of this host, but it cannot send an address as `Host`.
            return address == listen.ip() || address.is_loopback() || listen.ip().is_unspecified();
        }
        name == "localhost" || self.hosts.iter().any(|known| known == name)
    }
}

/// Returns a host without its port: `[::1]:80` is `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Compares in a time that does not depend on where the first difference is.
fn is_equal(sent: &[u8], token: &[u8]) -> bool {
    let difference = sent
        .iter()
        .zip(token)
        .fold(0, |difference, (one, other)| difference | (one ^ other));
    sent.len() == token.len() && std::hint::black_box(difference) == 0
}

fn read_token(file: &Path) -> Result<Token, AccessError> {
    let unreadable = |source| AccessError::Read {
        file: file.to_owned(),
        source,
    };
    let mode = fs::metadata(file).map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o004 != 0 {
        return Err(AccessError::Public {
            file: file.to_owned(),
            mode,
        });
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    let token = text.trim();
    let is_suitable =
        token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    match is_suitable {
        true => Ok(Token(token.to_owned())),
        false => Err(AccessError::Unsuitable(file.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_this_computer_and_those_that_are_named() {
        let access = Access::new(None, vec!["Mapping.example".to_owned()]).unwrap();
        let local = "127.0.0.1:9610".parse().unwrap();
        for known in [
            "localhost",
            "LOCALHOST:9610",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:9610",
            "mapping.example:1",
        ] {
            assert!(access.knows_host(known, local), "{known}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "localhost@evil.example",
            ":9610",
        ] {
            assert!(!access.knows_host(foreign, local), "{foreign}");
        }
        let public = "192.0.2.1:9610".parse().unwrap();
        assert!(access.knows_host("192.0.2.1:9610", public));
        assert!(!access.knows_host("192.0.2.2", public));
        let all = "0.0.0.0:9610".parse().unwrap();
        assert!(access.knows_host("192.0.2.2", all));
        assert!(!access.knows_host("evil.example", all));
    }

    #[test]
    fn only_the_whole_token_is_accepted() {
        let token = "0123456789abcdef".to_owned();
        let access = Access {
            token: Some(Token(token)),
            hosts: Vec::new(),
        };
        assert!(access.permits(Some("Bearer 0123456789abcdef")));
        assert!(access.permits(Some("bearer  0123456789abcdef")));
        for wrong in [
            "0123456789abcdef",
            "Basic 0123456789abcdef",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer 0123456789abcdeg",
            "Bearer ",
            "",
        ] {
            assert!(!access.permits(Some(wrong)), "{wrong}");
        }
        assert!(!access.permits(None));
        let cookie = access.cookie(9610).unwrap();
        assert_eq!(cookie, "nexus-writer-9610=30313233343536373839616263646566");
        let sent = format!("theme=dark; {cookie}; other=1");
        assert!(access.permits_cookie(Some(&sent), 9610));
        for wrong in [
            "",
            "nexus-writer-9610=",
            &cookie[1..],
            &sent.replace('6', "7"),
        ] {
            assert!(!access.permits_cookie(Some(wrong), 9610), "{wrong}");
        }
        assert!(!access.permits_cookie(Some(&cookie), 9611));
        assert!(!access.permits_cookie(None, 9610));
        assert!(Access::default().permits(None));
    }
}
