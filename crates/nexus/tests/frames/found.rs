//! What is found out about frames before a dataset refers to them.

use nexus::frames::{
    ExpectedFrames, FileStamp, Finding, FrameError, FrameFormat, FrameRange, find,
};
use nexus::tree::{ByteOrder, ElementType};

use crate::support::*;

/// What is missing of frames of any type.
fn missing(range: &FrameRange, format: FrameFormat) -> FrameError {
    look(range, &of_any_type(format)).missing.unwrap()
}

#[test]
fn frames_of_hdf5_files_are_counted() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "float32");
    let expected = of_any_type(FrameFormat::Hdf5);
    let all = look(&fixture.frames("det_0.h5", 4), &expected);
    assert_eq!((all.present, all.missing), (4, None));
    assert_eq!((all.element, all.shape), (Some(SINGLE), Some(vec![2, 3])));
    let later = FrameRange {
        first: 3,
        ..fixture.frames("det_0.h5", 4)
    };
    let found = look(&later, &expected);
    assert_eq!((found.present, found.missing), (1, Some(FrameError::Short)));
}

#[test]
fn everything_that_differs_from_the_announcement_is_found() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "uint16");
    let range = fixture.frames("det_0.h5", 4);
    let file = |name: &str| FrameRange {
        file: fixture.raw(name),
        ..range.clone()
    };
    let dataset = |path: &str| FrameRange {
        dataset: path.to_owned(),
        ..range.clone()
    };
    std::fs::write(fixture.raw("text.h5"), "no HDF5 file").unwrap();
    let named = |range: &FrameRange| missing(range, FrameFormat::Hdf5);
    assert_eq!(named(&file("det_1.h5")), FrameError::Missing);
    assert_eq!(named(&dataset("")), FrameError::NoDataset);
    assert!(matches!(
        named(&dataset("/entry/other")),
        FrameError::Unopened(_)
    ));
    assert!(matches!(named(&dataset("/entry")), FrameError::Unopened(_)));
    assert!(matches!(named(&file("text.h5")), FrameError::Unopened(_)));
    let directory = FrameRange {
        file: "/".to_owned(),
        ..range.clone()
    };
    assert!(matches!(named(&directory), FrameError::Unreadable(_)));

    let of_shape = |shape: &[u64]| ExpectedFrames {
        shape: Some(shape.iter().copied().map(Some).collect()),
        ..of_any_type(FrameFormat::Hdf5)
    };
    for shape in [&[3, 2][..], &[6], &[1, 2, 3]] {
        let error = look(&range, &of_shape(shape)).missing.unwrap();
        assert!(matches!(error, FrameError::Shape { .. }), "{error}");
        assert!(!error.is_temporary() && !error.allows_reference());
    }
    let of_type = |element| ExpectedFrames {
        element: Some(element),
        ..of_any_type(FrameFormat::Hdf5)
    };
    let error = look(&range, &of_type(SINGLE)).missing.unwrap();
    assert_eq!(
        error.to_string(),
        "pixels of type uint16 where float32 was expected"
    );
    let big = of_type(ElementType::Uint(2, ByteOrder::Big));
    assert!(look(&range, &big).missing.is_some());
    let swappable = ExpectedFrames {
        is_swappable: true,
        ..big
    };
    assert_eq!(look(&range, &swappable).present, 4);
    // A length that was not announced may be anything.
    let unknown = ExpectedFrames {
        shape: Some(vec![Some(2), None]),
        ..of_any_type(FrameFormat::Hdf5)
    };
    assert_eq!(look(&range, &unknown).shape, Some(vec![2, 3]));
}

#[test]
fn frames_of_edf_files_are_found_up_to_the_first_that_differs() {
    let fixture = FrameFixture::new();
    fixture.detect("edf", "det_0.edf", 0, 3, "uint16");
    fixture.detect("edf", "other.edf", 0, 1, "float32");
    let whole = std::fs::read(fixture.raw("det_0.edf")).unwrap();
    let other = std::fs::read(fixture.raw("other.edf")).unwrap();
    std::fs::write(fixture.raw("mixed.edf"), [&whole[..], &other].concat()).unwrap();
    std::fs::write(fixture.raw("cut.edf"), &whole[..whole.len() - 1]).unwrap();
    let expected = of_any_type(FrameFormat::Edf);

    let mixed = look(&fixture.frames("mixed.edf", 4), &expected);
    assert_eq!((mixed.present, mixed.pieces.len()), (3, 3));
    assert!(matches!(mixed.missing, Some(FrameError::Type { .. })));
    let cut = look(&fixture.frames("cut.edf", 3), &expected);
    assert_eq!((cut.present, cut.missing), (2, Some(FrameError::Short)));
    assert_eq!(
        missing(&fixture.frames("late.edf", 1), FrameFormat::Edf),
        FrameError::Missing
    );

    fixture.detect("gzip", "gzip.edf", 0, 2, "uint16");
    let gzip = fixture.frames("gzip.edf", 2);
    assert!(matches!(
        missing(&gzip, FrameFormat::Edf),
        FrameError::Compressed(_)
    ));
    // The names of compressed frames can be listed.
    let named = ExpectedFrames {
        shape: None,
        ..expected
    };
    assert_eq!(look(&gzip, &named).present, 2);
}

#[test]
fn sizes_beyond_any_file_are_refused() {
    let fixture = FrameFixture::new();
    let frame = "{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; }\n";
    let max = u64::MAX;
    for (name, header) in [
        (
            "general.edf",
            format!("{{ EDF_DataFormatVersion = 2.40; EDF_BinarySize = {max}; }}\n"),
        ),
        (
            "large.edf",
            format!("{{ DataType = UnsignedShort; Dim_1 = 3; Dim_2 = 2; Size = {max}; }}\n"),
        ),
        (
            "huge.edf",
            format!("{{ DataType = UnsignedByte; Dim_1 = {max}; Dim_2 = 1; }}\n"),
        ),
    ] {
        std::fs::write(fixture.raw(name), header + frame).unwrap();
        let error = missing(&fixture.frames(name, 2), FrameFormat::Edf).to_string();
        assert!(error.contains("a block larger than any file"), "{error}");
    }
}

#[test]
fn files_of_other_formats_only_have_to_be_there() {
    let fixture = FrameFixture::new();
    let range = fixture.frames("det_0.cbf", 3);
    assert_eq!(missing(&range, FrameFormat::Other), FrameError::Missing);
    std::fs::write(fixture.raw("det_0.cbf"), "").unwrap();
    assert_eq!(missing(&range, FrameFormat::Other), FrameError::Short);
    std::fs::write(fixture.raw("det_0.cbf"), "###CBF").unwrap();
    assert_eq!(look(&range, &of_any_type(FrameFormat::Other)).present, 3);
}

#[test]
fn a_file_that_has_not_changed_is_not_opened_again() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "uint16");
    let range = fixture.frames("det_0.h5", 4);
    let expected = of_any_type(FrameFormat::Hdf5);
    let stamp: Option<FileStamp> = look(&range, &expected).stamp;
    assert!(stamp.is_some());
    assert_eq!(find(&range, &expected, stamp), Finding::Unchanged);
    fixture.detect("h5", "det_0.h5", 0, 3, "uint16");
    let Finding::Found(found) = find(&range, &expected, stamp) else {
        panic!("the file has changed");
    };
    assert_eq!(
        (found.present, found.missing, found.stamp),
        (3, Some(FrameError::Short), None)
    );
    std::fs::remove_file(fixture.raw("det_0.h5")).unwrap();
    let Finding::Found(found) = find(&range, &expected, stamp) else {
        panic!("the file has vanished");
    };
    assert_eq!(found.missing, Some(FrameError::Missing));
}

#[test]
fn a_master_file_needs_all_of_its_parts() {
    let fixture = FrameFixture::new();
    fixture.detect("h5", "det_0.h5", 0, 4, "uint16");
    fixture.detect("h5", "det_1.h5", 4, 4, "uint16");
    let mut master = fixture.dataset(
        nexus::dataset::FrameReference::Virtual,
        SHORT,
        nexus::tree::StreamStorage::Automatic,
    );
    let parts = ["det_0.h5", "det_1.h5"].map(|name| fixture.frames(name, 4));
    master.close(&usable(&parts)).unwrap();
    fixture.file.flush().unwrap();
    let range = FrameRange {
        file: fixture.path.to_str().unwrap().to_owned(),
        dataset: "/cam/image".to_owned(),
        first: 0,
        count: 8,
    };
    let expected = of_any_type(FrameFormat::Hdf5);
    assert_eq!(look(&range, &expected).present, 8);
    fixture.detect("h5", "det_1.h5", 4, 3, "uint16");
    let found = look(&range, &expected);
    assert!(matches!(found.missing, Some(FrameError::PartMissing(_))));
    assert_eq!(found.present, 0);
}
