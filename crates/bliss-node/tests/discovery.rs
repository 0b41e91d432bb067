//! Finding scans: from the beginning, from now, and from a position that was stored.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::time::Duration;

use bliss_node::discovery::{Position, ScanDiscovery, Scope, Start};

use common::*;

const WAIT: Duration = Duration::from_secs(10);

/// Returns scans until there are as many.
async fn take(discovery: &mut ScanDiscovery, count: usize) -> Vec<String> {
    let mut scans = Vec::new();
    while scans.len() < count {
        let found = discovery.next(WAIT).await.unwrap();
        scans.extend(found.into_iter().map(|scan| scan.key.to_string()));
    }
    scans
}

/// Returns the scans that there are.
async fn all(discovery: &mut ScanDiscovery) -> Vec<String> {
    let mut scans = Vec::new();
    while !discovery.is_caught_up() {
        let found = discovery.next(Duration::from_millis(50)).await.unwrap();
        scans.extend(found.into_iter().map(|scan| scan.key.to_string()));
    }
    scans
}

#[tokio::test]
async fn all_sessions_are_searched() {
    let (_server, store) = plain_redis().await;
    assert!(!store.holds_nodes().await.unwrap());
    let mut discovery = ScanDiscovery::new(&store, Scope::AllSessions, Start::Beginning);
    assert_eq!(all_of_nothing(&mut discovery).await, 0);
    for session in ["one", "two"] {
        publish(&store, session, "container").await;
        publish(&store, &format!("{session}:data"), "dataset").await;
        publish(&store, &format!("{session}:data:1_ct"), "scan").await;
    }
    let mut found = take(&mut discovery, 2).await;
    found.sort();
    assert_eq!(found, ["one:data:1_ct", "two:data:1_ct"]);
    let sessions = store.sessions().await.unwrap();
    assert_eq!(sessions, [key("one"), key("two")]);
}

async fn all_of_nothing(discovery: &mut ScanDiscovery) -> usize {
    discovery
        .next(Duration::from_millis(20))
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn one_session_need_not_exist() {
    let (_server, store) = plain_redis().await;
    let scope = Scope::Session(key("one"));
    let mut discovery = ScanDiscovery::new(&store, scope, Start::Now);
    // "Now" is when the server first answers.
    while discovery.position().is_none() {
        assert_eq!(all_of_nothing(&mut discovery).await, 0);
    }
    for session in ["two", "one"] {
        publish(&store, session, "container").await;
        publish(&store, &format!("{session}:1_ct"), "scan").await;
    }
    assert_eq!(take(&mut discovery, 1).await, ["one:1_ct"]);
}

#[tokio::test]
async fn now_is_the_time_of_the_server() {
    let (_server, store) = plain_redis().await;
    publish(&store, "s", "container").await;
    publish(&store, "s:old", "container").await;
    publish(&store, "s:old:1_ct", "scan").await;
    // The clock of the server has gone on.
    let past = call(&store, "TIME").await;
    while call(&store, "TIME").await.as_array().unwrap()[1]
        .as_int()
        .unwrap()
        / 1000
        == past.as_array().unwrap()[1].as_int().unwrap() / 1000
    {}
    let mut discovery = ScanDiscovery::new(&store, Scope::AllSessions, Start::Now);
    assert_eq!(discovery.position(), None);
    assert!(all(&mut discovery).await.is_empty());
    publish(&store, "s:old:2_ct", "scan").await;
    publish(&store, "s:new", "container").await;
    publish(&store, "s:new:1_ct", "scan").await;
    let mut found = take(&mut discovery, 2).await;
    found.sort();
    assert_eq!(found, ["s:new:1_ct", "s:old:2_ct"]);
}

#[tokio::test]
async fn a_stored_position_neither_misses_nor_repeats() {
    let (_server, store) = plain_redis().await;
    publish(&store, "s", "container").await;
    let mut position = Position::beginning();
    let mut found = Vec::new();
    let mut published = Vec::new();
    for round in 0..6 {
        // A new container each time, and another scan in each of the old ones.
        publish(&store, &format!("s:d{round}"), "dataset").await;
        for container in 0..=round {
            let scan = format!("s:d{container}:{round}_ct");
            publish(&store, &scan, "scan").await;
            published.push(scan);
        }
        let start = Start::After(position.to_string().parse().unwrap());
        let mut discovery = ScanDiscovery::new(&store, Scope::AllSessions, start);
        // Half of the scans are found before the position is stored, and some are published between.
        found.extend(take(&mut discovery, 1).await);
        let scan = format!("s:d0:{round}_late");
        publish(&store, &scan, "scan").await;
        published.push(scan);
        position = discovery.position().unwrap();
    }
    let mut last = ScanDiscovery::new(&store, Scope::AllSessions, Start::After(position));
    found.extend(all(&mut last).await);
    found.sort();
    published.sort();
    assert_eq!(found, published);
}

#[tokio::test]
async fn evicted_containers_are_still_followed() {
    let (_server, store) = plain_redis().await;
    for container in ["s", "s:a", "s:a:b"] {
        publish(&store, container, "container").await;
    }
    publish(&store, "s:a:b:1_ct", "scan").await;
    call(&store, "DEL s:a").await;
    let mut discovery = ScanDiscovery::new(&store, Scope::AllSessions, Start::Beginning);
    assert_eq!(take(&mut discovery, 1).await, ["s:a:b:1_ct"]);
}

#[tokio::test]
async fn a_lost_server_is_found_again() {
    let (mut server, store) = plain_redis().await;
    publish(&store, "s", "container").await;
    let mut discovery = ScanDiscovery::new(&store, Scope::AllSessions, Start::Beginning);
    assert!(all(&mut discovery).await.is_empty());
    server.stop();
    assert_eq!(all_of_nothing(&mut discovery).await, 0);
    server.restart_blocking().unwrap();
    publish(&store, "s", "container").await;
    publish(&store, "s:1_ct", "scan").await;
    assert_eq!(take(&mut discovery, 1).await, ["s:1_ct"]);
}
