//! Frames that are not where the detector has announced them.

use serde_json::json;
use simulation::publish::LimaFiles;

use super::{FRAMES, LAYOUTS, Layout, detect, edf, hdf5, pixels, save, save_all, start, with_file};
use crate::fixture::{Fixture, end, read};

#[tokio::test]
async fn frames_without_a_file_are_missing() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam_%04d.h5");
        let saved = save(&fixture, layout, hdf5(path.to_str().unwrap(), 3), &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved.warnings.contains("frames 0..6 are not there"),
            "{saved:?}"
        );
        assert!(
            saved
                .warnings
                .contains("cam_0000.h5: there is no such file"),
            "{saved:?}"
        );
        assert_eq!((saved.written, saved.holes), (0, json!([[0, 6]])));
        // When the detector saves them after all, readers see them.
        for (first, name) in [(0, "cam_0000.h5"), (3, "cam_0001.h5")] {
            detect(&fixture.file(name), &[3 + first, 2, 3], "uint16");
        }
        let file = fixture.file("0.h5");
        let values = read(&file, &[layout.path()]);
        assert_eq!(values[0].as_array().unwrap()[..3], pixels(0..3));
    }
}

#[tokio::test]
async fn a_short_file_has_the_frames_that_are_there() {
    for layout in LAYOUTS {
        let saved = with_file(layout, "cam.h5", &[3, 2, 3], "uint16", &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved.warnings.contains("frames 3..6 are not there"),
            "{saved:?}"
        );
        assert!(
            saved.warnings.contains("the file ends before the frame"),
            "{saved:?}"
        );
        let values = saved.values.as_array().unwrap();
        assert_eq!(values[..3], pixels(0..3));
        assert_eq!(values[3..], vec![json!([[0, 0, 0], [0, 0, 0]]); 3]);
        assert_eq!((saved.written, saved.holes), (3, json!([[3, 6]])));
    }
}

#[tokio::test]
async fn names_that_lead_nowhere_are_reported() {
    let cases = [
        (
            r"C:\\data\\cam.h5",
            "/entry/data",
            "the name is one of another system",
        ),
        (
            r"\\\\server\\cam.h5",
            "/entry/data",
            "the name is one of another system",
        ),
        ("cam.h5", "", "no dataset was announced"),
        ("cam.h5", "/entry/image", "the dataset cannot be opened"),
        (
            "file:///nowhere/cam.h5",
            "/entry/data",
            "/nowhere/cam.h5: there is no such file",
        ),
    ];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        detect(&fixture.file("cam.h5"), &[6, 2, 3], "uint16");
        let detectors = cases.map(|(name, data_path, _)| LimaFiles {
            data_path: Some(data_path.to_owned()),
            ..hdf5(name, FRAMES)
        });
        let all = save_all(&fixture, layout, detectors.to_vec(), &[]).await;
        for (saved, (_, _, reason)) in all.iter().zip(cases) {
            assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
            assert!(saved.warnings.contains(reason), "{saved:?}");
            assert_eq!(saved.holes, json!([[0, 6]]));
        }
    }
}

#[tokio::test]
async fn relative_names_and_urls_lead_to_files() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        detect(&path, &[6, 2, 3], "uint16");
        let names = ["cam.h5".to_owned(), format!("file://{}", path.display())];
        let detectors = names.map(|name| hdf5(&name, FRAMES)).to_vec();
        for saved in save_all(&fixture, layout, detectors, &[]).await {
            assert_eq!(saved.state, "COMPLETE", "{saved:?}");
            assert_eq!(saved.values, json!(pixels(0..6)));
        }
    }
}

#[tokio::test]
async fn frames_that_the_detector_has_not_saved_are_no_frames() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        // Its file has more, perhaps of an earlier scan.
        detect(&path, &[6, 2, 3], "uint16");
        let file = fixture.file("0.h5");
        let files = hdf5(path.to_str().unwrap(), FRAMES);
        let (scan, cam) = start(&fixture, &file, layout, files).await;
        cam.send_lima(FRAMES, 4).await.unwrap();
        let saved = fixture.save(&[end(scan).await]);
        let report = &saved.reports[0];
        assert_eq!(report["state"], "INCOMPLETE", "{report}");
        let reason = "the detector has acquired 6 frames and saved 4";
        assert!(report["reason"].to_string().contains(reason), "{report}");
    }
}

#[tokio::test]
async fn a_number_of_frames_that_cannot_be_true_harms_no_other_scan() {
    let fixture = Fixture::new().await;
    let path = fixture.file("cam.edf");
    detect(&path, &[6, 2, 3], "uint16");
    let files = LimaFiles {
        frame_per_file: 1 << 40,
        ..edf(path.to_str().unwrap())
    };
    let file = fixture.file("0.h5");
    let (scan, cam) = start(&fixture, &file, Layout::Classic, files).await;
    cam.send_lima(1 << 40, 1 << 40).await.unwrap();
    let keys = [
        end(scan).await,
        fixture.good_scan(&fixture.file("1.h5")).await,
    ];
    let saved = fixture.save(&keys);
    let state = |key: &String| {
        let report = saved.reports.iter().find(|report| report["key"] == **key);
        report.unwrap()["state"].as_str().unwrap()
    };
    assert_eq!(
        keys.each_ref().map(state),
        ["INCOMPLETE", "COMPLETE"],
        "{}",
        saved.log
    );
    assert!(saved.log.contains("names is too long"), "{}", saved.log);
}
