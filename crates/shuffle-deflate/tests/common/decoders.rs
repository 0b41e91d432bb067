//! Three decoders of zlib streams, by different authors.

use std::io::Read;

/// Returns what a stream decompresses to, which has `length` bytes.
///
/// # Panics
/// If the decoders disagree, refuse the stream, or find anything behind its end.
pub fn decode(stream: &[u8], length: usize) -> Vec<u8> {
    let mut by_libdeflate = vec![0; length];
    let decoded = libdeflater::Decompressor::new().zlib_decompress(stream, &mut by_libdeflate);
    assert_eq!(decoded, Ok(length), "libdeflate");

    let mut by_zlib = Vec::new();
    let mut zlib = flate2::bufread::ZlibDecoder::new(stream);
    let read = zlib.read_to_end(&mut by_zlib);
    assert!(read.is_ok(), "zlib: {read:?}");
    assert_eq!(zlib.total_in(), stream.len() as u64, "zlib");
    assert!(by_zlib == by_libdeflate, "zlib and libdeflate disagree");

    let by_miniz = miniz_oxide::inflate::decompress_to_vec_zlib(stream);
    let agrees = by_miniz.is_ok_and(|decoded| decoded == by_libdeflate);
    assert!(agrees, "miniz_oxide refuses the stream or disagrees");
    by_libdeflate
}
