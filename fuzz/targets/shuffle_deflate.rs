//! Chunks of planes of all kinds: their streams are decoded by three decoders, do not depend on the processor, fit
//! where they fit exactly, and are not much larger than those of libdeflate.
#![no_main]

use std::cell::RefCell;
use std::io::Read;

use libdeflater::Decompressor;
use libfuzzer_sys::fuzz_target;
use shuffle_deflate::{
    EncodeError, Encoder, InstructionSet, bound, shuffle, shuffle_with, unshuffle, unshuffle_with,
};

#[path = "../../crates/shuffle-deflate/tests/common/script.rs"]
mod script;
#[path = "../../crates/shuffle-deflate/tests/common/size_rule.rs"]
mod size_rule;

thread_local! {
    static ENCODERS: RefCell<Vec<(InstructionSet, Encoder)>> = RefCell::new(
        InstructionSet::available()
            .into_iter()
            .map(|set| (set, Encoder::with_instructions(set)))
            .collect(),
    );
}

fuzz_target!(|bytes: &[u8]| {
    let Some((chunk, item)) = script::chunk(bytes) else {
        return;
    };
    let mut shuffled = vec![0; chunk.len()];
    shuffle(&chunk, item, &mut shuffled);
    ENCODERS.with_borrow_mut(|encoders| check(encoders, &chunk, item, &shuffled));
});

fn check(encoders: &mut [(InstructionSet, Encoder)], chunk: &[u8], item: usize, shuffled: &[u8]) {
    let mut first: Option<Vec<u8>> = None;
    for (set, encoder) in encoders {
        let mut other = vec![0; chunk.len()];
        shuffle_with(*set, chunk, item, &mut other);
        assert!(other == shuffled, "{set:?} shuffles in another way");
        unshuffle_with(*set, shuffled, item, &mut other);
        assert!(other == chunk, "{set:?} does not undo the shuffle");

        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(chunk, item, &mut stream)
            .expect("the bound is enough");
        stream.truncate(length);
        match &first {
            None => {
                fits_exactly(encoder, chunk, item, &stream);
                first = Some(stream);
            }
            Some(first) => assert!(*first == stream, "{set:?} makes another stream"),
        }
    }
    let stream = first.expect("an instruction set");
    decode(&stream, shuffled);
    let mut back = vec![0; chunk.len()];
    unshuffle(shuffled, item, &mut back);
    assert!(back == chunk);
    size_rule::check(shuffled, item, stream.len());
}

/// A target of the length of the stream is enough, and a shorter one is refused.
fn fits_exactly(encoder: &mut Encoder, chunk: &[u8], item: usize, stream: &[u8]) {
    for room in [stream.len(), stream.len() - 1, stream.len() / 2] {
        let mut target = vec![0xa5; room + 32];
        let result = encoder.encode(chunk, item, &mut target[..room]);
        if room == stream.len() {
            assert_eq!(result, Ok(room));
            assert!(
                target[..room] == *stream,
                "the same chunk makes another stream"
            );
        } else {
            assert_eq!(result, Err(EncodeError::TargetTooSmall));
        }
        assert!(target[room..].iter().all(|&byte| byte == 0xa5));
    }
}

fn decode(stream: &[u8], expected: &[u8]) {
    let mut decoded = vec![0; expected.len()];
    let length = Decompressor::new().zlib_decompress(stream, &mut decoded);
    assert!(
        length == Ok(expected.len()) && decoded == expected,
        "libdeflate: {length:?}"
    );

    let mut decoded = Vec::new();
    let mut zlib = flate2::bufread::ZlibDecoder::new(stream);
    zlib.read_to_end(&mut decoded).expect("zlib");
    assert!(
        decoded == expected && zlib.total_in() == stream.len() as u64,
        "zlib"
    );

    let decoded = miniz_oxide::inflate::decompress_to_vec_zlib(stream).expect("miniz_oxide");
    assert!(decoded == expected, "miniz_oxide");
}
