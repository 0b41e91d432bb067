//! The private server, and that nothing of it is left.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use redis_client::{Command, Connection, RedisError, RedisUrl};
use simulation::redis::{PrivateRedis, PrivateRedisError, RedisModules, RedisOptions};
use testing::{empty_redis, redis_call};

fn plain() -> RedisOptions {
    RedisOptions::new().modules(RedisModules::None)
}

/// Waits for what ends when the server does.
async fn wait_for_the_end(connection: &mut Connection) {
    let error = connection
        .call(&Command::new("BLPOP").arg("none").arg(0))
        .await
        .unwrap_err();
    assert!(matches!(error, RedisError::Lost { .. }), "{error}");
}

#[tokio::test]
async fn has_the_modules_and_the_options() {
    let server = empty_redis().await;
    let modules = format!("{:?}", redis_call(&server.url(), "MODULE LIST").await);
    assert!(
        modules.contains("ReJSON") && modules.contains("search"),
        "{modules}"
    );
    let limited = PrivateRedis::start(&plain().maxmemory(123_456_789))
        .await
        .unwrap();
    let limit = redis_call(&limited.url(), "CONFIG GET maxmemory").await;
    assert_eq!(limit.as_array().unwrap()[1].as_int(), Some(123_456_789));
    assert!(limited.tcp_url().is_none());
}

#[test]
fn starts_in_plain_threads_too() {
    let mut server = PrivateRedis::start_blocking(&plain().port(0)).unwrap();
    let (pid, url) = (server.pid(), server.tcp_url());
    server.restart_blocking().unwrap();
    assert_ne!(server.pid(), pid);
    assert_eq!(server.tcp_url(), url);
}

#[tokio::test]
async fn ends_when_dropped() {
    let server = PrivateRedis::start(&plain()).await.unwrap();
    let folder = server.directory().to_owned();
    let mut connection = Connection::open(&server.url()).await.unwrap();
    drop(server);
    wait_for_the_end(&mut connection).await;
    assert!(!folder.exists());
}

#[tokio::test]
async fn outlives_the_thread_that_started_it() {
    let start = || PrivateRedis::start_blocking(&plain()).unwrap();
    let server = std::thread::spawn(start).join().unwrap();
    assert!(redis_call(&server.url(), "PING").await.as_str().is_some());
}

/// Runs itself again as a program that starts a server and is killed.
#[tokio::test]
async fn ends_when_its_owner_is_killed() {
    const OWNER: &str = "TEST_OWNS_A_SERVER";
    if std::env::var_os(OWNER).is_some() {
        let server = PrivateRedis::start(&plain()).await.unwrap();
        println!("\n{}", server.url().with_secrets());
        std::io::stdout().flush().unwrap();
        return std::future::pending().await;
    }
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ends_when_its_owner_is_killed", "--nocapture"])
        .env(OWNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let url: RedisUrl = lines
        .map_while(Result::ok)
        .find_map(|line| line.parse().ok())
        .unwrap();
    let mut connection = Connection::open(&url).await.unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_for_the_end(&mut connection).await;
    if let redis_client::Endpoint::Unix(socket) = url.endpoint() {
        std::fs::remove_dir_all(socket.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_failed_start_has_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = PrivateRedis::start(&plain().port(port)).await.unwrap_err();
    assert!(
        matches!(error, PrivateRedisError::Unusable { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("in use"), "{error}");
}
