//! A detector that writes files, a file that is being written, and who reads both.

use std::path::PathBuf;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;

use hub::Hub;
use nexus::chunk::EncoderPool;
use nexus::dataset::{
    Error, FrameDataset, FrameRange, FrameStorage, FrameTarget, StoreQueue, WritePolicy,
};
use nexus::h5::{File, Group};
use nexus::tree::{ByteOrder, ChunkOptions, DeclaredStorage, ElementType, StreamStorage};
use serde_json::Value as Json;
use tempfile::TempDir;

pub const SHORT: ElementType = ElementType::Uint(2, ByteOrder::Little);
pub const SINGLE: ElementType = ElementType::Float(4, ByteOrder::Little);

/// A directory with a file that is being written, and one of a detector below.
pub struct FrameFixture {
    pub directory: TempDir,
    pub path: PathBuf,
    pub file: File,
    pub root: Rc<Group>,
    pub store_queue: StoreQueue,
}

impl FrameFixture {
    pub fn new() -> FrameFixture {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("raw")).unwrap();
        let path = directory.path().join("scan.h5");
        let file = File::create(&path).unwrap();
        let root = Rc::new(file.root().unwrap());
        let pool = EncoderPool::with_workers(1, 16 << 20, Arc::default()).unwrap();
        FrameFixture {
            directory,
            path,
            file,
            root,
            store_queue: StoreQueue::new(Arc::new(pool)),
        }
    }

    /// Absolute path of a file of the detector.
    pub fn raw(&self, name: &str) -> String {
        let path = self.directory.path().join("raw").join(name);
        path.to_str().unwrap().to_owned()
    }

    /// Has the detector write a file.
    pub fn detect(&self, format: &str, name: &str, first: u64, count: u64, dtype: &str) {
        let status = crate::common::python()
            .arg(crate::common::script("detector.py"))
            .args([format, &self.raw(name)])
            .args([first, count].map(|number| number.to_string()))
            .arg(dtype)
            .status();
        assert!(status.unwrap().success());
    }

    /// The first frames of a file.
    pub fn frames(&self, name: &str, count: u64) -> FrameRange {
        let dataset = match name.ends_with(".h5") {
            true => "/entry/data",
            false => "",
        };
        FrameRange {
            file: self.raw(name),
            dataset: dataset.to_owned(),
            first: 0,
            count,
        }
    }

    pub fn dataset(
        &self,
        form: FrameStorage,
        element: ElementType,
        storage: StreamStorage,
    ) -> FrameDataset {
        let site = FrameTarget {
            parent: Rc::clone(&self.root),
            path: "cam/image".to_owned(),
            file: self.path.clone(),
            element,
            frame: vec![2, 3],
            storage,
        };
        FrameDataset::new(form, site, WritePolicy::live(), &self.store_queue).unwrap()
    }

    /// What a reader sees after a flush.
    pub fn seen(&self) -> Json {
        self.file.flush().unwrap();
        let output = crate::common::python()
            .arg(crate::common::script("frames.py"))
            .arg(&self.path)
            .arg("cam/image")
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A scan of this extent, stored as blisswriter 2.0.0 does.
pub fn declared(scan: &[u64]) -> StreamStorage {
    StreamStorage::Declared(DeclaredStorage {
        scan: scan.to_vec(),
        chunks: ChunkOptions::default(),
    })
}

/// Ends the dataset with these frames.
pub fn close(dataset: &mut FrameDataset, frames: &[FrameRange]) -> Result<(), Error> {
    run(dataset.close(frames))
}

pub fn run<T>(scan: impl Future<Output = T>) -> T {
    Hub::new().unwrap().run(scan)
}

/// The pixels of frames.
pub fn pixels(frames: std::ops::Range<u64>) -> Json {
    let row = |frame: u64, row: u64| -> Vec<u64> {
        let first = 6 * frame + 3 * row;
        (first..first + 3).collect()
    };
    frames.map(|frame| [row(frame, 0), row(frame, 1)]).collect()
}
