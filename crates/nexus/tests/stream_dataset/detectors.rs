//! Frames that a detector saves itself.

use std::rc::Rc;

use nexus::dataset::{FrameDataset, Frames, link_frames};
use nexus::tree::ElementType;
use serde_json::json;

use crate::support::*;

#[test]
fn frames_of_a_detector_are_seen_as_they_are_saved() {
    let writer = Writer::new();
    let make = "import h5py, numpy, sys\n\
        for n in range(2):\n    \
            data = numpy.arange(40, dtype='u2').reshape(5, 2, 4) + 40 * n\n    \
            h5py.File(f'{sys.argv[1]}/det_{n}.h5', 'w')['entry/data'] = data\n";
    let raw = writer.directory.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    let status = crate::common::python()
        .args(["-c", make])
        .arg(&raw)
        .status();
    assert!(status.unwrap().success());

    let part = |file: usize, first, count| Frames {
        file: raw
            .join(format!("det_{file}.h5"))
            .to_str()
            .unwrap()
            .to_owned(),
        dataset: "/entry/data".to_owned(),
        first,
        count,
    };
    let element = ElementType::Uint(2, LITTLE);
    let root = Rc::clone(&writer.root);
    let mut frames = FrameDataset::new(root, "det", &writer.path, element, vec![2, 4]);
    let numbers =
        |range: std::ops::Range<u16>| -> Vec<u8> { range.flat_map(u16::to_le_bytes).collect() };

    frames.show(&[]).unwrap();
    assert!(writer.seen("det").is_none());
    // Fewer frames than the file has.
    frames.show(&[part(0, 0, 3)]).unwrap();
    let seen = writer.seen("det").unwrap();
    assert_eq!(seen.layout["shape"], json!([3, 2, 4]));
    assert_eq!(seen.layout["maxshape"], json!([null, 2, 4]));
    assert_eq!(
        seen.layout["sources"],
        json!([["raw/det_0.h5", "/entry/data"]])
    );
    assert_eq!(seen.bytes, numbers(0..24));
    // More of them, and the second file not from its first frame on.
    frames.show(&[part(0, 0, 5), part(1, 2, 2)]).unwrap();
    let seen = writer.seen("det").unwrap();
    assert_eq!(seen.bytes, [numbers(0..40), numbers(56..72)].concat());
    assert_eq!(frames.visible(), 7);

    let master = raw.join("det_1.h5");
    let master = master.to_str().unwrap();
    link_frames(&writer.root, "link", &writer.path, master, "/entry/data").unwrap();
    assert_eq!(writer.end("link").bytes, numbers(40..80));
}
