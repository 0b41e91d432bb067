//! Frames of another shape or type than announced.

use serde_json::json;

use super::{FRAMES, LAYOUTS, detect, hdf5, pixels, save, save_all};
use crate::fixture::Fixture;

#[tokio::test]
async fn frames_of_another_shape_are_missing() {
    let cases = [
        ("transposed.h5", &[6, 3, 2][..], "[3, 2]"),
        ("flat.h5", &[6, 6], "[6]"),
        ("nested.h5", &[6, 2, 3, 1], "[2, 3, 1]"),
    ];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for (name, shape, _) in cases {
            detect(&fixture.file(name), shape, "uint16");
        }
        let detectors = cases.map(|(name, ..)| hdf5(name, FRAMES)).to_vec();
        let all = save_all(&fixture, layout, detectors, &[]).await;
        for (saved, (_, _, found)) in all.iter().zip(cases) {
            assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
            let reason = format!("a frame of shape {found} where [2, 3] was expected");
            assert!(saved.warnings.contains(&reason), "{saved:?}");
            assert_eq!(saved.holes, json!([[0, 6]]));
        }
    }
}

#[tokio::test]
async fn the_dataset_has_the_type_of_the_files() {
    let types = ["float32", "uint32", "int16"];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for dtype in types {
            detect(&fixture.file(&format!("{dtype}.h5")), &[6, 2, 3], dtype);
        }
        let detectors = types
            .map(|dtype| hdf5(&format!("{dtype}.h5"), FRAMES))
            .to_vec();
        let all = save_all(&fixture, layout, detectors, &[]).await;
        for (saved, dtype) in all.iter().zip(types) {
            assert_eq!(saved.state, "COMPLETE", "{saved:?}");
            let difference =
                format!("frames of type {dtype} in the files, where uint16 was announced");
            assert!(saved.warnings.contains(&difference), "{saved:?}");
            assert_eq!(saved.values[5][1][2].as_f64(), Some(35.0), "{dtype}");
        }
    }
}

#[tokio::test]
async fn files_that_differ_from_each_other_are_not_mixed() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        detect(&fixture.file("cam_0000.h5"), &[3, 2, 3], "uint16");
        detect(&fixture.file("cam_0001.h5"), &[3, 2, 3], "float64");
        let path = fixture.file("cam_%04d.h5");
        let saved = save(&fixture, layout, hdf5(path.to_str().unwrap(), 3), &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved
                .warnings
                .contains("pixels of type float64 where uint16"),
            "{saved:?}"
        );
        assert_eq!(saved.values.as_array().unwrap()[..3], pixels(0..3));
        assert_eq!((saved.written, saved.holes), (3, json!([[3, 6]])));
    }
}
