//! Payloads that carry the shape of their points.
#![no_main]

use blissdata::encoding::VariableBatch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (dimensions, points, payload) = input;
    let declared: Vec<Option<u64>> = (0..dimensions % 5)
        .map(|axis| (axis % 2 == 1).then_some(3))
        .collect();
    let points = u64::from(points);
    if let Ok(batch) = VariableBatch::decode(payload, &declared, 4, points) {
        let elements: u64 = batch.shape.iter().product();
        assert_eq!(batch.data.len() as u64, elements * points * 4);
    }
});
