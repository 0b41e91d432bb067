//! Groups of writers that share scans, with a real server.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::time::Duration;

use common::{HISTORY, PlainStore, empty_store, ready_store};
use coordination::{AssignedScan, SharedHistory};
use redis_client::Command;

const LONG_TIMEOUT: Duration = Duration::from_secs(60);
const SHORT_TIMEOUT: Duration = Duration::from_millis(10);
const GROUP: &str = "group";

type History = SharedHistory<PlainStore>;

async fn join(store: &PlainStore) -> History {
    SharedHistory::join(store, GROUP).await.unwrap()
}

async fn take(history: &mut History, count: usize) -> Vec<AssignedScan<String>> {
    let mut scans = Vec::new();
    while scans.len() < count {
        let next = history.next(LONG_TIMEOUT).await.unwrap();
        assert!(!next.is_empty(), "only {scans:?}");
        scans.extend(next);
    }
    scans
}

/// Lets the only member of the group take a scan named `a`, and die: it lives no longer than its heartbeat. Returns its
/// connection, which is still open, and its name.
async fn dead_member(store: &PlainStore) -> (History, String) {
    let mut history = join(store).await;
    store.add("a").await;
    assert_eq!(names(&take(&mut history, 1).await), [("a", false)]);
    let heartbeats = store.keys("group:*/*").await;
    let [heartbeat] = &heartbeats[..] else {
        panic!("{heartbeats:?}");
    };
    store.call(&format!("DEL {heartbeat}")).await;
    let member = heartbeat.strip_prefix("group:").unwrap().to_owned();
    (history, member)
}

fn names(scans: &[AssignedScan<String>]) -> Vec<(&str, bool)> {
    let scans = scans.iter();
    scans
        .map(|scan| (scan.key.as_str(), scan.is_repeated))
        .collect()
}

#[tokio::test]
async fn members_share_the_scans() {
    let (_server, store) = ready_store().await;
    let (mut one, mut other) = (join(&store).await, join(&store).await);
    for scan in ["a", "b", "c", "d"] {
        store.add(scan).await;
    }
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let (some, others) = tokio::join!(one.next(SHORT_TIMEOUT), other.next(SHORT_TIMEOUT));
        seen.extend(some.unwrap().into_iter().map(|scan| scan.key));
        seen.extend(others.unwrap().into_iter().map(|scan| scan.key));
    }
    seen.sort();
    assert_eq!(seen, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn scans_of_a_dead_member_pass_to_another() {
    let (_server, store) = ready_store().await;
    let _first = dead_member(&store).await;
    let mut second = join(&store).await;
    let maintained = tokio::spawn(second.membership().maintain());
    let scans = take(&mut second, 1).await;
    assert_eq!(names(&scans), [("a", true)]);
    second.membership().acknowledge(scans[0].timetag);
    second.membership().leave().await.unwrap();
    maintained.await.unwrap();
    let pending = store.call(&format!("XPENDING {HISTORY} {GROUP}")).await;
    assert_eq!(pending.as_array().unwrap()[0].as_int(), Some(0));
}

#[tokio::test]
async fn a_scan_that_reaches_a_dead_member_while_it_is_removed_is_not_lost() {
    let (_server, store) = ready_store().await;
    let (_first, member) = dead_member(&store).await;
    // In one step, so that nobody else reads the scan.
    let read_last = "redis.call('XADD', KEYS[1], '*', 'scan', 'b') \
                     redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'STREAMS', KEYS[1], '>')";
    let read_last = Command::new("EVAL").arg(read_last).arg(1).arg(HISTORY);
    store.before_script("DELCONSUMER", read_last.arg(GROUP).arg(member));
    let mut second = join(&store).await;
    let maintained = tokio::spawn(second.membership().maintain());
    assert_eq!(
        names(&take(&mut second, 2).await),
        [("a", true), ("b", true)]
    );
    assert!(!store.awaits_script());
    second.membership().leave().await.unwrap();
    maintained.await.unwrap();
}

#[tokio::test]
async fn a_member_that_dies_during_a_takeover_does_not_delay_it() {
    let (_server, store) = ready_store().await;
    let (_first, member) = dead_member(&store).await;
    // No process of this number has such a start.
    let (process, number) = member.rsplit_once('/').unwrap();
    let dead_taker = format!("{process}0/{number}");
    let right = format!("group:takeover:{member}");
    store.call(&format!("SET {right} {dead_taker}")).await;
    let mut second = join(&store).await;
    let maintained = tokio::spawn(second.membership().maintain());
    assert_eq!(names(&take(&mut second, 1).await), [("a", true)]);
    second.membership().leave().await.unwrap();
    maintained.await.unwrap();
}

#[tokio::test]
async fn a_scan_that_is_named_twice_is_handed_out_once() {
    let (_server, store) = ready_store().await;
    let mut history = join(&store).await;
    store.add("a").await;
    let first = take(&mut history, 1).await;
    store.add("a").await;
    store.add("b").await;
    let second = take(&mut history, 1).await;
    assert_eq!(names(&second), [("b", false)]);
    let membership = history.membership();
    for scan in first.iter().chain(&second) {
        membership.acknowledge(scan.timetag);
    }
    // A scan that is done may be named again.
    store.add("a").await;
    let third = take(&mut history, 1).await;
    assert_eq!(names(&third), [("a", false)]);
    membership.leave().await.unwrap();
    let pending = store.call(&format!("XPENDING {HISTORY} {GROUP}")).await;
    assert_eq!(pending.as_array().unwrap()[0].as_int(), Some(1));
}

#[tokio::test]
async fn nothing_is_written_before_the_store_allows_it() {
    let (_server, store) = empty_store().await;
    let mut history = join(&store).await;
    assert!(history.next(SHORT_TIMEOUT).await.unwrap().is_empty());
    assert!(store.keys("*").await.is_empty());
    store.call("SET ready 1").await;
    store.add("a").await;
    assert_eq!(names(&take(&mut history, 1).await), [("a", false)]);
}
