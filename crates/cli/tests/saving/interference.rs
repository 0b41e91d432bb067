//! Files that other programs delete, rename, replace or truncate while a scan is saved.

use std::fs::{self, OpenOptions};
use std::path::Path;

use serde_json::json;

use crate::fixture::{Fixture, end, read, send};
use crate::live::wait_until;

/// Saves a scan, does something to its file in the middle, and returns the log.
async fn interfere(what: &str, action: impl Fn(&Path)) -> String {
    let fixture = Fixture::new().await;
    let file = fixture.file("data/a.h5");
    let mut running = fixture.run();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    running.wait_for("start saving");
    wait_until(&file, &["diode"], &json!([[0.0, 1.0]])).await;
    action(&file);
    running.wait_for(&format!(
        "waiting, the scan is not lost: {}",
        file.display()
    ));
    running.wait_for(what);
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED"), "{log}");
    log
}

#[tokio::test]
async fn a_deleted_file_is_written_again() {
    interfere("was deleted or renamed", |file| {
        fs::remove_file(file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_deleted_directory_is_written_again() {
    interfere("was deleted or renamed", |file| {
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_renamed_directory_is_left_with_what_it_has() {
    interfere("was deleted or renamed", |file| {
        let directory = file.parent().unwrap();
        fs::rename(directory, directory.with_file_name("elsewhere")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_was_replaced_by_its_copy_is_continued() {
    interfere("was replaced by another file", |file| {
        let copy = file.with_extension("copy");
        fs::copy(file, &copy).unwrap();
        fs::rename(copy, file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_emptied_file_is_written_again() {
    interfere("was truncated", |file| {
        let opened = OpenOptions::new().write(true).open(file);
        opened.unwrap().set_len(0).unwrap();
    })
    .await;
}

/// The part that is missing cannot be written by a program that does not know it.
#[tokio::test]
async fn a_file_that_has_lost_its_end_is_reported() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.run();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    running.wait_for("start saving");
    wait_until(&file, &["diode"], &json!([[0.0, 1.0]])).await;
    let size = fs::metadata(&file).unwrap().len();
    let opened = OpenOptions::new().write(true).open(&file);
    opened.unwrap().set_len(size / 2).unwrap();
    running.wait_for("was truncated");
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("damaged file");
    let log = Fixture::end(running);
    assert!(!log.contains("Finished writing"), "{log}");
    // Nothing was added to what is left.
    assert_eq!(fs::metadata(&file).unwrap().len(), size / 2);
}

/// The last moment: the scan has ended, and its file is gone before it is closed.
#[tokio::test]
async fn a_file_that_vanishes_at_the_end_is_written_again() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.run();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    running.wait_for("start saving");
    wait_until(&file, &["diode"], &json!([[0.0, 1.0, 2.0]])).await;
    running.signal("STOP");
    fs::remove_file(&file).unwrap();
    end(scan).await;
    running.signal("CONT");
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}
