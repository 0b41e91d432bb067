//! How points are stored: types, chunks, and what is refused.

use std::sync::Arc;

use std::time::Duration;

use bytes::Bytes;
use nexus::chunk::EncoderPool;
use nexus::dataset::{Error, WriteMode, WritePolicy};
use nexus::tree::{ByteOrder, ElementType};
use serde_json::json;

use crate::support::*;

const TYPES: [(ElementType, &str); 17] = [
    (ElementType::Bool, "bool"),
    (ElementType::Int(1, LITTLE), "int8"),
    (ElementType::Int(2, LITTLE), "int16"),
    (ElementType::Int(4, ByteOrder::Big), ">i4"),
    (ElementType::Int(8, LITTLE), "int64"),
    (ElementType::Uint(1, LITTLE), "uint8"),
    (ElementType::Uint(2, ByteOrder::Big), ">u2"),
    (ElementType::Uint(4, LITTLE), "uint32"),
    (ElementType::Uint(8, LITTLE), "uint64"),
    (ElementType::Float(2, LITTLE), "float16"),
    (ElementType::Float(4, LITTLE), "float32"),
    (ElementType::Float(4, ByteOrder::Big), ">f4"),
    (ElementType::Float(8, LITTLE), "float64"),
    (ElementType::Float(8, ByteOrder::Big), ">f8"),
    (ElementType::Complex(8, LITTLE), "complex64"),
    (ElementType::Complex(16, LITTLE), "complex128"),
    (ElementType::Complex(16, ByteOrder::Big), ">c16"),
];

#[test]
fn every_type_is_stored_in_every_way() {
    let writer = Writer::new();
    let points = 20_000;
    let data = |element: &ElementType, points: usize| -> Bytes {
        let bytes = pattern(points * element.size().unwrap());
        match element {
            ElementType::Bool => bytes.iter().map(|byte| byte & 1).collect(),
            _ => bytes,
        }
    };
    run(async {
        for (element, name) in &TYPES {
            let size = element.size().unwrap();
            let all = data(element, points);
            for policy in [small(WritePolicy::backlog()), small(WritePolicy::live())] {
                let path = format!("{name} {:?}", policy.mode);
                let mut dataset = writer.dataset(&path, element.clone(), &[], policy);
                // Batches that are no multiples of anything.
                for (first, part) in (0u64..).step_by(777).zip(all.chunks(777 * size)) {
                    let count = (part.len() / size) as u64;
                    let part = Bytes::copy_from_slice(part);
                    dataset.append(first, count, None, part).unwrap();
                    dataset.expose().unwrap();
                    dataset.settle().await.unwrap();
                }
                assert_eq!(dataset.close().await.unwrap(), points as u64);
            }
            let mut few = writer.dataset(name, element.clone(), &[], WritePolicy::backlog());
            few.append(0, 10, None, data(element, 10)).unwrap();
            few.close().await.unwrap();
        }
    });
    writer.file.flush().unwrap();
    let modes = [WriteMode::Backlog, WriteMode::Live];
    let paths = TYPES.iter().flat_map(|(_, name)| {
        let long = modes.map(|mode| format!("{name} {mode:?}"));
        std::iter::once(name.to_string()).chain(long)
    });
    let mut all = seen_all(&writer.path, &paths.collect::<Vec<_>>()).into_iter();
    for (element, name) in &TYPES {
        let few = all.next().unwrap().unwrap();
        assert!(few.is_contiguous(), "{name}");
        assert_eq!(few.layout["dtype"], *name);
        assert_eq!(few.bytes, data(element, 10));
        for mode in modes {
            let all = all.next().unwrap().unwrap();
            assert_eq!(all.layout["dtype"], *name);
            assert_eq!(all.layout["shape"], json!([points]));
            assert_eq!(all.layout["maxshape"], json!([null]));
            assert_eq!(all.layout["fill defined"], false);
            // So many in half a second are worth it from 16 bytes each on.
            let fast = element.size() == Some(16);
            assert_eq!(
                all.is_compressed(),
                fast || mode == WriteMode::Backlog,
                "{name}"
            );
            assert!(all.bytes == data(element, points), "{name} {mode:?}");
        }
    }
}

#[test]
fn a_large_stream_is_stored_in_large_compressed_chunks() {
    let writer = Writer::new();
    run(async {
        let mut dataset =
            writer.dataset("1.1/measurement/diode", DOUBLE, &[], WritePolicy::backlog());
        // One block of several chunks, then small ones.
        dataset.append(0, 300_000, None, count(0, 300_000)).unwrap();
        dataset.settle().await.unwrap();
        dataset
            .append(300_000, 30_000, None, count(300_000, 30_000))
            .unwrap();
        dataset.expose().unwrap();
        assert_eq!(dataset.close().await.unwrap(), 330_000);
        // Too few for a chunk, but a megabyte.
        let mut spectra = writer.dataset("mca", DOUBLE, &[Some(1000)], WritePolicy::backlog());
        for point in 0..131 {
            spectra.append(point, 1, None, count(point, 1000)).unwrap();
        }
        assert!(!spectra.exists());
        spectra.append(131, 1, None, count(131, 1000)).unwrap();
        assert_eq!(spectra.close().await.unwrap(), 132);
    });
    let spectra = writer.seen("mca").unwrap();
    assert_eq!(spectra.layout["chunks"], json!([132, 250]));
    assert!(spectra.is_compressed());
    let diode = writer.end("1.1/measurement/diode");
    assert_eq!(diode.layout["chunks"], json!([131_072]));
    assert_eq!(diode.layout["maxshape"], json!([null]));
    assert!(diode.is_compressed());
    assert_eq!(diode.filter_masks(), [0, 0, 0]);
    assert!(diode.bytes == count(0, 330_000));
}

#[test]
fn large_frames_are_divided() {
    let writer = Writer::new();
    let (frames, rows, columns) = (5, 1100, 1001);
    let size = rows * columns * 2;
    let data = pattern(frames * size);
    run(async {
        for (path, policy) in [
            ("backlog", WritePolicy::backlog()),
            ("live", WritePolicy::live()),
        ] {
            let shape = [Some(rows as u64), Some(columns as u64)];
            let element = ElementType::Uint(2, LITTLE);
            let mut dataset = writer.dataset(path, element, &shape, policy);
            for n in 0..frames {
                let frame = data.slice(n * size..(n + 1) * size);
                dataset.append(n as u64, 1, None, frame).unwrap();
                dataset.settle().await.unwrap();
                if n == 3 {
                    dataset.expose().unwrap();
                    writer.store_queue.drain().await;
                    let visible = dataset.visible();
                    assert_eq!(visible, if path == "live" { 4 } else { 0 });
                    if path == "live" {
                        assert!(writer.seen(path).unwrap().bytes == data[..4 * size]);
                    }
                }
            }
            dataset.close().await.unwrap();
        }
    });
    for (path, chunk) in [("backlog", [8, 275, 251]), ("live", [1, 367, 1001])] {
        let seen = writer.seen(path).unwrap();
        assert!(seen.is_compressed());
        assert_eq!(seen.layout["chunks"], json!(chunk));
        assert!(seen.filter_masks().iter().all(|&mask| mask == 0));
        assert!(seen.bytes == data, "{path}");
    }
}

#[test]
fn many_datasets_share_a_small_pool() {
    let writer = Writer::with_pool(EncoderPool::with_workers(2, 100_000, Arc::default()).unwrap());
    let points = 20_000;
    run(async {
        let mut datasets: Vec<_> = (0..20)
            .map(|n| writer.dataset(&format!("d{n}"), DOUBLE, &[], small(WritePolicy::backlog())))
            .collect();
        for first in (0..points).step_by(4000) {
            for dataset in &mut datasets {
                dataset
                    .append(first, 4000, None, count(first, 4000))
                    .unwrap();
                dataset.settle().await.unwrap();
            }
        }
        // One waits while the others are not looked at.
        let last = datasets.pop().unwrap();
        assert_eq!(last.close().await.unwrap(), points);
        for dataset in datasets {
            dataset.close().await.unwrap();
        }
        let all = writer.store_queue.pool().budget();
        assert_eq!(all.available(), all.limit());
    });
    writer.file.flush().unwrap();
    for n in [0, 7, 19] {
        assert!(seen(&writer.path, &format!("d{n}")).unwrap().bytes == count(0, points));
    }
}

#[test]
fn a_busy_dataset_does_not_keep_others_waiting() {
    let writer = Writer::with_pool(EncoderPool::with_workers(1, 16 << 10, Arc::default()).unwrap());
    run(async {
        let mut busy = writer.dataset("busy", DOUBLE, &[], small(WritePolicy::backlog()));
        // Faster than one worker compresses, so that the line to it is never empty again.
        let endless = hub::spawn(async move {
            for first in (0..).step_by(131_072) {
                busy.append(first, 131_072, None, count(first, 131_072))
                    .unwrap();
                hub::sleep(Duration::from_millis(1)).await;
            }
        });
        let mut other = writer.dataset("other", DOUBLE, &[], small(WritePolicy::backlog()));
        hub::sleep(Duration::from_millis(1)).await;
        other.append(0, 8192, None, count(0, 8192)).unwrap();
        writer.store_queue.drain().await;
        assert_eq!(other.visible(), 8192);
        endless.kill();
    });
    assert!(writer.end("other").bytes == count(0, 8192));
}

#[test]
fn wrong_points_are_refused_and_the_stream_goes_on() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("a", DOUBLE, &[Some(2)], WritePolicy::backlog());
        dataset.append(0, 2, None, count(0, 4)).unwrap();
        let short = dataset.append(2, 2, None, count(0, 3));
        assert!(matches!(short, Err(Error::Payload { .. })), "{short:?}");
        let again = dataset.append(1, 1, None, count(0, 2));
        assert!(matches!(again, Err(Error::Order { .. })), "{again:?}");
        let shape = dataset.append(2, 1, Some(&[3]), count(0, 3));
        assert!(matches!(shape, Err(Error::Shape { .. })), "{shape:?}");
        dataset.append(2, 1, Some(&[2]), count(4, 2)).unwrap();
        assert_eq!(dataset.close().await.unwrap(), 3);

        let mut ragged = writer.dataset("b", DOUBLE, &[None], WritePolicy::backlog());
        let untold = ragged.append(0, 1, None, count(0, 1));
        assert!(matches!(untold, Err(Error::Shape { .. })), "{untold:?}");
        let endless = ragged.append(0, u64::MAX, Some(&[u64::MAX]), count(0, 1));
        assert!(matches!(endless, Err(Error::Payload { .. })), "{endless:?}");
        ragged.append(0, 1, Some(&[1]), count(0, 1)).unwrap();
        let endless = ragged.skip(u64::MAX);
        assert!(matches!(endless, Err(Error::Count { .. })), "{endless:?}");
    });
    assert!(writer.end("a").bytes == count(0, 6));
}

#[test]
fn a_name_that_is_taken_fails_this_dataset_only() {
    let writer = Writer::new();
    writer.root.create_group("taken").unwrap();
    run(async {
        let mut live = writer.dataset("taken", DOUBLE, &[], WritePolicy::live());
        live.append(0, 1, None, count(0, 1)).unwrap();
        let error = live.expose().unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert!(live.append(1, 1, None, count(0, 1)).is_err());
        assert!(live.close().await.is_err());
        let mut other = writer.dataset("other", DOUBLE, &[], WritePolicy::live());
        other.append(0, 1, None, count(0, 1)).unwrap();
        other.expose().unwrap();
        other.close().await.unwrap();
    });
    assert!(writer.end("other").bytes == count(0, 1));
}
