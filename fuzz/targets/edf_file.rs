//! EDF files of detectors, and lines that a process is asked to look at files with.
#![no_main]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;

use libfuzzer_sys::fuzz_target;
use nexus::frames::{ExpectedFrames, Finding, FrameFormat, FrameRange, FrameReader, find};

fuzz_target!(|input: (u8, &[u8])| {
    let (row, bytes) = input;
    // A file without a name, which can be opened by the number of its descriptor.
    let Ok(descriptor) = rustix::fs::memfd_create("edf", rustix::fs::MemfdFlags::empty()) else {
        return;
    };
    let mut file = File::from(descriptor);
    file.write_all(bytes).expect("memory");
    let range = FrameRange {
        file: format!("/proc/self/fd/{}", file.as_raw_fd()),
        dataset: String::new(),
        first: u64::from(row % 4),
        count: 3,
    };
    let expected = ExpectedFrames {
        format: FrameFormat::Edf,
        element: None,
        shape: Some(vec![None, None]),
        is_swappable: true,
    };
    if let Finding::Found(found) = find(&range, &expected, None) {
        assert!(found.present <= range.count);
        assert_eq!(found.missing.is_none(), found.present == range.count);
        let ends = found.pieces.iter().map(|piece| piece.offset + piece.size);
        ends.for_each(|end| assert!(end <= bytes.len() as u64));
    }
    if let Ok(mut reader) = FrameReader::open(&range, &expected) {
        while let Ok(Some(batch)) = reader.next_batch() {
            assert!(batch.bytes.len() <= bytes.len());
        }
    }
});
