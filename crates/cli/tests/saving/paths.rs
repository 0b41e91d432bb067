//! Files that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::hold;

use crate::stage::{Saved, Stage, as_nobody, end, read, stream};

/// Saves a scan that cannot be saved together with one that can.
async fn save_both(stage: &Stage, bad: &Path, adapt: impl Fn(&mut Command)) -> Json {
    let good = stage.file("beside.h5");
    let keys = [stage.good_scan(bad).await, stage.good_scan(&good).await];
    let Saved {
        status,
        mut reports,
        log,
    } = stage.save_with(&keys, adapt);
    assert_eq!(status, Some(1), "{log}");
    assert_eq!(reports[1]["state"], "COMPLETE", "{log}");
    assert_eq!(read(&good, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    assert_eq!(reports[0]["state"], "FAILED", "{log}");
    reports[0]["reason"].take()
}

fn assert_tells(reason: &Json, texts: &[&str]) {
    let reason = reason.as_str().unwrap();
    for text in texts {
        assert!(reason.contains(text), "{text:?} in {reason:?}");
    }
}

#[tokio::test]
async fn a_relative_path_is_refused() {
    let stage = Stage::new().await;
    let reason = save_both(&stage, Path::new("data/a.h5"), |_| {}).await;
    assert_tells(&reason, &["absolute", "data/a.h5"]);
}

#[tokio::test]
async fn missing_directories_are_made() {
    let stage = Stage::new().await;
    let file = stage.file("a/b/c.h5");
    let key = stage.good_scan(&file).await;
    assert_eq!(stage.save(&[key]).status, Some(0));
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn a_file_is_no_directory() {
    let stage = Stage::new().await;
    fs::write(stage.file("file"), "").unwrap();
    let reason = save_both(&stage, &stage.file("file/a.h5"), |_| {}).await;
    assert_tells(&reason, &["not a directory", "file"]);
}

#[tokio::test]
async fn a_directory_that_is_not_ours_is_told() {
    let stage = Stage::new().await;
    let locked = stage.file("locked");
    fs::create_dir(&locked).unwrap();
    // The writer may be somebody else, who has to reach the server and the other file.
    for folder in [stage.folder.path(), stage.server.directory()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    for socket in fs::read_dir(stage.server.directory()).unwrap() {
        fs::set_permissions(socket.unwrap().path(), fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    let reason = save_both(&stage, &locked.join("a.h5"), as_nobody).await;
    assert_tells(&reason, &["no write permission", "locked/a.h5"]);
}

#[tokio::test]
async fn a_full_disk_is_told_before_the_scan_begins() {
    let stage = Stage::new().await;
    let key = stage.good_scan(&stage.file("a.h5")).await;
    let saved = stage.save_with(&[key], |command| {
        command.args(["--required-disk-space", "1000000000000"]);
    });
    assert_eq!(saved.status, Some(1));
    assert_tells(
        &saved.reports[0]["reason"],
        &["not enough space", "a.h5", "1.00 EB required"],
    );
    assert!(!stage.file("a.h5").exists());
}

#[tokio::test]
async fn a_locked_file_names_who_holds_it() {
    let stage = Stage::new().await;
    let file = stage.file("a.h5");
    let holder = hold(&file);
    let reason = save_both(&stage, &file, |_| {}).await;
    assert_tells(
        &reason,
        &[
            "already locked",
            "a.h5",
            &format!("{}", holder.id()),
            "python",
        ],
    );
}

#[tokio::test]
async fn a_file_that_is_not_hdf5_stays_as_it_is() {
    let stage = Stage::new().await;
    let file = stage.file("notes.h5");
    fs::write(&file, "These are notes.").unwrap();
    let reason = save_both(&stage, &file, |_| {}).await;
    assert_tells(&reason, &["not an HDF5 file", "notes.h5"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "These are notes.");
}

#[tokio::test]
async fn what_another_scan_wrote_stays_as_it_is() {
    let stage = Stage::new().await;
    let file = stage.file("a.h5");
    let entry = |title: &str| {
        json!({"1.1": {"type": "group", "attributes": {"note": title},
                       "children": {"title": title, "diode": stream("diode")}}})
    };
    let first = stage.scan_with(&file, entry("first")).await;
    let second = stage.scan_with(&file, entry("second")).await;
    let saved = stage.save(&[first, second]);
    assert_eq!(saved.status, Some(1));
    assert_eq!(saved.reports[0]["state"], "COMPLETE");
    assert_eq!(saved.reports[1]["state"], "FAILED");
    assert_tells(
        &saved.reports[1]["reason"],
        &["/1.1/title", "already exists", "a.h5"],
    );
    assert_eq!(
        read(&file, &["1.1/title", "1.1/diode"]),
        json!(["first", [0.0, 1.0, 2.0]])
    );
}

#[tokio::test]
async fn one_of_several_files_costs_that_file() {
    let stage = Stage::new().await;
    let (good, bad) = (stage.file("good.h5"), stage.file("missing/bad.h5"));
    let mut scan = stage.create(&good, json!({"diode": stream("diode")})).await;
    let root = json!({"type": "group", "children": {"diode": stream("diode")}});
    scan.info_mut()["h5maps"][bad.to_str().unwrap()] = root;
    let diode = crate::stage::diode(&mut scan).await;
    scan.prepare().await.unwrap();
    crate::stage::send(&diode, &[0.0, 1.0]).await;
    let saved = stage.save(&[end(scan).await]);
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE");
    assert_tells(
        &saved.reports[0]["reason"],
        &["missing directory", "missing/bad.h5"],
    );
    assert_eq!(read(&good, &["diode"]), json!([[0.0, 1.0]]));
}
