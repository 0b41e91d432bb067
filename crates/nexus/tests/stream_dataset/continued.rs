//! Datasets of a writer that died or was stopped, and that another one continues.
//!
//! What is on the disk at any moment is what a writer leaves that is killed there, so a copy of the
//! file made at that moment stands for its death.

mod kinds;

use std::path::Path;

use nexus::dataset::{StreamDataset, WritePolicy};
use nexus::tree::{ChunkOptions, CompressionScheme, DeclaredStorage, ElementType, StreamStorage};

use crate::support::*;
use kinds::{DatasetKind, kinds};

/// Writes on where the file ends, up to some point, and is stopped in order or dies.
async fn write_on(
    writer: Writer,
    kinds: &[DatasetKind],
    seen: &mut [u64],
    random: &mut Random,
    copy: &Path,
) {
    let mut datasets: Vec<_> = kinds
        .iter()
        .map(|kind| kind.dataset(&writer, &kind.name))
        .collect();
    for ((dataset, kind), seen) in datasets.iter_mut().zip(kinds).zip(&*seen) {
        let there = dataset.points();
        assert!(
            there >= *seen || !kind.shows_count(),
            "{}: {there} of {seen}",
            kind.name
        );
    }
    for _ in 0..random.below(12) {
        for (dataset, kind) in datasets.iter_mut().zip(kinds) {
            let more = random.below(kind.points / 8 + 2);
            kind.feed(dataset, (dataset.points() + more).min(kind.points));
            dataset.settle().await.unwrap();
        }
        if random.below(3) == 0 {
            for ((dataset, kind), seen) in datasets.iter_mut().zip(kinds).zip(&mut *seen) {
                dataset.drain().await;
                dataset.expose().unwrap();
                *seen = if kind.shows_count() {
                    dataset.visible()
                } else {
                    0
                };
            }
            writer.file.flush().unwrap();
        }
    }
    if random.below(3) == 0 {
        for (dataset, seen) in datasets.into_iter().zip(seen) {
            *seen = dataset.close().await.unwrap();
        }
        writer.file.flush().unwrap();
    }
    std::fs::copy(&writer.path, copy).unwrap();
}

#[test]
fn a_dataset_goes_on_wherever_its_writer_died() {
    let kinds = kinds();
    let directory = tempfile::tempdir().unwrap();
    for seed in 0..8 {
        let mut random = Random(seed);
        run(async {
            let mut seen = vec![0; kinds.len()];
            let mut writer = Writer::new();
            writer.file.flush().unwrap();
            for number in 0..1 + random.below(5) {
                let copy = directory.path().join(format!("{seed} {number}.h5"));
                write_on(writer, &kinds, &mut seen, &mut random, &copy).await;
                writer = Writer::open(&copy);
            }
            for kind in &kinds {
                for path in [kind.name.clone(), format!("whole/{}", kind.name)] {
                    let mut dataset = kind.dataset(&writer, &path);
                    while dataset.points() < kind.points {
                        let more = dataset.points() + kind.points / 10 + 1;
                        kind.feed(&mut dataset, more.min(kind.points));
                        dataset.expose().unwrap();
                        dataset.settle().await.unwrap();
                    }
                    assert_eq!(dataset.close().await.unwrap(), kind.points);
                }
            }
            writer.file.flush().unwrap();
            let path = writer.path.clone();
            let paths = kinds
                .iter()
                .flat_map(|kind| [kind.name.clone(), format!("whole/{}", kind.name)]);
            let all = seen_all(&path, &paths.collect::<Vec<_>>());
            for (pair, kind) in all.chunks_exact(2).zip(&kinds) {
                let name = format!("{} with seed {seed}", kind.name);
                let (resumed, whole) = (pair[0].as_ref().unwrap(), pair[1].as_ref().unwrap());
                for about in ["dtype", "shape", "fill", "fill defined"] {
                    assert_eq!(
                        resumed.layout[about], whole.layout[about],
                        "{name}: {about}"
                    );
                }
                assert!(resumed.bytes == whole.bytes, "{name}: other values");
                // A small chunk of a grid may be stored without filters.
                let are_filtered = resumed.filter_masks().iter().all(|mask| *mask == 0);
                assert!(are_filtered || kind.name.starts_with("map"), "{name}");
                if kind.storage != StreamStorage::Automatic {
                    for about in ["chunks", "pipeline", "maxshape"] {
                        assert_eq!(
                            resumed.layout[about], whole.layout[about],
                            "{name}: {about}"
                        );
                    }
                }
            }
        });
    }
}

#[test]
fn only_what_would_be_made_here_is_continued() {
    let writer = Writer::new();
    let resume =
        |path: &str, element: ElementType, shape: &[Option<u64>], storage: StreamStorage| {
            let (root, store_queue, shape) = (
                writer.root.clone(),
                writer.store_queue.clone(),
                shape.to_vec(),
            );
            let policy = WritePolicy::live();
            StreamDataset::resume(root, path, element, shape, storage, policy, store_queue)
                .map(|dataset| dataset.points())
                .map_err(|error| error.to_string())
        };
    let list = |chunk_nbytes, scheme| {
        StreamStorage::Declared(DeclaredStorage {
            scan: vec![0],
            chunks: ChunkOptions {
                chunk_nbytes,
                compression_limit_nbytes: 0,
                scheme,
                ..ChunkOptions::default()
            },
        })
    };
    run(async {
        let mut few = writer.dataset("few", DOUBLE, &[Some(2)], WritePolicy::live());
        few.append(0, 3, None, count(0, 6)).unwrap();
        few.close().await.unwrap();
        let options = ChunkOptions {
            chunk_nbytes: 4096,
            compression_limit_nbytes: 0,
            ..ChunkOptions::default()
        };
        let mut long = writer.declared("long", DOUBLE, &[], (&[0], options), WritePolicy::live());
        long.append(0, 600, None, count(0, 600)).unwrap();
        long.close().await.unwrap();
    });
    writer.root.create_group("group").unwrap();
    writer.root.create_soft_link("link", "few").unwrap();
    let two = [Some(2)];
    assert_eq!(resume("few", DOUBLE, &two, StreamStorage::Automatic), Ok(3));
    assert_eq!(
        resume("few", DOUBLE, &[None], StreamStorage::Automatic),
        Ok(3)
    );
    assert_eq!(
        resume("nothing", DOUBLE, &two, StreamStorage::Automatic),
        Ok(0)
    );
    let declared = list(4096, CompressionScheme::GzipByteShuffle);
    assert_eq!(resume("long", DOUBLE, &[], declared.clone()), Ok(600));
    let float = ElementType::Float(4, LITTLE);
    for (path, element, shape, storage, reason) in [
        (
            "few",
            &float,
            &two[..],
            StreamStorage::Automatic,
            "its elements are float64",
        ),
        (
            "few",
            &DOUBLE,
            &[Some(3)],
            StreamStorage::Automatic,
            "its extent is [3, 2]",
        ),
        (
            "few",
            &DOUBLE,
            &[],
            StreamStorage::Automatic,
            "its extent is [3, 2]",
        ),
        ("few", &DOUBLE, &two, declared, "it is stored as Contiguous"),
        (
            "long",
            &DOUBLE,
            &[],
            list(1024, CompressionScheme::GzipByteShuffle),
            "its chunks are [512] with filters [shuffle, deflate 4]",
        ),
        (
            "long",
            &DOUBLE,
            &[],
            list(4096, CompressionScheme::Gzip),
            "its chunks are [512] with filters [shuffle, deflate 4]",
        ),
        (
            "group",
            &DOUBLE,
            &[],
            StreamStorage::Automatic,
            "it is not a dataset",
        ),
        (
            "link",
            &DOUBLE,
            &two,
            StreamStorage::Automatic,
            "it is not a dataset",
        ),
    ] {
        assert_eq!(
            resume(path, element.clone(), shape, storage),
            Err(format!(
                "dataset {path}: cannot go on with what is there: {reason}"
            ))
        );
    }
}

#[test]
fn a_dataset_in_one_piece_stays_until_more_comes() {
    let writer = Writer::new();
    let resume = || {
        let (root, store_queue) = (writer.root.clone(), writer.store_queue.clone());
        let (policy, free) = (WritePolicy::live(), StreamStorage::Automatic);
        StreamDataset::resume(root, "diode", DOUBLE, Vec::new(), free, policy, store_queue).unwrap()
    };
    run(async {
        let mut diode = writer.dataset("diode", DOUBLE, &[], WritePolicy::live());
        diode.append(0, 3, None, count(0, 3)).unwrap();
        diode.close().await.unwrap();
        let mut diode = resume();
        assert!(diode.exists() && diode.is_superseded());
        assert_eq!((diode.points(), diode.visible()), (3, 3));
        diode.expose().unwrap();
        assert_eq!(diode.close().await.unwrap(), 3);
        assert!(writer.seen("diode").unwrap().is_contiguous());
        let mut diode = resume();
        diode.append(3, 2, None, count(3, 2)).unwrap();
        assert!(diode.is_superseded());
        diode.expose().unwrap();
        assert!(!diode.is_superseded());
        assert_eq!(diode.visible(), 5);
        let seen = writer.seen("diode").unwrap();
        assert_eq!(seen.doubles(), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert!(!seen.is_contiguous());
        diode.close().await.unwrap();
    });
}
