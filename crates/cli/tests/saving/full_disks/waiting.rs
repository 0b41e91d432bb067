//! What a user sees of a scan that waits for room.

use std::process::Command;

use rustix::io::Errno;
use serde_json::json;
use testing::Program;

use super::disk::{CountedDisk, Disk as _};
use crate::fixture::{Fixture, WRITER, end, read, send};

const WAITING: &str = "waiting, the scan is not lost: not enough space";

/// Attempts to save the scan that find no room.
const ATTEMPTS: usize = 3;

#[tokio::test]
async fn a_scan_that_waits_for_room_warns_once() {
    let fixture = Fixture::new().await;
    let disk = CountedDisk::new(Errno::NOSPC.raw_os_error());
    let file = disk.folder().join("a.h5");
    let mut command = Command::new(WRITER);
    command.args(["run", "--log=debug", &fixture.url()]);
    let mut writer = disk.run(|| Program::start(&mut command));
    writer.wait_for("subscribed");
    disk.limit(0);
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    // Only the first one is a warning.
    writer.wait_for_count(WAITING, ATTEMPTS);
    disk.make_room();
    writer.wait_for("saving goes on, the scan no longer waits");
    send(&diode, &[2.0]).await;
    end(scan).await;
    writer.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    let log = Fixture::end(writer);
    let waiting = log.lines().filter(|line| line.contains(WAITING));
    let warnings = waiting.filter(|line| line.contains(" WARN ")).count();
    assert_eq!(warnings, 1, "{log}");
    assert!(!log.contains("not followed to its end"), "{log}");
}
