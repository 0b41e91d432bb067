//! Virtual datasets over HDF5 files, and links to one of them.

use nexus::dataset::{FrameReference, link_frames};
use nexus::frames::FrameRange;
use nexus::tree::StreamStorage;
use serde_json::json;

use crate::support::*;

#[test]
fn frames_are_seen_as_they_are_saved() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 5, "uint16");
    fixture.detect("h5", "det_1.h5", 5, 5, "uint16");
    let mut frames = fixture.dataset(FrameReference::Virtual, SHORT, StreamStorage::Automatic);

    frames.show(&[]).unwrap();
    assert!(fixture.seen().is_null());
    // Fewer frames than the file has.
    frames
        .show(&usable(&[fixture.frames("det_0.h5", 3)]))
        .unwrap();
    let seen = fixture.seen();
    assert_eq!(seen["shape"], json!([3, 2, 3]));
    assert_eq!(seen["maxshape"], json!([null, 2, 3]));
    let (start, count) = ([0, 0, 0], [3, 2, 3]);
    assert_eq!(
        seen["sources"],
        json!([["raw/det_0.h5", "/entry/data", start, count, start, count]])
    );
    assert_eq!(seen["values"], pixels(0..3));
    // More of them, and the second file not from its first frame on.
    let later = FrameRange {
        first: 2,
        ..fixture.frames("det_1.h5", 2)
    };
    frames
        .show(&usable(&[fixture.frames("det_0.h5", 5), later]))
        .unwrap();
    let values = fixture.seen()["values"].take();
    assert_eq!(
        values.as_array().unwrap()[..5],
        *pixels(0..5).as_array().unwrap()
    );
    assert_eq!(
        values.as_array().unwrap()[5..],
        *pixels(7..9).as_array().unwrap()
    );
    assert_eq!(frames.visible(), 7);

    let master = fixture.raw("det_1.h5");
    link_frames(&fixture.root, "link", &fixture.path, &master, "/entry/data").unwrap();
    let link = fixture.root.link("link").unwrap();
    assert!(format!("{link:?}").contains("\"raw/det_1.h5\""), "{link:?}");
}

#[test]
fn a_list_of_frames_has_no_limits_and_says_what_is_missing() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "float32");
    let mut frames = fixture.dataset(FrameReference::Virtual, SINGLE, declared(&[10]));
    // The last file never came: not a number, rather than a value that looks like one.
    let all = [fixture.frames("det_0.h5", 4), fixture.frames("det_1.h5", 2)];
    frames.close(&usable(&all)).unwrap();
    let seen = fixture.seen();
    assert_eq!(seen["shape"], json!([6, 2, 3]));
    assert_eq!(seen["maxshape"], json!([null, null, null]));
    assert_eq!(seen["fill"], "nan");
    let values = seen["values"].as_array().unwrap();
    assert_eq!(values[3], json!([[18.0, 19.0, 20.0], [21.0, 22.0, 23.0]]));
    assert_eq!(values[4], json!([[-1.0, -1.0, -1.0], [-1.0, -1.0, -1.0]]));
    let last = ["raw/det_1.h5", "/entry/data"];
    assert_eq!(
        seen["sources"][1],
        json!([last[0], last[1], [0, 0, 0], [2, 2, 3], [4, 0, 0], [2, 2, 3]])
    );
}

#[test]
fn a_grid_is_cut_into_rows_of_files() {
    let fixture = FrameFixture::new();
    let names = ["det_0.h5", "det_1.h5", "det_2.h5"];
    for (number, name) in (0..).zip(names) {
        fixture.detect("h5", name, 4 * number, 4, "uint16");
    }
    let mut frames = fixture.dataset(FrameReference::Virtual, SHORT, declared(&[3, 3]));
    let [first, second, third] = names.map(|name| fixture.frames(name, 4));
    frames
        .show(&usable(&[first.clone(), second.clone()]))
        .unwrap();
    let seen = fixture.seen();
    // The grid is there from the start; what did not come reads as zero.
    assert_eq!(seen["shape"], json!([3, 3, 2, 3]));
    assert_eq!(seen["maxshape"], json!([null, null, null, null]));
    let targets: Vec<_> = seen["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| {
            (
                source[0].clone(),
                source[2][0].clone(),
                source[4].clone(),
                source[5].clone(),
            )
        })
        .collect();
    let piece = |file: usize, row: u64, start: [u64; 2], count: u64| {
        let start = json!([start[0], start[1], 0, 0]);
        (
            json!(format!("raw/{}", names[file])),
            json!(row),
            start,
            json!([1, count, 2, 3]),
        )
    };
    assert_eq!(
        targets,
        [
            piece(0, 0, [0, 0], 3),
            piece(0, 3, [1, 0], 1),
            piece(1, 0, [1, 1], 2),
            piece(1, 2, [2, 0], 2),
        ]
    );
    assert_eq!(seen["values"][0], pixels(0..3));
    assert_eq!(seen["values"][2][1], pixels(7..8)[0]);
    assert_eq!(seen["values"][2][2], json!([[0, 0, 0], [0, 0, 0]]));
    // More frames than the grid has.
    frames.close(&usable(&[first, second, third])).unwrap();
    let seen = fixture.seen();
    assert_eq!(seen["shape"], json!([4, 3, 2, 3]));
    assert_eq!(seen["values"][2], pixels(6..9));
    assert_eq!(seen["values"][3], pixels(9..12));
}

#[test]
fn frames_that_differ_are_left_out_and_the_type_is_that_of_the_files() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 2, "float32");
    fixture.detect("h5", "det_1.h5", 2, 2, "float32");
    let mut frames = fixture.dataset(FrameReference::Virtual, SHORT, declared(&[4]));
    let mut all = usable(&["det_0.h5", "det_1.h5"].map(|name| fixture.frames(name, 2)));
    frames.show(&all[..1]).unwrap();
    assert_eq!(fixture.seen()["dtype"], "<u2");
    frames.set_frame_type(SINGLE, vec![2, 3]);
    all[0].is_usable = false;
    frames.close(&all).unwrap();
    let seen = fixture.seen();
    assert_eq!(seen["dtype"], "<f4");
    assert_eq!(seen["shape"], json!([4, 2, 3]));
    assert_eq!(seen["sources"].as_array().unwrap().len(), 1);
    assert_eq!(
        seen["values"][1],
        json!([[-1.0, -1.0, -1.0], [-1.0, -1.0, -1.0]])
    );
    assert_eq!(
        seen["values"][2],
        json!([[12.0, 13.0, 14.0], [15.0, 16.0, 17.0]])
    );
}
