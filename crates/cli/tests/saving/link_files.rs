//! Files that hold only links to scans, which several writers and scans share.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamPublisher};

use testing::wait_until_read;

use crate::classic::{counter, create, info, session};
use crate::environment::without_locks;
use crate::fixture::{Fixture, end, read, send};

const DIODE: &str = "1.1/instrument/diode/signal";

/// Starts a scan in `file` with links in these files.
async fn started(
    fixture: &Fixture,
    file: &Path,
    masters: &[&Path],
) -> (ScanPublisher, StreamPublisher) {
    let mut info = info(file, &["diode"]);
    let levels = masters.iter().enumerate();
    let levels = levels.map(|(level, master)| (format!("level{level}"), json!(master)));
    info["nexuswriter"]["masterfiles"] = Json::Object(levels.collect());
    let mut scan = create(fixture, info).await;
    let diode = counter(&mut scan, "diode").await;
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    (scan, diode)
}

/// Publishes a whole scan. Returns its key.
async fn whole(fixture: &Fixture, file: &Path, masters: &[&Path]) -> String {
    let (scan, diode) = started(fixture, file, masters).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    end(scan).await
}

#[tokio::test]
async fn a_link_file_of_another_writer_is_tried_again_at_the_end() {
    let fixture = Fixture::new().await;
    let (file, master) = (fixture.file("a.h5"), fixture.file("master.h5"));
    fixture.claim_elsewhere(&master).await;
    let mut running = session(&fixture);
    let (scan, diode) = started(&fixture, &file, &[&master]).await;
    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&file, &[DIODE], &json!([[0.0, 1.0]])).await;
    assert!(!master.exists());
    fixture.end_claim(&master).await;
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    let linked = read(&master, &["a_1.1/instrument/diode/signal"]);
    assert_eq!(linked, json!([[0.0, 1.0, 2.0]]));
    let log = Fixture::end(running);
    assert!(!log.contains("waiting"), "{log}");
    assert_eq!(fixture.claims().await, 0);
}

#[tokio::test]
async fn without_locks_a_link_file_needs_its_claim() {
    let fixture = Fixture::new().await;
    let (file, master) = (fixture.file("a.h5"), fixture.file("master.h5"));
    let key = whole(&fixture, &file, &[&master]).await;
    let save = || without_locks(|| fixture.save_with(&[&key], |_| {}));
    fixture.claim_elsewhere(&master).await;
    let refused = save();
    assert_eq!(refused.status, Some(1), "{}", refused.log);
    let reason = refused.reports[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("cannot be linked") && reason.contains("is written by another writer"),
        "{reason}"
    );
    assert!(!master.exists());
    assert_eq!(read(&file, &[DIODE]), json!([[0.0, 1.0, 2.0]]));
    fixture.end_claim(&master).await;
    let saved = save();
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    let linked = read(&master, &["a_1.1/instrument/diode/signal"]);
    assert_eq!(linked, json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn a_locked_link_file_is_waited_for() {
    let fixture = Fixture::new().await;
    let (file, master) = (fixture.file("a.h5"), fixture.file("master.h5"));
    let mut holder = testing::hold(&master);
    let mut running = session(&fixture);
    whole(&fixture, &file, &[&master]).await;
    running.wait_for("waiting, the scan is not lost: /a_1.1 cannot be linked");
    holder.signal("TERM");
    holder.wait_for("released");
    running.wait_for("Finished writing");
    let linked = read(&master, &["a_1.1/instrument/diode/signal"]);
    assert_eq!(linked, json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}

#[tokio::test]
async fn two_writers_share_several_link_files() {
    const SCANS: usize = 12;
    let fixture = Fixture::new().await;
    let masters = [fixture.file("one.h5"), fixture.file("two.h5")];
    let writers = [session(&fixture), session(&fixture)];
    let files: Vec<PathBuf> = (0..SCANS)
        .map(|n| fixture.file(&format!("s{n}.h5")))
        .collect();
    for (number, file) in files.iter().enumerate() {
        let [one, two] = [&*masters[number % 2], &*masters[1 - number % 2]];
        whole(&fixture, file, &[one, two]).await;
    }
    let names: Vec<String> = (0..SCANS)
        .map(|n| format!("s{n}_1.1/instrument/diode/signal"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for file in &files {
        wait_until_read(file, &["1.1/writer/status"], &json!(["SUCCEEDED"])).await;
    }
    for master in &masters {
        assert_eq!(read(master, &names), json!(vec![[0.0, 1.0, 2.0]; SCANS]));
    }
    for writer in writers {
        let log = Fixture::end(writer);
        assert!(!log.contains("cannot be linked"), "{log}");
    }
    assert_eq!(fixture.claims().await, 0);
}
