//! A program that opens a file again and again with h5py, and reads all of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value as Json;

/// Walks through the newest file of a folder, and reports each walk in a line. The numbers and spectra of a scan follow
/// from the number of the scan. The last time is reported, and compared where it is known.
const PROGRAM: &str = "
import faulthandler, json, os, select, sys, time
import h5py, numpy
faulthandler.enable()
folder, locking, period = sys.argv[1], {'unlocked': False, 'locked': None}[sys.argv[2]], float(sys.argv[3])

def compare(path, values, found):
    parts = path.split('/')
    name = next((part for part in parts if part in ('sent', 'number', 'spectrum')), None)
    if name is None:
        return
    index = numpy.arange(len(values)) + 1000.0 * int(parts[1].split('.')[0])
    if name == 'number' and not numpy.array_equal(values, index):
        raise ValueError(f'{path}: {values} where {index} was published')
    if name == 'spectrum' and not numpy.array_equal(values, numpy.add.outer(index, numpy.arange(values.shape[1]) / 100)):
        raise ValueError(f'{path}: {values} where spectra from {index} were published')
    if name == 'sent' and len(values):
        if not (numpy.diff(values) > 0).all():
            raise ValueError(f'{path}: {values} do not grow')
        found[parts[1]] = [len(values), values[-1]]

def read(path, item, found):
    for name in item.attrs:
        present[0] = f'{path}@{name}'
        item.attrs[name]
    if isinstance(item, h5py.Dataset):
        values = item[()]
        if item.dtype.kind == 'f' and item.ndim > 0:
            compare(path, values, found)
        return
    for name in item:
        # Soft links, and links to the frames of detectors, are no part of the file.
        if item.get(name, getlink=True, getclass=True) is h5py.HardLink:
            present[0] = f'{path}/{name}'
            read(f'{path}/{name}', item[name], found)

# What is being read.
present = ['']

def walk(path):
    found = {}
    present[0] = ''
    with h5py.File(path, 'r', locking=locking) as file:
        read('', file, found)
    return found

while True:
    begin, found, error = time.time(), {}, None
    names = sorted(name for name in os.listdir(folder) if name.endswith('.h5'))
    if names:
        path = os.path.join(folder, names[-1])
        try:
            found = walk(path)
        except Exception as raised:
            error = f'{present[0]}: {raised!r}'
        seen = {'file': names[-1], 'begin': begin, 'duration': time.time() - begin, 'found': found, 'error': error}
        print(json.dumps(seen), flush=True)
    rest = max(0, begin + period - time.time())
    if select.select([sys.stdin], [], [], rest)[0]:
        break
";

/// How a reader opens files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// As h5py does by default: with a shared lock.
    Default,
    /// Without a lock.
    Off,
}

/// A reader in a process of its own.
pub struct Reader {
    process: Child,
    opened: Arc<AtomicUsize>,
    walks: JoinHandle<Vec<Walk>>,
}

/// What a reader has seen while it had a file open.
#[derive(Debug, Clone)]
pub struct Walk {
    pub locking: Locking,
    /// The name of the file.
    pub file: String,
    /// When the reader was about to open the file, in seconds since 1970.
    pub begin: f64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// For each scan the number of its points, and the time at which the last of them was sent.
    pub found: BTreeMap<String, (usize, f64)>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Reader {
    /// Starts to look at the newest file of a folder once in each `period`.
    pub fn start(folder: &Path, locking: Locking, period: Duration) -> Reader {
        let mode = match locking {
            Locking::Default => "locked",
            Locking::Off => "unlocked",
        };
        let mut python = testing::python();
        python.env_remove("HDF5_USE_FILE_LOCKING");
        python.args(["-c", PROGRAM]).arg(folder);
        python.args([mode, &period.as_secs_f64().to_string()]);
        let mut process = python
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let opened = Arc::new(AtomicUsize::new(0));
        let counter = opened.clone();
        let walks = thread::spawn(move || {
            let walk = |line: std::io::Result<String>| {
                counter.fetch_add(1, Ordering::Relaxed);
                Walk::parse(locking, &line.unwrap())
            };
            lines.map(walk).collect()
        });
        Reader {
            process,
            opened,
            walks,
        }
    }

    /// Returns how many times it has opened a file.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Ends the reader after its present walk. Returns all walks, and how the process has ended: the library may crash
    /// on what it finds in a file.
    pub fn end(mut self) -> (Vec<Walk>, ExitStatus) {
        drop(self.process.stdin.take());
        let status = self.process.wait().unwrap();
        (self.walks.join().unwrap(), status)
    }
}

impl Walk {
    fn parse(locking: Locking, line: &str) -> Walk {
        let walk: Json = serde_json::from_str(line).unwrap();
        let found = walk["found"].as_object().unwrap().iter();
        Walk {
            locking,
            file: walk["file"].as_str().unwrap().to_owned(),
            begin: walk["begin"].as_f64().unwrap(),
            duration: walk["duration"].as_f64().unwrap(),
            found: found
                .map(|(scan, seen)| {
                    let length = usize::try_from(seen[0].as_u64().unwrap()).unwrap();
                    (scan.clone(), (length, seen[1].as_f64().unwrap()))
                })
                .collect(),
            error: walk["error"].as_str().map(str::to_owned),
        }
    }
}
