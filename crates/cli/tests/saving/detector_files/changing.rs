//! Files that come, grow or vanish while a scan is saved.

use std::fs;

use serde_json::json;

use super::{FRAMES, LAYOUTS, detect, hdf5, pixels, record, report_all, start};
use testing::wait_until_read;

use crate::classic;
use crate::fixture::{Fixture, end, read};

/// Saves a scan in both layouts. Its file has `frames` frames when the scan ends, if there are any, and all of them
/// a moment later.
async fn complete_after_the_end(frames: Option<u64>) {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        let hidden = fixture.file("hidden.h5");
        if let Some(frames) = frames {
            detect(&path, &[frames, 2, 3], "uint16");
        }
        detect(&hidden, &[FRAMES, 2, 3], "uint16");
        let mut running = classic::session(&fixture);
        let file = fixture.file("scan.h5");
        let files = hdf5(path.to_str().unwrap(), FRAMES);
        let (scan, cam) = start(&fixture, &file, layout, files).await;
        report_all(&cam).await;
        running.wait_for("start saving");
        end(scan).await;
        fs::rename(&hidden, &path).unwrap();
        running.wait_for("Finished writing");
        assert_eq!(read(&file, &[layout.path()]), json!([pixels(0..FRAMES)]));
        assert_eq!(record(&file, layout)["complete"], true);
        Fixture::end(running);
    }
}

#[tokio::test]
async fn a_file_that_comes_late_is_waited_for() {
    complete_after_the_end(None).await;
}

#[tokio::test]
async fn a_file_that_grows_is_waited_for() {
    complete_after_the_end(Some(2)).await;
}

#[tokio::test]
async fn a_file_that_vanishes_after_it_was_seen_is_missing() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for (number, frames) in [(0, 3), (1, 3)] {
            detect(
                &fixture.file(&format!("cam_000{number}.h5")),
                &[frames, 2, 3],
                "uint16",
            );
        }
        let path = fixture.file("cam_%04d.h5");
        let mut running = classic::session(&fixture);
        let file = fixture.file("scan.h5");
        let (scan, cam) = start(&fixture, &file, layout, hdf5(path.to_str().unwrap(), 3)).await;
        report_all(&cam).await;
        wait_until_read(&file, &[layout.path()], &json!([pixels(0..3)])).await;
        fs::remove_file(fixture.file("cam_0000.h5")).unwrap();
        end(scan).await;
        running.wait_for("INCOMPLETE in");
        let record = record(&file, layout);
        assert_eq!(record["complete"], false);
        assert_eq!(
            classic::recorded(&record, "cam:image")["holes"],
            json!([[0, 3]])
        );
        Fixture::end(running);
    }
}
