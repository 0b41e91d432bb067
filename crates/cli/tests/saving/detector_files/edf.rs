//! Frames in EDF files, in every form in which a dataset can have them.

use std::fs;

use serde_json::json;

use super::{Layout, detect, edf, pixels, save_all};
use crate::fixture::Fixture;

#[tokio::test]
async fn edf_files_are_looked_at_in_every_form() {
    let fixture = Fixture::new().await;
    for (name, shape, dtype) in [
        ("whole.edf", [6, 2, 3], "uint16"),
        ("short.edf", [3, 2, 3], "uint16"),
        ("transposed.edf", [6, 3, 2], "uint16"),
        ("float.edf", [6, 2, 3], "float32"),
    ] {
        detect(&fixture.file(name), &shape, dtype);
    }
    let names = ["whole", "short", "missing", "transposed", "float"];
    let detectors = names.map(|name| edf(&format!("{name}.edf"))).to_vec();
    for options in [
        &["--enable-external-nonhdf5"][..],
        &["--copy-non-external"],
        &[],
    ] {
        let all = save_all(&fixture, Layout::Classic, detectors.clone(), options).await;
        for number in 0..names.len() {
            fs::remove_file(fixture.file(&format!("{number}.h5"))).unwrap();
        }
        let [whole, short, missing, transposed, float] = &all[..] else {
            panic!("five scans");
        };
        assert_eq!(whole.state, "COMPLETE", "{options:?} {whole:?}");
        assert_eq!(short.state, "INCOMPLETE", "{options:?} {short:?}");
        assert!(
            short.warnings.contains("frames 3..6 are not there"),
            "{short:?}"
        );
        assert_eq!((short.written, &short.holes), (3, &json!([[3, 6]])));
        assert_eq!(missing.state, "INCOMPLETE", "{options:?} {missing:?}");
        assert!(
            missing.warnings.contains("there is no such file"),
            "{missing:?}"
        );
        // A list of names says nothing about shapes and types.
        if options.is_empty() {
            assert_eq!(whole.values[5], "whole.edf::5");
            continue;
        }
        assert_eq!(whole.values, json!(pixels(0..6)));
        assert_eq!(short.values.as_array().unwrap()[..3], pixels(0..3));
        assert_eq!(transposed.state, "INCOMPLETE", "{options:?} {transposed:?}");
        assert!(
            transposed.warnings.contains("a frame of shape [3, 2]"),
            "{transposed:?}"
        );
        assert_eq!(float.state, "COMPLETE", "{options:?} {float:?}");
        assert_eq!(float.values[5][1][2].as_f64(), Some(35.0));
    }
}
