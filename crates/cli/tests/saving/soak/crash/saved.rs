//! Writers that save scans which have ended, and are killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition};
use testing::Program;

use super::compare::{Part, compare, reference_of};
use super::{driver_options, older_file};
use crate::fixture::{Fixture, WRITER, end, stream};

/// Points of each stream.
const POINTS: usize = 120;

/// Scans that are saved again and again.
pub struct Workload {
    fixture: Fixture,
    keys: Vec<String>,
    files: Vec<PathBuf>,
    /// How long a writer takes that is left alone.
    pub duration: Duration,
}

impl Workload {
    /// Returns scans of four channels in one file.
    pub async fn light() -> Workload {
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
    pub async fn heavy() -> Workload {
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
        workload.restart(0);
        let begin = Instant::now();
        workload.save();
        workload.duration = begin.elapsed();
        for file in &workload.files {
            fs::copy(file, reference_of(file)).unwrap();
        }
        workload
    }

    /// Brings the files back to what they were before the scans, in the format with this number.
    fn restart(&self, number: usize) {
        for file in &self.files {
            older_file::make(file, number);
        }
    }

    fn writer(&self) -> Command {
        let mut command = Command::new(WRITER);
        command.args(["save", &self.fixture.url()]).args(&self.keys);
        command.args(driver_options());
        command
    }

    fn save(&self) {
        let (status, log) = Program::start(&mut self.writer()).end();
        assert!(status.success(), "{log}");
    }

    /// Kills a writer, and lets another one go on. Returns what is wrong with the files.
    pub fn kill_once(&self, number: usize, random: f64) -> Result<(), String> {
        self.restart(number);
        let writer = Program::start(&mut self.writer());
        // The moment is random, so there is nothing to wait for.
        std::thread::sleep(self.duration.mul_f64(random));
        writer.signal("KILL");
        writer.end();
        compare(&self.files, Part::Older)?;
        let (status, log) = Program::start(&mut self.writer()).end();
        if !status.success() {
            return Err(log);
        }
        compare(&self.files, Part::Whole)
    }
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
