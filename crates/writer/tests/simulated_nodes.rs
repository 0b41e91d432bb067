//! Simulated scans of BLISS 1.11 are saved with the data of the same scans of BLISS 2, in the structure of recorded ones.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use blissdata::store::DataStore;
use hub::Event;
use redis_client::RedisUrl;
use serde_json::{Map, Value as Json, json};
use simulation::scans::{ImageSize, ModelStore, ScanKind, ScanPlan, publish_scan};
use writer::WriterThread;
use writer::options::SaveOptions;
use writer::report::ScanOutcome;
use writer::scan::NexusScanWriter;
use writer::source::{ScanId, ScanStore, blissdata as blissdata_source, node};

/// Prints what h5py finds in a file: the names in each group of a device, and what was measured.
const PROGRAM: &str = "
import h5py, hashlib, json, sys
with h5py.File(sys.argv[1]) as root:
    entry = root['1.1']
    instrument = entry['instrument']
    devices = {name: sorted(item) for name, item in instrument.items() if isinstance(item, h5py.Group)}
    measured = {
        name: [item.dtype.str, list(item.shape), hashlib.sha256(item[()].tobytes()).hexdigest()]
        for name, item in entry['measurement'].items()
    }
    title = entry['title'][()].decode()
    print(json.dumps({'devices': devices, 'measured': measured, 'title': title, 'entry': sorted(entry)}))
";

fn plan(kind: ScanKind, file: &Path) -> ScanPlan {
    ScanPlan {
        kind,
        number: 1,
        points: 60,
        counters: 2,
        detectors: 2,
        mca_size: 32,
        image_size: ImageSize {
            height: 4,
            width: 6,
        },
        rate: 0.0,
        batch: 1,
        file: file.to_str().unwrap().to_owned(),
        session: "demo".to_owned(),
        seed: 3,
    }
}

async fn save(scans: Arc<dyn ScanStore>, store: &ModelStore, plan: &ScanPlan) -> Json {
    let mut scan = None;
    publish_scan(store, plan, &Event::new(), |key, _| {
        scan = Some(ScanId::new(key));
    })
    .await
    .unwrap();
    let thread = WriterThread::start(Arc::default()).unwrap();
    let options = SaveOptions::default();
    let writer = NexusScanWriter::start(&thread, &scans, scan.unwrap(), None, options).unwrap();
    let report = writer.report().await;
    assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
    thread.stop().await.unwrap();
    let found = testing::output(testing::python().args(["-c", PROGRAM]).arg(&plan.file));
    serde_json::from_str(&found).unwrap()
}

async fn save_nodes(url: &RedisUrl, plan: &ScanPlan) -> Json {
    let store = ModelStore::nodes(url);
    let ModelStore::Node(nodes) = &store else {
        unreachable!("the store of another model")
    };
    save(node::scan_store(nodes), &store, plan).await
}

/// Saves the same in both models. Returns what is in the file of BLISS 1.11. `names` are names of channels in either file.
fn compare(kind: ScanKind, names: &[(&str, &str)]) -> Json {
    let server = testing::redis();
    let folder = tempfile::tempdir().unwrap();
    let [older, newer] = ["older.h5", "newer.h5"].map(|name| plan(kind, &folder.path().join(name)));
    let (found, expected) = hub::Hub::new().unwrap().run(async {
        let store = DataStore::connect(&server.url()).await.unwrap();
        let scans = blissdata_source::scan_store(&store);
        let expected = save(scans, &ModelStore::Blissdata(store), &newer).await;
        (save_nodes(&server.url(), &older).await, expected)
    });
    let mut measured = Map::new();
    for (name, data) in found["measured"].as_object().unwrap() {
        let other = names.iter().find(|(known, _)| known == name);
        let name = other.map_or(name.as_str(), |(_, other)| other);
        measured.insert(name.to_owned(), data.clone());
    }
    let mut expected_measured = expected["measured"].as_object().unwrap().clone();
    // The clock differs.
    for measured in [&mut measured, &mut expected_measured] {
        assert_eq!(measured["epoch"][1], json!([60]));
        measured["epoch"][2] = Json::Null;
    }
    assert_eq!(measured, expected_measured);
    assert_eq!(found["title"], expected["title"]);
    found
}

#[test]
fn a_line_is_that_of_the_newer_model() {
    let found = compare(ScanKind::Line, &[]);
    let devices = &found["devices"];
    assert_eq!(devices["diode1"], json!(["data", "mode", "signal", "type"]));
    assert_eq!(devices["samy"], json!(["value"]));
    assert_eq!(devices["elapsed_time"], json!(["data"]));
    assert_eq!(
        found["entry"],
        json!([
            "end_time",
            "instrument",
            "measurement",
            "start_time",
            "title",
            "writer"
        ])
    );
}

#[test]
fn a_mesh_is_that_of_the_newer_model() {
    let found = compare(ScanKind::Mesh, &[]);
    assert_eq!(found["devices"]["samz"], json!(["value"]));
}

#[test]
fn spectra_are_those_of_the_newer_model() {
    let names = [("mca_det0", "mca1"), ("mca_det1", "mca2")];
    let found = compare(ScanKind::Mca, &names);
    assert_eq!(
        found["devices"]["mca_det1"],
        json!(["data", "spectrum", "type"])
    );
}

#[test]
fn images_are_those_of_the_newer_model() {
    compare(ScanKind::Image, &[]);
}
