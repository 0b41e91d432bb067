//! Servers that keep a connection open and say nothing.
//!
//! The clock of these tests stands still while a server is silent, and jumps to the end of each wait.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use redis_client::{Command, Connection, RedisError, RedisUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, pause, timeout};

const SECOND: Duration = Duration::from_secs(1);

async fn listen(scheme: &str) -> (TcpListener, RedisUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("{scheme}://127.0.0.1:{port}/0?ssl_cert_reqs=none");
    (listener, url.parse().unwrap())
}

/// Connects to a server that lets us in, answers `answers` further commands, and is silent then.
async fn connect(answers: usize) -> (Connection, TcpStream) {
    let (listener, url) = listen("redis").await;
    let serve = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut ping = [0; 14];
        peer.read_exact(&mut ping).await.unwrap();
        peer.write_all(b"+PONG\r\n").await.unwrap();
        peer.write_all(&b"+OK\r\n".repeat(answers)).await.unwrap();
        peer
    };
    let (peer, opened) = tokio::join!(serve, Connection::open(&url));
    (opened.unwrap(), peer)
}

fn waited(error: &RedisError) -> Option<Duration> {
    match error {
        RedisError::Timeout { waited, .. } => Some(*waited),
        _ => None,
    }
}

/// Returns how long the connection waits for its next reply.
async fn limit(connection: &mut Connection) -> Duration {
    let begin = Instant::now();
    let error = connection.receive().await.unwrap_err();
    let waited = waited(&error).unwrap_or_else(|| panic!("{error}"));
    assert!(
        error.to_string().contains(&format!("{waited:?}")),
        "{error}"
    );
    assert!(connection.is_broken() && error.is_transient() && !error.is_final());
    let measured = begin.elapsed();
    assert!(
        measured >= waited && measured < waited + SECOND,
        "{measured:?}"
    );
    waited
}

#[tokio::test]
async fn each_reply_has_the_limit_of_its_command() {
    let ping = Command::new("PING");
    let wait = Command::new("BLPOP").arg("list").arg(60);
    let commands = [ping.clone(), wait.blocking(60 * SECOND), ping];
    for (answers, expected) in [(0, 15), (1, 75), (2, 15)] {
        let (mut connection, _peer) = connect(answers).await;
        for command in &commands {
            connection.queue(command);
        }
        connection.flush().await.unwrap();
        for _ in 0..answers {
            connection.receive().await.unwrap().unwrap();
        }
        pause();
        assert_eq!(limit(&mut connection).await, expected * SECOND);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_block_without_end_has_no_limit() {
    let (mut connection, _peer) = connect(0).await;
    connection.queue(
        &Command::new("BLPOP")
            .arg("list")
            .arg(0)
            .blocking(Duration::MAX),
    );
    connection.flush().await.unwrap();
    pause();
    let day = 24 * 3600 * SECOND;
    assert!(timeout(day, connection.receive()).await.is_err());
    assert!(!connection.is_broken());
}

#[tokio::test]
async fn waits_that_are_given_up_add_up() {
    let (mut connection, _peer) = connect(0).await;
    connection.queue(&Command::new("PING"));
    connection.flush().await.unwrap();
    pause();
    let mut given_up = 0;
    let error = loop {
        match timeout(SECOND, connection.receive()).await {
            Ok(outcome) => break outcome.unwrap_err(),
            Err(_) => given_up += 1,
        }
        assert!(given_up < 20, "the limit never comes");
    };
    assert_eq!(waited(&error), Some(15 * SECOND), "{error}");
}

#[tokio::test]
async fn bytes_end_a_silence() {
    let (mut connection, mut peer) = connect(0).await;
    connection.queue(&Command::new("GET").arg("key"));
    connection.flush().await.unwrap();
    for part in [&b"$4\r\n"[..], b"ab", b"cd", b"\r\n"] {
        pause();
        let silence = timeout(10 * SECOND, connection.receive()).await;
        assert!(silence.is_err(), "{silence:?}");
        tokio::time::resume();
        peer.write_all(part).await.unwrap();
        // Bytes only come while time passes.
        if let Ok(reply) = timeout(SECOND / 5, connection.receive()).await {
            assert_eq!(reply.unwrap().unwrap().as_str(), Some("abcd"));
            return;
        }
    }
    panic!("the reply is not complete");
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_given_up() {
    let (mut connection, _peer) = connect(0).await;
    // More than the sockets hold.
    connection.queue(&Command::new("SET").arg("key").arg(vec![0; 50_000_000]));
    // The sockets fill up, which takes real time.
    assert!(timeout(SECOND / 5, connection.flush()).await.is_err());
    pause();
    let error = connection.flush().await.unwrap_err();
    assert_eq!(waited(&error), Some(15 * SECOND), "{error}");
}

#[tokio::test]
async fn a_server_that_never_lets_us_in_is_given_up() {
    pause();
    // A server that is frozen; one that does not answer the TLS handshake.
    for scheme in ["redis", "rediss"] {
        let (listener, url) = listen(scheme).await;
        let begin = Instant::now();
        let error = Connection::open(&url).await.unwrap_err();
        let measured = begin.elapsed();
        assert!(
            measured >= 10 * SECOND && measured < 11 * SECOND,
            "{measured:?}"
        );
        let shown = observation::with_causes(&error);
        assert!(shown.contains("10s") && error.is_transient(), "{shown}");
        drop(listener);
    }
}
