//! JSON as Python writes it.
#![no_main]

use blissdata::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(parsed) = json::parse(text) {
        let again = json::parse(parsed.value.to_string().as_bytes()).expect("its own text");
        assert_eq!(again.value, parsed.value);
        assert_eq!(again.non_finite, 0);
    }
});
