//! Files that are looked at while they grow.

use std::cell::Cell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use super::{publish, scale};
use crate::classic;
use crate::detector_files::publish_images;
use crate::fixture::{Fixture, WRITER};
use crate::live::wait_until_exists;

/// Longest pause between two steps of a scan.
const PAUSE: Duration = Duration::from_millis(100);

/// The number of scans in one file.
const SCANS_PER_FILE: u64 = 20;

/// Returns the problems that `check` finds in a file, but not that its scans are unfinished.
pub fn problems(file: &Path) -> Vec<String> {
    let checked = Command::new(WRITER)
        .args(["check", "--json"])
        .arg(file)
        .output()
        .unwrap();
    let Ok(report) = serde_json::from_slice::<Json>(&checked.stdout) else {
        return vec![String::from_utf8_lossy(&checked.stderr).into_owned()];
    };
    let scans = report["scans"].as_array().unwrap().iter();
    let parts = std::iter::once(&report).chain(scans);
    let findings = parts.flat_map(|part| part["findings"].as_array().unwrap());
    findings
        .filter(|finding| finding["severity"] == "problem")
        .map(Json::to_string)
        .collect()
}

/// Scans of both layouts, with and without a detector, are added to two files while `check` and `tree` walk through
/// them.
#[tokio::test]
async fn a_growing_file_is_never_called_damaged() {
    let walks = scale("NEXUS_WRITER_SOAK_WALKS", 12);
    let fixture = Fixture::new().await;
    let files = |number: u64| {
        let number = number / SCANS_PER_FILE;
        ["plain", "images"].map(|name| fixture.file(&format!("{name}{number}.h5")))
    };
    let current = Cell::new(0);
    let writer = classic::session(&fixture);
    let publish_all = async {
        for number in 0.. {
            current.set(number);
            let [plain, images] = files(number);
            publish(&fixture, &plain, &format!("scan{number}"), PAUSE).await;
            publish_images(&fixture, &images, number + 1, PAUSE).await;
        }
    };
    let walk = async {
        for walk in 0..walks {
            let [plain, images] = files(current.get());
            let file = if walk % 2 == 0 { plain } else { images };
            wait_until_exists(&file).await;
            let walked = tokio::task::spawn_blocking(move || {
                let tree = Command::new(WRITER)
                    .arg("tree")
                    .arg(&file)
                    .output()
                    .unwrap();
                (problems(&file), tree)
            });
            let (problems, tree) = walked.await.unwrap();
            assert_eq!(problems, Vec::<String>::new(), "walk {walk}");
            assert!(tree.status.success(), "walk {walk}: {tree:?}");
        }
    };
    tokio::select! {
        () = publish_all => {}
        () = walk => {}
    }
    println!("{walks} walks");
    Fixture::end(writer);
}
