//! Points that Redis has lost and a spool has not.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acquisition::{DType, DTypeKind};
use blissdata::document::{ScanIdentity, ScanState};
use blissdata::reader::{LossReason, ScanReader};
use blissdata::spool::{Recorder, UnreadStream};
use serde_json::json;
use simulation::publish::{LimaDefinition, ScanPublisher, StreamDefinition, StreamPublisher};
use spool::{ScanSpool, SpoolDirectory, SpoolError};

use crate::support::{Peers, ReceivedEvents, follow_all, read_all, read_until};

const SIZE: u64 = 100_000_000;

fn bytes() -> StreamDefinition {
    StreamDefinition::numeric(DType::native(DTypeKind::Uint, 1).unwrap(), &[])
}

async fn create(peers: &Peers) -> ScanPublisher {
    let id = ScanIdentity {
        name: "ct".to_owned(),
        number: 1,
        data_policy: "None".to_owned(),
        session: None,
        proposal: None,
        collection: None,
        dataset: None,
        path: None,
    };
    ScanPublisher::create(&peers.store, id, json!({}))
        .await
        .unwrap()
}

/// Prepares and starts a scan with one stream of bytes.
async fn start(peers: &Peers) -> (ScanPublisher, StreamPublisher) {
    let mut scan = create(peers).await;
    let diode = scan.add_stream("diode", bytes()).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    (scan, diode)
}

async fn send(stream: &StreamPublisher, points: std::ops::Range<u8>) {
    for point in points {
        stream.send(&[point], 1).await.unwrap();
    }
    stream.flush().await.unwrap();
}

async fn end(scan: &mut ScanPublisher) {
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
}

fn unread(name: &str, from: u64, is_points: bool) -> UnreadStream {
    UnreadStream {
        name: name.to_owned(),
        from,
        is_points,
    }
}

/// Records these streams until this holds.
async fn record(
    peers: &Peers,
    spool: &Arc<ScanSpool>,
    streams: &[UnreadStream],
    done: impl Fn() -> bool,
) {
    let holders = Arc::strong_count(spool);
    let recorder = Recorder::new(&peers.store, spool).run(|| streams.to_vec());
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

fn take(folder: &Path, peers_scan: &ScanPublisher) -> Arc<ScanSpool> {
    let directory = SpoolDirectory::new(folder, SIZE);
    Arc::new(directory.take(peers_scan.key().pk()).unwrap())
}

fn is_closed(spool: &ScanSpool) -> bool {
    spool
        .document()
        .is_some_and(|(state, _)| ScanState::from_number(state.into()) == ScanState::Closed)
}

/// Returns the text of all files of a spool.
fn content(spool: &ScanSpool) -> Vec<u8> {
    let files = fs::read_dir(spool.folder()).into_iter().flatten();
    files
        .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn has(spool: &ScanSpool, text: &str) -> bool {
    let content = content(spool);
    content
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn points_that_redis_drops_while_they_wait_are_read_from_the_spool() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (mut scan, diode) = start(&peers).await;
    send(&diode, 0..3).await;
    let spool = take(folder.path(), &scan);
    assert!(!spool.exists());
    // The reader is there before anything is recorded.
    let mut reader = ScanReader::open_spooled(&peers.store, scan.key(), Some(spool.clone()))
        .await
        .unwrap();
    follow_all(&mut reader);
    let mut received = ReceivedEvents::default();
    read_until(&mut reader, &mut received, |received| {
        received
            .streams
            .get("diode")
            .is_some_and(|diode| diode.next == Some(3))
    })
    .await;
    diode.send(&[3, 4, 5, 6], 4).await.unwrap();
    send(&diode, 7..50).await;
    let from_inside = [unread("diode", 5, true)];
    record(&peers, &spool, &from_inside, || has(&spool, "49-1")).await;
    peers.redis(&["XTRIM", diode.key(), "MINID", "40"]).await;
    send(&diode, 50..60).await;
    end(&mut scan).await;
    let rest = read_all(&mut reader).await;
    let diode = rest.stream("diode");
    assert!(diode.lost.is_empty(), "{:?}", diode.lost);
    assert_eq!(diode.data(), (3..60).collect::<Vec<u8>>());
    assert_eq!(diode.end, Some((60, true)));
}

#[tokio::test]
async fn only_what_the_spool_lacks_is_lost() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (mut scan, diode) = start(&peers).await;
    send(&diode, 0..20).await;
    let spool = take(folder.path(), &scan);
    let from = [unread("diode", 5, true)];
    record(&peers, &spool, &from, || has(&spool, "19-1")).await;
    send(&diode, 20..30).await;
    end(&mut scan).await;
    // All data are removed, only the seal remains.
    peers.redis(&["XTRIM", diode.key(), "MAXLEN", "1"]).await;
    let mut reader = ScanReader::open_spooled(&peers.store, scan.key(), Some(spool))
        .await
        .unwrap();
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let diode = received.stream("diode");
    let lost = |first, count| (first, count, LossReason::Trimmed);
    assert_eq!(diode.lost, [lost(0, 5), lost(20, 10)]);
    assert_eq!(diode.data(), (5..20).collect::<Vec<u8>>());
    assert_eq!(diode.end, Some((30, true)));
}

#[tokio::test]
async fn a_scan_that_redis_has_lost_is_read_from_the_spool_alone() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut scan = create(&peers).await;
    let diode = scan.add_stream("diode", bytes()).await.unwrap();
    let values = scan
        .add_stream("values", StreamDefinition::json())
        .await
        .unwrap();
    let byte = "<u1".parse().unwrap();
    let shaped = StreamDefinition::numeric(byte, &[None]);
    let shaped = scan.add_stream("shaped", shaped).await.unwrap();
    let camera = StreamDefinition::lima(&LimaDefinition {
        dtype: byte,
        shape: vec![2, 2],
        server_url: "id00/limaccds/simulator".to_owned(),
        buffer_max_number: 32,
        frame_per_acquisition: 7,
        files: None,
    });
    let camera = scan.add_stream("camera", camera).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    send(&diode, 0..100).await;
    for number in 0..3 {
        values.send_json(&json!(number)).await.unwrap();
    }
    shaped.send_shaped(&[2], &[1, 2], 1).await.unwrap();
    shaped.send_shaped(&[3], &[3, 4, 5], 1).await.unwrap();
    camera.send_lima(4, 3).await.unwrap();
    camera.send_lima(7, 7).await.unwrap();
    scan.flush().await.unwrap();
    end(&mut scan).await;
    let streams = [
        unread("diode", 0, true),
        unread("values", 0, false),
        unread("shaped", 0, true),
        unread("camera", 0, false),
    ];
    let spool = take(folder.path(), &scan);
    record(&peers, &spool, &streams, || {
        is_closed(&spool) && has(&spool, "99-1") && has(&spool, "camera")
    })
    .await;
    let key = scan.key().clone();
    drop((scan, spool));
    peers.redis(&["FLUSHALL"]).await;

    let directory = SpoolDirectory::new(folder.path(), SIZE);
    let abandoned = directory.abandoned();
    assert_eq!(abandoned.len(), 1);
    assert_eq!(abandoned[0].scan, key.pk());
    let about = &abandoned[0].about;
    assert_eq!(about["scan"], key.as_str());
    assert_eq!(about["server"], peers.store.url().to_string());
    let spool = Arc::new(directory.take(key.pk()).unwrap());
    assert!(matches!(
        directory.take(key.pk()),
        Err(SpoolError::Held { .. })
    ));
    assert!(directory.abandoned().is_empty());
    let mut reader = ScanReader::open_spooled(&peers.store, &key, Some(spool.clone()))
        .await
        .unwrap();
    assert_eq!(reader.state(), ScanState::Closed);
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    assert!(!received.deleted);
    assert_eq!(
        received.stream("diode").data(),
        (0..100).collect::<Vec<u8>>()
    );
    assert_eq!(received.stream("diode").end, Some((100, true)));
    assert_eq!(
        received.stream("values").values,
        [json!(0), json!(1), json!(2)]
    );
    assert_eq!(received.stream("shaped").data(), [1, 2, 3, 4, 5]);
    assert_eq!(received.stream("camera").frames.last(), Some(&(7, 7)));
    assert_eq!(received.stream("camera").end, Some((7, true)));
    spool.remove().unwrap();
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn a_torn_end_costs_the_torn_record_only() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (mut scan, diode) = start(&peers).await;
    let streams = [unread("diode", 0, true)];
    send(&diode, 0..10).await;
    let spool = take(folder.path(), &scan);
    record(&peers, &spool, &streams, || has(&spool, "9-1")).await;
    for file in fs::read_dir(spool.folder()).unwrap() {
        let mut file = File::options()
            .append(true)
            .open(file.unwrap().path())
            .unwrap();
        file.write_all(&[200, 0, 0, 0, 1, 2, 3]).unwrap();
    }
    drop(spool);
    // The next process goes on behind what is whole.
    send(&diode, 10..20).await;
    end(&mut scan).await;
    let spool = take(folder.path(), &scan);
    record(&peers, &spool, &streams, || {
        is_closed(&spool) && has(&spool, "19-1")
    })
    .await;
    let key = scan.key().clone();
    drop((scan, spool));
    peers.redis(&["FLUSHALL"]).await;
    let spool = SpoolDirectory::new(folder.path(), SIZE)
        .take(key.pk())
        .unwrap();
    let mut reader = ScanReader::open_spooled(&peers.store, &key, Some(Arc::new(spool)))
        .await
        .unwrap();
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    assert_eq!(received.stream("diode").lost, []);
    assert_eq!(
        received.stream("diode").data(),
        (0..20).collect::<Vec<u8>>()
    );
}

#[tokio::test]
async fn a_full_spool_keeps_the_oldest_points() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut scan = create(&peers).await;
    let block = StreamDefinition::numeric("<u1".parse().unwrap(), &[Some(10_000)]);
    let mca = scan.add_stream("mca", block).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    for point in 0..100 {
        mca.send(&[point; 10_000], 1).await.unwrap();
    }
    mca.flush().await.unwrap();
    let directory = SpoolDirectory::new(folder.path(), 300_000);
    let spool = Arc::new(directory.take(scan.key().pk()).unwrap());
    let streams = [unread("mca", 0, true)];
    record(&peers, &spool, &streams, || has(&spool, "15-1")).await;
    // There is room for some of the next points, but not for all that are read at a time.
    assert!(content(&spool).len() < 300_000);
    peers.redis(&["XTRIM", mca.key(), "MINID", "99"]).await;
    end(&mut scan).await;
    let mut reader = ScanReader::open_spooled(&peers.store, scan.key(), Some(spool))
        .await
        .unwrap();
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let mca = received.stream("mca");
    let [(first, count, LossReason::Trimmed)] = mca.lost.as_slice() else {
        panic!("{:?}", mca.lost)
    };
    assert!((16..30).contains(first), "{first}");
    assert_eq!(first + count, 99);
}

#[tokio::test]
async fn what_is_stored_is_removed_from_the_spool() {
    let peers = Peers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (scan, diode) = start(&peers).await;
    send(&diode, 0..10).await;
    let spool = take(folder.path(), &scan);
    let none_is_stored = [unread("diode", 0, true)];
    record(&peers, &spool, &none_is_stored, || has(&spool, "9-1")).await;
    let first_file = spool.folder().join("000001.records");
    assert!(first_file.exists());
    send(&diode, 10..20).await;
    let half_is_stored = [unread("diode", 5, true)];
    record(&peers, &spool, &half_is_stored, || has(&spool, "19-1")).await;
    assert!(first_file.exists());
    let first_file_is_stored = [unread("diode", 10, true)];
    record(&peers, &spool, &first_file_is_stored, || {
        !first_file.exists()
    })
    .await;
    assert!(has(&spool, "19-1"));
}
