//! Datasets whose bytes are those of EDF files.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use nexus::dataset::{Error, FrameError, FrameStorage};
use serde_json::json;

use crate::common::with_causes;
use crate::support::*;

#[test]
fn the_bytes_of_frames_are_found_in_edf_files() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 4, "uint16");
    fixture.detect("edf", "det_1.edf", 4, 2, "uint16");
    let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[10]));
    let all = [
        fixture.frames("det_0.edf", 4),
        fixture.frames("det_1.edf", 2),
        fixture.frames("det_2.edf", 1),
    ];
    // The detector has reported a file that another machine does not see yet.
    frames.show(&all).unwrap();
    assert_eq!(frames.visible(), 6);
    assert_eq!(fixture.seen()["values"], pixels(0..6));

    fixture.detect("edf", "det_2.edf", 6, 1, "uint16");
    close(&mut frames, &all).unwrap();
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
fn a_file_that_is_late_is_waited_for() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 2, "uint16");
    let whole = std::fs::read(fixture.raw("det_0.edf")).unwrap();
    std::fs::write(fixture.raw("det_0.edf"), &whole[..whole.len() - 1]).unwrap();
    let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[2]));
    let all = [fixture.frames("det_0.edf", 2)];
    run(async {
        let mut close = pin!(frames.close(&all));
        let waits = poll_fn(|context| Poll::Ready(close.as_mut().poll(context).is_pending()));
        assert!(waits.await);
        std::fs::write(fixture.raw("det_0.edf"), &whole).unwrap();
        close.await.unwrap();
    });
    assert_eq!(fixture.seen()["values"], pixels(0..2));
}

#[test]
fn frames_that_never_come_are_reported_and_others_kept() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 4, "uint16");
    let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[8]));
    let all = [
        fixture.frames("det_0.edf", 4),
        fixture.frames("det_1.edf", 4),
    ];
    let error = close(&mut frames, &all).unwrap_err();
    let Error::Frame {
        frame,
        file,
        source,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*frame, file), (4, &fixture.raw("det_1.edf")));
    assert!(matches!(source, FrameError::Unreadable(_)), "{error}");
    assert_eq!(frames.visible(), 4);
    assert_eq!(fixture.seen()["values"], pixels(0..4));
}

#[test]
fn frames_that_hdf5_cannot_read_are_refused() {
    let fixture = FrameFixture::new();
    for (format, dtype, text) in [
        ("gzip", "uint16", "compressed"),
        ("big", "uint16", "another order"),
        ("edf", "float32", "of type"),
    ] {
        let name = format!("{format}.edf");
        fixture.detect(format, &name, 0, 2, dtype);
        let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[2]));
        let error = frames.show(&[fixture.frames(&name, 2)]).unwrap_err();
        let error = with_causes(&error);
        assert!(error.contains(text), "{error}");
        assert!(error.contains(&fixture.raw(&name)), "{error}");
        assert_eq!(frames.visible(), 0);
    }
    // HDF5 has no room for more pieces.
    let header = b"{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; }\n";
    let block = [&header[..], &[0; 12]].concat();
    std::fs::write(fixture.raw("long.edf"), block.repeat(2701)).unwrap();
    let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[2701]));
    let error = close(&mut frames, &[fixture.frames("long.edf", 2701)]).unwrap_err();
    let text = with_causes(&error);
    assert!(text.contains("more than 2700"), "{text}");
    assert_eq!(fixture.seen()["shape"], json!([2700, 2, 3]));
}

#[test]
fn sizes_beyond_any_file_are_refused() {
    let fixture = FrameFixture::new();
    let frame = "{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; }\n";
    for (name, header) in [
        (
            "general.edf",
            format!(
                "{{ EDF_DataFormatVersion = 2.40; EDF_BinarySize = {}; }}\n",
                u64::MAX
            ),
        ),
        (
            "large.edf",
            format!(
                "{{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; Size = {}; }}\n",
                u64::MAX
            ),
        ),
        (
            "huge.edf",
            format!(
                "{{ DataType = UnsignedByte; Dim_1 = {}; Dim_2 = 1; }}\n",
                u64::MAX
            ),
        ),
    ] {
        std::fs::write(fixture.raw(name), header + frame).unwrap();
        let mut frames = fixture.dataset(FrameStorage::External, SHORT, declared(&[2]));
        let error = frames.show(&[fixture.frames(name, 2)]).unwrap_err();
        let text = with_causes(&error);
        assert!(text.contains("a block larger than any file"), "{text}");
    }
}
