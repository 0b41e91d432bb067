//! What connections report to an observation.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use observation::{Observation, ReconnectCause, RedisCommand};
use redis_client::{Command, Connection, RedisUrl};
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn plain() -> RedisOptions {
    RedisOptions::new().modules(RedisModules::None)
}

fn causes(observation: &Observation) -> Vec<(&'static str, u64)> {
    let all = ReconnectCause::ALL.into_iter();
    let counts = all.map(|cause| (cause.name(), observation.redis.reconnects(cause).get()));
    counts.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn connections_bytes_and_durations_are_reported() {
    let server = PrivateRedis::start(&plain()).await.unwrap();
    let observation = Arc::new(Observation::default());
    let redis = &observation.redis;
    let url = server.url();
    let mut connection = Connection::open_observed(&url, &observation).await.unwrap();
    let second = Connection::open_observed(&url, &observation).await.unwrap();
    assert_eq!(redis.connections.get(), 2.0);
    drop(second);
    assert_eq!(redis.connections.get(), 1.0);

    let set = Command::new("SET").arg("key").arg(vec![0; 10_000]);
    connection.call(&set).await.unwrap();
    let before = redis.bytes_received.get();
    connection
        .call(&Command::new("GET").arg("key"))
        .await
        .unwrap();
    let received = redis.bytes_received.get() - before;
    assert!((10_000..10_100).contains(&received), "{received}");

    let count = |command| redis.duration(command).snapshot().count;
    assert_eq!(RedisCommand::ALL.map(count), [0, 0, 0]);
    let watcher = Observation::watch(&observation);
    let read = Command::new("XREAD").args(["STREAMS", "stream", "0"]);
    connection.call(&read).await.unwrap();
    let pings = [Command::new("PING"), Command::new("PING")];
    connection.pipeline(&pings).await.unwrap().len();
    // There is no such module, and the error took its time all the same.
    connection
        .call(&Command::new("JSON.GET").arg("key"))
        .await
        .unwrap_err();
    assert_eq!(RedisCommand::ALL.map(count), [1, 1, 2]);
    drop(watcher);
    assert_eq!(causes(&observation), []);
}

/// Somebody begins to watch during the wait. A time that began before that is not measured, so a time that is
/// measured has begun after the wait.
#[tokio::test]
async fn the_wait_of_a_blocking_read_is_no_part_of_its_duration() {
    let server = PrivateRedis::start(&plain()).await.unwrap();
    let url = server.url();
    let read = Command::new("XREAD").args(["BLOCK", "1", "STREAMS", "stream", "0"]);
    for (command, measured) in [
        (read.clone(), 0),
        (read.blocking(Duration::from_millis(1)), 1),
    ] {
        let observation = Arc::new(Observation::default());
        let mut connection = Connection::open_observed(&url, &observation).await.unwrap();
        connection.queue(&command);
        connection.flush().await.unwrap();
        let _watcher = Observation::watch(&observation);
        connection.receive_raw().await.unwrap();
        let times = observation.redis.duration(RedisCommand::Xread).snapshot();
        assert_eq!(times.count, measured, "{command:?}");
    }
}

#[tokio::test]
async fn causes_of_reconnections_are_distinguished() {
    let mut server = PrivateRedis::start(&plain().password("secret"))
        .await
        .unwrap();
    let observation = Arc::new(Observation::default());
    let url = server.url();
    let mut connection = Connection::open_observed(&url, &observation).await.unwrap();
    server.stop();
    connection.call(&Command::new("PING")).await.unwrap_err();
    assert_eq!(causes(&observation), [("closed", 1)]);
    Connection::open_observed(&url, &observation)
        .await
        .unwrap_err();
    server.restart_blocking().unwrap();
    let stranger = url.with_credentials(None, None);
    Connection::open_observed(&stranger, &observation)
        .await
        .unwrap_err();
    assert_eq!(causes(&observation), [("closed", 1), ("refused", 2)]);
    drop(connection);
    assert_eq!(observation.redis.connections.get(), 0.0);

    // A server that answers the greeting, and then no more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = RedisUrl::tcp("127.0.0.1", listener.local_addr().unwrap().port());
    let serve = async {
        let (mut client, _) = listener.accept().await.unwrap();
        client.read_u8().await.unwrap();
        client.write_all(b"+PONG\r\n").await.unwrap();
        client
    };
    let (client, opened) = tokio::join!(serve, Connection::open_observed(&url, &observation));
    let mut connection = opened.unwrap();
    connection.set_reply_timeout(Duration::from_millis(1));
    connection.call(&Command::new("PING")).await.unwrap_err();
    assert!(causes(&observation).contains(&("timeout", 1)));
    drop(client);
}
