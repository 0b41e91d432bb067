//! Records of completeness in files.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use writer::check::CompletenessRecord;

fuzz_target!(|input: (u64, &str)| {
    let (points, text) = input;
    if let Ok(record) = CompletenessRecord::parse(text, Path::new("/data/a.h5")) {
        for stream in &record.streams {
            stream.problem();
            assert!(stream.missing(points) <= points);
        }
    }
});
