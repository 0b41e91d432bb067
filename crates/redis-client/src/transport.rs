//! The sockets under a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::RedisError;
use crate::tls::{self, TlsError, TlsSettings};
use crate::url::{Endpoint, RedisUrl};

/// Nothing heard for this long: the kernel asks whether the other machine is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_TRIES: u32 = 3;

/// A byte stream to a Redis server.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

impl Transport {
    /// Connects to the server of `url`.
    pub(crate) async fn open(url: &RedisUrl) -> Result<Transport, RedisError> {
        connect(url).await.map_err(|error| match error {
            ConnectError::Io(source) => connect_error(url, source),
            ConnectError::Tls(source) => RedisError::Tls {
                server: url.to_string(),
                source,
            },
        })
    }
}

/// Returns the error that the server of `url` did not accept us in time.
pub(crate) fn timeout_error(url: &RedisUrl, waited: Duration) -> RedisError {
    // A server without TLS takes our greeting for the beginning of a command.
    let hint = match url.endpoint() {
        Endpoint::Tls { .. } => " (does it speak TLS?)",
        _ => "",
    };
    let problem = format!("nobody answers within {waited:?}{hint}");
    connect_error(url, io::Error::new(io::ErrorKind::TimedOut, problem))
}

fn connect_error(url: &RedisUrl, source: io::Error) -> RedisError {
    RedisError::Connect {
        server: url.to_string(),
        source,
    }
}

enum ConnectError {
    Io(io::Error),
    Tls(TlsError),
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> ConnectError {
        ConnectError::Tls(error)
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> ConnectError {
        // rustls hands its errors through as invalid data: those will be the same next time.
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(inner) => ConnectError::Tls(TlsError::Handshake(inner.clone())),
            None => ConnectError::Io(error),
        }
    }
}

async fn connect(url: &RedisUrl) -> Result<Transport, ConnectError> {
    match url.endpoint() {
        Endpoint::Unix(path) => Ok(Transport::Unix(UnixStream::connect(path).await?)),
        Endpoint::Tcp { host, port } => Ok(Transport::Tcp(tcp(host, *port).await?)),
        Endpoint::Tls { host, port, trust } => {
            let settings = tls::settings(trust)?;
            match tls(host, *port, &settings).await {
                Err(ConnectError::Tls(_)) if settings.is_cached => {
                    // The system may trust others by now than when its certificates were read.
                    tls::forget(trust);
                    tls(host, *port, &tls::settings(trust)?).await
                }
                outcome => outcome,
            }
        }
    }
}

async fn tls(host: &str, port: u16, settings: &TlsSettings) -> Result<Transport, ConnectError> {
    let name = tls::server_name(host)?;
    let connector = TlsConnector::from(settings.config.clone());
    let stream = connector.connect(name, tcp(host, port).await?).await?;
    Ok(Transport::Tls(Box::new(stream)))
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // Requests are small and someone waits for each answer.
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TRIES);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

macro_rules! with_stream {
    ($self:expr, $io:ident => $body:expr) => {
        match $self {
            Transport::Tcp(stream) => {
                let $io = Pin::new(stream);
                $body
            }
            Transport::Tls(stream) => {
                let $io = Pin::new(stream.as_mut());
                $body
            }
            Transport::Unix(stream) => {
                let $io = Pin::new(stream);
                $body
            }
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        with_stream!(&mut *self, io => io.poll_read(cx, buf))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        with_stream!(&mut *self, io => io.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_stream!(&mut *self, io => io.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_stream!(&mut *self, io => io.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_kernel_notices_that_the_other_machine_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = tcp("127.0.0.1", port).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let probes =
            socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        let after = socket.tcp_keepalive_time().unwrap() + probes;
        assert!(after <= Duration::from_secs(30), "{after:?}");
    }
}
