//! Points of BLISS 1.11 that Redis trims while their file cannot take them: they are read from the spool.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "node/published_scan.rs"]
mod published_scan;
#[path = "node/saving.rs"]
mod saving;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bliss_node::publish::{ChannelId, NewChannel, ScanPublisher};
use bliss_node::store::NodeStore;
use pickle::Value;
use pickle::numpy::Dtype;
use published_scan::{Beamline, doubles};
use testing::Program;
use writer::WriterThread;
use writer::options::{SaveOptions, SpoolOptions};
use writer::report::ScanOutcome;
use writer::scan::NexusScanWriter;
use writer::source::ScanId;
use writer::source::node::spooling_scan_store;

const SCAN: &str = "demo:data:1_test";
const CHANNELS: [&str; 5] = ["dev:c0", "dev:c1", "dev:c2", "dev:c3", "dev:c4"];
/// Points of each channel.
const POINTS: u32 = 5000;
/// Longest wait, which is not reached even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(100);

fn run<T>(test: impl Future<Output = T>) -> T {
    hub::Hub::new().unwrap().run(test)
}

/// A scan with several channels of which each point is an event.
struct RunningScan {
    beamline: Beamline,
    publisher: Option<ScanPublisher>,
    channels: Vec<ChannelId>,
    points: u32,
}

impl RunningScan {
    async fn start() -> RunningScan {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &CHANNELS)]);
        let points = Value::from(u64::from(POINTS));
        scan.info.insert("npoints".to_owned(), points);
        let channel = |name: &&str| NewChannel::numbers(name, Dtype::FLOAT64, &[]);
        let add = |name| scan.add_channel("timer:dev", channel(name)).unwrap();
        let channels = CHANNELS.iter().map(add).collect();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        RunningScan {
            beamline,
            publisher: Some(publisher),
            channels,
            points: 0,
        }
    }

    async fn publish(&mut self, points: u32) {
        for point in self.points..self.points + points {
            let array = doubles(&[], &[f64::from(point)]);
            let data: Vec<_> = self.channels.iter().map(|id| (*id, 1, &array)).collect();
            let publisher = self.publisher.as_mut().unwrap();
            publisher.publish(&data).await.unwrap();
        }
        self.points += points;
    }

    /// Publishes the rest of the points, not much faster than they are spooled.
    async fn publish_spooled(&mut self) {
        while self.points < POINTS {
            self.publish(500.min(POINTS - self.points)).await;
            let last = format!("\r\n{}-0\r\n", self.points);
            let spool = self.spool();
            wait(&last, || count(&spool, last.as_bytes()) >= CHANNELS.len()).await;
        }
    }

    async fn end(&mut self) {
        let publisher = self.publisher.take().unwrap();
        publisher.end(None).await.unwrap();
    }

    fn spool(&self) -> PathBuf {
        self.beamline.root.path().join("spool")
    }

    /// Starts a process that saves the scan.
    fn writer(&self) -> Program {
        let mut writer = Command::new(env::current_exe().unwrap());
        writer.args(["--ignored", "--exact", "--nocapture", "writer_process"]);
        writer.env("WRITER_REDIS", self.beamline.store.url().with_secrets());
        writer.env("WRITER_SPOOL", self.spool());
        Program::start(&mut writer)
    }

    /// Returns the values of the channels in the file, as Python prints them.
    fn values(&self) -> Vec<String> {
        let path = |channel: &&str| channel.replace("dev:", "1.1/measurement/");
        let values = CHANNELS.iter().map(path);
        values.map(|path| self.beamline.values(&path)).collect()
    }
}

/// Saves the scan as a process that can be killed.
#[test]
#[ignore = "the other tests start it"]
fn writer_process() {
    // It can also be started by whoever runs all ignored tests.
    let Ok(url) = env::var("WRITER_REDIS") else {
        return;
    };
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr);
    log.with_ansi(false).init();
    run(async {
        let store = NodeStore::new(&url.parse().unwrap());
        let options = SpoolOptions {
            path: Some(env::var_os("WRITER_SPOOL").unwrap().into()),
            ..SpoolOptions::default()
        };
        let scans = spooling_scan_store(&store, &options);
        let thread = WriterThread::start(Default::default()).unwrap();
        let (scan, options) = (ScanId::new(SCAN), SaveOptions::default());
        let writer = NexusScanWriter::start(&thread, &scans, scan.clone(), None, options);
        let report = writer.unwrap().report().await;
        if report.outcome <= ScanOutcome::Complete {
            scans.discard_spool(&scan).await;
        }
        eprintln!("outcome {:?}: {:?}", report.outcome, report.warnings);
        thread.stop().await.unwrap();
    });
}

/// Returns the files of all spools.
fn files(spool: &Path) -> Vec<PathBuf> {
    let list = |path: &Path| -> Vec<PathBuf> {
        let found = fs::read_dir(path).into_iter().flatten();
        found.map(|found| found.unwrap().path()).collect()
    };
    list(spool).iter().flat_map(|scan| list(scan)).collect()
}

/// Returns how often a text is at the ends of the files of the spools, where the last records are.
fn count(spool: &Path, text: &[u8]) -> usize {
    let count = |file: PathBuf| {
        let content = fs::read(file).unwrap_or_default();
        let end = &content[content.len().saturating_sub(4 << 20)..];
        let parts = end.windows(text.len());
        parts.filter(|part| *part == text).count()
    };
    files(spool).into_iter().map(count).sum()
}

/// Waits until this holds: files do not announce their changes.
async fn wait(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT_LIMIT, "{what}");
        hub::sleep(Duration::from_millis(20)).await;
    }
}

/// A scan whose file is locked, and whose first points Redis has trimmed after a writer has spooled them.
struct WaitingScan {
    scan: RunningScan,
    holder: Program,
    writer: Program,
}

impl WaitingScan {
    async fn start() -> WaitingScan {
        let mut scan = RunningScan::start().await;
        let holder = testing::hold(&scan.beamline.file());
        let mut writer = scan.writer();
        // A writer that comes late has to see that there are new points.
        while files(&scan.spool()).is_empty() {
            assert!(scan.points < 2000, "nothing is spooled");
            scan.publish(10).await;
            hub::sleep(Duration::from_millis(25)).await;
        }
        writer.wait_for("they are spooled in");
        scan.publish_spooled().await;
        WaitingScan {
            scan,
            holder,
            writer,
        }
    }

    /// Unlocks the file, and expects all points in it and nothing in the spool.
    async fn finish(mut self) {
        self.holder.signal("TERM");
        self.holder.wait_for("released");
        self.writer.wait_for("outcome Complete: ");
        let points: Vec<f64> = (0..POINTS).map(f64::from).collect();
        for values in self.scan.values() {
            assert!(values == format!("{points:?}"), "not all points are saved");
        }
        assert_eq!(files(&self.scan.spool()), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_same_process_saves_points_that_redis_has_trimmed() {
    run(async {
        let mut waiting = WaitingScan::start().await;
        waiting.scan.end().await;
        waiting.finish().await;
    });
}

#[test]
fn the_next_process_saves_points_that_redis_has_trimmed() {
    run(async {
        let mut waiting = WaitingScan::start().await;
        waiting.writer.signal("KILL");
        waiting.writer = waiting.scan.writer();
        waiting.writer.wait_for("waiting, the scan is not lost");
        waiting.scan.end().await;
        waiting.finish().await;
    });
}

/// A file can be locked for longer than the ten minutes after which the nodes below a scan are gone.
#[test]
fn the_next_process_saves_a_scan_whose_nodes_have_expired() {
    run(async {
        let mut waiting = WaitingScan::start().await;
        waiting.scan.end().await;
        // The end of each stream has its own record, without an entry.
        let spool = waiting.scan.spool();
        let end = [5000u64.to_le_bytes().as_slice(), b"*0\r\n"].concat();
        wait("the ends", || count(&spool, &end) >= CHANNELS.len()).await;
        let mut connection = waiting.scan.beamline.store.open().await.unwrap();
        let keys = redis_client::Command::new("KEYS").arg(format!("{SCAN}:*"));
        let keys = connection.call(&keys).await.unwrap();
        for key in keys.as_array().unwrap() {
            let delete = redis_client::Command::new("DEL").arg(key.as_bytes().unwrap());
            connection.call(&delete).await.unwrap();
        }
        waiting.writer.signal("KILL");
        waiting.writer = waiting.scan.writer();
        waiting.finish().await;
    });
}

#[test]
fn nothing_is_spooled_while_the_writer_keeps_up() {
    run(async {
        let mut scan = RunningScan::start().await;
        let options = SpoolOptions {
            path: Some(scan.spool()),
            ..SpoolOptions::default()
        };
        let scans = spooling_scan_store(&scan.beamline.store, &options);
        let thread = WriterThread::start(Default::default()).unwrap();
        let (id, options) = (ScanId::new(SCAN), SaveOptions::default());
        let writer = NexusScanWriter::start(&thread, &scans, id, None, options).unwrap();
        while scan.points < POINTS {
            scan.publish(250).await;
            let is_stored = || {
                let lags = writer.progress().lags();
                let mut stored = lags.iter().map(|lag| lag.stored);
                lags.len() == CHANNELS.len()
                    && stored.all(|stored| stored == u64::from(scan.points))
            };
            wait("the points in the file", is_stored).await;
        }
        assert_eq!(files(&scan.spool()), Vec::<PathBuf>::new());
        scan.end().await;
        assert_eq!(writer.report().await.outcome, ScanOutcome::Complete);
        thread.stop().await.unwrap();
    });
}

#[test]
fn points_that_redis_trims_while_the_writer_is_stopped_are_a_hole() {
    run(async {
        let mut scan = RunningScan::start().await;
        let mut writer = scan.writer();
        writer.wait_for("start saving");
        writer.signal("STOP");
        scan.publish(POINTS).await;
        scan.end().await;
        writer.signal("CONT");
        writer.wait_for("outcome Incomplete: ");
        assert!(writer.log().contains("Redis no longer has them"));
        for values in scan.values() {
            let values = values.trim_matches(['[', ']']).split(", ");
            let numbers: Vec<f64> = values.map(|value| value.parse().unwrap()).collect();
            assert_eq!(numbers.len(), POINTS as usize);
            let last_lost = numbers.iter().rposition(|number| number.is_nan()).unwrap();
            // Redis keeps 2,048 entries and up to a hundred more.
            assert!((2799..=2951).contains(&last_lost), "{last_lost}");
            // It may have answered a read of the writer that was stopped with the first points.
            let first_lost = numbers.iter().position(|number| number.is_nan()).unwrap();
            assert!(first_lost < 500, "{first_lost}");
            let holds = |point: usize| match numbers[point].is_nan() {
                true => (first_lost..=last_lost).contains(&point),
                false => {
                    numbers[point] == point as f64 && !(first_lost..=last_lost).contains(&point)
                }
            };
            assert!((0..numbers.len()).all(holds), "{numbers:?}");
        }
    });
}
