//! What the reader reports when Redis loses data, keys or the connection, and where it continues.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use bliss_node::NodeError;
use bliss_node::reader::{LossReason, ScanReader, ScanState};
use redis_client::Command;

use common::*;

/// Returns the name and the data key of a channel with many points, and of the scan.
async fn published_blocks() -> (
    simulation::redis::PrivateRedis,
    bliss_node::store::NodeStore,
    bliss_node::key::NodeKey,
) {
    let (server, store) = plain_redis().await;
    replay(&store, "block_stream").await;
    let scan = scan_of(&store).await;
    (server, store, scan)
}

async fn scan_of(store: &bliss_node::store::NodeStore) -> bliss_node::key::NodeKey {
    use bliss_node::discovery::{ScanDiscovery, Scope, Start};
    let mut discovery = ScanDiscovery::new(store, Scope::AllSessions, Start::Beginning);
    loop {
        let wait = std::time::Duration::from_secs(10);
        if let Some(scan) = discovery.next(wait).await.unwrap().into_iter().next() {
            return scan.key;
        }
    }
}

/// Returns the place of the channel with the most points.
fn longest(follower: &Follower) -> bliss_node::reader::StreamId {
    let streams = follower.streams.iter();
    *streams.max_by_key(|(_, data)| data.next).unwrap().0
}

#[tokio::test]
async fn a_restart_continues_with_any_point() {
    let (_server, store, scan) = published_blocks().await;
    let mut all = Follower::open(&store, &scan, 0).await;
    all.finish().await;
    let stream = longest(&all);
    let total = all.streams[&stream].total.unwrap();
    assert_eq!(total, 3000);
    // At the border of a block, inside of one, at the last point, at the end.
    for from in [1, 100, 150, 2999, 3000] {
        let mut rest = Follower::open(&store, &scan, from).await;
        rest.finish().await;
        let (all, rest) = (&all.streams[&stream], &rest.streams[&stream]);
        assert_eq!(rest.total, Some(total), "{from}");
        assert_eq!(rest.lost, [], "{from}");
        let size = all.data.len() / total as usize;
        assert!(rest.data == all.data[from as usize * size..], "{from}");
    }
}

#[tokio::test]
async fn two_readers_do_not_disturb_each_other() {
    let (_server, store, scan) = published_blocks().await;
    let mut first = Follower::open(&store, &scan, 0).await;
    let mut second = Follower::open(&store, &scan, 0).await;
    tokio::join!(first.finish(), second.finish());
    assert_eq!(first.streams, second.streams);
}

#[tokio::test]
async fn trimmed_points_are_reported_with_their_number() {
    let (_server, store, scan) = published_blocks().await;
    let mut all = Follower::open(&store, &scan, 0).await;
    all.finish().await;
    let stream = longest(&all);
    let key = all.reader.streams()[stream.0].key.data();
    call(&store, &format!("XTRIM {key} MAXLEN 3")).await;
    let mut rest = Follower::open(&store, &scan, 0).await;
    rest.finish().await;
    let rest = &rest.streams[&stream];
    assert_eq!(rest.lost, [(0, 2700, LossReason::Trimmed)]);
    assert_eq!((rest.next, rest.total), (3000, Some(3000)));
    let all = &all.streams[&stream].data;
    assert!(rest.data == all[all.len() / 10 * 9..]);
}

#[tokio::test]
async fn a_corrupt_event_loses_only_its_points() {
    let (_server, store) = plain_redis().await;
    let mut publisher = Replay::new(&store, "ascan_1d").await;
    publisher
        .until(|command| mentions(command, "END_SCAN"))
        .await;
    publisher.finish().await;
    let channel = "demo:data:bliss-legacy:1_ascan:axis:roby_data";
    let mut connection = store.open().await.unwrap();
    let event = |id: &str, count: &str, data: &'static [u8]| {
        let command = Command::new("XADD").arg(channel).arg(id);
        let command = command.args(["__EVENT__", "CHANNELDATA", "__NPOINTS__", count]);
        let command = command.arg("__DESC__").arg(b"\x80\x04}.");
        command.arg("__DATA__").arg(data)
    };
    // Bytes that are no pickle, an event without data, and a number of Python.
    let broken = event("7-0", "2", b"\x80\x04Z");
    connection.call(&broken).await.unwrap();
    let unknown = ["XADD", channel, "9-0", "__EVENT__", "LATER"];
    let unknown = Command::new(unknown[0]).args(&unknown[1..]);
    connection.call(&unknown).await.unwrap();
    let valid = event("9-1", "1", b"\x80\x04K\x07.");
    connection.call(&valid).await.unwrap();
    let scan = key("demo:data:bliss-legacy:1_ascan");
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower.finish().await;
    let data = follower.data("axis:roby");
    assert_eq!(data.total, Some(9));
    assert!(
        matches!(&data.lost[..], [(6, 2, LossReason::Corrupt(_))]),
        "{:?}",
        data.lost
    );
    assert!(
        data.data.ends_with(&7f64.to_le_bytes()),
        "converted to the type of the channel"
    );
}

#[tokio::test]
async fn a_stream_that_vanishes_is_reported_and_may_return() {
    let (_server, store) = plain_redis().await;
    let mut publisher = Replay::new(&store, "ascan_1d").await;
    let roby = "demo:data:bliss-legacy:1_ascan:axis:roby_data";
    let is_third =
        |command: &[Vec<u8>]| command.len() > 5 && mentions(command, roby) && command[5] == b"3";
    // Up to the end of the transaction with the third point.
    assert!(publisher.until(is_third).await);
    publisher.until(|command| command[0] == b"EXEC").await;
    let scan = key("demo:data:bliss-legacy:1_ascan");
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower
        .until(|follower| follower.reader.idle_since().is_some())
        .await;
    let before = follower.data("axis:roby").next;
    assert!(before >= 3);
    call(&store, &format!("DEL {roby}")).await;
    follower
        .until(|follower| !follower.data("axis:roby").lost.is_empty())
        .await;
    publisher.finish().await;
    follower.finish().await;
    let data = follower.data("axis:roby");
    assert_eq!(data.lost[0], (before, 0, LossReason::Vanished));
    assert_eq!(data.total, Some(6));
    assert_eq!(follower.states, [ScanState::Prepared, ScanState::Ended]);
}

#[tokio::test]
async fn a_scan_that_is_deleted_ends() {
    let (_server, store) = plain_redis().await;
    let mut publisher = Replay::new(&store, "ascan_1d").await;
    assert!(
        publisher
            .until(|command| mentions(command, "STOPPING"))
            .await
    );
    let scan = key("demo:data:bliss-legacy:1_ascan");
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower
        .until(|follower| follower.reader.idle_since().is_some())
        .await;
    call(&store, "FLUSHDB").await;
    follower.finish().await;
    assert!(follower.is_deleted);
    assert_eq!(follower.data("axis:roby").total, Some(6));
    let missing = ScanReader::open(&store, &scan).await;
    assert!(missing.is_err_and(|error| error.is_missing()));
}

#[tokio::test]
async fn expired_channels_are_reported() {
    let (_server, store, scan) = published_blocks().await;
    let mut all = Follower::open(&store, &scan, 0).await;
    all.finish().await;
    let stream = &all.reader.streams()[0].key;
    for key in [stream.to_string(), stream.info(), stream.data()] {
        call(&store, &format!("DEL {key}")).await;
    }
    let mut rest = Follower::open(&store, &scan, 0).await;
    rest.finish().await;
    assert_eq!(rest.gone, std::slice::from_ref(stream));
    assert_eq!(rest.streams.len() + 1, all.streams.len());
}

#[tokio::test]
async fn a_scan_without_end_is_idle() {
    let (_server, store) = plain_redis().await;
    let mut publisher = Replay::new(&store, "ascan_1d").await;
    assert!(
        publisher
            .until(|command| mentions(command, "STOPPING"))
            .await
    );
    let scan = key("demo:data:bliss-legacy:1_ascan");
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower
        .until(|follower| follower.reader.idle_since().is_some())
        .await;
    assert_eq!(follower.reader.state(), ScanState::Prepared);
    assert!(!follower.reader.is_finished());
    assert_eq!(follower.data("axis:roby").next, 6);
    publisher.finish().await;
    follower.finish().await;
    assert_eq!(follower.reader.idle_since(), None);
}

#[tokio::test]
async fn a_lost_connection_loses_nothing() {
    let (_server, store, scan) = published_blocks().await;
    let mut expected = Follower::open(&store, &scan, 0).await;
    expected.finish().await;
    let mut follower = Follower::open(&store, &scan, 0).await;
    while !follower.reader.is_finished() {
        call(&store, "CLIENT KILL TYPE normal").await;
        let read = follower.streams.values().map(|data| data.next).sum::<u64>();
        let is_more = |follower: &Follower| {
            let now = follower.streams.values().map(|data| data.next).sum::<u64>();
            now > read || follower.reader.is_finished()
        };
        follower.until(is_more).await;
    }
    assert_eq!(follower.streams, expected.streams);
}

#[tokio::test]
async fn waits_can_be_dropped() {
    let (_server, store, scan) = published_blocks().await;
    let mut expected = Follower::open(&store, &scan, 0).await;
    expected.finish().await;
    let mut follower = Follower::open(&store, &scan, 0).await;
    let mut drops = 0;
    let mut patience = std::time::Duration::from_micros(500);
    while !follower.reader.is_finished() {
        // What is enough for one step on this machine is not known.
        patience += patience / 8;
        let finish = follower.finish();
        if tokio::time::timeout(patience, finish).await.is_err() {
            drops += 1;
        }
    }
    assert!(drops > 0);
    assert_eq!(follower.streams, expected.streams);
}

#[tokio::test]
async fn other_keys_and_versions_are_refused() {
    let (_server, store) = plain_redis().await;
    replay(&store, "ascan_1d").await;
    let container = ScanReader::open(&store, &key("demo:data")).await;
    assert!(matches!(container, Err(NodeError::NotAScan { .. })));
    let scan = key("demo:data:bliss-legacy:1_ascan");
    call(&store, &format!("HSET {scan} version v2.0")).await;
    let newer = ScanReader::open(&store, &scan).await;
    assert!(matches!(newer, Err(NodeError::Version { found, .. }) if found == "v2.0"));
}
