//! Points that Redis has lost and a spool has not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bliss_node::key::NodeKey;
use bliss_node::publish::{ChannelId, NewChannel, NewScan, ScanPublisher};
use bliss_node::reader::{LossReason, ScanReader, ScanState};
use bliss_node::spool::{Recorder, Unread, UnreadStream, is_of_scan};
use bliss_node::store::NodeStore;
use pickle::Value;
use pickle::numpy::{Array, Dtype};
use spool::{ScanSpool, SpoolDirectory};

use common::{Follower, call, key, plain_redis};

const SCAN: &str = "demo:data:1_ct";
const DIODE: &str = "demo:data:1_ct:timer:dev:diode";
const SCANS: &str = "demo:data:1_ct:timer:dev:scans";
const SIZE: u64 = 100_000_000;

/// A scan with a channel of bytes and one of references.
struct Published {
    publisher: Option<ScanPublisher>,
    diode: ChannelId,
    points: u8,
}

impl Published {
    async fn start(store: &NodeStore, start: f64) -> Published {
        let mut scan = NewScan::new(key(SCAN));
        let timestamp = ("start_timestamp".to_owned(), Value::Float(start));
        scan.info.extend([timestamp]);
        let byte = Dtype::parse("|u1").unwrap();
        let diode = NewChannel::numbers("dev:diode", byte, &[]);
        let diode = scan.add_channel("timer:dev", diode).unwrap();
        let scans = NewChannel::references("dev:scans");
        let scans = scan.add_channel("timer:dev", scans).unwrap();
        let mut publisher = ScanPublisher::create(store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        publisher
            .refer(scans, &key("demo:data:7_ct"))
            .await
            .unwrap();
        Published {
            publisher: Some(publisher),
            diode,
            points: 0,
        }
    }

    /// Publishes the next points: first one in an event, then two, and so on.
    async fn send(&mut self, events: u8) {
        for event in 0..events {
            let count = event % 3 + 1;
            let data: Vec<u8> = (self.points..self.points + count).collect();
            let shape = match count {
                1 => vec![],
                count => vec![u64::from(count)],
            };
            let array = Array::new(Dtype::parse("|u1").unwrap(), shape, data.into()).unwrap();
            let data = [(self.diode, u64::from(count), &array)];
            let publisher = self.publisher.as_mut().unwrap();
            publisher.publish(&data).await.unwrap();
            self.points += count;
        }
    }

    async fn end(&mut self) {
        let publisher = self.publisher.take().unwrap();
        publisher.end(None).await.unwrap();
    }

    fn expected(&self) -> Vec<u8> {
        (0..self.points).collect()
    }
}

fn directory(folder: &Path) -> SpoolDirectory {
    SpoolDirectory::new(folder, SIZE)
}

fn take(folder: &Path) -> Arc<ScanSpool> {
    Arc::new(directory(folder).take(SCAN).unwrap())
}

fn unread(from: u64) -> Unread {
    let stream = |node: &str, from, is_points| UnreadStream {
        node: key(node),
        from,
        is_points,
    };
    Unread {
        nodes: vec![key(DIODE), key(SCANS)],
        streams: vec![stream(DIODE, from, true), stream(SCANS, 0, false)],
    }
}

/// Records what is unread until this holds.
async fn record(store: &NodeStore, spool: &Arc<ScanSpool>, from: u64, done: impl Fn() -> bool) {
    let holders = Arc::strong_count(spool);
    let recorder = Recorder::new(store, spool).unwrap();
    let recorder = recorder.run(|| unread(from));
    let is_done = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = recorder => {}
        () = is_done => {}
    }
    // The thread that writes for the recorder may still wait for the disk, and has the spool until then.
    while Arc::strong_count(spool) > holders {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn record_points(store: &NodeStore, spool: &Arc<ScanSpool>, from: u64, end: u8) {
    let stream = key(DIODE).data();
    let is_recorded = || spool.recorded_end(&stream).end >= u64::from(end);
    record(store, spool, from, is_recorded).await;
}

/// Records until the ends of both streams are known.
async fn record_end(store: &NodeStore, spool: &Arc<ScanSpool>) {
    let is_whole = |node: &str| spool.recorded_end(&key(node).data()).total.is_some();
    record(store, spool, 0, || is_whole(DIODE) && is_whole(SCANS)).await;
}

async fn open(store: &NodeStore, spool: &Arc<ScanSpool>) -> Follower {
    let scan = key(SCAN);
    let reader = ScanReader::open_spooled(store, &scan, Some(spool.clone()));
    Follower::of(reader.await.unwrap())
}

async fn delete(store: &NodeStore, keys: impl IntoIterator<Item = String>) {
    for key in keys {
        call(store, &format!("DEL {key}")).await;
    }
}

/// Deletes what expires ten minutes after the end of a scan.
async fn let_nodes_expire(store: &NodeStore) {
    let nodes = [
        DIODE,
        SCANS,
        "demo:data:1_ct:timer:dev",
        "demo:data:1_ct:timer",
    ];
    for node in nodes.map(key) {
        let keys = [node.to_string(), node.info(), node.children(), node.data()];
        delete(store, keys).await;
    }
}

fn expect_all(follower: &Follower, published: &Published) {
    let diode = follower.data("dev:diode");
    assert_eq!(diode.data, published.expected());
    assert_eq!(diode.lost, []);
    assert_eq!(diode.total, Some(u64::from(published.points)));
    let scans = follower.data("dev:scans");
    assert_eq!(scans.keys, ["demo:data:7_ct"]);
    assert_eq!(scans.lost, []);
}

#[tokio::test]
async fn points_that_redis_trims_while_they_wait_are_read_from_the_spool() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    let spool = take(folder.path());
    let mut follower = open(&store, &spool).await;
    published.send(9).await;
    let has = |points: u64| {
        move |follower: &Follower| {
            let mut streams = follower.streams.values();
            streams.any(|stream| stream.next == points)
        }
    };
    follower.until(has(18)).await;
    published.send(60).await;
    record_points(&store, &spool, 18, published.points).await;
    published.send(3).await;
    // Three events are left, and the first of them begins with point 138.
    call(&store, &format!("XTRIM {DIODE}_data MAXLEN 3")).await;
    published.end().await;
    follower.finish().await;
    expect_all(&follower, &published);
}

#[tokio::test]
async fn what_neither_redis_nor_the_spool_has_is_lost() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    let spool = take(folder.path());
    published.send(3).await;
    record_points(&store, &spool, 0, 6).await;
    published.send(6).await;
    call(&store, &format!("XTRIM {DIODE}_data MAXLEN 3")).await;
    // This recorder begins behind the hole.
    record_points(&store, &spool, 0, 18).await;
    call(&store, &format!("XTRIM {DIODE}_data MAXLEN 0")).await;
    published.end().await;
    let mut follower = open(&store, &spool).await;
    follower.finish().await;
    let diode = follower.data("dev:diode");
    assert_eq!(diode.lost, [(6, 6, LossReason::Trimmed)]);
    let expected: Vec<u8> = (0..6).chain(12..18).collect();
    assert_eq!(diode.data, expected);
}

#[tokio::test]
async fn a_scan_whose_nodes_have_expired_is_read_from_the_spool() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    published.send(20).await;
    published.end().await;
    let spool = take(folder.path());
    record_end(&store, &spool).await;
    let_nodes_expire(&store).await;
    drop(spool);
    // The next process finds it.
    assert_eq!(directory(folder.path()).abandoned().len(), 1);
    let spool = take(folder.path());
    let mut follower = open(&store, &spool).await;
    follower.finish().await;
    expect_all(&follower, &published);
    assert_eq!(follower.gone, []);
    assert_eq!(follower.states, [ScanState::Prepared, ScanState::Ended]);
}

#[tokio::test]
async fn a_scan_that_redis_has_lost_altogether_is_read_from_the_spool() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    published.send(20).await;
    let expected = published.expected();
    published.end().await;
    let spool = take(folder.path());
    record_end(&store, &spool).await;
    call(&store, "FLUSHDB").await;
    let mut follower = open(&store, &spool).await;
    assert_eq!(follower.reader.scan().name, "1_ct");
    let nodes = follower.reader.spooled_nodes();
    assert!(nodes.iter().any(|node| node.identity.key == key("demo")));
    follower.finish().await;
    assert_eq!(follower.data("dev:diode").data, expected);
    assert_eq!(follower.data("dev:diode").lost, []);
    assert_eq!(follower.states, [ScanState::Prepared, ScanState::Ended]);
}

#[tokio::test]
async fn a_scan_that_was_lost_before_its_end_is_read_as_far_as_it_was_recorded() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    published.send(20).await;
    let spool = take(folder.path());
    record_points(&store, &spool, 0, published.points).await;
    call(&store, "FLUSHDB").await;
    let mut follower = open(&store, &spool).await;
    follower.finish().await;
    assert_eq!(follower.data("dev:diode").data, published.expected());
    assert!(follower.is_deleted);
}

#[tokio::test]
async fn a_recorder_goes_on_where_another_one_has_ended() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let mut published = Published::start(&store, 1.0).await;
    published.send(10).await;
    let spool = take(folder.path());
    record_points(&store, &spool, 0, published.points).await;
    drop(spool);
    call(&store, &format!("XTRIM {DIODE}_data MAXLEN 0")).await;
    published.send(10).await;
    let spool = take(folder.path());
    record_points(&store, &spool, 0, published.points).await;
    record_points(&store, &spool, 0, published.points).await;
    call(&store, &format!("XTRIM {DIODE}_data MAXLEN 0")).await;
    let expected = published.expected();
    published.end().await;
    let mut follower = open(&store, &spool).await;
    follower.finish().await;
    assert_eq!(follower.data("dev:diode").data, expected);
    assert_eq!(follower.data("dev:diode").lost, []);
}

#[tokio::test]
async fn another_scan_of_the_same_key_is_recognised() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let published = Published::start(&store, 1.0).await;
    let spool = take(folder.path());
    let is_recorded = || spool.document().is_some();
    record(&store, &spool, 0, is_recorded).await;
    let scan: NodeKey = key(SCAN);
    assert!(is_of_scan(&spool, &store.info(&scan).await.unwrap()));
    drop(published);
    call(&store, "FLUSHDB").await;
    assert!(is_of_scan(&spool, &store.info(&scan).await.unwrap()));
    Published::start(&store, 2.0).await;
    assert!(!is_of_scan(&spool, &store.info(&scan).await.unwrap()));
}

#[tokio::test]
async fn hosts_mark_the_scans_that_they_spool() {
    let (_server, store) = plain_redis().await;
    let folder = tempfile::tempdir().unwrap();
    let scan = key(SCAN);
    // Nothing is written where no nodes are.
    assert!(store.mark_spooled(&scan).await.is_err());
    let mut published = Published::start(&store, 1.0).await;
    published.send(3).await;
    let spool = take(folder.path());
    record_end_of_pass(&store, &spool).await;
    let mark = format!("nexus-writer:spool:{SCAN}");
    assert_ne!(call(&store, &format!("GET {mark}")).await.as_str(), None);
    assert_eq!(store.spooled_on(&scan).await.unwrap(), None);
    call(&store, &format!("SET {mark} elsewhere")).await;
    let host = store.spooled_on(&scan).await.unwrap();
    assert_eq!(host.as_deref(), Some("elsewhere"));
    store.unmark_spooled(&scan).await.unwrap();
    assert_eq!(store.spooled_on(&scan).await.unwrap(), None);
}

/// Records until a second pass has begun: the mark is set between two of them.
async fn record_end_of_pass(store: &NodeStore, spool: &Arc<ScanSpool>) {
    let passes = std::cell::Cell::new(0);
    let recorder = Recorder::new(store, spool).unwrap();
    let recorder = recorder.run(|| {
        passes.set(passes.get() + 1);
        unread(0)
    });
    let is_done = async {
        while passes.get() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = recorder => {}
        () = is_done => {}
    }
}
