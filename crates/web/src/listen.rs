//! Where the service listens.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::str::FromStr;

use tracing::info;

use crate::error::WebError;

/// The address that is used if none is asked for. If another program has its port, any free port is used.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9610);

/// Where the service listens for HTTP requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// At [`DEFAULT_ADDRESS`], or at any free port of this computer.
    Default,
    /// At this address and no other. Port 0 stands for any free port.
    At(SocketAddr),
}

/// A text that says nowhere to listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither an IP address with a port (127.0.0.1:9610, [::1]:9610, localhost:9610) nor `off`"
)]
pub struct ListenError(String);

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Listen, ListenError> {
        if ["", "off", "none"].contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Listen::Off);
        }
        let at_localhost = || {
            let (host, port) = text.rsplit_once(':')?;
            let is_local = host.eq_ignore_ascii_case("localhost");
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?));
            is_local.then_some(address)
        };
        let address = text.parse().ok().or_else(at_localhost);
        address
            .map(Listen::At)
            .ok_or_else(|| ListenError(text.to_owned()))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Listen::Off => f.write_str("off"),
            Listen::Default => DEFAULT_ADDRESS.fmt(f),
            Listen::At(address) => address.fmt(f),
        }
    }
}

impl Listen {
    /// Binds the address. Returns `None` if nothing is to be listened to.
    ///
    /// # Errors
    /// If an address that was asked for cannot be used.
    pub(crate) fn bind(self) -> Result<Option<TcpListener>, WebError> {
        let bound = match self {
            Listen::Off => return Ok(None),
            Listen::At(address) => bind(address).map_err(|source| (address, source)),
            Listen::Default => bind(DEFAULT_ADDRESS).or_else(|error| {
                info!("{DEFAULT_ADDRESS} cannot be used for HTTP ({error}); any free port is");
                let any = SocketAddr::new(DEFAULT_ADDRESS.ip(), 0);
                bind(any).map_err(|source| (any, source))
            }),
        };
        match bound {
            Ok(listener) => Ok(Some(listener)),
            Err((address, source)) => Err(WebError::Bind { address, source }),
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_a_port() {
        let at = |text: &str| Listen::At(text.parse().unwrap());
        for (text, expected) in [
            ("127.0.0.1:9610", Ok(at("127.0.0.1:9610"))),
            ("localhost:0", Ok(at("127.0.0.1:0"))),
            ("[::1]:80", Ok(at("[::1]:80"))),
            ("0.0.0.0:1", Ok(at("0.0.0.0:1"))),
            ("off", Ok(Listen::Off)),
            ("None", Ok(Listen::Off)),
            ("", Ok(Listen::Off)),
            ("127.0.0.1", Err(())),
            ("9610", Err(())),
            ("localhost:http", Err(())),
            ("example.org:80", Err(())),
            ("127.0.0.1:65536", Err(())),
        ] {
            assert_eq!(text.parse::<Listen>().map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn only_the_usual_port_is_replaced() {
        let usual = TcpListener::bind(DEFAULT_ADDRESS);
        let other = Listen::Default.bind().unwrap().unwrap();
        let address = other.local_addr().unwrap();
        assert_ne!(address.port(), 0);
        assert!(matches!(
            Listen::At(address).bind(),
            Err(WebError::Bind { .. })
        ));
        assert!(Listen::Off.bind().unwrap().is_none());
        drop(usual);
    }
}
