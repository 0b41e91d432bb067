//! Scans that run while they are read: broken connections, dropped waits, restarts.

use std::time::Duration;

use redis_client::Command;

use crate::support::{Peers, ReceivedEvents, follow_all, read_all, read_until};

#[tokio::test]
async fn reads_on_after_the_connection_broke() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let mut received = ReceivedEvents::default();
    publisher.step();
    read_until(&mut reader, &mut received, |received| {
        received.streams.contains_key("x")
    })
    .await;
    // Publishers reconnect by themselves too, but may lose what is under way.
    let reader_id = Command::new("CLIENT LIST");
    let clients = peers.store.call(&reader_id).await.unwrap();
    assert!(
        clients.as_str().unwrap().contains("cmd=xread"),
        "the reader is not waiting"
    );
    let ids: Vec<&str> = clients
        .as_str()
        .unwrap()
        .lines()
        .filter(|client| client.contains("cmd=xread"))
        .filter_map(|client| {
            client
                .split(' ')
                .find_map(|field| field.strip_prefix("id="))
        })
        .collect();
    for id in ids {
        peers.redis(&["CLIENT", "KILL", "ID", id]).await;
    }
    publisher.step();
    publisher.step();
    read_until(&mut reader, &mut received, |received| {
        received.stream("x").ints().len() == 9
    })
    .await;
    assert_eq!(reader.disconnected_since(), None);
    publisher.step();
    read_until(&mut reader, &mut received, |received| {
        received.stream("x").end.is_some()
    })
    .await;
    assert_eq!(received.stream("x").ints(), (0..9).collect::<Vec<i32>>());
    assert_eq!(received.stream("x").end, Some((9, true)));
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let mut received = ReceivedEvents::default();
    for _ in 0..4 {
        publisher.step();
        // Dropped at every point where it waits, sooner or later.
        for step in 0..60 {
            let wait = Duration::from_micros(50 * step);
            if let Ok(events) = tokio::time::timeout(wait, reader.next()).await {
                received.add(&reader, events.unwrap());
            }
        }
    }
    let rest = read_all(&mut reader).await;
    let mut ints = received
        .streams
        .remove("x")
        .map(|received_stream| received_stream.ints())
        .unwrap_or_default();
    ints.extend(
        rest.streams
            .get("x")
            .map(|received_stream| received_stream.ints())
            .unwrap_or_default(),
    );
    assert_eq!(ints, (0..9).collect::<Vec<i32>>());
}

#[tokio::test]
async fn a_restarted_redis_has_lost_the_scan() {
    let mut peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    publisher.step();
    let mut received = ReceivedEvents::default();
    read_until(&mut reader, &mut received, |received| {
        received.streams.contains_key("x")
    })
    .await;
    peers.redis.stop();
    while reader.disconnected_since().is_none() {
        assert_eq!(reader.next().await.unwrap(), []);
    }
    peers.redis.restart_blocking().unwrap();
    read_until(&mut reader, &mut received, |received| received.deleted).await;
    assert_eq!(received.stream("x").end, Some((3, false)));
    assert!(reader.finished());
}

#[tokio::test]
async fn unfollowed_streams_have_no_events() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    let x = reader.follow("x", 0).unwrap();
    assert_eq!(reader.position(x), Some(0));
    reader.unfollow(x);
    for _ in 0..4 {
        publisher.step();
    }
    let received = read_all(&mut reader).await;
    assert!(received.streams.is_empty());
}
