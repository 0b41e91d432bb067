//! Datasets of streams, as h5py sees them in another process, during the scan and after it.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hub::Hub;
use nexus::chunk::Pool;
use nexus::dataset::{
    Error, FrameDataset, Frames, Mode, Outbox, Policy, StreamDataset, link_frames,
};
use nexus::h5::{File, Group};
use nexus::tree::{ElementType, Order};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const LITTLE: Order = Order::Little;
const DOUBLE: ElementType = ElementType::Float(8, LITTLE);

/// A file that is being written.
struct Writer {
    directory: TempDir,
    path: PathBuf,
    file: File,
    root: Rc<Group>,
    outbox: Outbox,
}

/// What h5py sees of a dataset.
struct Seen {
    layout: Json,
    bytes: Vec<u8>,
}

impl Writer {
    fn new() -> Writer {
        Writer::with_pool(Pool::with_workers(2, 16 << 20).unwrap())
    }

    fn with_pool(pool: Pool) -> Writer {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scan.h5");
        let file = File::create(&path).unwrap();
        let root = Rc::new(file.root().unwrap());
        Writer {
            directory,
            path,
            file,
            root,
            outbox: Outbox::new(Arc::new(pool)),
        }
    }

    fn dataset(
        &self,
        path: &str,
        element: ElementType,
        shape: &[Option<u64>],
        policy: Policy,
    ) -> StreamDataset {
        let (root, outbox) = (Rc::clone(&self.root), self.outbox.clone());
        StreamDataset::new(root, path, element, shape.to_vec(), policy, outbox).unwrap()
    }

    /// What a reader sees after a flush.
    fn seen(&self, path: &str) -> Option<Seen> {
        self.file.flush().unwrap();
        seen(&self.path, path)
    }

    fn end(self, path: &str) -> Seen {
        self.file.close().unwrap();
        seen(&self.path, path).unwrap()
    }
}

fn seen(file: &Path, path: &str) -> Option<Seen> {
    seen_all(file, &[path.to_owned()]).remove(0)
}

/// What one look of another process shows.
fn seen_all(file: &Path, paths: &[String]) -> Vec<Option<Seen>> {
    let directory = tempfile::tempdir().unwrap();
    let output = common::python()
        .arg(common::script("dataset.py"))
        .args([file, directory.path()])
        .args(paths)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let described: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    let seen = described.into_iter().enumerate().map(|(number, layout)| {
        let bytes = std::fs::read(directory.path().join(number.to_string())).ok()?;
        Some(Seen { layout, bytes })
    });
    seen.collect()
}

impl Seen {
    fn doubles(&self) -> Vec<f64> {
        let numbers = self.bytes.chunks_exact(8);
        numbers
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    fn filter_masks(&self) -> Vec<u64> {
        let stored = self.layout["stored"].as_array().unwrap();
        stored
            .iter()
            .map(|chunk| chunk[1].as_u64().unwrap())
            .collect()
    }

    fn is_contiguous(&self) -> bool {
        self.layout["chunks"].is_null() && self.layout["shape"] == self.layout["maxshape"]
    }

    fn is_compressed(&self) -> bool {
        self.layout["filters"] == json!([true, "gzip", 4])
    }
}

fn run<T>(scan: impl Future<Output = T>) -> T {
    Hub::new().unwrap().run(scan)
}

fn doubles(numbers: impl IntoIterator<Item = f64>) -> Bytes {
    numbers.into_iter().flat_map(f64::to_le_bytes).collect()
}

/// Numbers from `first` on.
fn count(first: u64, count: u64) -> Bytes {
    doubles((first..first + count).map(|n| n as f64))
}

/// Bytes that compress, but not to nothing.
fn pattern(size: usize) -> Bytes {
    (0..size).map(|n| (n / 3 * n % 61) as u8).collect()
}

/// Chunks of 16 KiB, so that a test needs no megabytes.
fn small(policy: Policy) -> Policy {
    Policy {
        chunk: 16 << 10,
        ..policy
    }
}

fn same(left: &[f64], right: &[f64]) -> bool {
    let pairs = left.iter().zip(right);
    left.len() == right.len()
        && pairs
            .into_iter()
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

const TYPES: [(ElementType, &str); 17] = [
    (ElementType::Bool, "bool"),
    (ElementType::Int(1, LITTLE), "int8"),
    (ElementType::Int(2, LITTLE), "int16"),
    (ElementType::Int(4, Order::Big), ">i4"),
    (ElementType::Int(8, LITTLE), "int64"),
    (ElementType::Uint(1, LITTLE), "uint8"),
    (ElementType::Uint(2, Order::Big), ">u2"),
    (ElementType::Uint(4, LITTLE), "uint32"),
    (ElementType::Uint(8, LITTLE), "uint64"),
    (ElementType::Float(2, LITTLE), "float16"),
    (ElementType::Float(4, LITTLE), "float32"),
    (ElementType::Float(4, Order::Big), ">f4"),
    (ElementType::Float(8, LITTLE), "float64"),
    (ElementType::Float(8, Order::Big), ">f8"),
    (ElementType::Complex(8, LITTLE), "complex64"),
    (ElementType::Complex(16, LITTLE), "complex128"),
    (ElementType::Complex(16, Order::Big), ">c16"),
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
            for policy in [small(Policy::backlog()), small(Policy::live())] {
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
            let mut few = writer.dataset(name, element.clone(), &[], Policy::backlog());
            few.append(0, 10, None, data(element, 10)).unwrap();
            few.close().await.unwrap();
        }
    });
    writer.file.flush().unwrap();
    let modes = [Mode::Backlog, Mode::Live];
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
            assert_eq!(all.is_compressed(), fast || mode == Mode::Backlog, "{name}");
            assert!(all.bytes == data(element, points), "{name} {mode:?}");
        }
    }
}

#[test]
fn a_large_stream_is_stored_in_large_compressed_chunks() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("1.1/measurement/diode", DOUBLE, &[], Policy::backlog());
        // One block of several chunks, then small ones.
        dataset.append(0, 300_000, None, count(0, 300_000)).unwrap();
        dataset.settle().await.unwrap();
        dataset
            .append(300_000, 30_000, None, count(300_000, 30_000))
            .unwrap();
        dataset.expose().unwrap();
        assert_eq!(dataset.close().await.unwrap(), 330_000);
        // Too few for a chunk, but a megabyte.
        let mut spectra = writer.dataset("mca", DOUBLE, &[Some(1000)], Policy::backlog());
        for point in 0..131 {
            spectra.append(point, 1, None, count(point, 1000)).unwrap();
        }
        assert!(!spectra.exists());
        spectra.append(131, 1, None, count(131, 1000)).unwrap();
        assert_eq!(spectra.close().await.unwrap(), 132);
    });
    let spectra = writer.seen("mca").unwrap();
    assert_eq!(spectra.layout["chunks"], json!([132, 1000]));
    assert!(spectra.is_compressed());
    let diode = writer.end("1.1/measurement/diode");
    assert_eq!(diode.layout["chunks"], json!([131_072]));
    assert_eq!(diode.layout["maxshape"], json!([null]));
    assert!(diode.is_compressed());
    assert_eq!(diode.filter_masks(), [0, 0, 0]);
    assert!(diode.bytes == count(0, 330_000));
}

#[test]
fn a_slow_stream_is_seen_point_by_point() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("diode", DOUBLE, &[], Policy::live());
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
        let mut dataset = writer.dataset("mca", DOUBLE, &[Some(250)], Policy::live());
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
        writer.outbox.drain().await;
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

/// Commits until readers can see so many points.
async fn shown(dataset: &mut StreamDataset, points: u64) {
    loop {
        dataset.expose().unwrap();
        if dataset.visible() == points {
            return;
        }
        hub::sleep(Duration::from_millis(10)).await;
    }
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
        let mut dataset = writer.dataset("noise", element, &[], Policy::live());
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
        let mut dataset = writer.dataset("mca", DOUBLE, &[Some(1000)], Policy::live());
        dataset.append(0, 10, None, count(0, 10_000)).unwrap();
        dataset.close().await.unwrap();
        let never = writer.dataset("never", DOUBLE, &[], Policy::live());
        assert_eq!(never.close().await.unwrap(), 0);
    });
    assert!(writer.seen("never").is_none());
    let seen = writer.end("mca");
    assert!(seen.is_contiguous());
    assert!(seen.bytes == count(0, 10_000));
}

/// Point `n` of a ragged stream.
fn ragged(n: u64) -> Vec<f64> {
    let length = match n {
        0 => 0,
        1..3000 => n % 7,
        // After the shape of the chunks was chosen.
        3000 => 40,
        _ => n % 23,
    };
    (0..length).map(|k| (100 * n + k) as f64).collect()
}

fn padded(points: u64, width: usize) -> Vec<f64> {
    (0..points)
        .flat_map(|n| {
            let mut row = ragged(n);
            row.resize(width, f64::NAN);
            row
        })
        .collect()
}

#[test]
fn points_of_different_lengths_are_padded() {
    let writer = Writer::new();
    let (points, width) = (5000, 40);
    run(async {
        for (path, points, policy) in [
            ("backlog", points, small(Policy::backlog())),
            ("live", points, small(Policy::live())),
            ("few", 100, Policy::backlog()),
        ] {
            let mut dataset = writer.dataset(path, DOUBLE, &[None], policy);
            for n in 0..points {
                let point = ragged(n);
                let shape = [point.len() as u64];
                dataset.append(n, 1, Some(&shape), doubles(point)).unwrap();
                if n % 300 == 0 {
                    dataset.expose().unwrap();
                }
            }
            dataset.close().await.unwrap();
        }
    });
    for path in ["backlog", "live"] {
        let seen = writer.seen(path).unwrap();
        assert_eq!(seen.layout["shape"], json!([points, width]));
        assert_eq!(seen.layout["maxshape"], json!([null, null]));
        assert_eq!(seen.layout["fill"], "nan");
        assert_eq!(seen.layout["fill defined"], true);
        assert!(same(&seen.doubles(), &padded(points, width)), "{path}");
    }
    let few = writer.end("few");
    assert!(few.is_contiguous());
    assert_eq!(few.layout["fill defined"], false);
    assert_eq!(few.layout["shape"], json!([100, 6]));
    assert!(same(&few.doubles(), &padded(100, 6)));
}

#[test]
fn ragged_points_are_seen_while_they_grow() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("var", DOUBLE, &[None, Some(2)], Policy::live());
        let shape = |length| Some([length, 2]);
        let add = |dataset: &mut StreamDataset, n, length: u64| {
            let data = count(10 * n, 2 * length);
            dataset.append(n, 1, shape(length).as_ref().map(|s| &s[..]), data)
        };
        add(&mut dataset, 0, 0).unwrap();
        dataset.expose().unwrap();
        assert!(
            writer.seen("var").is_none(),
            "nothing to see of empty points"
        );
        add(&mut dataset, 1, 1).unwrap();
        dataset.expose().unwrap();
        let seen = writer.seen("var").unwrap();
        assert_eq!(seen.layout["shape"], json!([2, 1, 2]));
        assert!(same(&seen.doubles(), &[f64::NAN, f64::NAN, 10., 11.]));
        add(&mut dataset, 2, 2).unwrap();
        dataset.expose().unwrap();
        let seen = writer.seen("var").unwrap();
        let nan = f64::NAN;
        let expected = [nan, nan, nan, nan, 10., 11., nan, nan, 20., 21., 22., 23.];
        assert!(same(&seen.doubles(), &expected));
        dataset.close().await.unwrap();
    });
}

#[test]
fn points_that_become_huge_do_not_stay_in_memory() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("u2", ElementType::Uint(2, LITTLE), &[None], {
            small(Policy::live())
        });
        // Chunks of 4096 points, then points as large as a chunk.
        dataset
            .append(0, 8000, Some(&[1]), vec![1; 16_000].into())
            .unwrap();
        shown(&mut dataset, 8000).await;
        for n in 8000..8100 {
            dataset
                .append(n, 1, Some(&[10_000]), vec![2; 20_000].into())
                .unwrap();
        }
        assert!(dataset.visible() > 8000, "stored before the chunk was full");
        dataset
            .append(8100, 200, Some(&[1]), vec![3; 400].into())
            .unwrap();
        dataset.expose().unwrap();
        assert_eq!(dataset.close().await.unwrap(), 8300);
    });
    let seen = writer.end("u2");
    assert_eq!(seen.layout["shape"], json!([8300, 10_000]));
    for (n, row) in seen.bytes.chunks(20_000).enumerate() {
        let (length, value) = match n {
            0..8000 => (2, 1),
            8000..8100 => (20_000, 2),
            _ => (2, 3),
        };
        assert!(row[..length].iter().all(|&byte| byte == value), "row {n}");
        assert!(row[length..].iter().all(|&byte| byte == 0), "row {n}");
    }
}

#[test]
fn large_frames_are_divided() {
    let writer = Writer::new();
    let (frames, rows, columns) = (5, 1100, 1001);
    let size = rows * columns * 2;
    let data = pattern(frames * size);
    run(async {
        for (path, policy) in [("backlog", Policy::backlog()), ("live", Policy::live())] {
            let shape = [Some(rows as u64), Some(columns as u64)];
            let element = ElementType::Uint(2, LITTLE);
            let mut dataset = writer.dataset(path, element, &shape, policy);
            for n in 0..frames {
                let frame = data.slice(n * size..(n + 1) * size);
                dataset.append(n as u64, 1, None, frame).unwrap();
                dataset.settle().await.unwrap();
                if n == 3 {
                    dataset.expose().unwrap();
                    writer.outbox.drain().await;
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
fn points_that_were_lost_leave_holes() {
    let writer = Writer::new();
    // A hole inside of a chunk, one over many chunks, one at the end.
    let parts = [(0..10, true), (10..15, false), (15..5000, true)];
    let parts = parts
        .into_iter()
        .chain([(5000..30_000, false), (30_000..30_001, true)]);
    let parts: Vec<_> = parts.chain([(30_001..30_010, false)]).collect();
    run(async {
        for (path, element, policy) in [
            ("double", DOUBLE, small(Policy::backlog())),
            ("double live", DOUBLE, small(Policy::live())),
            ("int", ElementType::Int(8, LITTLE), small(Policy::backlog())),
        ] {
            let mut dataset = writer.dataset(path, element, &[], policy);
            for (range, came) in &parts {
                let length = range.end - range.start;
                if *came {
                    let data = count(range.start + 1, length);
                    // The index tells of the hole before.
                    dataset.append(range.start, length, None, data).unwrap();
                } else if range.start > 5000 {
                    dataset.skip(length).unwrap();
                }
                dataset.expose().unwrap();
                dataset.settle().await.unwrap();
            }
            assert_eq!(dataset.close().await.unwrap(), 30_010);
        }
        let mut few = writer.dataset("few", DOUBLE, &[Some(2)], Policy::backlog());
        few.append(1, 1, None, count(5, 2)).unwrap();
        few.skip(1).unwrap();
        few.close().await.unwrap();
    });
    let expected = |missing: f64| -> Vec<f64> {
        (0..30_010)
            .map(|n| {
                let part = parts.iter().find(|(range, _)| range.contains(&n));
                if part.unwrap().1 {
                    (n + 1) as f64
                } else {
                    missing
                }
            })
            .collect()
    };
    for (path, missing) in [("double", f64::NAN), ("double live", f64::NAN), ("int", 0.)] {
        let seen = writer.seen(path).unwrap();
        assert_eq!(seen.layout["fill defined"], false);
        assert!(same(&seen.doubles(), &expected(missing)), "{path}");
    }
    let nan = f64::NAN;
    assert!(same(
        &writer.end("few").doubles(),
        &[nan, nan, 5., 6., nan, nan]
    ));
}

#[test]
fn many_datasets_share_a_small_pool() {
    let writer = Writer::with_pool(Pool::with_workers(2, 100_000).unwrap());
    let points = 20_000;
    run(async {
        let mut datasets: Vec<_> = (0..20)
            .map(|n| writer.dataset(&format!("d{n}"), DOUBLE, &[], small(Policy::backlog())))
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
        let all = writer.outbox.pool().budget();
        assert_eq!(all.available(), all.limit());
    });
    writer.file.flush().unwrap();
    for n in [0, 7, 19] {
        assert!(seen(&writer.path, &format!("d{n}")).unwrap().bytes == count(0, points));
    }
}

#[test]
fn wrong_points_are_refused_and_the_stream_goes_on() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("a", DOUBLE, &[Some(2)], Policy::backlog());
        dataset.append(0, 2, None, count(0, 4)).unwrap();
        let short = dataset.append(2, 2, None, count(0, 3));
        assert!(matches!(short, Err(Error::Payload { .. })), "{short:?}");
        let again = dataset.append(1, 1, None, count(0, 2));
        assert!(matches!(again, Err(Error::Order { .. })), "{again:?}");
        let shape = dataset.append(2, 1, Some(&[3]), count(0, 3));
        assert!(matches!(shape, Err(Error::Shape { .. })), "{shape:?}");
        dataset.append(2, 1, Some(&[2]), count(4, 2)).unwrap();
        assert_eq!(dataset.close().await.unwrap(), 3);

        let mut ragged = writer.dataset("b", DOUBLE, &[None], Policy::backlog());
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
        let mut live = writer.dataset("taken", DOUBLE, &[], Policy::live());
        live.append(0, 1, None, count(0, 1)).unwrap();
        let error = live.expose().unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert!(live.append(1, 1, None, count(0, 1)).is_err());
        assert!(live.close().await.is_err());
        let mut other = writer.dataset("other", DOUBLE, &[], Policy::live());
        other.append(0, 1, None, count(0, 1)).unwrap();
        other.expose().unwrap();
        other.close().await.unwrap();
    });
    assert!(writer.end("other").bytes == count(0, 1));
}

#[test]
fn frames_of_a_detector_are_seen_as_they_are_saved() {
    let writer = Writer::new();
    let make = "import h5py, numpy, sys\n\
        for n in range(2):\n    \
            data = numpy.arange(40, dtype='u2').reshape(5, 2, 4) + 40 * n\n    \
            h5py.File(f'{sys.argv[1]}/det_{n}.h5', 'w')['entry/data'] = data\n";
    let raw = writer.directory.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    let status = common::python().args(["-c", make]).arg(&raw).status();
    assert!(status.unwrap().success());

    let part = |file: usize, first, count| Frames {
        file: raw
            .join(format!("det_{file}.h5"))
            .to_str()
            .unwrap()
            .to_owned(),
        dataset: "/entry/data".to_owned(),
        first,
        count,
    };
    let element = ElementType::Uint(2, LITTLE);
    let root = Rc::clone(&writer.root);
    let mut frames = FrameDataset::new(root, "det", &writer.path, element, vec![2, 4]);
    let numbers =
        |range: std::ops::Range<u16>| -> Vec<u8> { range.flat_map(u16::to_le_bytes).collect() };

    frames.show(&[]).unwrap();
    assert!(writer.seen("det").is_none());
    // Fewer frames than the file has.
    frames.show(&[part(0, 0, 3)]).unwrap();
    let seen = writer.seen("det").unwrap();
    assert_eq!(seen.layout["shape"], json!([3, 2, 4]));
    assert_eq!(seen.layout["maxshape"], json!([null, 2, 4]));
    assert_eq!(
        seen.layout["sources"],
        json!([["raw/det_0.h5", "/entry/data"]])
    );
    assert_eq!(seen.bytes, numbers(0..24));
    // More of them, and the second file not from its first frame on.
    frames.show(&[part(0, 0, 5), part(1, 2, 2)]).unwrap();
    let seen = writer.seen("det").unwrap();
    assert_eq!(seen.bytes, [numbers(0..40), numbers(56..72)].concat());
    assert_eq!(frames.visible(), 7);

    let master = raw.join("det_1.h5");
    let master = master.to_str().unwrap();
    link_frames(&writer.root, "link", &writer.path, master, "/entry/data").unwrap();
    assert_eq!(writer.end("link").bytes, numbers(40..80));
}
