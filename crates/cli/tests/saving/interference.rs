//! Files that other programs delete, rename, replace or truncate while a scan is saved.

use std::fs::{self, OpenOptions};
use std::path::Path;

use serde_json::json;

use testing::wait_until_read;

use crate::fixture::{Fixture, end, read, send};

/// Saves a scan, does something to its file in the middle, and returns the log.
async fn interfere(what: &str, action: impl Fn(&Path)) -> String {
    let fixture = Fixture::new().await;
    let file = fixture.file("data/a.h5");
    let mut running = fixture.run();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    running.wait_for("start saving");
    wait_until_read(&file, &["diode"], &json!([[0.0, 1.0]])).await;
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
    wait_until_read(&file, &["diode"], &json!([[0.0, 1.0]])).await;
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
    wait_until_read(&file, &["diode"], &json!([[0.0, 1.0, 2.0]])).await;
    running.signal("STOP");
    fs::remove_file(&file).unwrap();
    end(scan).await;
    running.signal("CONT");
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}

/// One of the scans notices it first, and nothing that the others write reaches the file any more.
#[tokio::test]
async fn all_scans_of_an_emptied_file_are_written_again() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.run();
    let mut scans = Vec::new();
    for name in NAMES {
        let (scan, diode) = fixture.start_scan_as(&file, name).await;
        send(&diode, &[0.0, 1.0]).await;
        scans.push((scan, diode));
    }
    wait_until_read(&file, &NAMES, &json!(vec![[0.0, 1.0]; 3])).await;
    let opened = OpenOptions::new().write(true).open(&file);
    opened.unwrap().set_len(0).unwrap();
    running.wait_for("was truncated");
    for (scan, diode) in scans {
        send(&diode, &[2.0]).await;
        end(scan).await;
    }
    wait_until_read(&file, &NAMES, &json!(vec![[0.0, 1.0, 2.0]; 3])).await;
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED"), "{log}");
}

/// What is written next makes the file longer than it was, so that its size does not show it.
#[tokio::test]
async fn an_emptied_file_that_grows_at_once_is_written_again() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.run();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&file, &["diode"], &json!([[0.0, 1.0]])).await;
    // Many points, in large blocks, of which whole chunks are stored before the next look at the file.
    let block: Vec<u8> = (0..100_000u32)
        .flat_map(|point| f64::from(point).to_le_bytes())
        .collect();
    let opened = OpenOptions::new().write(true).open(&file);
    opened.unwrap().set_len(0).unwrap();
    for _ in 0..40 {
        diode.send(&block, 100_000).await.unwrap();
    }
    diode.flush().await.unwrap();
    end(scan).await;
    running.wait_for("Finished writing");
    const SHAPE: &str = "
import sys, h5py
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    print(len(file['diode']), file['diode'][-1])
";
    let mut python = testing::python();
    let seen = testing::output(python.args(["-c", SHAPE]).arg(&file));
    assert_eq!(seen.trim(), "4000002 99999.0");
    Fixture::end(running);
}
