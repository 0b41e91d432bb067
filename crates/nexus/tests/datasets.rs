//! Datasets that grow, and datasets whose data are elsewhere, as h5py sees them.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{at, describe, file};
use nexus::h5::{self, ChunkedOptions, ExternalOptions, Filter, VirtualOptions};
use nexus::tree::{ByteOrder, ElementType, ExternalFile, Hyperslab, VirtualSource};
use serde_json::json;

const DOUBLE: ElementType = ElementType::Float(8, ByteOrder::Little);
const SHORT: ElementType = ElementType::Uint(2, ByteOrder::Little);

fn doubles(items: &[f64]) -> Vec<u8> {
    items.iter().flat_map(|item| item.to_le_bytes()).collect()
}

fn shorts(items: impl IntoIterator<Item = u16>) -> Vec<u8> {
    items.into_iter().flat_map(u16::to_le_bytes).collect()
}

fn block(start: &[u64], count: &[u64]) -> Hyperslab {
    Hyperslab {
        start: start.to_vec(),
        stride: None,
        count: count.to_vec(),
        block: None,
    }
}

#[test]
fn chunks_are_stored_as_they_are_given() {
    let (_directory, path, file) = file("chunks.h5");
    let root = file.root().unwrap();
    let dataset = root
        .create_chunked(
            "1.1/measurement/data",
            &ChunkedOptions {
                element: &DOUBLE,
                shape: &[0, 2],
                max_shape: &[None, None],
                chunk: &[2, 2],
                filters: &[Filter::Shuffle, Filter::Deflate(4)],
                fill: Some(&f64::NAN.to_le_bytes()),
                cache: None,
            },
        )
        .unwrap();
    dataset.set_extent(&[4, 2]).unwrap();
    // Both filters left out: the bytes are the elements.
    dataset
        .write_chunk(&[0, 0], 0b11, &doubles(&[1., 2., 3., 4.]))
        .unwrap();
    // Through the filters of the library.
    dataset
        .write_block(&[2, 0], &[1, 2], &doubles(&[5., 6.]))
        .unwrap();
    // A second dimension that grows later.
    dataset.set_extent(&[4, 3]).unwrap();
    dataset
        .write_block(&[2, 2], &[1, 1], &doubles(&[7.]))
        .unwrap();
    assert_eq!(dataset.shape().unwrap(), [4, 3]);
    assert_eq!(dataset.info().unwrap().max_shape, [None, None]);
    assert_eq!(dataset.element_size(), 8);
    assert_eq!(
        dataset.read_block(&[0, 0], &[2, 2]).unwrap(),
        doubles(&[1., 2., 3., 4.])
    );
    file.close().unwrap();

    let root = describe(&path);
    let data = at(&root, "1.1/measurement/data").unwrap();
    assert_eq!(data["chunks"], json!([2, 2]));
    assert_eq!(data["maxshape"], json!([null, null]));
    assert_eq!(data["filters"], json!(["shuffle", "gzip(4)"]));
    assert_eq!(data["fillvalue"], "NaN");
    assert_eq!(
        data["value"],
        json!([
            [1.0, 2.0, "NaN"],
            [3.0, 4.0, "NaN"],
            [5.0, 6.0, 7.0],
            ["NaN", "NaN", "NaN"]
        ])
    );
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let (_directory, _, file) = file("sizes.h5");
    let root = file.root().unwrap();
    let chunked = ChunkedOptions {
        element: &SHORT,
        shape: &[4],
        max_shape: &[None],
        chunk: &[4],
        filters: &[],
        fill: None,
        cache: None,
    };
    let dataset = root.create_chunked("data", &chunked).unwrap();
    assert!(matches!(
        dataset.write_block(&[0], &[4], &[0; 7]),
        Err(h5::Error::Size {
            expected: 8,
            given: 7
        })
    ));
    assert!(matches!(
        dataset.set_extent(&[4, 4]),
        Err(h5::Error::Rank {
            expected: 1,
            given: 2
        })
    ));
    assert!(matches!(
        dataset.write_chunk(&[0, 0], 0, &[0; 8]),
        Err(h5::Error::Rank { .. })
    ));
    assert!(matches!(
        dataset.read_block(&[0], &[2, 2]),
        Err(h5::Error::Rank { .. })
    ));
    assert!(
        dataset.write_block(&[3], &[2], &[0; 4]).is_err(),
        "beyond the extent"
    );
    assert!(matches!(
        root.create_chunked(
            "text",
            &ChunkedOptions {
                element: &ElementType::Text,
                fill: Some(&[0]),
                ..chunked
            }
        ),
        Err(h5::Error::Type(_))
    ));
    let fill = Some([0u8; 4].as_slice());
    assert!(
        root.create_chunked("fill", &ChunkedOptions { fill, ..chunked })
            .is_err()
    );
    assert!(matches!(
        root.create_contiguous("fixed", &SHORT, &[3], &[0; 4]),
        Err(h5::Error::Size {
            expected: 6,
            given: 4
        })
    ));
    let odd = ElementType::Int(3, ByteOrder::Little);
    assert!(matches!(
        root.create_contiguous("odd", &odd, &[], &[0; 3]),
        Err(h5::Error::Type(_))
    ));
    assert_eq!(
        root.names().unwrap(),
        ["data"],
        "nothing was made of what was refused"
    );
    let error = root.create_chunked("data", &chunked).unwrap_err();
    assert_eq!(
        error.to_string(),
        "H5Dcreate2: unable to synchronously create dataset (name already exists)"
    );
}

#[test]
fn only_chunks_are_stored_as_chunks() {
    let (_directory, path, file) = file("chunks.h5");
    let root = file.root().unwrap();
    let create = |name: &str, filters: &[Filter]| {
        let chunked = ChunkedOptions {
            element: &SHORT,
            shape: &[8],
            max_shape: &[None],
            chunk: &[4],
            filters,
            fill: None,
            cache: None,
        };
        // As known from making it, and as found in the file.
        let made = root.create_chunked(name, &chunked).unwrap();
        [made, root.open_dataset(name).unwrap()]
    };
    let shuffle = [Filter::Shuffle];
    let bits = [Filter::BitShuffle { lz4: false }];
    let both = [Filter::Shuffle, Filter::Deflate(4)];
    let plain = create("plain", &[]);
    for dataset in &plain {
        dataset.write_chunk(&[0], 0, &[1; 8]).unwrap();
    }
    let same_size: [(&str, &[Filter], u32); 4] = [
        ("none", &[], 0),
        ("shuffle", &shuffle, 0),
        ("bits", &bits, 0),
        ("skipped", &both, 0b11),
    ];
    for (name, filters, skipped) in same_size {
        for dataset in create(name, filters) {
            for given in [0, 7, 9, 16] {
                let refused = dataset.write_chunk(&[4], skipped, &vec![2; given]);
                assert!(
                    matches!(refused, Err(h5::Error::Size { expected: 8, .. })),
                    "{given} bytes for {name}: {refused:?}"
                );
            }
            dataset.write_chunk(&[4], skipped, &[2; 8]).unwrap();
        }
    }
    for dataset in create("deflate", &both) {
        assert!(dataset.write_chunk(&[0], 0, &[]).is_err());
        assert!(dataset.write_chunk(&[0], 0b01, &[]).is_err());
        dataset.write_chunk(&[0], 0, &[3; 5]).unwrap();
    }
    let whole = root.create_contiguous("whole", &SHORT, &[4], &[4; 8]);
    assert!(whole.unwrap().write_chunk(&[0], 0, &[5; 8]).is_err());
    drop(root);
    file.close().unwrap();
    let root = describe(&path);
    for name in ["plain", "none", "skipped"] {
        let data = at(&root, name).unwrap();
        assert_eq!(data["shape"], json!([8]), "{name}");
    }
}

#[test]
fn raw_files_are_read_through_the_dataset() {
    let (directory, path, file) = file("external.h5");
    let raw = directory.path().join("raw.bin");
    fs::write(&raw, shorts(0..10)).unwrap();
    let files = [
        ExternalFile {
            name: raw.clone(),
            offset: 2,
            size: Some(4),
        },
        ExternalFile {
            name: raw.clone(),
            offset: 10,
            size: None,
        },
    ];
    let options = ExternalOptions {
        element: &SHORT,
        shape: &[3, 2],
        files: &files,
        fill: None,
    };
    file.root()
        .unwrap()
        .create_external("raw", &options)
        .unwrap();
    file.close().unwrap();
    let root = describe(&path);
    let data = at(&root, "raw").unwrap();
    assert_eq!(data["value"], json!([[1, 2], [5, 6], [7, 8]]));
    assert_eq!(data["external"].as_array().unwrap().len(), 2);

    let file = h5::File::open_read(&path).unwrap();
    let info = file
        .root()
        .unwrap()
        .open_dataset("raw")
        .unwrap()
        .info()
        .unwrap();
    let name = raw.to_str().unwrap().to_owned();
    assert_eq!(
        info.storage,
        h5::DatasetStorage::External(vec![(name.clone(), 2, Some(4)), (name, 10, None)])
    );
}

#[test]
fn virtual_datasets_take_just_the_frames_that_they_name() {
    let (directory, path, file) = file("master.h5");
    // A percent sign stands for itself. The second file holds more frames than are asked for.
    for (name, first, frames) in [("img%b_0.h5", 0u16, 2u64), ("img%b_1.h5", 100, 5)] {
        let source = h5::File::create(&directory.path().join(name)).unwrap();
        let values = shorts((first..).take(frames as usize * 2));
        let shape = [frames, 2];
        source
            .root()
            .unwrap()
            .create_contiguous("entry/data", &SHORT, &shape, &values)
            .unwrap();
        source.close().unwrap();
    }
    let part = |file: &str, row: u64, first: u64, frames: u64| VirtualSource {
        target: block(&[row, 0], &[frames, 2]),
        file: file.to_owned(),
        dataset: "/entry/data".to_owned(),
        selection: block(&[first, 0], &[frames, 2]),
    };
    let sources = [
        part("img%b_0.h5", 0, 0, 2),
        part("img%b_1.h5", 2, 1, 2),
        part("missing.h5", 4, 0, 1),
    ];
    let options = VirtualOptions {
        element: &SHORT,
        shape: &[5, 2],
        max_shape: &[None, Some(2)],
        sources: &sources,
        fill: None,
    };
    file.root()
        .unwrap()
        .create_virtual("frames", &options)
        .unwrap();
    file.close().unwrap();
    let root = describe(&path);
    let frames = at(&root, "frames").unwrap();
    assert_eq!(
        frames["value"],
        json!([[0, 1], [2, 3], [102, 103], [104, 105], [0, 0]])
    );
    assert_eq!(frames["maxshape"], json!([null, 2]));
    assert_eq!(frames["virtual"].as_array().unwrap().len(), 3);
}

#[test]
fn every_integer_of_the_file_is_what_it_was() {
    let (_directory, path, file) = file("numbers.h5");
    let root = file.root().unwrap();
    let element = ElementType::Int(4, ByteOrder::Big);
    let dataset = root.create_contiguous("be", &element, &[2], &[0, 0, 0, 1, 255, 255, 255, 254]);
    let dataset = dataset.unwrap();
    dataset.write_block(&[0], &[1], &[0, 0, 1, 0]).unwrap();
    drop((dataset, root));
    file.close().unwrap();
    let root = describe(&path);
    assert_eq!(at(&root, "be").unwrap()["value"], json!([256, -2]));
    assert_eq!(at(&root, "be").unwrap()["dtype"], ">i4");
}
