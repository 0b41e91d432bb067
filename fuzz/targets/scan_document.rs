//! The JSON documents of scans.
#![no_main]

use blissdata::document::ScanDocument;
use blissdata::store::ScanKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let key = ScanKey::from_pk("01M8K9V7QSN3M2PYB3V1FT5VZ8");
    // The reason of an error has nothing to check.
    ScanDocument::parse(&key, text).ok();
});
