//! Points of different shapes, and points that are missing.

use nexus::dataset::{Error, StreamDataset, WritePolicy};
use nexus::tree::ElementType;
use serde_json::json;

use crate::support::*;

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
            ("backlog", points, small(WritePolicy::backlog())),
            ("live", points, small(WritePolicy::live())),
            ("few", 100, WritePolicy::backlog()),
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
        let mut dataset = writer.dataset("var", DOUBLE, &[None, Some(2)], WritePolicy::live());
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
            small(WritePolicy::live())
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
            ("double", DOUBLE, small(WritePolicy::backlog())),
            ("double live", DOUBLE, small(WritePolicy::live())),
            (
                "int",
                ElementType::Int(8, LITTLE),
                small(WritePolicy::backlog()),
            ),
        ] {
            let mut dataset = writer.dataset(path, element, &[], policy);
            for (range, came) in &parts {
                let length = range.end - range.start;
                if *came {
                    let data = count(range.start + 1, length);
                    // The index shows the hole before.
                    dataset.append(range.start, length, None, data).unwrap();
                } else if range.start > 5000 {
                    dataset.skip(length).unwrap();
                }
                dataset.expose().unwrap();
                dataset.settle().await.unwrap();
            }
            assert_eq!(dataset.close().await.unwrap(), 30_010);
        }
        let mut few = writer.dataset("few", DOUBLE, &[Some(2)], WritePolicy::backlog());
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

/// Writing the chunks of these holes would take hours, and more space than there is.
#[test]
fn large_holes_take_neither_time_nor_space() {
    const HOLE: u64 = 1 << 23;
    const IMAGE: [Option<u64>; 2] = [Some(512), Some(512)];
    let bytes = 512 * 512 * 4;
    let writer = Writer::new();
    for (path, policy) in [
        ("backlog", WritePolicy::backlog()),
        ("live", WritePolicy::live()),
    ] {
        let points = run(async {
            let mut dataset = writer.dataset(path, ElementType::Uint(4, LITTLE), &IMAGE, policy);
            for part in 0..10 {
                let first = part * (HOLE + 1);
                dataset.append(first, 1, None, pattern(bytes)).unwrap();
                dataset.expose().unwrap();
                dataset.settle().await.unwrap();
                dataset.skip(HOLE).unwrap();
            }
            dataset.close().await.unwrap()
        });
        assert_eq!(points, 10 * (HOLE + 1));
        let dataset = writer.root.open_dataset(path).unwrap();
        assert_eq!(dataset.shape().unwrap(), [points, 512, 512]);
        let block = |first: u64| dataset.read_block(&[first, 0, 0], &[1, 512, 512]).unwrap();
        assert_eq!(block(HOLE + 1), pattern(bytes));
        assert!(block(HOLE).iter().all(|byte| *byte == 0));
        assert!(block(points - 1).iter().all(|byte| *byte == 0));
    }
    let size = std::fs::metadata(&writer.path).unwrap().len();
    assert!(size < 100 << 20, "{size} bytes");
}

#[test]
fn holes_that_would_have_to_be_written_are_limited() {
    let writer = Writer::new();
    run(async {
        let image = [Some(1024), Some(1024)];
        let mut dataset = writer.dataset("a", DOUBLE, &image, WritePolicy::backlog());
        // The library reads 0 where nothing is written, and missing numbers are NaN.
        let error = dataset.skip(1000).unwrap_err();
        assert!(matches!(error, Error::Hole { count: 1000, .. }), "{error}");
        dataset.skip(2).unwrap();
        assert_eq!(dataset.close().await.unwrap(), 2);
    });
}

#[test]
fn points_that_would_be_mostly_padding_are_refused() {
    let writer = Writer::new();
    run(async {
        let mut dataset = writer.dataset("a", DOUBLE, &[None, None], WritePolicy::backlog());
        dataset
            .append(0, 1, Some(&[1, 20_000]), count(0, 20_000))
            .unwrap();
        let error = dataset
            .append(1, 1, Some(&[20_000, 1]), count(0, 20_000))
            .unwrap_err();
        assert!(matches!(error, Error::Padding { .. }), "{error}");
        // Others are still accepted.
        dataset
            .append(1, 1, Some(&[10, 2_000]), count(0, 20_000))
            .unwrap();
        assert_eq!(dataset.close().await.unwrap(), 2);
    });
    assert_eq!(
        writer.seen("a").unwrap().layout["shape"],
        json!([2, 10, 20_000])
    );
}
