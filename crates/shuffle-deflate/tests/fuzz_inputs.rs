//! What the fuzzing has found keeps to the size that it checks.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

#[path = "common/decoders.rs"]
mod decoders;
#[path = "common/script.rs"]
mod script;
#[path = "common/size_rule.rs"]
mod size_rule;

use std::fs;
use std::path::Path;

use shuffle_deflate::{EncodeError, Encoder, bound, shuffle};

/// Returns the names and the bytes of all inputs.
fn inputs() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/shuffle_deflate");
    let entries = fs::read_dir(&folder).expect("the folder of inputs");
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a file"))
        })
        .collect()
}

#[test]
fn no_input_is_much_larger_than_with_libdeflate_1() {
    let mut encoder = Encoder::new();
    let inputs = inputs();
    assert!(!inputs.is_empty());
    for (name, input) in inputs {
        let Some((chunk, item)) = script::chunk(&input) else {
            continue;
        };
        // The name of the input precedes what the check says if it fails.
        println!("{name}");
        let mut shuffled = vec![0; chunk.len()];
        shuffle(&chunk, item, &mut shuffled);
        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(&chunk, item, &mut stream)
            .expect("the bound is enough");
        size_rule::check(&shuffled, item, length);
        assert!(decoders::decode(&stream[..length], chunk.len()) == shuffled);
    }
}

#[test]
fn a_stream_fits_exactly_whichever_encoder_makes_it() {
    let mut encoder = Encoder::new();
    for (name, input) in inputs() {
        let Some((chunk, item)) = script::chunk(&input) else {
            continue;
        };
        println!("{name}");
        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(&chunk, item, &mut stream)
            .expect("the bound is enough");
        let mut exact = vec![0; length];
        assert_eq!(encoder.encode(&chunk, item, &mut exact), Ok(length));
        assert!(exact == stream[..length]);
        let result = encoder.encode(&chunk, item, &mut exact[..length - 1]);
        assert_eq!(result, Err(EncodeError::TargetTooSmall));
    }
}
