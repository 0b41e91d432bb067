//! Files that h5py reads as a whole, many times per second, while scans are saved in them.

mod reader;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use simulation::publish::{StreamDefinition, StreamPublisher};
use testing::Program;

use super::scale;
use super::walks::problems;
use crate::classic;
use crate::fixture::{Fixture, end, floats, stream};
use reader::{Locking, Reader, Walk};

/// Points of each scan.
const POINTS: usize = 12;

/// Values of a spectrum.
const SPECTRUM: u64 = 16;

/// Longest pause between two points.
const PAUSE: Duration = Duration::from_millis(80);

/// Time from one opening to the next of each reader.
const PERIOD: Duration = Duration::from_millis(90);

/// Openings by all readers together, for each scan.
const OPENINGS_PER_SCAN: usize = 20;

/// The number of scans in one file, in long runs.
const SCANS_PER_FILE: usize = 50;

/// How long a point may be invisible if nothing else is said: on a machine that is busy with other tests.
const LAG_LIMIT_MS: usize = 30_000;

/// A scan that is published.
#[derive(Debug, Default)]
struct PublishedScan {
    file: String,
    /// When each point was sent, in seconds since 1970.
    sent: Vec<f64>,
    /// Whether no writer ran then.
    is_backlog: bool,
}

/// Publishes scans with known values.
struct Publisher {
    fixture: Fixture,
    scans_per_file: usize,
    next: Cell<usize>,
    writer: RefCell<Option<Program>>,
    /// By the names of their entries.
    scans: RefCell<BTreeMap<String, PublishedScan>>,
}

impl Publisher {
    /// Publishes scans one after the other, and now and then two at the same time, until there are `scans`, and
    /// `is_enough` returns `true`. Half of the scans of each file are there already when a writer starts.
    async fn run(&self, scans: usize, is_enough: impl Fn() -> bool) {
        let backlog = self.scans_per_file / 2;
        loop {
            let number = self.next.get();
            if number > scans && is_enough() {
                break;
            }
            if number % self.scans_per_file == backlog {
                self.end_writer();
                for number in number..number + backlog {
                    self.next.set(number + 1);
                    self.publish(number).await;
                }
                self.start_writer();
            } else if number % 4 == 3 {
                self.next.set(number + 2);
                tokio::join!(self.publish(number), self.publish(number + 1));
            } else {
                self.next.set(number + 1);
                self.publish(number).await;
            }
        }
    }

    fn start_writer(&self) {
        let writer = self.fixture.run_with(&["--data-writer", "any"]);
        self.writer.replace(Some(writer));
    }

    fn end_writer(&self) {
        if let Some(writer) = self.writer.take() {
            let log = Fixture::end(writer);
            assert!(!log.contains("FAILED"), "{log}");
        }
    }

    /// Returns the file of a scan.
    fn file(&self, number: usize) -> PathBuf {
        let file = number / self.scans_per_file;
        self.fixture.file(&format!("scans{file:04}.h5"))
    }

    /// Publishes a scan: each third one in the classic layout.
    async fn publish(&self, number: usize) {
        let name = format!("{number}.1");
        let file = self.file(number);
        let scan = PublishedScan {
            file: file.file_name().unwrap().to_str().unwrap().to_owned(),
            sent: Vec::new(),
            is_backlog: self.writer.borrow().is_none(),
        };
        self.scans.borrow_mut().insert(name.clone(), scan);
        let is_classic = number.is_multiple_of(3);
        let mut scan = match is_classic {
            true => {
                let mut info = classic::info(&file, &["sent", "number"]);
                info["scan_nb"] = json!(number);
                info["npoints"] = json!(POINTS);
                classic::create(&self.fixture, info).await
            }
            false => {
                let children = json!({
                    "sent": stream("sent"), "number": stream("number"), "spectrum": stream("spectrum"),
                    "title": {"type": "dataset", "value": name, "attributes": {"units": ""}},
                });
                let entry = json!({
                    "type": "group", "attributes": {"NX_class": "NXentry"}, "children": children,
                });
                self.fixture.create(&file, json!({&*name: entry})).await
            }
        };
        let prefix = if is_classic { "ctl:" } else { "" };
        let [sent, numbers] = ["sent", "number"].map(|name| format!("{prefix}{name}"));
        let sent = scan.add_stream(&sent, floats()).await.unwrap();
        let numbers = scan.add_stream(&numbers, floats()).await.unwrap();
        let spectra = StreamDefinition::numeric("<f8".parse().unwrap(), &[Some(SPECTRUM)]);
        let spectra = match is_classic {
            true => None,
            false => Some(scan.add_stream("spectrum", spectra).await.unwrap()),
        };
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        for point in 0..POINTS {
            if self.writer.borrow().is_some() {
                tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
            }
            let value = (1000 * number + point) as f64;
            if let Some(spectra) = &spectra {
                let spectrum = (0..SPECTRUM).map(|index| value + index as f64 / 100.0);
                let spectrum: Vec<u8> = spectrum.flat_map(f64::to_le_bytes).collect();
                spectra.send(&spectrum, 1).await.unwrap();
            }
            numbers.send(&value.to_le_bytes(), 1).await.unwrap();
            self.send_time(&sent, &name).await;
        }
        end(scan).await;
    }

    /// Sends the present time as a point.
    async fn send_time(&self, stream: &StreamPublisher, scan: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = now.as_secs_f64();
        self.scans
            .borrow_mut()
            .get_mut(scan)
            .unwrap()
            .sent
            .push(now);
        stream.send(&now.to_le_bytes(), 1).await.unwrap();
        stream.flush().await.unwrap();
    }

    /// Returns what is wrong with what a reader has seen.
    fn problem(&self, walk: &Walk) -> Option<String> {
        if let Some(error) = &walk.error {
            return Some(error.clone());
        }
        let scans = self.scans.borrow();
        walk.found.iter().find_map(|(name, (length, last))| {
            let sent = scans.get(name).and_then(|scan| scan.sent.get(length - 1));
            (sent != Some(last)).then(|| format!("{name}: point {length} was {sent:?}, not {last}"))
        })
    }

    /// Returns the age of the oldest point that a reader has not seen when it was about to open the file, in seconds.
    fn lag(&self, walk: &Walk) -> f64 {
        let scans = self.scans.borrow();
        let scans = scans
            .iter()
            .filter(|(_, scan)| scan.file == walk.file && !scan.is_backlog);
        let ages = scans.filter_map(|(name, scan)| {
            let seen = walk.found.get(name).map_or(0, |(length, _)| *length);
            scan.sent.get(seen).map(|sent| walk.begin - sent)
        });
        ages.fold(0.0, f64::max)
    }
}

#[tokio::test]
async fn h5py_reads_growing_files_without_an_error() {
    let scans = scale("NEXUS_WRITER_READER_SCANS", 8);
    let publisher = Publisher {
        fixture: Fixture::new().await,
        scans_per_file: SCANS_PER_FILE.min(scans / 2),
        next: Cell::new(1),
        writer: RefCell::default(),
        scans: RefCell::default(),
    };
    let fixture = &publisher.fixture;
    publisher.start_writer();
    let lockings = [Locking::Off, Locking::Default].repeat(2);
    let start = |locking| Reader::start(fixture.folder.path(), locking, PERIOD);
    let readers: Vec<Reader> = lockings.into_iter().map(start).collect();
    let opened = || readers.iter().map(Reader::opened).sum::<usize>();
    let check = async {
        loop {
            tokio::time::sleep(PAUSE).await;
            let file = publisher.file(publisher.next.get() - 1);
            // A file that is being created cannot be opened yet.
            if has_begun(&file) {
                let found = tokio::task::spawn_blocking(move || problems(&file));
                assert_eq!(found.await.unwrap(), Vec::<String>::new());
            }
        }
    };
    tokio::select! {
        () = publisher.run(scans, || opened() >= OPENINGS_PER_SCAN * scans) => {}
        () = check => {}
    }
    let (walks, ended): (Vec<_>, Vec<_>) = readers.into_iter().map(Reader::end).unzip();
    publisher.end_writer();
    Walks::new(walks.concat()).judge(&publisher);
    assert!(ended.iter().all(ExitStatus::success), "{ended:?}");
}

/// Returns `true` if a file has the first bytes of an HDF5 file.
fn has_begun(file: &Path) -> bool {
    let mut first = [0; 4];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == *b"\x89HDF"
}

/// What all readers together have seen.
struct Walks {
    walks: Vec<Walk>,
    /// For each file when it was first opened with success.
    opened: BTreeMap<String, f64>,
}

impl Walks {
    fn new(walks: Vec<Walk>) -> Walks {
        let mut opened = BTreeMap::new();
        for walk in walks.iter().filter(|walk| walk.error.is_none()) {
            let first = opened.entry(walk.file.clone()).or_insert(walk.begin);
            *first = walk.begin.min(*first);
        }
        Walks { walks, opened }
    }

    /// Returns `true` if nobody had been able to open the file before: it was being created.
    fn is_early(&self, walk: &Walk) -> bool {
        let opened = self.opened.get(&walk.file);
        opened.is_none_or(|first| walk.begin < *first)
    }

    /// Prints what the readers have seen, and fails if anything was wrong.
    fn judge(&self, publisher: &Publisher) {
        let longest = self.walks.iter().map(|walk| walk.duration);
        let longest = longest.fold(0.0, f64::max);
        let (early, walks): (Vec<_>, Vec<_>) =
            self.walks.iter().partition(|walk| self.is_early(walk));
        let mut lags: Vec<f64> = self.walks.iter().map(|walk| publisher.lag(walk)).collect();
        lags.sort_unstable_by(f64::total_cmp);
        let lag = lags.last().copied().unwrap_or_default();
        println!(
            "{} walks, the longest {longest:.3} s, and {} before a file was complete, through files of {} scans; \
             the oldest point that was not seen: {:.3} s (median), {lag:.3} s (longest)",
            walks.len(),
            early.len(),
            publisher.scans.borrow().len(),
            lags.get(lags.len() / 2).copied().unwrap_or_default(),
        );
        let problems = walks.into_iter().filter_map(|walk| {
            let problem = publisher.problem(walk)?;
            let (locking, file) = (walk.locking, &walk.file);
            Some(format!("{locking:?} {file} at {}: {problem}", walk.begin))
        });
        let problems: Vec<String> = problems.collect();
        assert!(
            problems.is_empty(),
            "{} errors: {problems:#?}",
            problems.len()
        );
        let limit = scale("NEXUS_WRITER_READER_LAG_MS", LAG_LIMIT_MS);
        assert!(
            lag * 1000.0 < limit as f64,
            "a point was not visible for {lag} s"
        );
    }
}
