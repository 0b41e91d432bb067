//! Encodes a chunk as HDF5's filters shuffle and deflate would, and decodes it.
//!
//!     cargo run --example encode_chunk

use shuffle_deflate::{EncodeError, Encoder, unshuffle};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let values: Vec<f64> = (0..131_072).map(|n| 12.5 + f64::from(n) * 1e-4).collect();
    let chunk: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();

    // One encoder is used for many chunks. The target is one byte smaller than the chunk, because a chunk
    // that does not get smaller is better stored as it is.
    let mut encoder = Encoder::new();
    let mut target = vec![0; chunk.len() - 1];
    match encoder.encode(&chunk, size_of::<f64>(), &mut target) {
        Ok(length) => target.truncate(length),
        Err(EncodeError::TargetTooSmall) => {
            println!("the chunk would not get smaller");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    println!("{} bytes are compressed to {}", chunk.len(), target.len());

    let mut shuffled = vec![0; chunk.len()];
    libdeflater::Decompressor::new().zlib_decompress(&target, &mut shuffled)?;
    let mut decoded = vec![0; chunk.len()];
    unshuffle(&shuffled, size_of::<f64>(), &mut decoded);
    assert!(decoded == chunk);
    Ok(())
}
