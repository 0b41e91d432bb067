//! `check --redis` compares the pixels that a dataset gives with those in the files of the detector.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use super::{FRAMES, LAYOUTS, Layout, detect, edf, hdf5, save};
use crate::fixture::{Fixture, WRITER};

/// Options of `save`, and whether the detector saves HDF5 files.
const FORMS: [(&[&str], bool); 4] = [
    (&[], true),
    (&["--disable-external-hdf5", "--copy-non-external"], true),
    (&["--enable-external-nonhdf5"], false),
    (&["--copy-non-external"], false),
];

/// Replaces a dataset by one that differs in one pixel.
const ALTER: &str = "
import sys, h5py
with h5py.File(sys.argv[1], 'a') as file:
    pixels = file[sys.argv[2]][()]
    pixels[4, 1, 2] += 1
    del file[sys.argv[2]]
    file[sys.argv[2]] = pixels
";

fn check(fixture: &Fixture, file: &Path) -> Json {
    let mut command = Command::new(WRITER);
    command.args(["check", "--json", "--redis", &fixture.url()]);
    let output = command.arg(file).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the check of the only scan found.
fn findings(report: &Json) -> Vec<String> {
    let findings = report["scans"][0]["findings"].as_array().unwrap();
    let text =
        |finding: &Json| format!("{}: {}", finding["severity"], finding["text"]).replace('"', "");
    findings.iter().map(text).collect()
}

#[tokio::test]
async fn the_pixels_of_a_detector_are_compared() {
    for layout in LAYOUTS {
        for (options, is_hdf5) in FORMS {
            // The published layout has only datasets that refer to HDF5 files.
            if layout == Layout::H5maps && !options.is_empty() {
                continue;
            }
            let fixture = Fixture::new().await;
            let detector = match is_hdf5 {
                true => fixture.file("cam_%04d.h5"),
                false => fixture.file("cam.edf"),
            };
            let path = detector.to_str().unwrap();
            let files = match is_hdf5 {
                true => hdf5(path, 3),
                false => edf(path),
            };
            let names: &[&str] = match is_hdf5 {
                true => &["cam_0000.h5", "cam_0001.h5"],
                false => &["cam.edf"],
            };
            for name in names {
                let frames = FRAMES / names.len() as u64;
                detect(&fixture.file(name), &[frames, 2, 3], "uint16");
            }
            let saved = save(&fixture, layout, files, options).await;
            assert_eq!(saved.state, "COMPLETE", "{options:?} {saved:?}");
            let file = fixture.file("0.h5");
            let report = check(&fixture, &file);
            assert_eq!(findings(&report), [] as [&str; 0], "{options:?}");
            assert_eq!(report["scans"][0]["compared"], FRAMES, "{options:?}");

            let mut python = testing::python();
            python.args(["-c", ALTER]).arg(&file).arg(layout.path());
            testing::output(&mut python);
            let report = check(&fixture, &file);
            let pixel = saved.values[4][1][2].as_u64().unwrap();
            let expected = format!(
                "problem: 1 point differs from Redis: point 4, element 5 is {} and not {pixel}",
                pixel + 1
            );
            assert_eq!(findings(&report), [expected], "{options:?}");

            // The check says what it could not compare.
            std::fs::remove_file(fixture.file(names[0])).unwrap();
            let report = check(&fixture, &file);
            assert_ne!(report["scans"][0]["compared"], FRAMES, "{options:?}");
            let notes = findings(&report);
            let is_told = |note: &&String| {
                note.starts_with(
                    "note: pixels are not compared with the files of the detector: from frame 0 on",
                ) && note.ends_with("there is no such file")
            };
            assert_eq!(notes.iter().filter(is_told).count(), 1, "{notes:?}");
        }
    }
}
