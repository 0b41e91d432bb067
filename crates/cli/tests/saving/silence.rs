//! Scans that publish nothing, and a stop while many scans wait.

use std::process::Command;

use serde_json::json;
use testing::Program;

use crate::fixture::{Fixture, WRITER, diode, end, read, send, stream};

fn run_and_park(fixture: &Fixture) -> Program {
    let mut command = Command::new(WRITER);
    command.args(["run", "--park-after=1", &fixture.url()]);
    let mut running = Program::start(&mut command);
    running.wait_for("subscribed");
    running
}

#[tokio::test]
async fn a_silent_scan_is_parked_and_continued() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = run_and_park(&fixture);
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    running.wait_for("the scan has published nothing for 1 s");
    // The file is closed: another program can lock it.
    let mut holder = testing::hold(&file);
    holder.signal("TERM");
    holder.wait_for("released");
    send(&diode, &[2.0]).await;
    running.wait_for("continues what an earlier writer has left");
    send(&diode, &[3.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0, 3.0]]));
    Fixture::end(running);
}

#[tokio::test]
async fn scans_that_never_end_leave_room_for_others() {
    // One more than are saved at the same time.
    const SILENT: usize = 101;
    let fixture = Fixture::new().await;
    let mut running = run_and_park(&fixture);
    let mut silent = Vec::with_capacity(SILENT);
    for number in 0..SILENT {
        let file = fixture.file(&format!("silent{number}.h5"));
        let mut scan = fixture
            .create(&file, json!({"diode": stream("diode")}))
            .await;
        diode(&mut scan).await;
        scan.prepare().await.unwrap();
        silent.push(scan);
    }
    let file = fixture.file("a.h5");
    fixture.good_scan(&file).await;
    running.wait_for(&format!("Finished writing to '{}'", file.display()));
    Fixture::end(running);
}

#[tokio::test]
async fn no_scan_is_begun_after_a_stop() {
    const SCANS: usize = 300;
    let fixture = Fixture::new().await;
    Fixture::end(fixture.run());
    let mut files = Vec::with_capacity(SCANS);
    for number in 0..SCANS {
        files.push(fixture.file(&format!("{number}.h5")));
        fixture.good_scan(&files[number]).await;
    }
    let mut running = fixture.run();
    running.wait_for("start saving");
    let log = Fixture::end(running);
    // The log may tell of the signal before the session is told to stop.
    let (_, after) = log.split_once("was stopped before the scan ended").unwrap();
    // One scan may be opening its files at the time.
    assert!(after.matches("start saving").count() <= 1, "{after}");
    let mut next = fixture.run();
    for file in &files {
        if !log.contains(&format!("Finished writing to '{}'", file.display())) {
            next.wait_for(&format!("Finished writing to '{}'", file.display()));
        }
    }
    Fixture::end(next);
}
