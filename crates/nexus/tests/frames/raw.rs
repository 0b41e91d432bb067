//! Datasets whose bytes are those of EDF files.

use nexus::dataset::{FrameReference, MAX_FRAME_PIECES};
use nexus::frames::FrameFormat;
use serde_json::json;

use crate::support::*;

#[test]
fn the_bytes_of_frames_are_found_in_edf_files() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 4, "uint16");
    fixture.detect("edf", "det_1.edf", 4, 2, "uint16");
    let mut frames = fixture.dataset(FrameReference::External, SHORT, declared(&[10]));
    let all = [
        fixture.frames("det_0.edf", 4),
        fixture.frames("det_1.edf", 2),
        fixture.frames("det_2.edf", 1),
    ];
    // The detector has reported a file that another machine does not see yet.
    frames.show(&in_pieces(&all)).unwrap();
    assert_eq!(frames.visible(), 6);
    assert_eq!(fixture.seen()["values"], pixels(0..6));

    fixture.detect("edf", "det_2.edf", 6, 1, "uint16");
    frames.close(&in_pieces(&all)).unwrap();
    let seen = fixture.seen();
    assert_eq!(seen["values"], pixels(0..7));
    assert_eq!(seen["shape"], seen["maxshape"]);
    assert!(seen["chunks"].is_null());
    let external = seen["external"].as_array().unwrap();
    assert_eq!(external.len(), 7);
    assert_eq!(external[0], json!([fixture.raw("det_0.edf"), 512, 12]));
    assert_eq!(external[6], json!([fixture.raw("det_2.edf"), 512, 12]));
}

#[test]
fn frames_after_a_missing_one_are_left_out() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 3, "uint16");
    fixture.detect("edf", "det_1.edf", 4, 2, "uint16");
    let mut frames = fixture.dataset(FrameReference::External, SHORT, declared(&[8]));
    let all = [
        fixture.frames("det_0.edf", 4),
        fixture.frames("det_1.edf", 2),
    ];
    frames.close(&in_pieces(&all)).unwrap();
    assert_eq!(frames.visible(), 3);
    assert_eq!(fixture.seen()["values"], pixels(0..3));
}

#[test]
fn the_dataset_gets_the_type_and_byte_order_of_the_files() {
    for (format, dtype, name) in [("big", "uint16", ">u2"), ("edf", "float32", "<f4")] {
        let fixture = FrameFixture::new();
        fixture.detect(format, "det_0.edf", 0, 2, dtype);
        let mut frames = fixture.dataset(FrameReference::External, SHORT, declared(&[2]));
        let all = [fixture.frames("det_0.edf", 2)];
        let found = look(&all[0], &of_any_type(FrameFormat::Edf));
        frames.set_frame_type(found.element.unwrap(), found.shape.unwrap());
        frames.close(&in_pieces(&all)).unwrap();
        let seen = fixture.seen();
        assert_eq!(seen["dtype"], name);
        assert_eq!(seen["values"][1][1][2].as_f64(), Some(11.0), "{format}");
    }
}

#[test]
fn hdf5_has_no_room_for_more_pieces() {
    let fixture = FrameFixture::new();
    let header = b"{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; }\n";
    let block = [&header[..], &[0; 12]].concat();
    std::fs::write(fixture.raw("long.edf"), block.repeat(1500)).unwrap();
    let mut frames = fixture.dataset(FrameReference::External, SHORT, declared(&[3000]));
    let all = [(); 2].map(|()| fixture.frames("long.edf", 1500));
    frames.close(&in_pieces(&all)).unwrap();
    assert_eq!(fixture.seen()["shape"], json!([MAX_FRAME_PIECES, 2, 3]));
}
