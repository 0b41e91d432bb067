//! Copies of frames, some of which cannot be copied.

use serde_json::json;

use super::{FRAMES, Layout, detect, hdf5, pixels, save};
use crate::fixture::Fixture;

#[tokio::test]
async fn copies_have_a_hole_for_a_missing_file_and_go_on_behind_it() {
    let fixture = Fixture::new().await;
    for number in [0, 2] {
        detect(
            &fixture.file(&format!("cam_000{number}.h5")),
            &[2, 2, 3],
            "uint16",
        );
    }
    let path = fixture.file("cam_%04d.h5");
    let options = ["--disable-external-hdf5", "--copy-non-external"];
    let saved = save(
        &fixture,
        Layout::Classic,
        hdf5(path.to_str().unwrap(), 2),
        &options,
    )
    .await;
    assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
    assert!(
        saved.warnings.contains("frames 2..4 are not there"),
        "{saved:?}"
    );
    let values = saved.values.as_array().unwrap();
    assert_eq!(values[..2], pixels(0..2));
    assert_eq!(values[4..], pixels(0..2));
    assert_eq!((saved.written, saved.holes), (4, json!([[2, 4]])));
}

#[tokio::test]
async fn a_damaged_frame_is_a_hole_of_the_copies() {
    const PROGRAM: &str = "
import sys, h5py, numpy
frames = numpy.arange(36, dtype='uint16').reshape(6, 2, 3)
with h5py.File(sys.argv[1], 'w') as file:
    data = file.create_dataset('entry/data', data=frames, chunks=(1, 2, 3), fletcher32=True)
    damaged = data.id.get_chunk_info_by_coord((2, 0, 0)).byte_offset
with open(sys.argv[1], 'r+b') as file:
    file.seek(damaged)
    file.write(b'damaged')
";
    let fixture = Fixture::new().await;
    let path = fixture.file("cam.h5");
    testing::output(testing::python().args(["-c", PROGRAM]).arg(&path));
    let options = ["--disable-external-hdf5", "--copy-non-external"];
    let files = hdf5(path.to_str().unwrap(), FRAMES);
    let saved = save(&fixture, Layout::Classic, files, &options).await;
    assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
    assert!(
        saved.warnings.contains("frames 2..3 are not there"),
        "{saved:?}"
    );
    let values = saved.values.as_array().unwrap();
    assert_eq!(values[..2], pixels(0..2));
    assert_eq!(values[3..], pixels(3..6));
    assert_eq!((saved.written, saved.holes), (5, json!([[2, 3]])));
}
