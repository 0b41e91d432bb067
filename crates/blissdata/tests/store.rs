//! The data store and its history of scans, with a real server.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use blissdata::store::{DataStore, History, ScanKey, StoreError};
use common::publish;
use redis_client::Command;
use testing::{data_store, empty_redis, redis_call};

const LONG_TIMEOUT: Duration = Duration::from_secs(60);
const SHORT_TIMEOUT: Duration = Duration::from_millis(10);

async fn next(history: &mut History) -> Vec<ScanKey> {
    history
        .next(LONG_TIMEOUT)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, key)| key)
        .collect()
}

#[tokio::test]
async fn refuses_another_version_and_waits_for_none() {
    let server = empty_redis().await;
    let store = DataStore::connect(&server.url()).await.unwrap();
    let error = store.check().await.unwrap_err();
    assert!(
        matches!(error, StoreError::NotInitialised { .. }) && !error.is_final(),
        "{error}"
    );
    let (ready, ()) = tokio::join!(store.wait_ready(), async {
        simulation::initialise(&DataStore::new(&server.url()))
            .await
            .unwrap();
    });
    ready.unwrap();
    store.check().await.unwrap();

    redis_call(&server.url(), "SET _PROTOCOL_VERSION_ 2").await;
    for error in [
        store.check().await.unwrap_err(),
        store.wait_ready().await.unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::ProtocolVersion { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("\"2\""), "{error}");
    }
    redis_call(&server.url(), "SET _PROTOCOL_VERSION_ one").await;
    let error = store.check().await.unwrap_err();
    assert!(
        matches!(error, StoreError::ProtocolVersion { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn waits_for_a_server_and_connects_again() {
    let (mut server, store) = data_store().await;
    server.stop();
    let error = DataStore::connect(&server.url()).await.unwrap_err();
    assert!(error.to_string().contains("cannot connect"), "{error}");
    let (ready, ()) = tokio::join!(store.wait_ready(), async {
        // Let it fail once.
        tokio::task::yield_now().await;
        server.restart_blocking().unwrap();
        simulation::initialise(&DataStore::new(&server.url()))
            .await
            .unwrap();
    });
    ready.unwrap();

    server.restart_blocking().unwrap();
    let pong = store.call(&Command::new("PING")).await.unwrap();
    assert_eq!(pong.as_str(), Some("PONG"));
    // A caller that has stopped waiting does not harm the others.
    let wait = Command::new("BLPOP").arg("none").arg(0);
    assert!(
        tokio::time::timeout(SHORT_TIMEOUT, store.call(&wait))
            .await
            .is_err()
    );
    let pong = store
        .pipeline(&[Command::new("PING"), Command::new("PING")])
        .await
        .unwrap();
    assert_eq!(pong[1].as_ref().unwrap().as_str(), Some("PONG"));
}

#[tokio::test]
async fn history_lists_new_scans_and_old_ones() {
    let (_server, store) = data_store().await;
    let first = publish(&store, 1).await;
    let mut new = History::from_now(&store).await.unwrap();
    let mut all = History::from_start(&store);
    assert_eq!(next(&mut all).await, std::slice::from_ref(&first));
    assert!(new.next(SHORT_TIMEOUT).await.unwrap().is_empty());

    // Scans that come between two waits are not lost, nor when a wait is dropped.
    let second = publish(&store, 2).await;
    let third = publish(&store, 3).await;
    let mut received = next(&mut new).await;
    if received.len() == 1 {
        // The wait that was dropped was answered before the third one came.
        received.extend(next(&mut new).await);
    }
    assert_eq!(received, [second.clone(), third.clone()]);
    assert!(
        tokio::time::timeout(SHORT_TIMEOUT, new.next(LONG_TIMEOUT))
            .await
            .is_err()
    );
    let (waited, fourth) = tokio::join!(next(&mut new), publish(&store, 4));
    assert_eq!(waited, std::slice::from_ref(&fourth));

    let mut later = History::after(&store, all.position());
    assert_eq!(next(&mut later).await, [second, third, fourth]);
}

#[tokio::test]
async fn history_survives_a_restart() {
    let (mut server, store) = data_store().await;
    let mut history = History::from_start(&store);
    let old = publish(&store, 1).await;
    assert_eq!(next(&mut history).await, [old]);
    server.stop();
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    server.restart_blocking().unwrap();
    // There is a server, but it is no data store yet.
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    let store = DataStore::new(&server.url());
    simulation::initialise(&store).await.unwrap();
    let new = publish(&store, 2).await;
    assert_eq!(next(&mut history).await, [new]);

    redis_call(&server.url(), "SET _PROTOCOL_VERSION_ 2").await;
    server.stop();
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    server.restart_blocking().unwrap();
    redis_call(&server.url(), "SET _PROTOCOL_VERSION_ 2").await;
    let error = history.next(LONG_TIMEOUT).await.unwrap_err();
    assert!(
        matches!(error, StoreError::ProtocolVersion { .. }),
        "{error}"
    );
}

/// The clock of the server was set back, and its data are gone: new scans have older times.
#[tokio::test]
async fn a_restarted_history_is_read_from_its_start() {
    let (server, store) = data_store().await;
    publish(&store, 1).await;
    let mut connected = History::from_start(&store);
    next(&mut connected).await;
    let mut away = History::after(&store, connected.position());

    redis_call(&server.url(), "DEL _SCAN_HISTORY_").await;
    redis_call(&server.url(), "XADD _SCAN_HISTORY_ 5-1 key esrf:scan:A").await;
    redis_call(&server.url(), "XADD _SCAN_HISTORY_ 5-2 nokey x").await;
    redis_call(&server.url(), "XADD _SCAN_HISTORY_ 5-3 key esrf:scan:B").await;
    let expected: [ScanKey; 2] = [
        "esrf:scan:A".parse().unwrap(),
        "esrf:scan:B".parse().unwrap(),
    ];
    assert_eq!(next(&mut connected).await, expected);
    assert_eq!(next(&mut away).await, expected);
    assert_eq!(away.position().to_string(), "5-3");
}

#[tokio::test]
async fn lists_the_scans_that_are_not_deleted() {
    let (server, store) = data_store().await;
    assert!(store.scans().await.unwrap().is_empty());
    let keys = [
        publish(&store, 1).await,
        publish(&store, 2).await,
        publish(&store, 3).await,
    ];
    let keep = publish(&store, 4).await;
    redis_call(&server.url(), &format!("DEL {}", keys[0])).await;
    redis_call(&server.url(), &format!("EXPIRE {} 10", keys[1])).await;
    redis_call(&server.url(), &format!("EXPIRE {} 10000", keys[2])).await;
    // More than one page of scans that are gone.
    for i in 0..1500 {
        redis_call(
            &server.url(),
            &format!("XADD _SCAN_HISTORY_ * key esrf:scan:GONE{i}"),
        )
        .await;
    }
    let last = publish(&store, 5).await;
    let listed: Vec<ScanKey> = store
        .scans()
        .await
        .unwrap()
        .into_iter()
        .map(|(_, key)| key)
        .collect();
    assert_eq!(listed, [keys[2].clone(), keep.clone(), last.clone()]);

    redis_call(&server.url(), "DEL _SCAN_HISTORY_").await;
    let mut expected = vec![keys[2].clone(), keep.clone(), last];
    expected.sort();
    assert_eq!(store.scans_by_key().await.unwrap(), expected);
    assert!(store.is_alive(&keep).await.unwrap());
    assert!(!store.is_alive(&keys[0]).await.unwrap());
    assert!(!store.is_alive(&keys[1]).await.unwrap());
}
