//! Recordings of BLISS 1.11, compared with the files that its own writer made of them.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use bliss_node::discovery::{ScanDiscovery, Scope, Start};
use bliss_node::key::NodeKey;
use bliss_node::node::NodeType;
use bliss_node::reader::ScanState;
use bliss_node::store::NodeStore;
use serde_json::Value as Json;
use std::time::Duration;

use common::*;

/// Returns all scans of a server.
async fn scans(store: &NodeStore) -> Vec<(NodeKey, NodeType)> {
    let mut discovery = ScanDiscovery::new(store, Scope::AllSessions, Start::Beginning);
    let mut scans = Vec::new();
    while !discovery.is_caught_up() {
        let found = discovery.next(Duration::from_millis(100)).await.unwrap();
        scans.extend(found.into_iter().map(|scan| (scan.key, scan.node_type)));
    }
    scans
}

/// Returns the item of that name of a group in a golden file.
fn item<'a>(group: &'a Json, name: &str) -> Option<&'a Json> {
    let items = group["items"].as_array()?;
    let item = items.iter().find(|item| item[0] == name)?;
    Some(&item[1])
}

/// Returns the dataset that a link in the measurement of an entry refers to.
fn measured<'a>(file: &'a Json, entry: &str, name: &str) -> Option<&'a Json> {
    let link = item(item(item(file, entry)?, "measurement")?, name)?;
    let mut path = link["path"].as_str()?.split('/').skip(1);
    path.try_fold(file, |group, name| item(group, name))
}

/// Returns the name that the reference writer gives to a channel in the measurement.
fn measured_name(full_name: &str) -> String {
    let (device, name) = full_name.rsplit_once(':').unwrap_or(("", full_name));
    match name.rsplit_once('_') {
        Some(("spectrum", detector)) => format!("{device}_{detector}"),
        Some((statistic, detector)) if detector.starts_with("det") => {
            format!("{device}_{detector}_{statistic}")
        }
        _ => name.to_owned(),
    }
}

/// Compares what a follower has read with the golden file. Returns how many channels could be compared.
fn compare(follower: &Follower, golden: &Json) -> usize {
    let info = follower.reader.info();
    let number = info
        .get("scan_nb")
        .and_then(|value| value.as_i64())
        .unwrap();
    let path = info.text("filename").unwrap();
    let path = path.strip_prefix("/data/bliss-legacy/").unwrap();
    let file = &golden["files"][path];
    assert!(file.is_object(), "no file {path}");
    let mut subscans: Vec<&str> = follower
        .reader
        .streams()
        .iter()
        .map(|stream| stream.subscan.as_str())
        .collect();
    subscans.sort_unstable();
    subscans.dedup();
    let mut numbers = Vec::new();
    let mut expected = Vec::new();
    for stream in follower.reader.streams() {
        let subscan = subscans.iter().position(|name| *name == stream.subscan);
        let entry = format!("{number}.{}", subscan.unwrap() + 1);
        let Some(dataset) = measured(file, &entry, &measured_name(&stream.name)) else {
            continue;
        };
        let data = &follower.streams[&stream.id];
        assert_eq!(data.lost, [], "{}", stream.name);
        assert_eq!(dataset["shape"][0], data.total.unwrap(), "{}", stream.name);
        if stream.node_type == NodeType::Lima {
            assert_eq!(data.images, data.total.unwrap());
        } else if let Some(dtype) = &data.dtype {
            assert_eq!(dataset["dtype"], dtype.as_str(), "{}", stream.name);
            let mut shape = vec![data.total.unwrap()];
            shape.extend(&data.shape);
            assert_eq!(dataset["shape"], Json::from(shape), "{}", stream.name);
            numbers.push(data.data.as_slice());
            expected.push((stream.name.as_str(), dataset["sha256"].as_str().unwrap()));
        } else {
            assert_eq!(dataset["value"], Json::from(data.texts.clone()));
        }
    }
    let digests = digests(&numbers);
    for ((name, expected), found) in expected.iter().zip(&digests) {
        assert_eq!(expected, found, "{path} {name}");
    }
    assert_eq!(expected.len(), digests.len());
    follower.reader.streams().len().min(expected.len())
}

#[tokio::test]
async fn finished_scans_have_the_data_of_the_reference_writer() {
    for recording in RECORDINGS {
        let (_server, store) = plain_redis().await;
        replay(&store, recording).await;
        let golden = golden(recording);
        let scans = scans(&store).await;
        assert!(!scans.is_empty(), "{recording}");
        for (scan, _) in scans {
            let mut follower = Follower::open(&store, &scan, 0).await;
            follower.finish().await;
            assert_eq!(follower.gone, [], "{recording}");
            let compared = compare(&follower, &golden);
            let has_data = recording != "failed_prepare";
            assert_eq!(compared > 0, has_data, "{recording} {scan}");
            let states = [ScanState::Prepared, ScanState::Ended];
            assert_eq!(follower.states, states, "{recording}");
            let failure = match recording {
                "aborted" => Some("<class 'bliss.scanning.scan.ScanAbort'>"),
                "failed_prepare" => Some("<class 'RuntimeError'>"),
                _ => None,
            };
            assert_eq!(follower.reader.failure(), failure, "{recording}");
        }
    }
}

#[tokio::test]
async fn scans_are_read_while_they_are_published() {
    for recording in ["ascan_1d", "block_stream", "mca_1d", "lima_hdf5"] {
        let (_server, store) = plain_redis().await;
        let mut discovery =
            ScanDiscovery::new(&store, Scope::Session(key("demo")), Start::Beginning);
        let mut publisher = Replay::new(&store, recording).await;
        let publish = async {
            // The other task runs at each command.
            publisher.finish().await;
        };
        let read = async {
            let found = loop {
                let found = discovery.next(Duration::from_secs(10)).await.unwrap();
                if let Some(scan) = found.into_iter().next() {
                    break scan;
                }
            };
            let mut follower = Follower::open(&store, &found.key, 0).await;
            follower.finish().await;
            follower
        };
        let ((), follower) = tokio::join!(publish, read);
        assert!(compare(&follower, &golden(recording)) > 0, "{recording}");
        let end_time = follower.reader.info().get("end_time");
        assert!(end_time.is_some(), "the info is that of the end");
    }
}

#[tokio::test]
async fn sequences_refer_to_their_scans() {
    let (_server, store) = plain_redis().await;
    replay(&store, "sequence_group").await;
    let scans = scans(&store).await;
    let group = scans.iter().find(|(_, kind)| *kind == NodeType::ScanGroup);
    let mut follower = Follower::open(&store, &group.unwrap().0, 0).await;
    follower.finish().await;
    let children = ["2_loopscan", "3_ascan"].map(|name| format!("demo:data:bliss-legacy:{name}"));
    assert_eq!(follower.data("scans").keys, children);
    assert_eq!(scans.len(), 3);
}

#[tokio::test]
async fn images_are_in_the_files_of_the_detector() {
    use acquisition::DetectorFiles;
    let (_server, store) = plain_redis().await;
    replay(&store, "lima_hdf5").await;
    let scan = key("demo:data:bliss-legacy:1_lima_hdf5");
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower.finish().await;
    let streams = follower.reader.streams().iter();
    let lima = streams
        .clone()
        .find(|stream| stream.node_type == NodeType::Lima);
    let images = follower.reader.images(lima.unwrap().id).unwrap();
    let sources = images.sources(0..5).unwrap();
    let rows: Vec<_> = sources
        .iter()
        .map(|source| (source.first_row, source.frames))
        .collect();
    assert_eq!(rows, [(0, 2), (0, 2), (0, 1)]);
    assert!(
        sources[1].file.ends_with("/scan_lima/simcam_0001.h5"),
        "{sources:?}"
    );
    assert_eq!(sources[0].dataset, "/entry_0000/id00/simcam/data");
}

#[tokio::test]
async fn heads_are_behind_the_last_point() {
    let (_server, store) = plain_redis().await;
    replay(&store, "block_stream").await;
    let (scan, _) = scans(&store).await.remove(0);
    let mut follower = Follower::open(&store, &scan, 0).await;
    follower.finish().await;
    let keys: Vec<NodeKey> = follower
        .reader
        .streams()
        .iter()
        .map(|stream| stream.key.clone())
        .collect();
    let heads = store.head(&keys).await.unwrap();
    for (stream, head) in follower.reader.streams().iter().zip(heads) {
        let end = head.map(|head| head.end);
        assert_eq!(end, follower.streams[&stream.id].total, "{}", stream.name);
    }
    assert_eq!(store.head(&[key("demo:nothing")]).await.unwrap(), [None]);
    assert!(store.holds_nodes().await.unwrap());
}

#[tokio::test]
async fn a_scan_that_has_ended_is_known_to_have_before_it_is_read() {
    let (_server, store) = plain_redis().await;
    let is_last = |words: &[Vec<u8>]| mentions(words, "CHANNELDATA");
    let mut running = Replay::new(&store, "ascan_1d").await;
    assert!(running.until(is_last).await);
    let scan = scans(&store).await.remove(0).0;
    let is_prepared = |follower: &Follower| follower.states.contains(&ScanState::Prepared);
    let mut early = Follower::open(&store, &scan, 0).await;
    early.until(is_prepared).await;
    assert!(!early.reader.has_ended());

    running.finish().await;
    let mut late = Follower::open(&store, &scan, 0).await;
    late.until(is_prepared).await;
    assert!(late.reader.has_ended() && late.reader.state() == ScanState::Prepared);
    early.finish().await;
    assert!(early.reader.has_ended());
}
