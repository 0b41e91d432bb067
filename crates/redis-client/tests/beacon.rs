//! Asking a Beacon server: one that speaks the bytes recorded from a real one.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use observation::with_causes;
use redis_client::{
    DiscoverError, RedisUrl,
    beacon::{BeaconError, data_store},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Question for the data store, with its key `1`.
const QUESTION: &[u8] = b"\x20\0\0\0\x02\0\0\x001|";
const ANSWER: &[u8] = b"\x22\0\0\0\x11\0\0\x001|127.0.0.1|25101";

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Answers one question with `pieces`, each in a segment of its own.
async fn answer(listener: TcpListener, pieces: &[&[u8]]) {
    let (mut client, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    let mut question = vec![0; QUESTION.len()];
    client.read_exact(&mut question).await.unwrap();
    assert_eq!(question, QUESTION);
    for piece in pieces {
        client.write_all(piece).await.unwrap();
        client.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    // Beacon keeps the connection until the client goes.
    client.read_u8().await.unwrap_err();
}

async fn discover(pieces: &[&[u8]]) -> Result<RedisUrl, BeaconError> {
    let (listener, address) = listener().await;
    tokio::join!(answer(listener, pieces), data_store(&address)).1
}

#[tokio::test]
async fn ports_and_sockets_are_found() {
    let url = discover(&[ANSWER]).await.unwrap();
    assert_eq!(url.to_string(), "redis://127.0.0.1:25101");
    let socket = discover(&[b"\x22\0\0\0\x21\0\0\x001|localhost|/tmp/redis_data.sock"]).await;
    assert!(
        matches!(socket, Err(BeaconError::Unreachable { .. })),
        "longer than it is: {socket:?}"
    );
    let socket = discover(&[b"\x22\0\0\0\x20\0\0\x001|localhost|/tmp/redis_data.sock"]).await;
    assert_eq!(socket.unwrap().to_string(), "unix:///tmp/redis_data.sock");
}

#[tokio::test]
async fn takes_answers_in_pieces_and_after_others() {
    // Another message first: the host and port of the settings database.
    let other = b"\x1f\0\0\0\x0f\0\0\x00127.0.0.1:25101";
    let (start, end) = ANSWER.split_at(5);
    let url = discover(&[other, start, &end[..7], &end[7..]])
        .await
        .unwrap();
    assert_eq!(url.to_string(), "redis://127.0.0.1:25101");
}

#[tokio::test]
async fn an_unusable_answer_is_an_error() {
    let refused = discover(&[b"\x21\0\0\0\x08\0\0\x001|no one"])
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("no one"), "{refused}");
    let unknown = discover(&[b"\xff\xff\xff\xff\x02\0\0\x001|"])
        .await
        .unwrap_err();
    assert!(matches!(unknown, BeaconError::Refused { .. }), "{unknown}");
    let other = discover(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"])
        .await
        .unwrap_err();
    assert!(matches!(other, BeaconError::Unreachable { .. }), "{other}");
}

#[tokio::test]
async fn waits_for_a_beacon_that_starts_later() {
    let (listener, address) = listener().await;
    drop(listener);
    let late = async {
        // Whether the question comes before or after this, it must be answered.
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer(TcpListener::bind(&address).await.unwrap(), &[ANSWER]).await;
    };
    let (_, url) = tokio::join!(late, data_store(&address));
    assert_eq!(url.unwrap().to_string(), "redis://127.0.0.1:25101");
}

#[tokio::test]
async fn is_asked_last() {
    let (listener, address) = listener().await;
    let environment = |set: &[(&str, &str)]| {
        let set: Vec<_> = set
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        move |name: &str| {
            set.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        }
    };
    let beacon = ("BEACON_HOST", address.as_str());
    let data = ("REDIS_DATA_URL", "redis://data:1");
    let option = Some("redis://option:1");
    let shown = |url: Result<RedisUrl, DiscoverError>| url.unwrap().to_string();

    let url = RedisUrl::discover_in(option, environment(&[beacon, data])).await;
    assert_eq!(shown(url), "redis://option:1");
    let url = RedisUrl::discover_in(None, environment(&[beacon, data])).await;
    assert_eq!(shown(url), "redis://data:1");
    let beacon_only = environment(&[beacon, ("REDIS_DATA_URL", "")]);
    let asked = RedisUrl::discover_in(None, beacon_only);
    let (_, url) = tokio::join!(answer(listener, &[ANSWER]), asked);
    assert_eq!(shown(url), "redis://127.0.0.1:25101");

    let none = RedisUrl::discover_in(None, |_| None).await.unwrap_err();
    assert!(none.to_string().contains("REDIS_DATA_URL"), "{none}");
    let bad = environment(&[("REDIS_DATA_URL", "data:secret@bl00")]);
    let bad = RedisUrl::discover_in(None, bad).await.unwrap_err();
    let shown = with_causes(&bad);
    assert!(
        shown.starts_with("REDIS_DATA_URL cannot be used: ") && !shown.contains("secret"),
        "{shown}"
    );
    let bad = RedisUrl::discover_in(None, environment(&[("BEACON_HOST", "localhost")])).await;
    assert!(matches!(
        bad,
        Err(DiscoverError::Beacon(BeaconError::Address { .. }))
    ));
}
