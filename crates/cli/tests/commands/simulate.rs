//! Simulated scans are saved as good NeXus files, by our writer and by blisswriter.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use blissdata::reader::ScanReader;
use blissdata::store::DataStore;
use redis_client::{Command as Ask, Value};
use serde_json::{Value as Json, json};
use simulation::redis::{PrivateRedis, RedisOptions};

use crate::fixture::{Fixture, facts, nexus_writer, run};

fn on_hub<T>(future: impl Future<Output = T>) -> T {
    hub::Hub::new().unwrap().run(future)
}

/// Returns what h5py finds in a file with one scan of 60 points.
fn saved(options: &[&str], channels: u64) -> Json {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&[&["--points", "60"], options].concat());
    assert_eq!(keys.len(), 1);
    let saved = fixture.save(&keys);
    assert_eq!(saved.reports[0]["state"], "COMPLETE");
    assert_eq!(saved.reports[0]["points"], 60 * channels);
    assert_eq!(saved.facts["problems"], json!([]));
    assert_eq!(saved.facts["entries"], json!(["1.1"]));
    assert_eq!(saved.facts["plots"]["/"], saved.facts["plots"]["/1.1"]);
    saved.facts
}

fn numbers(facts: &Json, device: &str, what: &str) -> Vec<f64> {
    let found = &facts["data"][format!("/1.1/instrument/{device}")][what];
    serde_json::from_value(found.clone()).unwrap_or_else(|error| panic!("{device} {what}: {error}"))
}

fn maximum(values: &[f64]) -> usize {
    (0..values.len())
        .max_by(|a, b| values[*a].total_cmp(&values[*b]))
        .unwrap()
}

#[test]
fn a_line_is_a_curve() {
    let facts = saved(&["--kind", "1d"], 7);
    let plot = json!({
        "signal": "/1.1/plot/diode1", "shape": [60], "axes": ["samy"], "interpretation": null,
        "others": ["diode2", "diode3"], "issues": [],
    });
    assert_eq!(facts["plots"]["/1.1"], plot);
    assert_eq!(facts["titles"]["1.1"], "ascan samy -1 1 59 0.001");
    let samy = numbers(&facts, "samy", "values");
    let expected: Vec<f64> = (0..60)
        .map(|i| -1.0 + 2.0 * (f64::from(i) / 59.0))
        .collect();
    assert_eq!(samy, expected);
    assert_eq!(facts["data"]["/1.1/instrument/samy"]["units"], "mm");
    let elapsed = numbers(&facts, "elapsed_time", "values");
    assert_eq!((elapsed[0], elapsed[59]), (0.0, 59.0 * 0.001));
    assert_eq!(
        facts["data"]["/1.1/instrument/epoch"]["is_elapsed_time"],
        true
    );
    let diode = numbers(&facts, "diode1", "values");
    let peak = maximum(&diode);
    assert!((25..35).contains(&peak), "{diode:?}");
    assert!(diode[peak] > 20.0 * diode[0], "{diode:?}");
    let other = maximum(&numbers(&facts, "diode2", "values"));
    assert_ne!(peak, other);
}

#[test]
fn a_mesh_is_a_map() {
    let facts = saved(&["--kind", "mesh"], 8);
    let plot = json!({
        "signal": "/1.1/plot/diode1", "shape": [60], "axes": ["samy", "samz"],
        "interpretation": null, "others": [], "issues": [],
    });
    assert_eq!(facts["plots"]["/1.1"], plot);
    assert_eq!(facts["titles"]["1.1"], "amesh samy -1 1 9 samz 0 3 5 0.001");
    let (samy, samz) = (
        numbers(&facts, "samy", "values"),
        numbers(&facts, "samz", "values"),
    );
    assert_eq!(
        (samy[0], samy[9], samy[10], samy[59]),
        (-1.0, 1.0, -1.0, 1.0)
    );
    assert_eq!(
        (samz[0], samz[9], samz[10], samz[59]),
        (0.0, 0.0, 3.0 * 0.2, 3.0)
    );
    // In the middle of the map.
    let peak = maximum(&numbers(&facts, "diode1", "values"));
    assert!(
        samy[peak].abs() < 0.3 && (samz[peak] - 1.5).abs() < 0.7,
        "{peak}"
    );
}

#[test]
fn an_mca_has_spectra() {
    let facts = saved(&["--kind", "mca", "--detectors", "2", "--channels", "0"], 5);
    let plot = json!({
        "signal": "/1.1/plot_mca1/mca1", "shape": [60, 1024], "axes": ["samy", "energy"],
        "interpretation": "spectrum", "others": [], "issues": [],
    });
    assert_eq!(facts["plots"]["/1.1"], plot);
    let mca = &facts["data"]["/1.1/instrument/mca1"];
    assert_eq!(mca["dtype"], "<u4");
    assert_ne!(mca["sum"], facts["data"]["/1.1/instrument/mca2"]["sum"]);
    // First there is iron (6.40 keV, 100 channels each), then there is copper (8.05 keV).
    for (point, energy) in [(18, 640), (42, 805)] {
        let line = mca["maxima"][point][0].as_i64().unwrap();
        assert!((line - energy).abs() < 12, "point {point}: {line}");
    }
}

#[test]
fn images_show_a_spot_that_moves() {
    let facts = saved(&["--kind", "image"], 8);
    let plot = json!({
        "signal": "/1.1/plot_camera1/camera1", "shape": [60, 120, 160],
        "axes": ["omega", "y_pixel_offset", "x_pixel_offset"], "interpretation": "image", "others": [], "issues": [],
    });
    assert_eq!(facts["plots"]["/1.1"], plot);
    let camera = &facts["data"]["/1.1/instrument/camera1"];
    assert_eq!(camera["dtype"], "<u2");
    let spots: Vec<(f64, f64)> = serde_json::from_value(camera["maxima"].clone()).unwrap();
    // From left to right, down and up again.
    for (point, row, column) in [
        (0, 60.0, 24.0),
        (15, 96.0, 52.0),
        (44, 24.0, 108.0),
        (59, 60.0, 136.0),
    ] {
        let (at_row, at_column) = spots[point];
        let off = f64::hypot(at_row - row, at_column - column);
        assert!(off < 10.0, "point {point}: {:?}", spots[point]);
    }
}

#[test]
fn the_genuine_writer_makes_the_same_file() {
    let fixture = Fixture::new();
    let mut keys = Vec::new();
    for kind in ["1d", "mesh", "mca", "image"] {
        keys.extend(fixture.simulate(&["--kind", kind, "--points", "30"]));
    }
    keys.extend(fixture.simulate(&["--points", "0"]));
    let ours = fixture.save(&keys).facts;
    assert_eq!(ours["entries"], json!(["1.1", "2.1", "3.1", "4.1", "5.1"]));
    std::fs::remove_file(fixture.file()).unwrap();
    let saving = testing::output(
        testing::python()
            .args(["reference.py", "--redis", &fixture.url()])
            .args(&keys),
    );
    for line in saving.lines() {
        let report: Json = serde_json::from_str(line).unwrap();
        assert_eq!(report["state"], "COMPLETE", "{report}");
    }
    let theirs = facts(&fixture.file());
    assert_eq!(ours, theirs);
}

#[test]
fn scans_get_numbers_that_are_free() {
    let fixture = Fixture::new();
    let first = fixture.simulate(&["--points", "3", "--scans", "2"]);
    // One is only in the data store, the other in the file too.
    fixture.save(&first[..1]);
    let second = fixture.simulate(&["--points", "3"]);
    let third = fixture.simulate(&["--points", "3", "--first", "12"]);
    let saved = fixture.save(&[&first[1..], &second, &third].concat());
    assert_eq!(saved.facts["entries"], json!(["1.1", "2.1", "3.1", "12.1"]));
    assert_eq!(saved.facts["problems"], json!([]));
}

#[test]
fn the_file_is_asked_for_numbers_too() {
    let fixture = Fixture::new();
    fixture.save(&fixture.simulate(&["--points", "3", "--first", "7"]));
    // A data store that knows nothing of the scan.
    let other = testing::redis();
    let mut command = nexus_writer(["simulate", &other.url().with_secrets(), "--points", "3"]);
    command.args(["--rate", "0", "--file"]).arg(fixture.file());
    let (status, _, log) = run(&mut command);
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("publishing scan 8 ascan"), "{log}");
}

#[test]
fn scans_of_few_points_are_good_files_too() {
    let fixture = Fixture::new();
    let mut keys = Vec::new();
    for kind in ["1d", "mesh", "mca", "image"] {
        keys.extend(fixture.simulate(&["--kind", kind, "--points", "1"]));
        keys.extend(fixture.simulate(&["--kind", kind, "--points", "0"]));
    }
    let facts = fixture.save(&keys).facts;
    assert_eq!(facts["problems"], json!([]));
    for number in [1, 3, 5, 7] {
        assert_eq!(
            facts["plots"][format!("/{number}.1")]["shape"][0],
            1,
            "{number}"
        );
        assert_eq!(facts["plots"][format!("/{}.1", number + 1)], json!(null));
    }
}

#[test]
fn the_same_seed_gives_the_same_data() {
    let data = |seed: &str| saved(&["--seed", seed], 7)["data"].take();
    let once = data("5");
    assert_eq!(once, data("5"));
    assert_ne!(once, data("6"));
}

#[test]
fn points_come_in_batches_at_their_rate() {
    let fixture = Fixture::new();
    // The rate limits the scan, but not for long.
    let options = ["--points", "60", "--batch", "7", "--rate", "2000"];
    let (status, key, log) = run(&mut fixture.simulation(&options));
    assert_eq!(status, Some(0), "{log}");
    let key = key.trim().parse().unwrap();
    let lengths = on_hub(async {
        let store = DataStore::connect(&fixture.server.url()).await.unwrap();
        let reader = ScanReader::open(&store, &key).await.unwrap();
        let mut lengths = Vec::new();
        for stream in reader.document().streams.values() {
            let ask = Ask::new("XLEN").arg(&stream.key);
            lengths.push(store.call(&ask).await.unwrap().as_int());
        }
        lengths
    });
    // Eight of seven, one of four, and the seal.
    assert_eq!(lengths, [Some(10); 7]);
}

#[test]
fn an_interrupt_ends_the_scan_properly() {
    let fixture = Fixture::new();
    let mut command = fixture.simulation(&["--points", "1000000", "--rate", "100", "--scans", "3"]);
    let mut simulation = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(simulation.stdout.take().unwrap()).lines();
    let key = printed.next().unwrap().unwrap();
    let pid = simulation.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(simulation.wait().unwrap().code(), Some(0));
    assert!(printed.next().is_none(), "no more scans were begun");

    let saved = fixture.save(&[key]);
    assert_eq!(saved.facts["end_reasons"]["1.1"], "USER_ABORT");
    assert_eq!(saved.facts["problems"], json!([]));
    assert!(saved.reports[0]["points"].as_u64().unwrap() < 7_000_000);
}

#[test]
fn an_empty_database_becomes_a_data_store() {
    let server = PrivateRedis::start_blocking(&RedisOptions::new()).unwrap();
    let url = server.url().with_secrets();
    let simulate = || {
        run(&mut nexus_writer([
            "simulate", &url, "--points", "2", "--rate", "0",
        ]))
    };
    let (status, keys, log) = simulate();
    assert_eq!(status, Some(0), "{log}");
    assert!(
        log.contains("is no data store yet: initialising it"),
        "{log}"
    );
    assert!(keys.starts_with("esrf:scan:"), "{keys}");
    let (status, _, log) = simulate();
    assert_eq!(status, Some(0), "{log}");
    assert!(!log.contains("initialising"), "{log}");
}

#[test]
fn a_database_that_holds_something_else_is_left_alone() {
    let server = PrivateRedis::start_blocking(&RedisOptions::new()).unwrap();
    on_hub(async {
        let store = DataStore::connect(&server.url()).await.unwrap();
        let set = Ask::new("SET").arg("mine").arg("1");
        store.call(&set).await.unwrap();
    });
    let (status, keys, log) = run(&mut nexus_writer([
        "simulate",
        &server.url().with_secrets(),
    ]));
    assert_eq!((status, keys.as_str()), (Some(2), ""));
    assert!(log.contains("is not empty (1 keys)"), "{log}");
}

#[test]
fn without_redis_there_is_no_simulation() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix://{}", folder.path().join("nothing.sock").display());
    let (status, keys, log) = run(&mut nexus_writer(["simulate", &url]));
    assert_eq!((status, keys.as_str()), (Some(2), ""));
    assert!(log.contains("nothing.sock"), "{log}");
}

/// Executes a command in the data base of nodes.
fn ask_nodes(fixture: &Fixture, command: &str) -> Value {
    let url = fixture.server.url().with_database(1);
    on_hub(testing::redis_call(&url, command))
}

#[test]
fn nodes_have_numbers_that_are_free() {
    let fixture = Fixture::new();
    let options = ["--model", "node", "--points", "3", "--scans", "2"];
    let keys = [fixture.simulate(&options), fixture.simulate(&options)].concat();
    let path = fixture.file().with_extension("").display().to_string();
    let parent = format!("demo{}", path.replace('/', ":"));
    let expected: Vec<String> = (1..=4).map(|n| format!("{parent}:{n}_ascan")).collect();
    assert_eq!(keys, expected);
    for key in keys {
        let points = ask_nodes(&fixture, &format!("XLEN {key}:axis:samy_data"));
        assert_eq!(points.as_int(), Some(3), "{key}");
    }
    // The data store of the same server is left alone.
    assert!(fixture.simulate(&["--points", "1"])[0].starts_with("esrf:scan:"));
}

#[test]
fn an_interrupt_ends_a_scan_of_nodes() {
    let fixture = Fixture::new();
    let options = ["--model", "node", "--points", "1000000", "--rate", "100"];
    let mut simulation = fixture
        .simulation(&options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(simulation.stdout.take().unwrap()).lines();
    let key = printed.next().unwrap().unwrap();
    let pid = simulation.id().to_string();
    let kill = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(kill.success());
    assert_eq!(simulation.wait().unwrap().code(), Some(0));
    let ends = ask_nodes(&fixture, &format!("XRANGE {key}_end - +"));
    assert!(format!("{ends:?}").contains("ScanAbort"), "{ends:?}");
}

#[test]
fn a_data_base_without_nodes_is_left_alone() {
    let fixture = Fixture::new();
    ask_nodes(&fixture, "SET mine 1");
    let (status, keys, log) = run(&mut fixture.simulation(&["--model", "node"]));
    assert_eq!((status, keys.as_str()), (Some(2), ""));
    assert!(log.contains("1 keys and no nodes"), "{log}");
}
