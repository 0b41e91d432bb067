//! Files that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::hold;

use crate::fixture::{Fixture, SaveOutput, end, read, run_unprivileged, stream};

/// Saves a scan that cannot be saved together with one that can.
async fn save_both(fixture: &Fixture, bad: &Path, adapt: impl Fn(&mut Command)) -> Json {
    let good = fixture.file("beside.h5");
    let keys = [fixture.good_scan(bad).await, fixture.good_scan(&good).await];
    let SaveOutput {
        status,
        mut reports,
        log,
    } = fixture.save_with(&keys, adapt);
    assert_eq!(status, Some(1), "{log}");
    assert_eq!(reports[1]["state"], "COMPLETE", "{log}");
    assert_eq!(read(&good, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    assert_eq!(reports[0]["state"], "FAILED", "{log}");
    reports[0]["reason"].take()
}

fn assert_contains(reason: &Json, texts: &[&str]) {
    let reason = reason.as_str().unwrap();
    for text in texts {
        assert!(reason.contains(text), "{text:?} in {reason:?}");
    }
}

#[tokio::test]
async fn a_relative_path_is_refused() {
    let fixture = Fixture::new().await;
    let reason = save_both(&fixture, Path::new("data/a.h5"), |_| {}).await;
    assert_contains(&reason, &["absolute", "data/a.h5"]);
}

#[tokio::test]
async fn missing_directories_are_made() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a/b/c.h5");
    let key = fixture.good_scan(&file).await;
    assert_eq!(fixture.save(&[key]).status, Some(0));
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn a_file_is_no_directory() {
    let fixture = Fixture::new().await;
    fs::write(fixture.file("file"), "").unwrap();
    let reason = save_both(&fixture, &fixture.file("file/a.h5"), |_| {}).await;
    assert_contains(&reason, &["not a directory", "file"]);
}

#[tokio::test]
async fn a_directory_without_permission_is_an_error() {
    let fixture = Fixture::new().await;
    let locked = fixture.file("locked");
    fs::create_dir(&locked).unwrap();
    // The writer may run as another user, which must reach the server and the other file.
    for folder in [fixture.folder.path(), fixture.server.directory()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    for socket in fs::read_dir(fixture.server.directory()).unwrap() {
        fs::set_permissions(socket.unwrap().path(), fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    let reason = save_both(&fixture, &locked.join("a.h5"), run_unprivileged).await;
    assert_contains(&reason, &["no write permission", "locked/a.h5"]);
}

#[tokio::test]
async fn a_full_disk_is_reported_before_the_scan_begins() {
    let fixture = Fixture::new().await;
    let key = fixture.good_scan(&fixture.file("a.h5")).await;
    let saved = fixture.save_with(&[key], |command| {
        command.args(["--required-disk-space", "1000000000000"]);
    });
    assert_eq!(saved.status, Some(1));
    assert_contains(
        &saved.reports[0]["reason"],
        &["not enough space", "a.h5", "1.00 EB required"],
    );
    assert!(!fixture.file("a.h5").exists());
}

#[tokio::test]
async fn a_locked_file_is_reported_with_its_holder() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let holder = hold(&file);
    let reason = save_both(&fixture, &file, |_| {}).await;
    assert_contains(
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
    let fixture = Fixture::new().await;
    let file = fixture.file("notes.h5");
    fs::write(&file, "These are notes.").unwrap();
    let reason = save_both(&fixture, &file, |_| {}).await;
    assert_contains(&reason, &["not an HDF5 file", "notes.h5"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "These are notes.");
}

#[tokio::test]
async fn items_of_other_scans_are_not_changed() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let entry = |title: &str| {
        json!({"1.1": {"type": "group", "attributes": {"note": title},
                       "children": {"title": title, "diode": stream("diode")}}})
    };
    let first = fixture.scan_with(&file, entry("first")).await;
    let second = fixture.scan_with(&file, entry("second")).await;
    let saved = fixture.save(&[first, second]);
    assert_eq!(saved.status, Some(1));
    assert_eq!(saved.reports[0]["state"], "COMPLETE");
    assert_eq!(saved.reports[1]["state"], "FAILED");
    assert_contains(
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
    let fixture = Fixture::new().await;
    let (good, bad) = (fixture.file("good.h5"), fixture.file("missing/bad.h5"));
    let mut scan = fixture
        .create(&good, json!({"diode": stream("diode")}))
        .await;
    let root = json!({"type": "group", "children": {"diode": stream("diode")}});
    scan.info_mut()["h5maps"][bad.to_str().unwrap()] = root;
    let diode = crate::fixture::diode(&mut scan).await;
    scan.prepare().await.unwrap();
    crate::fixture::send(&diode, &[0.0, 1.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE");
    assert_contains(
        &saved.reports[0]["reason"],
        &["missing directory", "missing/bad.h5"],
    );
    assert_eq!(read(&good, &["diode"]), json!([[0.0, 1.0]]));
}
