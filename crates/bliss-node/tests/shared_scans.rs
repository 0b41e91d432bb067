//! Scans of nodes as several writers share them, with a real server.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bliss_node::shared_scans::{self, AssignedScan, SharedHistory};
use bliss_node::store::NodeStore;
use coordination::ClaimError;
use simulation::redis::PrivateRedis;
use tokio::task::JoinHandle;

use common::*;

const LONG_TIMEOUT: Duration = Duration::from_secs(60);
const SHORT_TIMEOUT: Duration = Duration::from_millis(10);
const GROUP: &str = "nexus-writer:demo";
const STREAM: &str = "nexus-writer:scans";
const POSITION: &str = "nexus-writer:scans:position";

/// A member of a group. Its tasks end with it.
struct Member {
    history: SharedHistory,
    tasks: [JoinHandle<()>; 2],
}

impl Member {
    async fn join(store: &NodeStore) -> Member {
        Member::join_group(store, GROUP).await
    }

    async fn join_group(store: &NodeStore, group: &str) -> Member {
        let (history, announcer) = shared_scans::join(store, group).await.unwrap();
        let announce = async move { announcer.run().await.unwrap() };
        let maintain = history.membership().maintain();
        Member {
            history,
            tasks: [tokio::spawn(announce), tokio::spawn(maintain)],
        }
    }

    /// Returns scans until this one is among them.
    async fn take_until(&mut self, last: &str) -> Vec<AssignedScan> {
        let mut scans = Vec::new();
        while !scans.iter().any(|scan| name(scan) == last) {
            let next = self.history.next(LONG_TIMEOUT).await.unwrap();
            assert!(!next.is_empty(), "{last} did not come, but {scans:?}");
            scans.extend(next);
        }
        scans
    }

    async fn is_idle(&mut self) -> bool {
        self.history.next(SHORT_TIMEOUT).await.unwrap().is_empty()
    }

    fn acknowledge(&self, scans: &[AssignedScan]) {
        for scan in scans {
            self.history.membership().acknowledge(scan.timetag);
        }
    }

    async fn leave(self) {
        self.history.membership().leave().await.unwrap();
    }

    /// Dies, so that only the missing heartbeat tells of it.
    async fn die(mut self, store: &NodeStore) {
        for task in &mut self.tasks {
            task.abort();
            assert!(task.await.is_err());
        }
        delete(store, &format!("{GROUP}:*/*")).await;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn name(scan: &AssignedScan) -> String {
    scan.key.to_string()
}

fn names(scans: &[AssignedScan]) -> BTreeSet<String> {
    scans.iter().map(name).collect()
}

async fn keys(store: &NodeStore, pattern: &str) -> Vec<String> {
    let keys = call(store, &format!("KEYS {pattern}")).await;
    let keys = keys.as_array().unwrap().iter();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// Removes keys, of which there must be one at least.
async fn delete(store: &NodeStore, pattern: &str) {
    let found = keys(store, pattern).await;
    assert!(!found.is_empty(), "{pattern}");
    for key in found {
        call(store, &format!("DEL {key}")).await;
    }
}

async fn server_with_session() -> (PrivateRedis, NodeStore) {
    let (server, store) = plain_redis().await;
    publish(&store, "s", "container").await;
    (server, store)
}

#[tokio::test]
async fn the_first_member_begins_with_later_scans() {
    let (_server, store) = server_with_session().await;
    publish(&store, "s:1_ct", "scan").await;
    let mut member = Member::join(&store).await;
    publish(&store, "s:2_ct", "scan").await;
    let scans = member.take_until("s:2_ct").await;
    assert_eq!(names(&scans), ["s:2_ct".to_owned()].into());
    assert!(!scans[0].is_repeated);
    // A group that comes later begins later, although the stream has these scans.
    let mut other = Member::join_group(&store, "nexus-writer:other").await;
    publish(&store, "s:3_ct", "scan").await;
    let scans = other.take_until("s:3_ct").await;
    assert_eq!(names(&scans), ["s:3_ct".to_owned()].into());
}

#[tokio::test]
async fn members_share_the_scans() {
    let (_server, store) = server_with_session().await;
    let mut one = Member::join(&store).await;
    let mut other = Member::join(&store).await;
    let mut expected = Vec::new();
    for number in 0..20 {
        let scan = format!("s:{number}_ct");
        publish(&store, &scan, "scan").await;
        expected.push(scan);
    }
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        let wait = Duration::from_millis(100);
        let (some, others) = tokio::join!(one.history.next(wait), other.history.next(wait));
        seen.extend(some.unwrap().iter().map(name));
        seen.extend(others.unwrap().iter().map(name));
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    // Both have found all of them.
    let length = call(&store, &format!("XLEN {STREAM}")).await;
    assert_eq!(length.as_int(), Some(20));
}

#[tokio::test]
async fn scans_of_a_dead_member_pass_to_another() {
    let (_server, store) = server_with_session().await;
    let mut first = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    let done = first.take_until("s:1_ct").await;
    publish(&store, "s:2_ct", "scan").await;
    first.take_until("s:2_ct").await;
    first.acknowledge(&done);
    // A member that lives keeps what it has.
    let mut second = Member::join(&store).await;
    assert!(second.is_idle().await);
    second.leave().await;
    first.die(&store).await;
    let mut third = Member::join(&store).await;
    let scans = third.take_until("s:2_ct").await;
    assert!(scans.iter().all(|scan| scan.is_repeated));
}

#[tokio::test]
async fn scans_created_without_members_are_handed_out() {
    let (_server, store) = server_with_session().await;
    let mut member = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    let scans = member.take_until("s:1_ct").await;
    member.acknowledge(&scans);
    member.leave().await;
    publish(&store, "s:d", "dataset").await;
    publish(&store, "s:d:2_ct", "scan").await;
    let mut member = Member::join(&store).await;
    let scans = member.take_until("s:d:2_ct").await;
    assert_eq!(names(&scans), ["s:d:2_ct".to_owned()].into());
    assert!(member.is_idle().await);
}

#[tokio::test]
async fn scans_created_without_members_can_be_skipped() {
    let (_server, store) = server_with_session().await;
    Member::join(&store).await.leave().await;
    publish(&store, "s:1_ct", "scan").await;
    let mut member = Member::join(&store).await;
    shared_scans::announce_existing(&store, GROUP)
        .await
        .unwrap();
    member.history.skip_existing().await.unwrap();
    publish(&store, "s:2_ct", "scan").await;
    let scans = member.take_until("s:2_ct").await;
    assert_eq!(names(&scans), ["s:2_ct".to_owned()].into());
}

/// What the stream had is announced again, and what the member still has is not handed out to it again.
#[tokio::test]
async fn a_stream_that_is_evicted_loses_no_scan() {
    let (_server, store) = server_with_session().await;
    let mut first = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    first.take_until("s:1_ct").await;
    call(&store, &format!("DEL {STREAM}")).await;
    publish(&store, "s:2_ct", "scan").await;
    let scans = first.take_until("s:2_ct").await;
    assert_eq!(names(&scans), ["s:2_ct".to_owned()].into());
    first.die(&store).await;
    let mut second = Member::join(&store).await;
    let mut found = names(&second.take_until("s:1_ct").await);
    if !found.contains("s:2_ct") {
        found.extend(names(&second.take_until("s:2_ct").await));
    }
    assert_eq!(found.len(), 2);
}

/// A scan that the member had from the lost stream is acknowledged in the new one.
#[tokio::test]
async fn a_scan_that_is_announced_again_is_acknowledged_once_it_is_done() {
    let (_server, store) = server_with_session().await;
    let mut member = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    let first = member.take_until("s:1_ct").await;
    call(&store, &format!("DEL {STREAM}")).await;
    publish(&store, "s:2_ct", "scan").await;
    let second = member.take_until("s:2_ct").await;
    member.acknowledge(&first);
    member.acknowledge(&second);
    member.leave().await;
    let pending = call(&store, &format!("XPENDING {STREAM} {GROUP}")).await;
    assert_eq!(
        pending.as_array().unwrap()[0].as_int(),
        Some(0),
        "{pending:?}"
    );
    let mut next = Member::join(&store).await;
    publish(&store, "s:3_ct", "scan").await;
    let scans = next.take_until("s:3_ct").await;
    assert_eq!(names(&scans), ["s:3_ct".to_owned()].into());
}

#[tokio::test]
async fn keys_that_are_evicted_while_no_member_is_there_lose_no_scan() {
    for lost in [STREAM, POSITION, "nexus-writer:demo:known"] {
        let (_server, store) = server_with_session().await;
        let mut first = Member::join(&store).await;
        publish(&store, "s:1_ct", "scan").await;
        first.take_until("s:1_ct").await;
        first.leave().await;
        publish(&store, "s:2_ct", "scan").await;
        delete(&store, lost).await;
        let mut second = Member::join(&store).await;
        let mut found = names(&second.take_until("s:2_ct").await);
        if !found.contains("s:1_ct") {
            found.extend(names(&second.take_until("s:1_ct").await));
        }
        assert_eq!(found.len(), 2, "{lost}");
    }
}

/// The stream is lost and made again by another group while the members of this group are away.
#[tokio::test]
async fn a_group_that_is_lost_while_another_one_works_gets_its_scans() {
    let (_server, store) = server_with_session().await;
    let mut other = Member::join_group(&store, "nexus-writer:other").await;
    let mut first = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    first.take_until("s:1_ct").await;
    other.take_until("s:1_ct").await;
    first.leave().await;
    call(&store, &format!("DEL {STREAM}")).await;
    publish(&store, "s:2_ct", "scan").await;
    other.take_until("s:2_ct").await;
    let mut second = Member::join(&store).await;
    let mut found = names(&second.take_until("s:2_ct").await);
    if !found.contains("s:1_ct") {
        found.extend(names(&second.take_until("s:1_ct").await));
    }
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn keys_that_are_evicted_while_members_work_lose_no_scan() {
    let (_server, store) = server_with_session().await;
    let mut member = Member::join(&store).await;
    let mut number = 0;
    for lost in [
        POSITION,
        "nexus-writer:demo:known",
        "nexus-writer:demo:*/*",
        STREAM,
    ] {
        delete(&store, lost).await;
        number += 1;
        let scan = format!("s:{number}_ct");
        publish(&store, &scan, "scan").await;
        let scans = member.take_until(&scan).await;
        member.acknowledge(&scans);
    }
}

/// After a loss of its data BLISS counts from the beginning again.
#[tokio::test]
async fn a_scan_with_a_key_that_was_used_before_is_new() {
    let (_server, store) = server_with_session().await;
    let mut member = Member::join(&store).await;
    publish(&store, "s:1_ct", "scan").await;
    let first = member.take_until("s:1_ct").await;
    let entry = "__EVENT__ NEW_NODE db_name s:1_ct";
    call(&store, &format!("XADD s_children_list * {entry}")).await;
    let second = member.take_until("s:1_ct").await;
    assert!(first[0].key.created < second[0].key.created);
}

#[tokio::test]
async fn old_entries_are_removed() {
    let (_server, store) = server_with_session().await;
    for id in 1..=3 {
        let entry = format!("key s:{id}_ct created {id}-0 generation g position x");
        call(&store, &format!("XADD {STREAM} {id}-0 {entry}")).await;
    }
    let _member = Member::join(&store).await;
    // The last one is needed to know the stream by.
    let length = call(&store, &format!("XLEN {STREAM}")).await;
    assert_eq!(length.as_int(), Some(1));
}

#[tokio::test]
async fn nothing_is_written_where_there_are_no_nodes() {
    let (_server, store) = plain_redis().await;
    let mut member = Member::join(&store).await;
    assert!(member.is_idle().await);
    assert!(matches!(
        store.claim_file(Path::new("/a.h5")).await,
        Err(ClaimError::Store(_))
    ));
    assert_eq!(keys(&store, "*").await, [""; 0]);
    publish(&store, "s", "container").await;
    publish(&store, "s:1_ct", "scan").await;
    member.take_until("s:1_ct").await;
    // The server loses its data.
    call(&store, "FLUSHDB").await;
    assert!(store.claim_file(Path::new("/a.h5")).await.is_err());
    assert_eq!(keys(&store, "*").await, [""; 0]);
}

#[tokio::test]
async fn files_are_claimed_by_one_process() {
    let (server, store) = server_with_session().await;
    let file = Path::new("/a.h5");
    let claim = store.claim_file(file).await.unwrap();
    // The clients of one process share it.
    let other = NodeStore::new(&server.url());
    other
        .claim_file(file)
        .await
        .unwrap()
        .release()
        .await
        .unwrap();
    assert_eq!(keys(&store, "nexus-writer:file:*").await.len(), 1);
    claim.release().await.unwrap();
    assert_eq!(keys(&store, "nexus-writer:file:*").await, [""; 0]);
    let mut connection = store.open().await.unwrap();
    let held = redis_client::Command::new("SET").arg("nexus-writer:file:/a.h5");
    let held = held.arg("elsewhere/boot/pid:[1]/1/1 17");
    connection.call(&held).await.unwrap();
    let refused = other.claim_file(file).await;
    assert!(matches!(refused, Err(ClaimError::Held { .. })));
}
