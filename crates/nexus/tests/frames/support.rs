//! A detector that writes files, a file that is being written, and who reads both.

use std::path::PathBuf;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;

use nexus::dataset::{FrameDataset, FrameReference, FrameTarget, LocatedFrames};
use nexus::frames::{ExpectedFrames, Finding, FoundFrames, FrameFormat, FrameRange, find};
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
}

impl FrameFixture {
    pub fn new() -> FrameFixture {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("raw")).unwrap();
        let path = directory.path().join("scan.h5");
        let file = File::create(&path).unwrap();
        let root = Rc::new(file.root().unwrap());
        FrameFixture {
            directory,
            path,
            file,
            root,
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
        reference: FrameReference,
        element: ElementType,
        storage: StreamStorage,
    ) -> FrameDataset {
        let target = FrameTarget {
            parent: Rc::clone(&self.root),
            path: "cam/image".to_owned(),
            file: self.path.clone(),
            element,
            frame: vec![2, 3],
            storage,
        };
        FrameDataset::new(reference, target, Arc::default())
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

/// Frames to which a dataset may refer.
pub fn usable(frames: &[FrameRange]) -> Vec<LocatedFrames> {
    let frames = frames.iter().map(|range| LocatedFrames {
        range: range.clone(),
        is_usable: true,
        pieces: Vec::new(),
    });
    frames.collect()
}

/// Frames with the bytes that were found for them.
pub fn in_pieces(frames: &[FrameRange]) -> Vec<LocatedFrames> {
    let mut located = usable(frames);
    for frames in &mut located {
        frames.pieces = look(&frames.range, &of_any_type(FrameFormat::Edf)).pieces;
    }
    located
}

/// Frames of 2 x 3 pixels of any type.
pub fn of_any_type(format: FrameFormat) -> ExpectedFrames {
    ExpectedFrames {
        format,
        element: None,
        shape: Some(vec![Some(2), Some(3)]),
        is_swappable: false,
    }
}

/// What there is of frames that were not looked for before.
pub fn look(range: &FrameRange, expected: &ExpectedFrames) -> FoundFrames {
    match find(range, expected, None) {
        Finding::Found(found) => found,
        Finding::Unchanged => panic!("it was not looked for before"),
    }
}

/// The pixels of frames.
pub fn pixels(frames: std::ops::Range<u64>) -> Json {
    let row = |frame: u64, row: u64| -> Vec<u64> {
        let first = 6 * frame + 3 * row;
        (first..first + 3).collect()
    };
    frames.map(|frame| [row(frame, 0), row(frame, 1)]).collect()
}
