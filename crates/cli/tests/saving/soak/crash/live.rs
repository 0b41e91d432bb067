//! A session writer that is killed while scans are published.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use simulation::publish::StreamDefinition;
use testing::{Program, wait_until_saved};

use super::compare::{Part, compare, reference_of};
use super::{driver_options, older_file};
use crate::fixture::{Fixture, end, floats, stream};

/// Time between two points of a scan.
const STEP: Duration = Duration::from_millis(8);

/// Points of the scans: one that has ended when the others begin, and two that run at the same time.
const POINTS: [usize; 3] = [15, 50, 70];

/// Values of a spectrum.
const SPECTRUM: u64 = 16;

/// Reads a file again and again until its input is closed, which must not happen before its writer is killed. Then all
/// that it has seen must be there. The only output is the number of points in running scans that it has seen.
const WITNESS: &str = "
import select, sys, h5py
def read(name):
    found = {}
    def note(path, item):
        found[path, None] = set(item.attrs)
        if isinstance(item, h5py.Dataset):
            found[path, 'data'] = item[()]
    with h5py.File(name, 'r', locking=False) as file:
        file.visititems(note)
    return found
def has(now, before):
    if isinstance(before, set):
        return now >= before
    if getattr(before, 'ndim', 0) == 0:
        return now == before
    return len(now) >= len(before) and now[:len(before)].tolist() == before.tolist()
seen = {}
print('begun', flush=True)
while not select.select([sys.stdin], [], [], 0.02)[0]:
    try:
        seen.update(read(sys.argv[1]))
    except (OSError, KeyError, RuntimeError):
        # Readers of files that are written have a test of their own.
        pass
found = read(sys.argv[1])
for key, before in seen.items():
    if key not in found or not has(found[key], before):
        sys.exit(f'{key}: {found.get(key)} where a reader had seen {before}')
print(sum(len(value) for (path, kind), value in seen.items() if kind and path.endswith('/channel')))
";

/// Scans that are published anew for each kill.
pub struct LiveScans {
    fixture: Fixture,
    /// From the start of the writer until it has saved the scans, if it is left alone.
    pub duration: Duration,
    /// The number of killed writers of which points of running scans had been seen.
    pub shown: usize,
}

impl LiveScans {
    pub async fn new() -> LiveScans {
        let mut scans = LiveScans {
            fixture: Fixture::new().await,
            duration: Duration::ZERO,
            shown: 0,
        };
        let begin = Instant::now();
        let writer = scans.writer();
        scans.publish(&scans.fixture.file("alone.h5")).await;
        wait_until_saved(&scans.fixture.server.url()).await;
        scans.duration = begin.elapsed();
        Fixture::end(writer);
        scans
    }

    fn writer(&self) -> Program {
        let options = driver_options();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        self.fixture.run_with(&options)
    }

    /// Kills a writer, and lets another one go on. Returns what is wrong with the file.
    pub async fn kill_once(&mut self, number: usize, random: f64) -> Result<(), String> {
        let file = self.fixture.file(&format!("live{number}.h5"));
        older_file::make(&file, number);
        fs::copy(&file, reference_of(&file)).unwrap();
        let witness = Witness::start(&file);
        let begin = Instant::now();
        let writer = self.writer();
        let kill = async {
            // The moment is random, so there is nothing to wait for.
            let time = self.duration.mul_f64(random);
            tokio::time::sleep(time.saturating_sub(begin.elapsed())).await;
            writer.signal("KILL");
            writer.end();
            let kept = witness.end();
            let kept = kept.and_then(|shown| {
                compare(std::slice::from_ref(&file), Part::Older).map(|()| shown)
            });
            (kept, self.writer())
        };
        let (keys, (kept, second)) = tokio::join!(self.publish(&file), kill);
        wait_until_saved(&self.fixture.server.url()).await;
        let log = Fixture::end(second);
        self.shown += usize::from(kept? > 0);
        if log.contains("FAILED") {
            return Err(log);
        }
        compare(&[self.with_reference(file, number, &keys)], Part::Whole)
    }

    /// Saves the scans once more, in one go, in place of a file. Returns the path of the file, which has moved, and
    /// has this as its reference.
    fn with_reference(&self, file: PathBuf, number: usize, keys: &[String]) -> PathBuf {
        let result = file.with_extension("result");
        fs::rename(&file, &result).unwrap();
        older_file::make(&file, number);
        let saved = self.fixture.save(keys);
        assert_eq!(saved.status, Some(0), "{}", saved.log);
        fs::rename(&file, reference_of(&file)).unwrap();
        result
    }

    /// Publishes the scans. Returns their keys.
    async fn publish(&self, file: &Path) -> Vec<String> {
        let first = self.publish_scan(file, "1.1", POINTS[0]).await;
        let (second, third) = tokio::join!(
            self.publish_scan(file, "2.1", POINTS[1]),
            self.publish_scan(file, "3.1", POINTS[2])
        );
        vec![first, second, third]
    }

    async fn publish_scan(&self, file: &Path, name: &str, points: usize) -> String {
        let children = json!({
            "channel": stream("channel"), "spectrum": stream("spectrum"),
            "title": {"type": "dataset", "value": format!("scan {name}")},
        });
        let entry = json!({
            "type": "group", "attributes": {"NX_class": "NXentry"}, "children": children,
        });
        let mut scan = self.fixture.create(file, json!({name: entry})).await;
        let channel = scan.add_stream("channel", floats()).await.unwrap();
        let spectra = StreamDefinition::numeric("<f8".parse().unwrap(), &[Some(SPECTRUM)]);
        let spectra = scan.add_stream("spectrum", spectra).await.unwrap();
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        for point in 0..points {
            tokio::time::sleep(STEP).await;
            let value = (point as f64).to_le_bytes();
            channel.send(&value, 1).await.unwrap();
            let spectrum = value.repeat(SPECTRUM as usize);
            spectra.send(&spectrum, 1).await.unwrap();
            spectra.flush().await.unwrap();
        }
        end(scan).await
    }
}

/// A reader of a file that is written.
struct Witness {
    process: Child,
}

impl Witness {
    /// Starts a reader, and waits until it has begun.
    fn start(file: &Path) -> Witness {
        let mut python = testing::python();
        python.args(["-c", WITNESS]).arg(file);
        let mut process = python
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 6];
        let output = process.stdout.as_mut().unwrap();
        output.read_exact(&mut line).unwrap();
        assert_eq!(line, *b"begun\n");
        Witness { process }
    }

    /// Lets the reader compare the file with what it has seen. Returns the number of points of running scans that it
    /// has seen, or what is lost.
    fn end(self) -> Result<usize, String> {
        // This closes the input.
        let output = self.process.wait_with_output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)
                .unwrap()
                .trim()
                .parse()
                .unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}
