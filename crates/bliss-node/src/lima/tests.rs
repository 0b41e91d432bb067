//! Files of detectors, from saving parameters as BLISS publishes them.

use std::sync::Arc;

use super::*;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn parameters(changes: &[(&str, Value)]) -> Dict {
    let mut parameters: Dict = [
        ("dtype", text("uint32")),
        (
            "shape",
            Value::Tuple(Arc::from([Value::Int(4), Value::Int(6)])),
        ),
        ("saving_mode", text("AUTO_FRAME")),
        ("saving_format", text("HDF5")),
        ("saving_directory", text("/data/scan")),
        ("saving_prefix", text("simcam_")),
        ("saving_suffix", text(".h5")),
        ("saving_frame_per_file", Value::Int(2)),
        ("saving_frame_per_acquisition", Value::Int(5)),
        ("user_detector_name", text("simcam")),
        ("user_instrument_name", text("id00")),
        ("lima_version", text("1.9.15")),
    ]
    .into_iter()
    .map(|(name, value)| (text(name), value))
    .collect();
    for (name, value) in changes {
        parameters.insert(text(name), value.clone());
    }
    parameters
}

/// Returns file, dataset, first index and number of images.
fn sources(changes: &[(&str, Value)], images: Range<u64>) -> Vec<(String, String, u64, u64)> {
    let images = LimaImages::of(&parameters(changes))
        .unwrap()
        .sources(images);
    let images = images.unwrap().into_iter();
    images
        .map(|source| (source.file, source.dataset, source.first_row, source.frames))
        .collect()
}

fn source(file: &str, dataset: &str, first: u64, frames: u64) -> (String, String, u64, u64) {
    (file.to_owned(), dataset.to_owned(), first, frames)
}

#[test]
fn each_acquisition_begins_a_new_file() {
    let dataset = "/entry_0000/id00/simcam/data";
    assert_eq!(
        sources(&[], 0..6),
        [
            source("/data/scan/simcam_0000.h5", dataset, 0, 2),
            source("/data/scan/simcam_0001.h5", dataset, 0, 2),
            source("/data/scan/simcam_0002.h5", dataset, 0, 1),
            source("/data/scan/simcam_0003.h5", dataset, 0, 1),
        ]
    );
}

#[test]
fn old_lima_has_another_dataset() {
    let old = [("lima_version", text("<1.9.1"))];
    let dataset = "/entry_0000/instrument/simcam/data/array";
    assert_eq!(
        sources(&old, 0..1),
        [source("/data/scan/simcam_0000.h5", dataset, 0, 1)]
    );
}

#[test]
fn hardware_saves_under_other_names() {
    let hardware = [
        ("saving_managed_mode", text("HARDWARE")),
        ("saving_frame_per_file", Value::Int(100)),
        ("saving_index_format", text("%06d")),
    ];
    let file = "/data/scan/simcam__data_000001.h5";
    assert_eq!(
        sources(&hardware, 3..5),
        [source(file, "/entry/data/data", 3, 2)]
    );
}

#[test]
fn other_formats_have_no_datasets() {
    let edf = [
        ("saving_format", text("EDFCONCAT")),
        ("saving_suffix", text(".edf")),
        ("saving_frame_per_acquisition", Value::Int(0)),
        ("saving_next_number", Value::Int(7)),
    ];
    assert_eq!(
        sources(&edf, 2..4),
        [source("/data/scan/simcam_0008.edf", "", 0, 2)]
    );
    let images = LimaImages::of(&parameters(&edf)).unwrap();
    assert_eq!(images.format(), Some("edf"));
    assert_eq!(images.readable(3), 2);
}

#[test]
fn a_detector_need_not_save() {
    let images = LimaImages::of(&parameters(&[("saving_mode", text("NOSAVING"))])).unwrap();
    assert_eq!(images.sources(0..1), Err(FrameSourceError::NotSaved));
    assert!(images.is_discarded());
    assert_eq!(images.frame().shape, [Some(4), Some(6)]);
}

#[test]
fn invalid_parameters_are_named() {
    let invalid = LimaImages::of(&parameters(&[("saving_next_number", text("one"))]));
    let name = "saving_next_number";
    assert_eq!(invalid, Err(LimaError::Parameter { name }));
    let unknown = LimaImages::of(&parameters(&[("dtype", Value::None)]));
    assert_eq!(unknown, Err(LimaError::ImageType));
}
