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
    assert_eq!(named(&directory), FrameError::NotRegular);

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

/// Lets h5py make files in the directory of the detector, which is the current one. `frames` are six frames.
fn make(fixture: &FrameFixture, program: &str) {
    let begin = "
import h5py, numpy, os, sys
os.chdir(sys.argv[1])
frames = numpy.arange(36, dtype='uint16').reshape(6, 2, 3)
def virtual(path, sources, shape=frames.shape):
    layout = h5py.VirtualLayout(shape, 'uint16')
    for rows, name, dataset, extent in sources:
        layout[rows] = h5py.VirtualSource(name, dataset, extent)
    with h5py.File(path, 'w') as file:
        file.create_virtual_dataset('entry/data', layout)
";
    let mut python = crate::common::python();
    python.arg("-c").arg(format!("{begin}{program}"));
    let status = python.arg(fixture.directory.path().join("raw")).status();
    assert!(status.unwrap().success());
}

#[test]
fn frames_that_were_never_written_are_missing() {
    let fixture = FrameFixture::new();
    make(
        &fixture,
        "
with h5py.File('chunks.h5', 'w') as file:
    data = file.create_dataset('entry/data', frames.shape, 'uint16', chunks=(1, 2, 2))
    data[:3] = frames[:3]
    data[4] = frames[4]
with h5py.File('plain.h5', 'w') as file:
    file.create_dataset('entry/data', frames.shape, 'uint16')
",
    );
    let expected = of_any_type(FrameFormat::Hdf5);
    let found = look(&fixture.frames("chunks.h5", 6), &expected);
    assert_eq!(
        (found.present, found.missing),
        (3, Some(FrameError::Unwritten))
    );
    let later = FrameRange {
        first: 4,
        ..fixture.frames("chunks.h5", 1)
    };
    assert_eq!(look(&later, &expected).missing, None);
    let found = look(&fixture.frames("plain.h5", 6), &expected);
    assert_eq!(
        (found.present, found.missing),
        (0, Some(FrameError::Unwritten))
    );
}

#[test]
fn pixels_in_other_files_are_looked_for_there() {
    let fixture = FrameFixture::new();
    make(
        &fixture,
        "
whole = numpy.s_[:]
with h5py.File('part.h5', 'w') as file:
    file['data'] = frames
    file['text'] = numpy.full(frames.shape, b'x')
virtual('good.h5', [(whole, 'part.h5', 'data', frames.shape)])
virtual('nested.h5', [(whole, 'good.h5', 'entry/data', frames.shape)])
virtual('lost.h5', [(whole, 'nowhere.h5', 'data', frames.shape)])
virtual('nested_lost.h5', [(whole, 'lost.h5', 'entry/data', frames.shape)])
virtual('half.h5', [(numpy.s_[:3], 'part.h5', 'data', (3, 2, 3))])
virtual('text.h5', [(whole, 'part.h5', 'text', frames.shape)])
virtual('itself.h5', [(whole, '.', 'entry/data', frames.shape)])
virtual('percent%b.h5', [(whole, '100%%b.h5', 'data', frames.shape)])
os.rename('percent%b.h5', 'percent.h5')
with h5py.File('100%b.h5', 'w') as file:
    file['data'] = frames
def raw(name, size):
    open(name + '.raw', 'wb').write(bytes(size))
    with h5py.File(name + '.h5', 'w') as file:
        file.create_dataset('entry/data', frames.shape, 'uint16', external=[(name + '.raw', 0, 72)])
raw('raw', 72)
raw('short_raw', 71)
raw('no_raw', 72)
os.remove('no_raw.raw')
",
    );
    let expected = of_any_type(FrameFormat::Hdf5);
    for name in ["good", "nested", "raw", "percent"] {
        let found = look(&fixture.frames(&format!("{name}.h5"), 6), &expected);
        assert_eq!((found.present, found.missing), (6, None), "{name}");
        // The other files may change although this one does not.
        assert_eq!(found.stamp, None, "{name}");
    }
    for name in [
        "lost",
        "nested_lost",
        "half",
        "text",
        "itself",
        "short_raw",
        "no_raw",
    ] {
        let range = fixture.frames(&format!("{name}.h5"), 6);
        let found = look(&range, &expected);
        let error = found.missing.unwrap();
        assert!(
            matches!(error, FrameError::PartMissing(_)),
            "{name}: {error}"
        );
        assert_eq!(found.present, 0, "{name}");
        let read = nexus::frames::FrameReader::open(&range, &expected).err();
        assert_eq!(read, Some(error), "{name}");
    }
}

#[test]
fn elements_that_are_no_numbers_have_no_type() {
    let fixture = FrameFixture::new();
    make(
        &fixture,
        "
def save(name, data):
    with h5py.File(name, 'w') as file:
        file['entry/data'] = data
save('text.h5', numpy.full(frames.shape, b'x'))
save('compound.h5', numpy.zeros(frames.shape, 'u2,u2'))
save('bool.h5', frames > 3)
save('complex.h5', frames.astype('c8'))
save('half.h5', frames.astype('f2'))
enum = h5py.enum_dtype({'OFF': 0, 'ON': 1}, basetype='u2')
with h5py.File('enum.h5', 'w') as file:
    file.create_dataset('entry/data', frames.shape, enum)[...] = frames
",
    );
    let little = ByteOrder::Little;
    for (name, element) in [
        ("text", None),
        ("compound", None),
        ("bool", Some(ElementType::Bool)),
        ("complex", Some(ElementType::Complex(8, little))),
        ("half", Some(ElementType::Float(2, little))),
        ("enum", Some(SHORT)),
    ] {
        let range = fixture.frames(&format!("{name}.h5"), 6);
        let found = look(&range, &of_any_type(FrameFormat::Hdf5));
        assert_eq!(found.element, element, "{name}");
    }
}
