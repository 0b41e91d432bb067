//! Frames that are read to be copied.

use nexus::frames::{ExpectedFrames, FrameBatch, FrameError, FrameFormat, FrameRange, FrameReader};
use nexus::tree::{ByteOrder, ElementType};

use crate::support::*;

/// The frames up to the first that cannot be read, and why it cannot be.
fn read(
    range: &FrameRange,
    expected: &ExpectedFrames,
) -> Result<(FrameBatch, Option<FrameError>), FrameError> {
    let mut reader = FrameReader::open(range, expected)?;
    assert_eq!(reader.shape(), [2, 3]);
    let mut all = FrameBatch::default();
    loop {
        match reader.next_batch() {
            Ok(Some(batch)) => {
                all.frames += batch.frames;
                all.bytes.extend(batch.bytes);
            }
            Ok(None) => return Ok((all, None)),
            Err(error) => return Ok((all, Some(error))),
        }
    }
}

/// The bytes of pixels from the first one of a frame on.
fn shorts(frames: std::ops::Range<u16>) -> Vec<u8> {
    (6 * frames.start..6 * frames.end)
        .flat_map(u16::to_le_bytes)
        .collect()
}

fn of_type(format: FrameFormat, element: ElementType) -> ExpectedFrames {
    ExpectedFrames {
        element: Some(element),
        is_swappable: true,
        ..of_any_type(format)
    }
}

#[test]
fn frames_of_all_formats_are_read() {
    for (format, name) in [
        ("h5", "det_0.h5"),
        ("edf", "det_0.edf"),
        ("big", "det_0.edf"),
    ] {
        let fixture = FrameFixture::new();
        fixture.detect(format, name, 0, 4, "uint16");
        let range = FrameRange {
            first: 1,
            ..fixture.frames(name, 3)
        };
        let files = match format {
            "h5" => FrameFormat::Hdf5,
            _ => FrameFormat::Edf,
        };
        let (batch, error) = read(&range, &of_type(files, SHORT)).unwrap();
        assert_eq!((batch.frames, error), (3, None), "{format}");
        assert_eq!(batch.bytes, shorts(1..4), "{format}");
        // Without an expected type, the frames have that of the file.
        let reader = FrameReader::open(&range, &of_any_type(files)).unwrap();
        let order = match format {
            "big" => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        assert_eq!(*reader.element(), ElementType::Uint(2, order));
    }
}

#[test]
fn short_files_are_read_as_far_as_they_go() {
    let fixture = FrameFixture::new();
    for (format, name) in [("h5", "det_0.h5"), ("edf", "det_0.edf")] {
        fixture.detect(format, name, 0, 3, "uint16");
        let files = match format {
            "h5" => FrameFormat::Hdf5,
            _ => FrameFormat::Edf,
        };
        let (batch, error) = read(&fixture.frames(name, 5), &of_type(files, SHORT)).unwrap();
        assert_eq!(
            (batch.frames, error),
            (3, Some(FrameError::Short)),
            "{format}"
        );
        assert_eq!(batch.bytes, shorts(0..3));
    }
}

#[test]
fn frames_of_another_type_or_shape_are_refused() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 1, "float32");
    fixture.detect("h5", "det_0.h5", 0, 1, "float32");
    for (name, format) in [
        ("det_0.edf", FrameFormat::Edf),
        ("det_0.h5", FrameFormat::Hdf5),
    ] {
        let range = fixture.frames(name, 1);
        let error = FrameReader::open(&range, &of_type(format, SHORT)).err();
        assert!(matches!(error, Some(FrameError::Type { .. })), "{error:?}");
        let flat = ExpectedFrames {
            shape: Some(vec![Some(6)]),
            ..of_any_type(format)
        };
        let error = FrameReader::open(&range, &flat).err();
        assert!(matches!(error, Some(FrameError::Shape { .. })), "{error:?}");
    }
}

#[test]
fn missing_filters_are_reported() {
    let fixture = FrameFixture::new();
    fixture.detect("bitshuffle", "det_0.h5", 0, 4, "uint16");
    let (batch, error) = read(
        &fixture.frames("det_0.h5", 4),
        &of_type(FrameFormat::Hdf5, SHORT),
    )
    .unwrap();
    match error {
        // Where plugins of HDF5 are installed.
        None => assert_eq!(batch.bytes, shorts(0..4)),
        Some(error) => {
            assert!(error.to_string().contains("(32008)"), "{error}");
            assert_eq!(batch.frames, 0);
        }
    }
}
