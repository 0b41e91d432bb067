//! What a scan says of a stream: its encoding, and the files of a detector.
#![no_main]

use blissdata::encoding::Encoding;
use blissdata::stream_kind::StreamKind;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &[u8]| {
    let Ok(description) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    let encoding = Encoding::parse(&description["encoding"]).ok();
    if let Some(encoding) = &encoding {
        encoding.point_size();
    }
    // The reason of an error has nothing to check.
    StreamKind::parse(&description["info"], encoding.as_ref()).ok();
});
