//! Extent, chunks and filters that a scan declares.

use bytes::Bytes;
use nexus::dataset::{Error, WritePolicy};
use nexus::tree::{ChunkOptions, CompressionScheme, ElementType};
use serde_json::{Value as Json, json};

use crate::support::*;

/// Expected points, shape and type of a point, points that come, chunks and filters that are made.
type Case = (u64, &'static [u64], ElementType, u64, Json, Json);

fn gzip(item: usize) -> Json {
    json!([[2, 1, [item]], [1, 1, [4]]])
}

#[test]
fn chunks_and_filters_are_those_of_blisswriter() {
    let writer = Writer::new();
    let uint = |size| ElementType::Uint(size, LITTLE);
    let none = || json!([]);
    let cases: [Case; 8] = [
        (0, &[], DOUBLE, 5, json!([512]), none()),
        (1000, &[], DOUBLE, 1200, json!([1000]), none()),
        (131_072, &[], DOUBLE, 10, json!([131_072]), none()),
        (131_073, &[], DOUBLE, 40_000, json!([32_769]), gzip(8)),
        (0, &[1024], uint(4), 130, json!([128, 256]), gzip(4)),
        (100, &[2048], uint(4), 3, json!([100, 2048]), none()),
        (513, &[1024], uint(2), 140, json!([129, 256]), gzip(2)),
        (
            100,
            &[1024, 1024],
            uint(2),
            9,
            json!([8, 256, 256]),
            gzip(2),
        ),
    ];
    let data: Vec<Bytes> = cases
        .iter()
        .map(|(_, shape, element, points, ..)| {
            let elements = points * shape.iter().product::<u64>();
            match element {
                &DOUBLE => count(0, elements),
                element => pattern(elements as usize * element.size().unwrap()),
            }
        })
        .collect();
    let policies = [
        ("backlog", WritePolicy::backlog()),
        ("live", WritePolicy::live()),
    ];
    run(async {
        for (mode, policy) in policies {
            for (n, (scan, shape, element, points, ..)) in cases.iter().enumerate() {
                let path = format!("{n} {mode}");
                let declared: Vec<_> = shape.iter().copied().map(Some).collect();
                let storage = (&[*scan][..], ChunkOptions::default());
                let mut dataset =
                    writer.declared(&path, element.clone(), &declared, storage, policy);
                let size = data[n].len() / *points as usize;
                // Two parts, seen in between.
                let half = points / 2;
                let (one, two) = (half as usize * size, data[n].len());
                dataset.append(0, half, None, data[n].slice(..one)).unwrap();
                if mode == "live" {
                    shown(&mut dataset, half).await;
                    let seen = writer.seen(&path).unwrap();
                    assert!(seen.bytes == data[n][..one], "{path}");
                }
                let rest = data[n].slice(one..two);
                dataset.append(half, points - half, None, rest).unwrap();
                assert_eq!(dataset.close().await.unwrap(), *points);
            }
        }
    });
    writer.file.flush().unwrap();
    for (mode, _) in policies {
        for (n, (_, shape, element, points, chunks, filters)) in cases.iter().enumerate() {
            let seen = seen(&writer.path, &format!("{n} {mode}")).unwrap();
            let shape: Vec<u64> = [&[*points], *shape].concat();
            assert_eq!(seen.layout["shape"], json!(shape));
            assert_eq!(seen.layout["maxshape"], json!(vec![(); shape.len()]));
            assert_eq!(seen.layout["chunks"], *chunks);
            assert_eq!(seen.layout["pipeline"], *filters);
            assert!(seen.filter_masks().iter().all(|&mask| mask == 0));
            let fill = if *element == DOUBLE { "nan" } else { "0" };
            assert_eq!(seen.layout["fill"], fill);
            assert_eq!(seen.layout["fill defined"], true);
            assert!(seen.bytes == data[n], "{n} {mode}");
        }
    }
}

const SCHEMES: [CompressionScheme; 6] = [
    CompressionScheme::None,
    CompressionScheme::Gzip,
    CompressionScheme::ByteShuffle,
    CompressionScheme::GzipByteShuffle,
    CompressionScheme::BitShuffle,
    CompressionScheme::Lz4BitShuffle,
];

fn pipeline(scheme: CompressionScheme, item: usize) -> Json {
    match scheme {
        CompressionScheme::None => json!([]),
        CompressionScheme::Gzip => json!([[1, 1, [4]]]),
        CompressionScheme::ByteShuffle => json!([[2, 1, [item]]]),
        CompressionScheme::GzipByteShuffle => gzip(item),
        CompressionScheme::BitShuffle => json!([[32008, 1, [0, 4, item, 0, 0]]]),
        CompressionScheme::Lz4BitShuffle => json!([[32008, 1, [0, 4, item, 0, 2]]]),
    }
}

#[test]
fn every_scheme_is_read_by_others() {
    let writer = Writer::new();
    let types = [
        ElementType::Bool,
        ElementType::Int(2, LITTLE),
        ElementType::Float(4, LITTLE),
        DOUBLE,
        ElementType::Complex(16, LITTLE),
    ];
    // Chunks of no round number of elements, seen when they are not full.
    let points = 2750;
    let data = |element: &ElementType| -> Bytes {
        let bytes = pattern(points * element.size().unwrap());
        match element {
            ElementType::Bool => bytes.iter().map(|byte| byte & 1).collect(),
            _ => bytes,
        }
    };
    let name = |scheme: CompressionScheme, element: &ElementType, policy: WritePolicy| {
        format!("{scheme:?} {element:?} {:?}", policy.mode)
    };
    let policies = [WritePolicy::backlog(), WritePolicy::live()];
    let all = || {
        SCHEMES.into_iter().flat_map(|scheme| {
            let types = types.iter();
            types.flat_map(move |element| policies.map(|policy| (scheme, element, policy)))
        })
    };
    run(async {
        let mut datasets: Vec<_> = all()
            .map(|(scheme, element, policy)| {
                let size = element.size().unwrap() as u64;
                let chunks = ChunkOptions {
                    chunk_nbytes: 1003 * size,
                    chunk_split: 1,
                    compression_limit_nbytes: 0,
                    scheme,
                };
                let path = name(scheme, element, policy);
                let storage = (&[2000][..], chunks);
                writer.declared(&path, element.clone(), &[], storage, policy)
            })
            .collect();
        for range in [0..1500, 1500..points] {
            for ((_, element, policy), dataset) in all().zip(&mut datasets) {
                let size = element.size().unwrap();
                let part = data(element).slice(range.start * size..range.end * size);
                let first = range.start as u64;
                dataset
                    .append(first, range.len() as u64, None, part)
                    .unwrap();
                dataset.settle().await.unwrap();
                if policy == WritePolicy::live() {
                    shown(dataset, range.end as u64).await;
                }
            }
        }
        for dataset in datasets {
            dataset.close().await.unwrap();
        }
    });
    let names: Vec<_> = all().map(|(s, e, p)| name(s, e, p)).collect();
    writer.file.flush().unwrap();
    for ((scheme, element, _), seen) in all().zip(seen_all(&writer.path, &names)) {
        let seen = seen.unwrap();
        let item = element.size().unwrap();
        assert_eq!(seen.layout["pipeline"], pipeline(scheme, item));
        assert_eq!(seen.layout["chunks"], json!([1003]));
        assert!(seen.filter_masks().iter().all(|&mask| mask == 0));
        assert!(seen.bytes == data(element), "{scheme:?} {element:?}");
    }
}

#[test]
fn the_library_filters_bits_as_well() {
    let writer = Writer::new();
    let chunks = |scheme| ChunkOptions {
        chunk_nbytes: 4000,
        compression_limit_nbytes: 0,
        scheme,
        ..ChunkOptions::default()
    };
    let schemes = [
        CompressionScheme::BitShuffle,
        CompressionScheme::Lz4BitShuffle,
    ];
    run(async {
        for scheme in schemes {
            let path = format!("{scheme:?}");
            let storage = (&[100, 30][..], chunks(scheme));
            let mut grid = writer.declared(&path, DOUBLE, &[], storage, WritePolicy::backlog());
            grid.append(0, 3000, None, count(0, 3000)).unwrap();
            grid.close().await.unwrap();
            let dataset = writer.root.open_dataset(&path).unwrap();
            assert!(dataset.read_block(&[0, 0], &[100, 30]).unwrap() == count(0, 3000));
        }
    });
    for scheme in schemes {
        let seen = writer.seen(&format!("{scheme:?}")).unwrap();
        assert_eq!(seen.layout["pipeline"], pipeline(scheme, 8));
        assert!(seen.bytes == count(0, 3000));
    }
}

#[test]
fn little_memory_is_enough_for_large_chunks() {
    let writer = Writer::new();
    let points = 100_000;
    let policies = [small(WritePolicy::backlog()), small(WritePolicy::live())];
    run(async {
        for policy in policies {
            // Chunks of 256 KiB, compressed, and of 1 MiB, not.
            for scan in [131_073, 131_072] {
                let path = format!("{scan} {:?}", policy.mode);
                let storage = (&[scan][..], ChunkOptions::default());
                let mut dataset = writer.declared(&path, DOUBLE, &[], storage, policy);
                for first in (0..points).step_by(1000) {
                    if first != 50_000 {
                        dataset
                            .append(first, 1000, None, count(first, 1000))
                            .unwrap();
                    }
                    dataset.settle().await.unwrap();
                }
                // Whatever is not in memory is stored.
                let stored = dataset.visible();
                assert!(points - stored <= 4096, "{stored}");
                dataset.close().await.unwrap();
            }
        }
    });
    writer.file.flush().unwrap();
    for policy in policies {
        for scan in [131_073, 131_072] {
            let path = format!("{scan} {:?}", policy.mode);
            let seen = seen(&writer.path, &path).unwrap();
            assert!(seen.filter_masks().iter().all(|&mask| mask == 0), "{path}");
            let numbers = seen.doubles();
            assert_eq!(numbers.len(), 100_000);
            for (n, number) in numbers.into_iter().enumerate() {
                match n {
                    50_000..51_000 => assert!(number.is_nan()),
                    n => assert_eq!(number, n as f64),
                }
            }
        }
    }
}

#[test]
fn points_of_different_lengths_share_chunks() {
    let writer = Writer::new();
    let schemes = [
        CompressionScheme::None,
        CompressionScheme::GzipByteShuffle,
        CompressionScheme::BitShuffle,
    ];
    // Longer than any chunk expects, now and then.
    let length = |n: u64| if n % 97 == 5 { 700 } else { n % 13 };
    let policies = [
        WritePolicy::backlog(),
        WritePolicy::live(),
        small(WritePolicy::live()),
    ];
    let name = |scheme, policy: WritePolicy| format!("{scheme:?} {policy:?}");
    run(async {
        for scheme in schemes {
            for policy in policies {
                let chunks = ChunkOptions {
                    chunk_nbytes: 1 << 18,
                    compression_limit_nbytes: 0,
                    scheme,
                    ..ChunkOptions::default()
                };
                let path = name(scheme, policy);
                let storage = (&[0][..], chunks);
                let mut dataset = writer.declared(&path, DOUBLE, &[None], storage, policy);
                for n in 0..400 {
                    let data = count(1000 * n, length(n));
                    dataset.append(n, 1, Some(&[length(n)]), data).unwrap();
                    if n % 50 == 0 {
                        dataset.expose().unwrap();
                    }
                }
                assert_eq!(dataset.close().await.unwrap(), 400);
            }
        }
    });
    let expected: Vec<f64> = (0..400)
        .flat_map(|n| {
            let point = (1000 * n..1000 * n + length(n)).map(|n| n as f64);
            point.chain(std::iter::repeat(f64::NAN)).take(700)
        })
        .collect();
    writer.file.flush().unwrap();
    for scheme in schemes {
        for policy in policies {
            let path = name(scheme, policy);
            let seen = seen(&writer.path, &path).unwrap();
            assert_eq!(seen.layout["shape"], json!([400, 700]));
            assert_eq!(seen.layout["chunks"], json!([128, 128]));
            assert!(seen.filter_masks().iter().all(|&mask| mask == 0), "{path}");
            assert!(same(&seen.doubles(), &expected), "{path}");
        }
    }
}

#[test]
fn a_declared_dataset_grows_beyond_its_points() {
    let writer = Writer::new();
    run(async {
        let storage = (&[10][..], ChunkOptions::default());
        let complex = ElementType::Complex(16, LITTLE);
        let mut dataset = writer.declared("c", complex, &[Some(2)], storage, WritePolicy::live());
        dataset.append(0, 1, None, count(0, 4)).unwrap();
        dataset.append(1, 1, Some(&[3]), count(4, 6)).unwrap();
        dataset.expose().unwrap();
        dataset.skip(1).unwrap();
        let rank = dataset.append(3, 1, Some(&[1, 1]), count(0, 2));
        assert!(matches!(rank, Err(Error::Shape { .. })), "{rank:?}");
        assert_eq!(dataset.close().await.unwrap(), 3);
        // No points, no dataset.
        let none = writer.declared("none", DOUBLE, &[], storage, WritePolicy::live());
        assert_eq!(none.close().await.unwrap(), 0);
    });
    assert!(writer.seen("none").is_none());
    let seen = writer.end("c");
    assert_eq!(seen.layout["shape"], json!([3, 3]));
    assert_eq!(seen.layout["chunks"], json!([10, 2]));
    assert_eq!(seen.layout["fill"], "(nan+nanj)");
    let nan = f64::NAN;
    let rows = [
        [0., 1., 2., 3., nan, nan],
        [4., 5., 6., 7., 8., 9.],
        [nan; 6],
    ];
    assert!(same(&seen.doubles(), rows.as_flattened()));
}
