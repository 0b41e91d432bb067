//! The memory budget: what the data of all scans take together, whatever is published.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};
use simulation::publish::{StreamDefinition, StreamPublisher};
use testing::Program;

use crate::fixture::{Fixture, WRITER, end, floats, read, send, stream};

/// What a writer may need beside its budget: the HDF5 library, and what the allocator keeps.
const BESIDE: u64 = 40 << 20;
const SMALLEST: &str = "--memory=16";

/// Returns a figure of the memory of a process in bytes.
fn memory_of(process: &Program, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.unwrap().trim_start_matches(':').trim();
    1024 * kilobytes.trim_end_matches(" kB").parse::<u64>().unwrap()
}

/// Publishes scans with one stream each, in files of their own, while the writer is stopped: it then has to catch up with
/// all of them at once. Returns by how much the peak of its memory grew until it had saved them.
async fn growth(
    fixture: &Fixture,
    writer: &mut Program,
    scans: &[PathBuf],
    points: &Points,
) -> u64 {
    let before = memory_of(writer, "VmRSS");
    writer.signal("STOP");
    for file in scans {
        let mut scan = fixture
            .create(file, json!({"diode": stream("diode")}))
            .await;
        let values = scan.add_stream("diode", points.definition()).await.unwrap();
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        points.send(&values).await;
        end(scan).await;
    }
    writer.signal("CONT");
    writer.wait_for_count("Finished writing", scans.len());
    memory_of(writer, "VmHWM") - before
}

/// Points of zeros: only their size matters.
struct Points {
    shape: Vec<u64>,
    entries: u64,
    per_entry: u64,
}

impl Points {
    fn definition(&self) -> StreamDefinition {
        let shape: Vec<_> = self.shape.iter().map(|length| Some(*length)).collect();
        StreamDefinition::numeric("<u4".parse().unwrap(), &shape)
    }

    async fn send(&self, stream: &StreamPublisher) {
        let size = 4 * self.shape.iter().product::<u64>() * self.per_entry;
        let entry = vec![0; size as usize];
        for _ in 0..self.entries {
            stream.send(&entry, self.per_entry).await.unwrap();
            stream.settle().await.unwrap();
        }
    }
}

#[tokio::test]
async fn scans_at_once_share_the_budget() {
    let fixture = Fixture::new().await;
    let mut writer = fixture.run_with(&[SMALLEST]);
    let files: Vec<_> = (0..16)
        .map(|number| fixture.file(&format!("{number}.h5")))
        .collect();
    // 10 MB each. Without a limit, the readers would have several replies of 1 MB each at a time.
    let points = Points {
        shape: vec![],
        entries: 2500,
        per_entry: 1000,
    };
    let growth = growth(&fixture, &mut writer, &files, &points).await;
    assert!(growth < (16 << 20) + BESIDE, "{} MB", growth >> 20);
    let log = Fixture::end(writer);
    assert!(!log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn points_larger_than_the_budget_are_taken_one_after_the_other() {
    let fixture = Fixture::new().await;
    let mut writer = fixture.run_with(&[SMALLEST]);
    let files: Vec<_> = (0..3)
        .map(|number| fixture.file(&format!("{number}.h5")))
        .collect();
    let points = Points {
        shape: vec![2500, 2500],
        entries: 4,
        per_entry: 1,
    };
    let point = 4 * 2500 * 2500;
    let growth = growth(&fixture, &mut writer, &files, &points).await;
    assert!(growth < 2 * point + BESIDE, "{} MB", growth >> 20);
    let log = Fixture::end(writer);
    let lines = log
        .lines()
        .filter(|line| line.contains("points of 24 MB are larger than the 6 MB"));
    assert_eq!(lines.count(), files.len(), "once for each scan: {log}");
}

#[tokio::test]
async fn many_channels_are_saved_with_the_smallest_budget() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let names: Vec<_> = (0..300).map(|number| format!("c{number}")).collect();
    let children = names.iter().map(|name| (name.clone(), stream(name)));
    let mut scan = fixture
        .create(&file, Json::Object(children.collect()))
        .await;
    let mut streams = Vec::new();
    for name in &names {
        streams.push(scan.add_stream(name, floats()).await.unwrap());
    }
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    let block: Vec<u8> = (0..2000).flat_map(|n| f64::from(n).to_le_bytes()).collect();
    for stream in &streams {
        for _ in 0..5 {
            stream.send(&block, 2000).await.unwrap();
        }
        stream.settle().await.unwrap();
    }
    send(&streams[299], &[1.5]).await;
    let saved = fixture.save_with(&[end(scan).await], |command| {
        command.arg(SMALLEST);
    });
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    assert_eq!(saved.reports[0]["points"], 300 * 10_000 + 1);
    let values = read(&file, &["c0", "c299"]);
    assert_eq!(values[0].as_array().unwrap().len(), 10_000);
    assert_eq!(
        (&values[1][9_999], &values[1][10_000]),
        (&json!(1999.0), &json!(1.5))
    );
}

#[test]
fn a_budget_that_is_none_is_refused() {
    for (value, problem) in [
        ("0", "0 is not between 16 and 1048576 megabytes"),
        ("-1", "-1 is not between"),
        ("100000000000000000000", "is not between"),
        ("much", "\"much\" is not a whole number of megabytes"),
        ("12.5", "\"12.5\" is not a whole number"),
    ] {
        for command in ["run", "save"] {
            let mut program = Command::new(WRITER);
            let memory = format!("--memory={value}");
            let scan = (command == "save").then_some("esrf:scan:1");
            let arguments = [command, &memory, "redis://localhost:1"];
            let output = program.args(arguments).args(scan).output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{errors}");
            assert!(
                errors.contains("--memory") && errors.contains(problem),
                "{errors}"
            );
        }
    }
}
