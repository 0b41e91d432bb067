//! Records of completeness in files.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use writer::check::CompletenessRecord;

fuzz_target!(|input: (u64, &str)| {
    let (points, text) = input;
    let file = Path::new("/data/a.h5");
    if let Ok(record) = CompletenessRecord::parse(text, file) {
        for stream in &record.streams {
            stream.problem();
            assert!(stream.missing(points) <= points);
        }
        // The holes of version 1 may be in any order, which version 2 does not have.
        if let Ok(again) = CompletenessRecord::parse(&record.to_text(), file) {
            assert_eq!(again.to_text(), record.to_text());
        }
    }
});
