//! Parsing of Redis URLs.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::{Endpoint, RedisUrl, Trust};

/// Why a text is not the URL of a Redis server. It never repeats the text: there may be a
/// password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a redis URL: {0} (expected redis://host:port, rediss://host:port or unix:///path)")]
pub struct UrlError(String);

const DEFAULT_PORT: u16 = 6379;
/// What needs no escape anywhere in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const ESCAPED_IN_PATH: &AsciiSet = &ESCAPED.remove(b'/');
const ESCAPED_IN_HOST: &AsciiSet = &ESCAPED.remove(b':');

pub(super) fn parse(text: &str) -> Result<RedisUrl, UrlError> {
    let (scheme, rest) = text
        .trim()
        .split_once("://")
        .ok_or_else(|| bad("there is no scheme in it"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let url = match scheme.to_ascii_lowercase().as_str() {
        "unix" => unix(rest)?,
        "redis" => network(rest, |host, port| Endpoint::Tcp { host, port })?,
        "rediss" => network(rest, |host, port| Endpoint::Tls {
            host,
            port,
            trust: Trust::System,
        })?,
        _ => return Err(bad("unknown scheme")),
    };
    options(url, query)
}

pub(super) fn encode(text: &str) -> String {
    percent_encode(text.as_bytes(), ESCAPED).to_string()
}

pub(super) fn encode_host(host: &str) -> String {
    percent_encode(host.as_bytes(), ESCAPED_IN_HOST).to_string()
}

pub(super) fn encode_path(path: &Path) -> String {
    percent_encode(path.as_os_str().as_bytes(), ESCAPED_IN_PATH).to_string()
}

fn network(
    rest: &str,
    endpoint: impl FnOnce(String, u16) -> Endpoint,
) -> Result<RedisUrl, UrlError> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = split_login(authority);
    let (host, port) = host_and_port(place)?;
    let mut url = log_in(RedisUrl::new(endpoint(host, port)), login)?;
    if !path.is_empty() {
        url.database = database(path)?;
    }
    Ok(url)
}

fn unix(rest: &str) -> Result<RedisUrl, UrlError> {
    let at = rest
        .find('/')
        .ok_or_else(|| bad("the path of the socket must be absolute"))?;
    // A login ends in `@` right before the path; an `@` further on belongs to the path.
    let (login, path) = match &rest[..at] {
        "" => (None, rest),
        login => match login.strip_suffix('@') {
            Some(login) => (Some(login), &rest[at..]),
            None => return Err(bad("the path of the socket must be absolute")),
        },
    };
    log_in(RedisUrl::unix(decode_path(path)), login)
}

fn split_login(authority: &str) -> (Option<&str>, &str) {
    match authority.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, authority),
    }
}

fn log_in(mut url: RedisUrl, login: Option<&str>) -> Result<RedisUrl, UrlError> {
    let Some(login) = login else { return Ok(url) };
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    if !user.is_empty() {
        url.username = Some(decode(user)?);
    }
    url.password = password.map(decode).transpose()?;
    Ok(url)
}

fn host_and_port(place: &str) -> Result<(String, u16), UrlError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(|| bad("`[` without `]`"))?;
            match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if port.is_empty() => (host, None),
                None => return Err(bad("text after `]`")),
            }
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() {
        return Err(bad("there is no host in it"));
    }
    let port = match port {
        None | Some("") => DEFAULT_PORT,
        // The text is not repeated: with a forgotten `@` this is the password.
        Some(port) => port
            .parse()
            .map_err(|_| bad("the port is not a number up to 65535"))?,
    };
    Ok((decode(host)?, port))
}

fn options(mut url: RedisUrl, query: &str) -> Result<RedisUrl, UrlError> {
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, &mut url.endpoint) {
            ("db", _) => url.database = database(value)?,
            ("username", _) => url.username = Some(decode(value)?),
            ("password", _) => url.password = Some(decode(value)?),
            ("ssl_ca_certs", Endpoint::Tls { trust, .. }) => {
                if *trust != Trust::Anyone {
                    *trust = Trust::File(decode_path(value));
                }
            }
            ("ssl_cert_reqs", Endpoint::Tls { trust, .. }) => match value {
                "none" => *trust = Trust::Anyone,
                "required" => {}
                _ => return Err(bad("ssl_cert_reqs is neither `required` nor `none`")),
            },
            // Options of redis-py that concern Python only must not keep a URL from being used.
            _ => tracing::warn!(option = name, "unknown option in the redis URL is ignored"),
        }
    }
    Ok(url)
}

fn database(text: &str) -> Result<u32, UrlError> {
    text.parse()
        .map_err(|_| bad("the database is not a number"))
}

fn decode(text: &str) -> Result<String, UrlError> {
    let text = percent_decode_str(text).decode_utf8();
    Ok(text
        .map_err(|_| bad("an escape in it is not UTF-8"))?
        .into_owned())
}

fn decode_path(text: &str) -> PathBuf {
    PathBuf::from(OsString::from_vec(percent_decode_str(text).collect()))
}

fn bad(reason: &str) -> UrlError {
    UrlError(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_parsed() {
        let url = parse("redis://bl00:25002/3").unwrap();
        assert_eq!(
            url.endpoint(),
            &Endpoint::Tcp {
                host: "bl00".into(),
                port: 25002
            }
        );
        assert_eq!(
            (url.username(), url.password(), url.database()),
            (None, None, 3)
        );

        let url = parse("rediss://me:a%3Ab%40c@[::1]?ssl_ca_certs=/etc/my%20ca.pem").unwrap();
        let trust = Trust::File("/etc/my ca.pem".into());
        assert_eq!(
            url.endpoint(),
            &Endpoint::Tls {
                host: "::1".into(),
                port: 6379,
                trust
            }
        );
        assert_eq!(
            (url.username(), url.password()),
            (Some("me"), Some("a:b@c"))
        );

        let url = parse("unix://:pw@/tmp/a@b.sock?db=2").unwrap();
        assert_eq!(url.endpoint(), &Endpoint::Unix("/tmp/a@b.sock".into()));
        assert_eq!(
            (url.username(), url.password(), url.database()),
            (None, Some("pw"), 2)
        );
        let Endpoint::Unix(path) = parse("unix:///tmp/redis_data.sock").unwrap().endpoint else {
            panic!("not a unix socket")
        };
        assert_eq!(path, Path::new("/tmp/redis_data.sock"));
    }

    #[test]
    fn keeps_everything_but_shows_no_password() {
        for text in [
            "redis://bl00:6380",
            "redis://me:s%40fe@bl00:6380/1",
            "rediss://me@[fe80::1]:6380?ssl_cert_reqs=none",
            "rediss://h:1/2?ssl_ca_certs=/a%20b",
            "unix://u:s%40fe@/tmp/a%25.sock?db=3",
        ] {
            let url = parse(text).unwrap();
            assert_eq!(url.with_secrets(), text);
            assert_eq!(parse(&url.with_secrets()).unwrap(), url);
            for shown in [format!("{url}"), format!("{url:?}"), format!("{url:#?}")] {
                assert!(
                    !shown.contains("fe@bl") && !shown.contains("s@fe"),
                    "{shown}"
                );
                assert!(!shown.contains("s%40fe"), "{shown}");
            }
        }
    }

    #[test]
    fn refuses_without_repeating_a_password() {
        for text in [
            "bl00:6380",
            "http://bl00",
            "redis://",
            "redis://:6380",
            "redis://me:hunter2",
            "redis://me:hunter2@bl00:port",
            "redis://bl00/hunter2",
            "unix://relative.sock",
            "redis://[::1",
            "redis://%ff:hunter2@bl00",
            "rediss://bl00?ssl_cert_reqs=optional",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
