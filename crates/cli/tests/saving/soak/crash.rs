//! Writers that are killed at any moment: their files stay readable, and the next writer completes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition};
use testing::Program;

use super::scale;
use crate::fixture::{Fixture, WRITER, end, stream};

/// Points of each stream.
const POINTS: usize = 120;

/// Compares files with what they have to contain: `older` what every reader finds at any moment, `whole` what is there
/// in the end. Only times differ from one run to another.
const COMPARE: &str = "
import json, sys, h5py, numpy
TIMES = {'file_time', 'file_update_time'}
def attributes(item):
    return {name: repr(value) for name, value in item.attrs.items() if name not in TIMES}
def compare(name, item, reference):
    if attributes(item) != attributes(reference):
        sys.exit(f'{name}: attributes differ')
    if isinstance(reference, h5py.Group):
        if set(item) != set(reference):
            sys.exit(f'{name}: {set(item) ^ set(reference)}')
        for child in reference:
            compare(f'{name}/{child}', item[child], reference[child])
    elif item.dtype != reference.dtype or item.shape != reference.shape or item[()].tobytes() != reference[()].tobytes():
        sys.exit(f'{name}: {item} differs from {reference}')
def read_all(name, item):
    attributes(item)
    if isinstance(item, h5py.Dataset):
        item[()]
mode, *files = sys.argv[1:]
for name, reference in zip(files[::2], files[1::2]):
    with h5py.File(name, 'r', locking=False) as file, h5py.File(reference, 'r', locking=False) as expected:
        if mode == 'whole':
            compare('', file, expected)
        else:
            file.visititems(read_all)
            compare('/older', file['older'], expected['older'])
";

/// Scans that are saved again and again.
struct Workload {
    fixture: Fixture,
    keys: Vec<String>,
    files: Vec<PathBuf>,
    /// How long a writer takes that is left alone.
    duration: Duration,
}

impl Workload {
    /// Returns scans of four channels in one file.
    async fn light() -> Workload {
        let fixture = Fixture::new().await;
        let file = fixture.file("light.h5");
        let mut keys = Vec::new();
        for number in 1..=6 {
            let streams = (0..4).map(|index| (format!("channel{index}"), vec![]));
            let name = format!("{number}.1");
            keys.push(scan(&fixture, &[&file], &name, json!({}), streams.collect()).await);
        }
        Workload::new(fixture, keys, vec![file])
    }

    /// Returns a scan with thousands of groups, and one with many channels, spectra and images in two files.
    async fn heavy() -> Workload {
        let fixture = Fixture::new().await;
        let files = vec![fixture.file("first.h5"), fixture.file("second.h5")];
        let mut groups = json!({});
        for index in 0..2000 {
            groups[format!("device{index}")] = json!({
                "type": "group",
                "attributes": {"NX_class": "NXpositioner", "title": format!("device {index}")},
                "children": {},
            });
        }
        let few = vec![("channel".to_owned(), vec![])];
        let mapping = json!({"instrument": {"type": "group", "children": groups}});
        let mut keys = vec![scan(&fixture, &[&files[0]], "1.1", mapping, few).await];
        let mut many: Vec<_> = (0..58)
            .map(|index| (format!("channel{index}"), vec![]))
            .collect();
        many.push(("spectrum".to_owned(), vec![64]));
        many.push(("image".to_owned(), vec![16, 16]));
        let both: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        keys.push(scan(&fixture, &both, "2.1", json!({}), many).await);
        Workload::new(fixture, keys, files)
    }

    fn new(fixture: Fixture, keys: Vec<String>, files: Vec<PathBuf>) -> Workload {
        let mut workload = Workload {
            fixture,
            keys,
            files,
            duration: Duration::ZERO,
        };
        workload.restart();
        let begin = Instant::now();
        workload.save();
        workload.duration = begin.elapsed();
        for file in &workload.files {
            fs::copy(file, reference_of(file)).unwrap();
        }
        workload
    }

    /// Brings the files back to what they were before the scans.
    fn restart(&self) {
        const OLDER: &str = "
import sys, h5py, numpy
for name in sys.argv[1:]:
    with h5py.File(name, 'w', libver=('earliest', 'v110')) as file:
        file['older/data'] = numpy.arange(5000.)
        file['older'].attrs['title'] = 'an older scan'
";
        let older = |file: &PathBuf| file.with_extension("older");
        if self.files.iter().any(|file| !older(file).exists()) {
            let mut python = testing::python();
            testing::output(
                python
                    .args(["-c", OLDER])
                    .args(self.files.iter().map(older)),
            );
        }
        for file in &self.files {
            fs::copy(older(file), file).unwrap();
        }
    }

    fn writer(&self) -> Command {
        let mut command = Command::new(WRITER);
        command.args(["save", &self.fixture.url()]).args(&self.keys);
        if let Ok(driver) = std::env::var("NEXUS_WRITER_CRASH_DRIVER") {
            command.args(["--file-driver", &driver]);
        }
        command
    }

    fn save(&self) {
        let (status, log) = Program::start(&mut self.writer()).end();
        assert!(status.success(), "{log}");
    }

    /// Kills a writer, and lets another one go on. Returns what is wrong with the files.
    fn kill_once(&self, random: f64) -> Result<(), String> {
        self.restart();
        let writer = Program::start(&mut self.writer());
        // The moment is random, so there is nothing to wait for.
        std::thread::sleep(self.duration.mul_f64(random));
        writer.signal("KILL");
        writer.end();
        self.compare("older")?;
        let (status, log) = Program::start(&mut self.writer()).end();
        if !status.success() {
            return Err(log);
        }
        self.compare("whole")
    }

    fn compare(&self, mode: &str) -> Result<(), String> {
        let mut python = testing::python();
        python.args(["-c", COMPARE, mode]);
        for file in &self.files {
            python.arg(file).arg(reference_of(file));
        }
        let compared = python.output().unwrap();
        match compared.status.success() {
            true => Ok(()),
            false => Err(format!(
                "{mode}: {}",
                String::from_utf8_lossy(&compared.stderr)
            )),
        }
    }
}

fn reference_of(file: &Path) -> PathBuf {
    file.with_extension("reference")
}

/// Publishes a scan with these streams, whose points have these shapes, and this mapping in each file.
async fn scan(
    fixture: &Fixture,
    files: &[&Path],
    name: &str,
    mut mapping: Json,
    streams: Vec<(String, Vec<u64>)>,
) -> String {
    for (stream_name, _) in &streams {
        mapping[stream_name] = stream(stream_name);
    }
    let attributes = json!({"NX_class": "NXentry", "title": format!("scan {name}")});
    let children = json!({name: {"type": "group", "attributes": attributes, "children": mapping}});
    let mut publisher = fixture.create_in(files, children).await;
    send_all(&mut publisher, streams).await;
    end(publisher).await
}

async fn send_all(publisher: &mut ScanPublisher, streams: Vec<(String, Vec<u64>)>) {
    let mut open = Vec::new();
    for (name, shape) in streams {
        let lengths: Vec<_> = shape.iter().copied().map(Some).collect();
        let definition = StreamDefinition::numeric("<f8".parse().unwrap(), &lengths);
        let stream = publisher.add_stream(&name, definition).await.unwrap();
        open.push((stream, shape.iter().product::<u64>()));
    }
    publisher.prepare().await.unwrap();
    publisher.start().await.unwrap();
    for (index, (stream, values)) in open.iter().enumerate() {
        for point in 0..POINTS {
            let value = (index * 1000 + point) as f64;
            let bytes = value.to_le_bytes().repeat(*values as usize);
            stream.send(&bytes, 1).await.unwrap();
        }
        stream.settle().await.unwrap();
    }
}

#[tokio::test]
async fn files_survive_kills() {
    let kills = scale("NEXUS_WRITER_CRASH_KILLS", 6);
    let mut failures = Vec::new();
    for (workload, share) in [
        (Workload::light().await, 0.6),
        (Workload::heavy().await, 0.4),
    ] {
        let kills = (kills as f64 * share).ceil() as usize;
        for kill in 0..kills {
            let random = fastrand::f64();
            if let Err(problem) = workload.kill_once(random) {
                failures.push(format!("kill {kill} at {random}: {problem}"));
            }
        }
        println!(
            "{kills} kills in {:?}, {} failures so far",
            workload.duration,
            failures.len()
        );
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
