//! Points that Redis drops while their file cannot take them: they are read from the spool.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};
use testing::{Program, fill_to_tracker_threshold, redis_call};

use crate::fixture::{Fixture, WRITER, end, read, send, stream};

/// Longest wait, which is not reached even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// A scan whose file is locked, a Redis that is about to drop points, and a writer that spools them.
pub struct ThreatenedScan {
    pub fixture: Fixture,
    pub file: PathBuf,
    holder: Program,
    pub writer: Program,
    scan: Option<ScanPublisher>,
    pub diode: StreamPublisher,
    pub points: Vec<f64>,
}

impl ThreatenedScan {
    pub async fn new() -> ThreatenedScan {
        let fixture = Fixture::new().await;
        fill_to_tracker_threshold(&fixture.server.url()).await;
        let file = fixture.file("a.h5");
        let holder = testing::hold(&file);
        let writer = run(&fixture);
        let (scan, diode) = fixture.start_scan(&file).await;
        let mut threatened = ThreatenedScan {
            fixture,
            file,
            holder,
            writer,
            scan: Some(scan),
            diode,
            points: Vec::new(),
        };
        threatened.send(50).await;
        threatened.writer.wait_for("they are spooled in");
        threatened.wait_for_spool("49-1").await;
        threatened
    }

    /// Publishes the next points.
    pub async fn send(&mut self, count: u32) {
        let first = self.points.len() as u32;
        let points: Vec<f64> = (first..first + count).map(f64::from).collect();
        send(&self.diode, &points).await;
        self.points.extend(points);
    }

    /// Waits until the spool has this text.
    pub async fn wait_for_spool(&self, text: &str) {
        wait(text, || spools_have(&spool(&self.fixture), text)).await;
    }

    /// Returns the size of the spool.
    pub fn spooled_bytes(&self) -> u64 {
        let files = files(&spool(&self.fixture));
        files
            .iter()
            .map(|file| fs::metadata(file).unwrap().len())
            .sum()
    }

    /// Lets Redis drop all points before this one.
    pub async fn trim(&self, first: usize) {
        let command = format!("XTRIM {} MINID {first}", self.diode.key());
        redis_call(&self.fixture.server.url(), &command).await;
    }

    /// Ends the scan. Returns its key.
    pub async fn end_scan(&mut self) -> String {
        end(self.scan.take().unwrap()).await
    }

    /// Unlocks the file.
    pub fn unlock(&mut self) {
        self.holder.signal("TERM");
        self.holder.wait_for("released");
    }

    /// Kills the writer, and starts another one.
    pub fn replace_writer(&mut self) {
        self.writer.signal("KILL");
        self.writer = run(&self.fixture);
    }

    /// Waits until the scan is saved, with all of its points, and until its spool is removed.
    pub async fn finish(mut self) -> Fixture {
        self.writer.wait_for("Finished writing");
        assert_eq!(read(&self.file, &["diode"]), json!([self.points]));
        let spool = spool(&self.fixture);
        wait("the removal", || files(&spool).is_empty()).await;
        let url = self.fixture.server.url();
        let marks = redis_call(&url, "KEYS nexus-writer:spool:*").await;
        assert_eq!(marks.as_array().map(<[_]>::len), Some(0));
        Fixture::end(self.writer);
        self.fixture
    }
}

fn spool(fixture: &Fixture) -> PathBuf {
    fixture.file("spool")
}

fn run(fixture: &Fixture) -> Program {
    run_with(fixture, &[])
}

fn run_with(fixture: &Fixture, options: &[&str]) -> Program {
    let spool = spool(fixture);
    let options = [&["--spool", spool.to_str().unwrap()], options].concat();
    fixture.run_with(&options)
}

/// Returns the files of all spools.
fn files(spool: &Path) -> Vec<PathBuf> {
    let list = |path: &Path| -> Vec<PathBuf> {
        let found = fs::read_dir(path).into_iter().flatten();
        found.map(|found| found.unwrap().path()).collect()
    };
    list(spool).iter().flat_map(|scan| list(scan)).collect()
}

/// Returns `true` if a spool in this directory has this text.
pub fn spools_have(spool: &Path, text: &str) -> bool {
    let has = |file: &PathBuf| {
        let content = fs::read(file).unwrap_or_default();
        content
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    files(spool).iter().any(has)
}

/// Waits until this holds: files do not announce their changes.
pub async fn wait(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT_LIMIT, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_same_process_saves_points_that_redis_has_dropped() {
    let mut threatened = ThreatenedScan::new().await;
    threatened.trim(40).await;
    threatened.send(10).await;
    threatened.unlock();
    threatened.writer.wait_for("start saving");
    threatened.send(10).await;
    end_and_finish(threatened).await;
}

#[tokio::test]
async fn the_next_process_saves_points_that_redis_has_dropped() {
    let mut threatened = ThreatenedScan::new().await;
    threatened.replace_writer();
    threatened.trim(40).await;
    threatened
        .writer
        .wait_for("waiting, the scan is not lost: file already locked");
    threatened.send(10).await;
    threatened.unlock();
    end_and_finish(threatened).await;
}

async fn end_and_finish(mut threatened: ThreatenedScan) {
    threatened.end_scan().await;
    threatened.finish().await;
}

#[tokio::test]
async fn a_scan_that_redis_has_lost_altogether_is_finished() {
    let mut threatened = ThreatenedScan::new().await;
    threatened.send(10).await;
    threatened.end_scan().await;
    threatened.wait_for_spool(r#""end_reason":"SUCCESS""#).await;
    threatened.wait_for_spool("59-1").await;
    threatened.writer.signal("KILL");
    let url = threatened.fixture.server.url();
    let keys = redis_call(&url, "KEYS esrf:s*").await;
    for key in keys.as_array().unwrap() {
        let key = key.as_str().unwrap();
        if key.starts_with("esrf:stream:") || key.len() == "esrf:scan:".len() + 26 {
            redis_call(&url, &format!("DEL {key}")).await;
        }
    }
    redis_call(&url, "DEL _SCAN_HISTORY_").await;
    threatened.writer = run(&threatened.fixture);
    threatened.writer.wait_for("left unread points in a spool");
    threatened.unlock();
    threatened.finish().await;
}

#[tokio::test]
async fn a_record_that_was_torn_by_a_kill_hides_no_other() {
    let mut threatened = ThreatenedScan::new().await;
    threatened.writer.signal("KILL");
    for file in files(&spool(&threatened.fixture)) {
        let mut file = File::options().append(true).open(file).unwrap();
        file.write_all(&[255, 0, 0, 0, 1, 2, 3, 4, 5]).unwrap();
    }
    threatened.trim(40).await;
    threatened.writer = run(&threatened.fixture);
    threatened.unlock();
    end_and_finish(threatened).await;
}

/// The points of the scan are in the files of this host, so a writer on another host would lose them.
#[tokio::test]
async fn a_writer_on_another_host_leaves_the_scan_alone() {
    let mut threatened = ThreatenedScan::new().await;
    threatened.writer.signal("KILL");
    threatened.trim(40).await;
    let key = threatened.end_scan().await;
    let url = threatened.fixture.url();
    let mut elsewhere = Command::new("unshare");
    let script = "echo elsewhere > /proc/sys/kernel/hostname && exec \"$@\"";
    elsewhere.args(["--map-root-user", "--uts", "sh", "-c", script, "sh", WRITER]);
    elsewhere.args(["save", "--retry-time=3600", "--spool-size=0", &url, &key]);
    let mut elsewhere = Program::start(&mut elsewhere);
    elsewhere.wait_for("its unread points are spooled on host");
    threatened.unlock();
    threatened.writer = run(&threatened.fixture);
    let _fixture = threatened.finish().await;
    let (status, log) = elsewhere.end();
    assert!(status.success(), "{log}");
}

#[tokio::test]
async fn a_full_spool_keeps_the_oldest_points_and_says_what_is_lost() {
    const POINTS: u64 = 150;
    let fixture = Fixture::new().await;
    fill_to_tracker_threshold(&fixture.server.url()).await;
    let file = fixture.file("a.h5");
    let holder = testing::hold(&file);
    let mut running = run_with(&fixture, &["--spool-size=1"]);
    let mut scan = fixture.create(&file, json!({"mca": stream("mca")})).await;
    let spectra = StreamDefinition::numeric("<u1".parse().unwrap(), &[Some(10_000)]);
    let mca = scan.add_stream("mca", spectra).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    for _ in 0..POINTS {
        mca.send(&[7; 10_000], 1).await.unwrap();
    }
    mca.settle().await.unwrap();
    running.wait_for("is full (1 MB): what Redis drops is lost");
    let command = format!("XTRIM {} MINID {}", mca.key(), POINTS - 1);
    redis_call(&fixture.server.url(), &command).await;
    end(scan).await;
    holder.signal("TERM");
    running.wait_for("Redis no longer has them");
    running.wait_for("INCOMPLETE");
    let data = read(&file, &["mca"]);
    let rows = data[0].as_array().unwrap();
    let has_come = |row: &Json| row[0] == json!(7);
    let kept = rows.iter().take_while(|row| has_come(row)).count();
    assert!((50..110).contains(&kept), "{kept}");
    assert_eq!(rows.iter().filter(|row| has_come(row)).count(), kept + 1);
    wait("the removal", || files(&spool(&fixture)).is_empty()).await;
    Fixture::end(running);
}

#[tokio::test]
async fn without_a_spool_scans_are_saved_nevertheless() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.run_with(&["--spool", "/proc/nothing"]);
    running
        .wait_for("points that Redis drops unread will be lost: cannot write into /proc/nothing");
    fixture.good_scan(&file).await;
    running.wait_for("Finished writing");
    let log = Fixture::end(running);
    assert_eq!(log.matches("/proc/nothing").count(), 1, "{log}");
}
