//! A file that is being written, and what h5py sees of it in another process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hub::Hub;
use nexus::chunk::EncoderPool;
use nexus::dataset::{StoreQueue, StreamDataset, WritePolicy};
use nexus::h5::{File, Group};
use nexus::tree::{ByteOrder, ChunkOptions, DeclaredStorage, ElementType, StreamStorage};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

pub const LITTLE: ByteOrder = ByteOrder::Little;
pub const DOUBLE: ElementType = ElementType::Float(8, LITTLE);

/// A file that is being written.
pub struct Writer {
    _directory: Option<TempDir>,
    pub path: PathBuf,
    pub file: File,
    pub root: Rc<Group>,
    pub store_queue: StoreQueue,
}

/// What h5py sees of a dataset.
pub struct Seen {
    pub layout: Json,
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn new() -> Writer {
        Writer::with_pool(EncoderPool::with_workers(2, 16 << 20, Arc::default()).unwrap())
    }

    pub fn with_pool(pool: EncoderPool) -> Writer {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scan.h5");
        let file = File::create(&path).unwrap();
        let root = Rc::new(file.root().unwrap());
        Writer {
            _directory: Some(directory),
            path,
            file,
            root,
            store_queue: StoreQueue::new(Arc::new(pool)),
        }
    }

    /// Another writer of a file that is there.
    pub fn open(path: &Path) -> Writer {
        let file = File::open(path).unwrap();
        Writer {
            _directory: None,
            path: path.to_owned(),
            root: Rc::new(file.root().unwrap()),
            file,
            store_queue: StoreQueue::new(Arc::new(
                EncoderPool::with_workers(2, 16 << 20, Arc::default()).unwrap(),
            )),
        }
    }

    pub fn dataset(
        &self,
        path: &str,
        element: ElementType,
        shape: &[Option<u64>],
        policy: WritePolicy,
    ) -> StreamDataset {
        let (root, store_queue) = (Rc::clone(&self.root), self.store_queue.clone());
        let (shape, storage) = (shape.to_vec(), StreamStorage::Automatic);
        StreamDataset::new(root, path, element, shape, storage, policy, store_queue).unwrap()
    }

    /// A dataset whose extent in the scan, chunks and filters are declared.
    pub fn declared(
        &self,
        path: &str,
        element: ElementType,
        shape: &[Option<u64>],
        (scan, chunks): (&[u64], ChunkOptions),
        policy: WritePolicy,
    ) -> StreamDataset {
        let (root, store_queue, shape) = (
            Rc::clone(&self.root),
            self.store_queue.clone(),
            shape.to_vec(),
        );
        let scan = scan.to_vec();
        let storage = StreamStorage::Declared(DeclaredStorage { scan, chunks });
        StreamDataset::new(root, path, element, shape, storage, policy, store_queue).unwrap()
    }

    /// What a reader sees after a flush.
    pub fn seen(&self, path: &str) -> Option<Seen> {
        self.file.flush().unwrap();
        seen(&self.path, path)
    }

    pub fn end(self, path: &str) -> Seen {
        self.file.close().unwrap();
        seen(&self.path, path).unwrap()
    }
}

pub fn seen(file: &Path, path: &str) -> Option<Seen> {
    seen_all(file, &[path.to_owned()]).remove(0)
}

/// What one look of another process shows.
pub fn seen_all(file: &Path, paths: &[String]) -> Vec<Option<Seen>> {
    let directory = tempfile::tempdir().unwrap();
    let output = crate::common::python()
        .arg(crate::common::script("dataset.py"))
        .args([file, directory.path()])
        .args(paths)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let described: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    let seen = described.into_iter().enumerate().map(|(number, layout)| {
        let bytes = std::fs::read(directory.path().join(number.to_string())).ok()?;
        Some(Seen { layout, bytes })
    });
    seen.collect()
}

impl Seen {
    pub fn doubles(&self) -> Vec<f64> {
        let numbers = self.bytes.chunks_exact(8);
        numbers
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    pub fn filter_masks(&self) -> Vec<u64> {
        let stored = self.layout["stored"].as_array().unwrap();
        stored
            .iter()
            .map(|chunk| chunk[1].as_u64().unwrap())
            .collect()
    }

    pub fn is_contiguous(&self) -> bool {
        self.layout["chunks"].is_null() && self.layout["shape"] == self.layout["maxshape"]
    }

    pub fn is_compressed(&self) -> bool {
        self.layout["filters"] == json!([true, "gzip", 4])
    }
}

pub fn run<T>(scan: impl Future<Output = T>) -> T {
    Hub::new().unwrap().run(scan)
}

pub fn doubles(numbers: impl IntoIterator<Item = f64>) -> Bytes {
    numbers.into_iter().flat_map(f64::to_le_bytes).collect()
}

/// Numbers from `first` on.
pub fn count(first: u64, count: u64) -> Bytes {
    doubles((first..first + count).map(|n| n as f64))
}

/// Bytes that compress, but not to nothing.
pub fn pattern(size: usize) -> Bytes {
    (0..size).map(|n| (n / 3 * n % 61) as u8).collect()
}

/// Chunks of 16 KiB, so that a test needs no megabytes.
pub fn small(policy: WritePolicy) -> WritePolicy {
    WritePolicy {
        chunk: 16 << 10,
        ..policy
    }
}

pub fn same(left: &[f64], right: &[f64]) -> bool {
    let pairs = left.iter().zip(right);
    left.len() == right.len()
        && pairs
            .into_iter()
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

/// Commits until readers can see so many points.
pub async fn shown(dataset: &mut StreamDataset, points: u64) {
    loop {
        dataset.expose().unwrap();
        if dataset.visible() == points {
            return;
        }
        hub::sleep(Duration::from_millis(10)).await;
    }
}

/// A generator of pseudo-random numbers, which are the same for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end.max(1)
    }

    /// Returns so many lengths from 1 to `most`.
    pub fn lengths(&mut self, rank: u64, most: u64) -> Vec<u64> {
        (0..rank).map(|_| 1 + self.below(most)).collect()
    }
}
