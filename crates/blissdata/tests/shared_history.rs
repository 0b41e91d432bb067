//! The history of scans as several writers share it, with a real server.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use blissdata::store::{AssignedScan, DataStore, ScanKey, SharedHistory};
use common::publish;
use testing::{data_store, redis_call};

const LONG_TIMEOUT: Duration = Duration::from_secs(60);
const SHORT_TIMEOUT: Duration = Duration::from_millis(10);
const GROUP: &str = "nexus-writer:demo";

async fn join(store: &DataStore) -> SharedHistory {
    let history = SharedHistory::join(store, GROUP).await.unwrap();
    // The tasks of a test end with it.
    tokio::spawn(history.membership().maintain());
    history
}

/// The next scans, and whether they were handed out before.
async fn next(history: &mut SharedHistory) -> Vec<(ScanKey, bool)> {
    let scans = history.next(LONG_TIMEOUT).await.unwrap().into_iter();
    scans.map(|scan| (scan.key, scan.is_repeated)).collect()
}

fn done(history: &SharedHistory, scans: &[AssignedScan]) {
    for scan in scans {
        history.membership().acknowledge(scan.timetag);
    }
}

#[tokio::test]
async fn scans_created_without_members_are_handed_out() {
    let (_server, store) = data_store().await;
    publish(&store, 1).await;
    let mut history = join(&store).await;
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    let second = publish(&store, 2).await;
    let scans = history.next(LONG_TIMEOUT).await.unwrap();
    assert_eq!(scans.len(), 1);
    assert_eq!((&scans[0].key, scans[0].is_repeated), (&second, false));
    done(&history, &scans);
    history.membership().leave().await.unwrap();

    let third = publish(&store, 3).await;
    let mut history = join(&store).await;
    assert_eq!(next(&mut history).await, [(third, false)]);
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
}

#[tokio::test]
async fn scans_created_without_members_can_be_skipped() {
    let (_server, store) = data_store().await;
    drop(join(&store).await);
    publish(&store, 1).await;
    let mut history = join(&store).await;
    history.skip_existing().await.unwrap();
    let second = publish(&store, 2).await;
    assert_eq!(next(&mut history).await, [(second, false)]);
}

#[tokio::test]
async fn unacknowledged_scans_are_handed_out_again_once() {
    let (server, store) = data_store().await;
    let mut first = join(&store).await;
    let keys = [publish(&store, 1).await, publish(&store, 2).await];
    let mut handed = Vec::new();
    while handed.len() < 2 {
        handed.extend(first.next(LONG_TIMEOUT).await.unwrap());
    }
    done(&first, &handed[..1]);

    // A member that lives keeps what it has.
    let mut second = join(&store).await;
    assert!(second.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    first.membership().leave().await.unwrap();
    let mut third = join(&store).await;
    assert_eq!(next(&mut third).await, [(keys[1].clone(), true)]);
    assert!(third.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    let members = redis_call(
        &server.url(),
        &format!("XINFO CONSUMERS _SCAN_HISTORY_ {GROUP}"),
    )
    .await;
    assert_eq!(members.as_array().unwrap().len(), 2, "{members:?}");
}

#[tokio::test]
async fn members_share_the_scans() {
    let (_server, store) = data_store().await;
    let (mut one, mut other) = (join(&store).await, join(&store).await);
    let mut expected = Vec::new();
    for number in 0..20 {
        expected.push(publish(&store, number).await);
    }
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        let (some, others) = tokio::join!(one.next(SHORT_TIMEOUT), other.next(SHORT_TIMEOUT));
        seen.extend(some.unwrap().into_iter().map(|scan| scan.key));
        seen.extend(others.unwrap().into_iter().map(|scan| scan.key));
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

/// An answer that was under way when the connection broke must not be lost.
#[tokio::test]
async fn a_broken_connection_loses_nothing() {
    let (server, store) = data_store().await;
    let mut history = join(&store).await;
    let consumers = format!("XINFO CONSUMERS _SCAN_HISTORY_ {GROUP}");
    // The server knows the member once it has been asked for scans, which may take more than one wait.
    let member = loop {
        assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
        let members = redis_call(&server.url(), &consumers).await;
        if let [member, ..] = members.as_array().unwrap() {
            break member.as_array().unwrap()[1].clone();
        }
    };
    redis_call(&server.url(), "CLIENT KILL TYPE normal SKIPME yes").await;
    let add = |key: &str| format!("XADD _SCAN_HISTORY_ * key {key}");
    redis_call(&server.url(), &add("esrf:scan:A")).await;
    // The server answered the member, and the member never got it.
    let member = member.as_str().unwrap();
    let lost = format!("XREADGROUP GROUP {GROUP} {member} STREAMS _SCAN_HISTORY_ >");
    assert_eq!(
        redis_call(&server.url(), &lost)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let key = |text: &str| text.parse::<ScanKey>().unwrap();
    let first = next(&mut history).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, key("esrf:scan:A"));
    redis_call(&server.url(), &add("esrf:scan:B")).await;
    assert_eq!(next(&mut history).await, [(key("esrf:scan:B"), false)]);
}

#[tokio::test]
async fn a_history_that_begins_anew_is_all_new() {
    let (server, store) = data_store().await;
    let mut history = join(&store).await;
    publish(&store, 1).await;
    assert_eq!(next(&mut history).await.len(), 1);
    redis_call(&server.url(), "DEL _SCAN_HISTORY_").await;
    redis_call(&server.url(), "XADD _SCAN_HISTORY_ 5-1 key esrf:scan:A").await;
    redis_call(&server.url(), "XADD _SCAN_HISTORY_ 5-2 key esrf:scan:B").await;
    let expected = ["esrf:scan:A", "esrf:scan:B"].map(|key| (key.parse().unwrap(), false));
    assert_eq!(next(&mut history).await, expected);
}

#[tokio::test]
async fn groups_do_not_disturb_each_other() {
    let (_server, store) = data_store().await;
    let mut one = join(&store).await;
    let mut other = SharedHistory::join(&store, "nexus-writer:other")
        .await
        .unwrap();
    let key = publish(&store, 1).await;
    assert_eq!(next(&mut one).await, [(key.clone(), false)]);
    assert_eq!(next(&mut other).await, [(key, false)]);
}
