//! Copies of frames.

use nexus::dataset::{Error, FrameError, FrameStorage};
use serde_json::json;

use crate::common::with_causes;
use crate::support::*;

#[test]
fn frames_of_all_formats_are_copied() {
    for (format, ending) in [("h5", "h5"), ("edf", "edf"), ("big", "edf")] {
        let fixture = FrameFixture::new();
        let names = [0, 1].map(|number| format!("det_{number}.{ending}"));
        fixture.detect(format, &names[0], 0, 4, "uint16");
        fixture.detect(format, &names[1], 4, 3, "uint16");
        let mut frames = fixture.dataset(FrameStorage::Copy, SHORT, declared(&[7]));
        let [first, second] = [fixture.frames(&names[0], 4), fixture.frames(&names[1], 3)];
        run(async {
            frames.take(std::slice::from_ref(&first)).await.unwrap();
            assert_eq!(frames.taken(), 4);
            frames.close(&[first, second]).await.unwrap();
        });
        assert_eq!(frames.visible(), 7);
        let seen = fixture.seen();
        assert_eq!(seen["values"], pixels(0..7), "{format}");
        assert_eq!(seen["dtype"], "<u2");
        assert!(seen["sources"].as_array().unwrap().is_empty());
        assert!(seen["external"].is_null());
    }
}

#[test]
fn copies_are_seen_while_more_of_them_come() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "uint8");
    let mut frames = fixture.dataset(FrameStorage::Copy, SHORT, declared(&[8]));
    let first = [fixture.frames("det_0.h5", 4)];
    run(async {
        frames.take(&first).await.unwrap();
        // A file that is late is no error.
        frames.take(&[fixture.frames("det_1.h5", 4)]).await.unwrap();
        assert_eq!(frames.taken(), 4);
        frames.drain().await;
        while frames.visible() < 4 {
            frames.show(&first).unwrap();
            hub::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    // Bytes became numbers of the type that was declared.
    assert_eq!(fixture.seen()["values"], pixels(0..4));
}

#[test]
fn frames_that_cannot_be_copied_are_reported_and_others_copied() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "uint16");
    let mut frames = fixture.dataset(FrameStorage::Copy, SHORT, declared(&[8]));
    let all = [fixture.frames("det_0.h5", 4), fixture.frames("det_1.h5", 1)];
    let error = close(&mut frames, &all).unwrap_err();
    let Error::Frame { frame, source, .. } = &error else {
        panic!("{error}");
    };
    assert!(matches!(source, FrameError::Unopened(_)), "{error}");
    assert_eq!(*frame, 4);
    assert_eq!(fixture.seen()["values"], pixels(0..4));
}

#[test]
fn frames_of_another_shape_and_short_files_are_refused() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 3, "uint16");
    let mut flat = fixture.frames("det_0.h5", 3);
    flat.dataset = "/entry".to_owned();
    let mut frames = fixture.dataset(FrameStorage::Copy, SHORT, declared(&[8]));
    // No dataset yet: it may come.
    run(frames.take(&[flat])).unwrap();
    assert_eq!(frames.taken(), 0);
    // As far as there are frames.
    run(frames.take(&[fixture.frames("det_0.h5", 4)])).unwrap();
    assert_eq!(frames.taken(), 3);
    fixture.detect("edf", "det_1.edf", 0, 1, "float32");
    let error = run(frames.take(&[fixture.frames("det_1.edf", 1)])).unwrap_err();
    let text = with_causes(&error);
    assert!(text.contains("Float"), "{text}");
    run(frames.close(&[fixture.frames("det_0.h5", 3)])).unwrap();
    assert_eq!(fixture.seen()["shape"], json!([3, 2, 3]));
}

#[test]
fn missing_filters_are_reported() {
    let fixture = FrameFixture::new();
    fixture.detect("bitshuffle", "det_0.h5", 0, 4, "uint16");
    let mut frames = fixture.dataset(FrameStorage::Copy, SHORT, declared(&[4]));
    match run(frames.take(&[fixture.frames("det_0.h5", 4)])) {
        // Where plugins of HDF5 are installed.
        Ok(()) => {
            close(&mut frames, &[fixture.frames("det_0.h5", 4)]).unwrap();
            assert_eq!(fixture.seen()["values"], pixels(0..4));
        }
        Err(error) => {
            let text = with_causes(&error);
            assert!(text.contains("(32008)"), "{text}");
            assert_eq!(frames.taken(), 0);
        }
    }
}
