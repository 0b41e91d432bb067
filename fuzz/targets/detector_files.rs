//! Where detectors put their frames, and what they report: the description of a stream in the first line, and a
//! report in the second.
#![no_main]

use acquisition::DetectorFiles;
use blissdata::encoding::Encoding;
use blissdata::json;
use blissdata::stream_kind::{SequencedScan, StreamKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (description, report) = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &b""[..]),
    };
    let Ok(description) = json::parse(description) else {
        return;
    };
    let counter = Encoding::Numeric {
        dtype: "<u2".parse().expect("a type"),
        shape: Vec::new(),
    };
    for (encoding, points) in [(Encoding::Json, 1), (counter, report.len() as u64 / 2)] {
        match StreamKind::parse(&description.value, Some(&encoding)) {
            Ok(StreamKind::Frames { files, progress }) => {
                let saved = progress.read(report, points);
                locate(&*files, saved.map_or(3, |progress| progress.saved));
            }
            Ok(StreamKind::MasterFile { progress, .. }) => {
                // The reason of an error has nothing to check.
                progress.read(report, points).ok();
            }
            Ok(StreamKind::ScanSequence) => {
                if let Ok(event) = json::parse(report) {
                    SequencedScan::parse(&event.value);
                }
            }
            Ok(StreamKind::Plain) | Err(_) => {}
        }
    }
});

/// Locates the first and the last frames; more of them are no other code.
fn locate(files: &dyn DetectorFiles, saved: u64) {
    files.format();
    assert!(files.readable(saved) <= saved);
    for frames in [0..saved.min(20), saved.saturating_sub(20)..saved] {
        if let Ok(sources) = files.sources(frames.clone()) {
            let found: u64 = sources.iter().map(|source| source.frames).sum();
            assert_eq!(found, frames.end - frames.start);
        }
    }
}
