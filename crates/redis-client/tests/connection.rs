//! Connections to a real server.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use bytes::Bytes;
use observation::with_causes;
use redis_client::{Command, Connection, RedisError, RedisUrl, Value};
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use testing::redis_call;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PASSWORD: &str = "p \"w\\:/@\u{e9}#'";

fn plain() -> RedisOptions {
    RedisOptions::new().modules(RedisModules::None)
}

async fn start(options: &RedisOptions) -> PrivateRedis {
    PrivateRedis::start(options).await.unwrap()
}

#[tokio::test]
async fn every_way_to_log_in() {
    let options = plain()
        .port(0)
        .password(PASSWORD)
        .user("writer", "w@", "~* +@all");
    let server = start(&options).await;
    let tcp = server.tcp_url().unwrap();
    for url in [
        server.url(),
        tcp.clone(),
        tcp.clone()
            .with_credentials(Some("default"), Some(PASSWORD)),
        tcp.clone().with_credentials(Some("writer"), Some("w@")),
        server.url().with_credentials(Some("writer"), Some("w@")),
        tcp.with_secrets().parse().unwrap(),
        server.url().with_secrets().parse().unwrap(),
    ] {
        let user = redis_call(&url, "ACL WHOAMI").await;
        assert_eq!(
            user.as_str(),
            Some(url.username().unwrap_or("default")),
            "{url}"
        );
    }
}

#[tokio::test]
async fn refusals_are_final_and_do_not_tell_the_password() {
    let server = start(&plain().port(0).password(PASSWORD)).await;
    let url = server.tcp_url().unwrap();
    for wrong in [
        url.clone().with_credentials(None, None),
        url.clone().with_credentials(None, Some("hunter2")),
        url.clone()
            .with_credentials(Some("nobody"), Some("hunter2")),
        url.clone().with_database(9999),
    ] {
        let error = Connection::open(&wrong).await.unwrap_err();
        assert!(
            matches!(error, RedisError::Refused { .. }),
            "{wrong}: {error}"
        );
        assert!(
            !error.is_transient() && error.is_final(),
            "{wrong}: {error}"
        );
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("p \""),
            "{shown}"
        );
    }
    // A user that cannot do anything but read need not be let ping.
    let reader = plain().user("reader", "r", "~* +get");
    let server = start(&reader).await;
    let url = server.url().with_credentials(Some("reader"), Some("r"));
    assert_eq!(redis_call(&url, "GET key").await, Value::Nil);
}

#[tokio::test]
async fn the_password_is_not_seen_anywhere() {
    let server = start(&plain().password("hunter2")).await;
    let command_line = std::fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&command_line).contains("hunter2"));
    let connection = Connection::open(&server.url()).await.unwrap();
    let store = blissdata::store::DataStore::connect(&server.url())
        .await
        .unwrap();
    let shown = format!(
        "{connection:?} {store:?} {server:?} {} {:?}",
        server.url(),
        server.url()
    );
    assert!(
        !shown.contains("hunter2") && shown.contains("***"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_error_reply_leaves_the_connection_good() {
    let server = start(&plain()).await;
    let mut connection = Connection::open(&server.url().with_database(3))
        .await
        .unwrap();
    let set = Command::new("SET").arg("key").arg(b"\r\n\0\xff");
    assert_eq!(connection.call(&set).await.unwrap().as_str(), Some("OK"));
    let error = connection
        .call(&Command::new("XLEN").arg("key"))
        .await
        .unwrap_err();
    assert_eq!(error.server_error().unwrap().code(), "WRONGTYPE");
    assert!(!error.needs_reconnect() && !error.is_transient());
    assert!(
        with_causes(&error).contains("answers to XLEN: WRONGTYPE"),
        "{error}"
    );
    let error = connection
        .call_raw(&Command::new("XLEN").arg("key"))
        .await
        .unwrap_err();
    assert_eq!(error.server_error().unwrap().code(), "WRONGTYPE");
    let raw = connection
        .call_raw(&Command::new("GET").arg("key"))
        .await
        .unwrap();
    assert_eq!(&raw[..], b"$4\r\n\r\n\0\xff\r\n");
    let replies = connection
        .pipeline(&[
            Command::new("DBSIZE"),
            Command::new("NOSUCHCOMMAND"),
            Command::new("GET").arg("none"),
        ])
        .await
        .unwrap();
    assert_eq!(
        (&replies[0], &replies[2]),
        (&Ok(Value::Int(1)), &Ok(Value::Nil))
    );
    assert!(
        replies[1]
            .as_ref()
            .unwrap_err()
            .text()
            .contains("unknown command")
    );
    assert_eq!(redis_call(&server.url(), "GET key").await, Value::Nil);
}

#[tokio::test]
async fn big_and_many_replies_come_through() {
    let server = start(&plain()).await;
    let mut connection = Connection::open(&server.url()).await.unwrap();
    let big: Vec<u8> = (0..20_000_003u32).map(|i| (i % 251) as u8).collect();
    connection
        .call(&Command::new("SET").arg("big").arg(&big))
        .await
        .unwrap();
    let small: Vec<Command> = (0..50_000u64)
        .map(|i| Command::new("RPUSH").arg("list").arg(i))
        .collect();
    for (i, reply) in connection
        .pipeline(&small)
        .await
        .unwrap()
        .into_iter()
        .enumerate()
    {
        assert_eq!(reply.unwrap(), Value::Int(i as i64 + 1));
    }
    let get = Command::new("GET").arg("big");
    let range = Command::new("LRANGE").arg("list").arg(0).arg(-1);
    for _ in 0..2 {
        let reply = connection.call(&get).await.unwrap();
        assert!(reply.as_bytes().unwrap() == &big);
        let reply = connection.call(&range).await.unwrap();
        let items = reply.as_array().unwrap();
        assert_eq!(
            (items.len(), items[49_999].as_int()),
            (50_000, Some(49_999))
        );
    }
}

#[tokio::test]
async fn a_flush_that_is_started_sends_without_a_wait() {
    let server = start(&plain()).await;
    let mut connection = Connection::open(&server.url()).await.unwrap();
    connection.queue(&Command::new("PING"));
    assert_ne!(connection.unsent(), 0);
    connection.start_flush();
    assert_eq!((connection.unsent(), connection.outstanding()), (0, 1));
    let reply = connection.receive().await.unwrap().unwrap();
    assert_eq!(reply, Value::Text(Bytes::from_static(b"PONG")));
}

/// Sends more than the sockets hold while as much comes back: a client that only writes gets stuck.
#[tokio::test]
async fn sends_and_receives_at_the_same_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // As a server that does not read on before its answers have been taken.
    let echo = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut ping = [0; 14];
        peer.read_exact(&mut ping).await.unwrap();
        peer.write_all(b"+PONG\r\n").await.unwrap();
        let answer = [&b"$1000000\r\n"[..], &vec![7; 1_000_000], b"\r\n"].concat();
        for _ in 0..40 {
            let mut command = vec![0; 1_000_000];
            peer.read_exact(&mut command).await.unwrap();
            peer.write_all(&answer).await.unwrap();
        }
        peer
    };
    let client = async {
        let url = RedisUrl::tcp("127.0.0.1", port);
        let mut connection = Connection::open(&url).await.unwrap();
        for _ in 0..40 {
            connection.queue(&Command::new("ECHO").arg(vec![7; 1_000_000]));
        }
        connection.flush().await.unwrap();
        for _ in 0..40 {
            let reply = connection.receive().await.unwrap().unwrap();
            assert_eq!(reply, Value::Text(Bytes::from(vec![7; 1_000_000])));
        }
        assert_eq!(connection.outstanding(), 0);
    };
    tokio::join!(echo, client);
}

#[tokio::test]
async fn a_call_given_up_poisons_but_a_receive_goes_on() {
    let server = start(&plain()).await;
    let wait = Command::new("BLPOP").arg("list").arg(0);
    let moment = Duration::from_millis(1);

    let mut connection = Connection::open(&server.url()).await.unwrap();
    assert!(
        tokio::time::timeout(moment, connection.call(&wait))
            .await
            .is_err()
    );
    let error = connection.call(&Command::new("PING")).await.unwrap_err();
    assert!(matches!(error, RedisError::Poisoned { .. }), "{error}");
    assert!(connection.is_broken() && error.needs_reconnect() && error.is_transient());
    drop(connection);

    let mut connection = Connection::open(&server.url()).await.unwrap();
    connection.queue(&wait);
    for _ in 0..3 {
        assert!(
            tokio::time::timeout(moment, connection.receive())
                .await
                .is_err()
        );
    }
    // The first connection may still be in line until the server has seen it go.
    while connection.try_receive().unwrap().is_none() {
        redis_call(&server.url(), "RPUSH list item").await;
        if let Ok(reply) = tokio::time::timeout(moment, connection.receive()).await {
            let reply = reply.unwrap().unwrap();
            assert_eq!(reply.as_array().unwrap()[1].as_str(), Some("item"));
            break;
        }
    }
    let error = connection.receive().await.unwrap_err();
    assert!(error.to_string().contains("no reply is due"), "{error}");
    assert!(connection.call(&Command::new("PING")).await.is_ok());
}

#[tokio::test]
async fn failures_of_the_server_are_distinguished() {
    let mut server = start(&plain()).await;
    let url = server.url();
    let mut connection = Connection::open(&url).await.unwrap();
    connection.set_reply_timeout(Duration::from_millis(20));
    let error = connection
        .call(&Command::new("BLPOP").arg("none").arg(0))
        .await
        .unwrap_err();
    assert!(
        matches!(error, RedisError::Timeout { .. }) && error.is_transient(),
        "{error}"
    );

    let mut connection = Connection::open(&url).await.unwrap();
    server.stop();
    let error = connection.call(&Command::new("PING")).await.unwrap_err();
    assert!(
        matches!(error, RedisError::Lost { .. }) && error.is_transient(),
        "{error}"
    );
    let error = Connection::open(&url).await.unwrap_err();
    assert!(
        matches!(error, RedisError::Connect { .. }) && error.is_transient(),
        "{error}"
    );
    let error = Connection::open(&RedisUrl::unix("/nonexistent/redis.sock"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("unix:///nonexistent/redis.sock"),
        "{error}"
    );
}

#[tokio::test]
async fn another_kind_of_server_is_recognised() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        peer
    };
    let client = async {
        let url = RedisUrl::tcp("127.0.0.1", port);
        let error = Connection::open(&url).await.unwrap_err();
        assert!(matches!(error, RedisError::Protocol { .. }), "{error}");
    };
    tokio::join!(web, client);
}
