//! A store, a feed and a source of scans, with a real Redis behind them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use blissdata::document::ScanIdentity;
use blissdata::store::DataStore;
use hub::Hub;
use serde_json::json;
use simulation::publish::{ScanPublisher, StreamDefinition};
use writer::source::blissdata::scan_store;
use writer::source::{ScanId, ScanState, SourceEvent, StreamContent};

/// Longer than anything takes.
const LONG_TIMEOUT: Duration = Duration::from_secs(30);

/// Creates a scan of the session `demo`.
async fn publish(store: &DataStore) -> ScanPublisher {
    let id = ScanIdentity {
        name: "ascan".to_owned(),
        number: 7,
        data_policy: "None".to_owned(),
        session: Some("demo".to_owned()),
        proposal: None,
        collection: None,
        dataset: None,
        path: Some("/data/a.h5".to_owned()),
    };
    let info = json!({"save": true, "start_time": "2026-11-23T01:02:03+01:00"});
    ScanPublisher::create(store, id, info).await.unwrap()
}

#[test]
fn a_scan_is_handed_out_read_and_acknowledged() {
    let server = testing::redis();
    Hub::new().unwrap().run(async {
        let store = DataStore::connect(&server.url()).await.unwrap();
        let scans = scan_store(&store);
        let mut feed = scans.join("nexus-writer:demo:test").await.unwrap();
        let mut scan = publish(&store).await;
        let assigned = feed.next(LONG_TIMEOUT).await.unwrap();
        let [assignment] = assigned.as_slice() else {
            panic!("one scan was created");
        };
        assert_eq!(assignment.scan, ScanId::from(scan.key()));
        assert!(!assignment.repeated);

        let summary = scans.summary(&assignment.scan).await.unwrap();
        assert_eq!(
            (summary.name.as_str(), summary.number),
            ("7_ascan", Some(7))
        );
        assert_eq!(summary.session.as_deref(), Some("demo"));

        let floats = StreamDefinition::numeric("<f8".parse().unwrap(), &[]);
        let diode = scan.add_stream("diode", floats).await.unwrap();
        scan.prepare().await.unwrap();
        let mut source = scans.open(&assignment.scan).await.unwrap();
        assert_eq!(source.state(), ScanState::Prepared);
        let streams = source.streams();
        assert_eq!(streams[0].name, "diode");
        assert!(matches!(
            streams[0].content,
            Ok(StreamContent::Numbers { .. })
        ));

        let id = source.follow("diode", 0).unwrap();
        assert!(source.follow("camera", 0).is_err());
        let probe = source.head_probe(&["diode"]).unwrap();
        assert_eq!(probe.ask().await.unwrap()[0].map(|head| head.end), Some(0));
        for point in [0.5f64, 1.5, 2.5] {
            diode.send(&point.to_le_bytes(), 1).await.unwrap();
        }
        diode.flush().await.unwrap();
        while source.position(id) != Some(3) {
            for event in source.next().await.unwrap() {
                if let SourceEvent::Points(block) = event {
                    assert_eq!(block.stream, id);
                }
            }
        }
        assert_eq!(probe.ask().await.unwrap()[0].map(|head| head.end), Some(3));
        scan.start().await.unwrap();
        scan.stop().await.unwrap();
        scan.close("SUCCESS").await.unwrap();
        while !source.is_finished() {
            source.next().await.unwrap();
        }
        assert_eq!(source.state(), ScanState::Closed);

        assignment.ack.acknowledge();
        feed.membership().leave().await.unwrap();
        let mut next = scans.join("nexus-writer:demo:test").await.unwrap();
        let left = next.next(Duration::from_millis(200)).await.unwrap();
        assert!(left.is_empty(), "the scan was acknowledged");
    });
}

#[test]
fn returned_and_abandoned_scans_are_handed_out_again() {
    let server = testing::redis();
    Hub::new().unwrap().run(async {
        let store = DataStore::connect(&server.url()).await.unwrap();
        let scans = scan_store(&store);
        let mut feed = scans.join("nexus-writer:demo:test").await.unwrap();
        let scan = publish(&store).await;
        let assigned = feed.next(LONG_TIMEOUT).await.unwrap();
        assert_eq!(assigned.len(), 1);
        feed.membership().leave().await.unwrap();
        let mut next = scans.join("nexus-writer:demo:test").await.unwrap();
        let mut again = Vec::new();
        while again.is_empty() {
            again = next.next(LONG_TIMEOUT).await.unwrap();
        }
        assert_eq!(again[0].scan, ScanId::from(scan.key()));
        assert!(again[0].repeated);
    });
}

#[test]
fn a_store_says_how_its_server_is_and_which_scans_are_missing() {
    let server = testing::redis();
    Hub::new().unwrap().run(async {
        let store = DataStore::connect(&server.url()).await.unwrap();
        let scans = scan_store(&store);
        let state = scans.server_state().await.unwrap();
        assert!(state.is_initialised && state.used_memory > 0);
        assert!(!state.evicts, "the tests' server refuses when it is full");
        let missing = ScanId::new("esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4");
        assert!(scans.summary(&missing).await.unwrap_err().is_missing());
        assert!(scans.open(&missing).await.err().unwrap().is_missing());
        assert_eq!(scans.info(&missing).await.unwrap(), None);
        let invalid = ScanId::new("not a key");
        assert!(!scans.summary(&invalid).await.unwrap_err().is_missing());
    });
}
