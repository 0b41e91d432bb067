//! Writers that are killed while they save scans of which Redis has lost points.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use redis_client::Command as RedisCommand;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::Program;

use super::scale;
use crate::fixture::{Fixture, WRITER, end};

const POINTS: usize = 60_000;
const LOST: usize = 20_000;

/// Longest time after which a writer is killed: about as long as it needs.
const LIFE: Duration = Duration::from_millis(600);

/// Publishes points in a few entries, and lets Redis forget the first ones.
async fn send_and_forget(fixture: &Fixture, diode: &StreamPublisher, points: usize, lost: usize) {
    const BLOCK: usize = 1000;
    for first in (0..points).step_by(BLOCK) {
        let values = (first..first + BLOCK).map(|value| value as f64);
        let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
        diode.send(&bytes, BLOCK as u64).await.unwrap();
    }
    diode.flush().await.unwrap();
    while diode_length(fixture, diode).await < points / BLOCK {
        tokio::task::yield_now().await;
    }
    let trim = RedisCommand::new("XTRIM").arg(diode.key());
    let trim = trim.arg("MINID").arg(lost.to_string());
    fixture.store.call(&trim).await.unwrap();
}

async fn diode_length(fixture: &Fixture, diode: &StreamPublisher) -> usize {
    let length = RedisCommand::new("XLEN").arg(diode.key());
    let length = fixture.store.call(&length).await.unwrap();
    usize::try_from(length.as_int().unwrap()).unwrap()
}

/// Returns, for each name, the ranges of NaN in its dataset, and of the holes in its record; null if h5py
/// cannot open the file.
fn holes(file: &Path, names: &[&str]) -> BTreeMap<String, [Json; 2]> {
    const PROGRAM: &str = "
import json, sys, h5py, numpy
def ranges(missing):
    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[0], missing, [0]])))
    return edges.reshape(-1, 2).tolist()
try:
    with h5py.File(sys.argv[1], 'r', locking=False) as file:
        records = [json.loads(text) for name, text in file.attrs.items() if 'completeness' in name]
        listed = {}
        for record in records:
            for place in record.get('streams', {}).values():
                # A place without holes may be just its path.
                if isinstance(place, dict):
                    path = record.get('folder', '/') + place['path']
                    listed[path.strip('/')] = place.get('holes', [])
        found = {name: [ranges(numpy.isnan(file[name][()])), listed.get(name, [])] for name in sys.argv[2:]}
except (OSError, KeyError, RuntimeError) as error:
    sys.exit(f'unreadable: {error!r}')
json.dump(found, sys.stdout)
";
    let mut python = testing::python();
    python.args(["-c", PROGRAM]).arg(file).args(names);
    serde_json::from_str(&testing::output(&mut python)).unwrap()
}

#[tokio::test]
async fn no_kill_hides_a_hole() {
    let kills = scale("NEXUS_WRITER_SOAK_KILLS", 4);
    for kill in 0..kills {
        let seed = fastrand::u64(..);
        fastrand::seed(seed);
        let is_live = kill % 2 == 1;
        kill_once(is_live, seed).await;
    }
    println!("{kills} kills");
}

async fn end_all(scans: &mut Vec<ScanPublisher>) {
    for scan in scans.drain(..) {
        end(scan).await;
    }
}

/// Kills a writer that saves two scans in one file.
async fn kill_once(is_live: bool, seed: u64) {
    let fixture = Fixture::new().await;
    let file = fixture.file("ab.h5");
    let mut scans = Vec::new();
    for name in ["a", "b"] {
        let (scan, diode) = fixture.start_scan_as(&file, name).await;
        let lost = if name == "a" { LOST } else { 0 };
        send_and_forget(&fixture, &diode, POINTS, lost).await;
        scans.push(scan);
    }
    let keys: Vec<String> = scans.iter().map(|scan| scan.key().to_string()).collect();
    if !is_live {
        end_all(&mut scans).await;
    }
    let mut command = std::process::Command::new(WRITER);
    command.args(["save", &fixture.url()]).args(&keys);
    let writer = Program::start(&mut command);
    tokio::time::sleep(LIFE.mul_f64(fastrand::f64())).await;
    writer.signal("KILL");
    writer.end();
    end_all(&mut scans).await;
    let saved = fixture.save(&keys);
    let found = holes(&file, &["a", "b"]);
    let expected = json!([[0, LOST]]);
    assert_eq!(
        found["a"],
        [expected.clone(), expected],
        "seed {seed}: {}",
        saved.log
    );
    assert_eq!(
        found["b"],
        [json!([]), json!([])],
        "seed {seed}: {}",
        saved.log
    );
    let states: Vec<&str> = saved
        .reports
        .iter()
        .map(|report| report["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        ["INCOMPLETE", "COMPLETE"],
        "seed {seed}: {}",
        saved.log
    );
}
