//! What readers see while a scan runs.

use bytes::Bytes;
use nexus::dataset::WritePolicy;
use nexus::tree::ElementType;
use serde_json::json;

use crate::support::*;

#[test]
fn a_slow_stream_is_seen_point_by_point() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("diode", DOUBLE, &[], WritePolicy::live());
        dataset.expose().unwrap();
        assert!(writer.seen("diode").is_none());
        for point in 0..5 {
            dataset.append(point, 1, None, count(point, 1)).unwrap();
            let before = dataset.visible();
            assert_eq!(before, point, "what was not exposed is not seen");
            dataset.expose().unwrap();
            let seen = writer.seen("diode").unwrap();
            assert!(seen.bytes == count(0, point + 1));
            assert_eq!(seen.layout["filters"], json!([false, null, null]));
            assert_eq!(seen.layout["chunks"], json!([512]));
        }
        // Faster than expected: many chunks at once.
        dataset.append(5, 5000, None, count(5, 5000)).unwrap();
        dataset.expose().unwrap();
        assert!(writer.seen("diode").unwrap().bytes == count(0, 5005));
        assert_eq!(dataset.close().await.unwrap(), 5005);
    });
    assert!(writer.end("diode").bytes == count(0, 5005));
}

#[test]
fn a_partial_large_chunk_is_seen_and_replaced_when_it_is_full() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("mca", DOUBLE, &[Some(250)], WritePolicy::live());
        // Forty short spectra per second: two chunks of eight, and half a chunk.
        dataset.append(0, 20, None, count(0, 5000)).unwrap();
        shown(&mut dataset, 20).await;
        let seen = writer.seen("mca").unwrap();
        assert!(seen.is_compressed());
        assert_eq!(seen.layout["chunks"], json!([8, 250]));
        assert_eq!(seen.layout["shape"], json!([20, 250]));
        let partial_is_plain = [0, 0, 3];
        assert_eq!(seen.filter_masks(), partial_is_plain);
        assert!(seen.bytes == count(0, 5000));
        let place = seen.layout["stored"][2].clone();

        dataset.append(20, 1, None, count(5000, 250)).unwrap();
        shown(&mut dataset, 21).await;
        let seen = writer.seen("mca").unwrap();
        assert_eq!(seen.layout["stored"][2], place, "stored at the same place");
        assert!(seen.bytes == count(0, 5250));

        dataset.append(21, 119, None, count(5250, 29_750)).unwrap();
        writer.store_queue.drain().await;
        let seen = writer.seen("mca").unwrap();
        assert_eq!(seen.filter_masks(), [0; 17]);
        assert!(seen.bytes == count(0, 34_000));
        shown(&mut dataset, 140).await;
        let seen = writer.seen("mca").unwrap();
        assert_eq!(seen.filter_masks()[16..], [0, 3]);
        assert!(seen.bytes == count(0, 35_000));
        assert_eq!(dataset.close().await.unwrap(), 140);
    });
    let seen = writer.end("mca");
    assert_eq!(seen.filter_masks(), [0; 18]);
    assert!(seen.bytes == count(0, 35_000));
}

#[test]
fn noise_is_seen_and_replaced_too() {
    let writer = Writer::new();
    let mut state = 1u64;
    let noise: Bytes = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect();
    run(async {
        let element = ElementType::Uint(4, LITTLE);
        let mut dataset = writer.dataset("noise", element, &[], WritePolicy::live());
        let part = |range: std::ops::Range<usize>| noise.slice(4 * range.start..4 * range.end);
        // Twice: a part of a chunk, then more than the rest of it.
        for (first, last) in [(0, 10_000), (10_000, 30_000), (30_000, 75_000)] {
            let count = (last - first) as u64;
            dataset
                .append(first as u64, count, None, part(first..last))
                .unwrap();
            shown(&mut dataset, last as u64).await;
            let seen = writer.seen("noise").unwrap();
            assert!(seen.is_compressed());
            assert!(seen.bytes == noise[..4 * last]);
        }
        dataset.close().await.unwrap();
    });
    assert!(writer.end("noise").bytes == noise);
}

#[test]
fn a_scan_that_ends_before_it_was_exposed_is_contiguous() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("mca", DOUBLE, &[Some(1000)], WritePolicy::live());
        dataset.append(0, 10, None, count(0, 10_000)).unwrap();
        dataset.close().await.unwrap();
        let never = writer.dataset("never", DOUBLE, &[], WritePolicy::live());
        assert_eq!(never.close().await.unwrap(), 0);
    });
    assert!(writer.seen("never").is_none());
    let seen = writer.end("mca");
    assert!(seen.is_contiguous());
    assert!(seen.bytes == count(0, 10_000));
}
