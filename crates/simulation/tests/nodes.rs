//! Simulated scans of BLISS 1.11 are read by the reader of that model, with the data of those of BLISS 2.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use bliss_node::publish::ABORT;
use bliss_node::reader::{ReaderEvent, ScanReader};
use bliss_node::store::NodeStore;
use blissdata::store::DataStore;
use hub::Event;
use redis_client::{Command, Value};
use simulation::scans::{ImageSize, ModelStore, ScanKind, ScanPlan, SimulationError, publish_scan};
use testing::{data_store, redis_call};

/// What was published of a channel: type, shape of a point, and bytes.
type Points = (String, Vec<u64>, Vec<u8>);

fn plan(kind: ScanKind, points: u64, batch: u64) -> ScanPlan {
    ScanPlan {
        kind,
        number: 4,
        points,
        counters: 2,
        detectors: 2,
        mca_size: 16,
        image_size: ImageSize {
            height: 3,
            width: 5,
        },
        rate: 0.0,
        batch,
        file: "/data/id00/first.scans.h5".to_owned(),
        session: "demo".to_owned(),
        seed: 7,
    }
}

async fn publish(store: &ModelStore, plan: &ScanPlan, ending: &Event) -> (String, usize) {
    let mut created = None;
    publish_scan(store, plan, ending, |key, channels| {
        created = Some((key.to_owned(), channels));
    })
    .await
    .unwrap();
    created.unwrap()
}

async fn read_nodes(store: &NodeStore, key: &str) -> (ScanReader, BTreeMap<String, Points>) {
    let mut reader = ScanReader::open(store, &key.parse().unwrap())
        .await
        .unwrap();
    let mut found: BTreeMap<String, Points> = BTreeMap::new();
    while !reader.is_finished() {
        for event in reader.next().await.unwrap() {
            match event {
                ReaderEvent::Stream(stream) => reader.follow(stream, 0).unwrap(),
                ReaderEvent::Points(block) => {
                    let name = reader.streams()[block.stream.0].name.clone();
                    let points = found.entry(name).or_default();
                    points.0 = block.dtype.to_string();
                    points.1 = block.shape.to_vec();
                    points.2.extend_from_slice(&block.data);
                }
                ReaderEvent::Lost { .. } | ReaderEvent::NodeGone { .. } => panic!("{event:?}"),
                _ => {}
            }
        }
    }
    (reader, found)
}

async fn read_blissdata(store: &DataStore, key: &str) -> BTreeMap<String, Vec<u8>> {
    let reader = blissdata::reader::ScanReader::open(store, &key.parse().unwrap())
        .await
        .unwrap();
    let mut found = BTreeMap::new();
    for (name, stream) in &reader.document().streams {
        let range = Command::new("XRANGE").arg(&stream.key).args(["-", "+"]);
        let entries = store.call(&range).await.unwrap();
        let mut bytes = Vec::new();
        for entry in entries.as_array().unwrap() {
            let fields = entry.as_array().unwrap()[1].as_array().unwrap();
            if fields[0].as_str() == Some("payload") {
                bytes.extend_from_slice(fields[1].as_bytes().unwrap());
            }
        }
        found.insert(name.to_string(), bytes);
    }
    found
}

/// Publishes the same in both models. The data have to be the same.
async fn compare(kind: ScanKind, points: u64, batch: u64, names: &[(&str, &str)]) {
    let (server, store) = data_store().await;
    let nodes = NodeStore::new(&server.url());
    let plan = plan(kind, points, batch);
    let (key, channels) = publish(&ModelStore::Node(nodes.clone()), &plan, &Event::new()).await;
    let (reader, mut found) = read_nodes(&nodes, &key).await;
    assert_eq!(reader.failure(), None);
    assert_eq!(found.len(), channels);
    let blissdata = ModelStore::Blissdata(store.clone());
    let (key, _) = publish(&blissdata, &plan, &Event::new()).await;
    let expected = read_blissdata(&store, &key).await;
    assert_eq!(expected.len(), channels);
    for (name, expected) in expected {
        let other = names.iter().find(|(_, known)| *known == name);
        let node = other.map_or(name.as_str(), |(node, _)| node);
        let (dtype, shape, data) = found.remove(node).unwrap_or_else(|| panic!("no {node}"));
        let elements = shape.iter().product::<u64>() * points;
        let dtype: acquisition::DType = dtype.parse().unwrap();
        assert_eq!(data.len() as u64, elements * dtype.size as u64, "{node}");
        // The clock differs.
        assert!(name == "timer:epoch" || data == expected, "{node}");
    }
}

fn on_hub<T>(future: impl Future<Output = T>) -> T {
    hub::Hub::new().unwrap().run(future)
}

#[test]
fn points_are_those_of_the_newer_model() {
    on_hub(compare(ScanKind::Line, 130, 1, &[]));
}

#[test]
fn blocks_of_a_map_are_those_of_the_newer_model() {
    on_hub(compare(ScanKind::Mesh, 60, 7, &[]));
}

#[test]
fn spectra_are_those_of_the_newer_model() {
    let names = [
        ("mca:spectrum_det0", "simulation:mca1"),
        ("mca:spectrum_det1", "simulation:mca2"),
    ];
    on_hub(compare(ScanKind::Mca, 20, 1, &names));
}

#[test]
fn images_are_channels_of_two_dimensions() {
    on_hub(compare(ScanKind::Image, 10, 3, &[]));
}

#[test]
fn a_scan_that_is_ended_has_failed() {
    on_hub(async {
        let server = testing::empty_redis().await;
        let nodes = NodeStore::new(&server.url());
        let ending = Event::new();
        ending.send();
        let plan = plan(ScanKind::Line, 10, 1);
        let (key, _) = publish(&ModelStore::Node(nodes.clone()), &plan, &ending).await;
        assert_eq!(key, "demo:data:id00:first.scans:4_ascan");
        let (reader, found) = read_nodes(&nodes, &key).await;
        assert_eq!(reader.failure(), Some(ABORT));
        assert!(found.is_empty());
        assert_eq!(reader.info().text("filename"), Some(plan.file.as_str()));
    });
}

#[test]
fn numbers_are_those_of_the_file() {
    on_hub(async {
        let server = testing::empty_redis().await;
        let store = ModelStore::nodes(&server.url());
        store.make_ready().await.unwrap();
        let mut plan = plan(ScanKind::Line, 1, 1);
        assert_eq!(store.last_number("demo", &plan.file).await.unwrap(), 0);
        publish(&store, &plan, &Event::new()).await;
        // Nodes are no obstacle.
        store.make_ready().await.unwrap();
        assert_eq!(store.last_number("demo", &plan.file).await.unwrap(), 4);
        assert_eq!(store.last_number("test", &plan.file).await.unwrap(), 0);
        let again = publish_scan(&store, &plan, &Event::new(), |_, _| {}).await;
        let error = again.unwrap_err();
        assert!(matches!(error, SimulationError::Node(_)), "{error}");
        plan.number = 5;
        publish(&store, &plan, &Event::new()).await;
        assert_eq!(store.last_number("demo", &plan.file).await.unwrap(), 5);
    });
}

#[test]
fn a_data_base_with_other_keys_is_left_alone() {
    on_hub(async {
        let server = testing::empty_redis().await;
        let url = server.url().with_database(1);
        redis_call(&url, "SET mine 1").await;
        let error = ModelStore::nodes(&server.url()).make_ready().await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, SimulationError::NotNodes { keys: 1, .. }),
            "{error}"
        );
        assert_eq!(redis_call(&url, "DBSIZE").await, Value::Int(1));
    });
}
