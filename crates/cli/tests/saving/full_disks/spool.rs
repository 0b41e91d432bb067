//! Points that Redis drops while the disk is full.

use std::path::PathBuf;
use std::process::Command;

use rustix::io::Errno;
use serde_json::json;
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::{Program, fill_to_tracker_threshold, redis_call};

use super::disk::{CountedDisk, Disk as _};
use crate::fixture::{Fixture, WRITER, end, read, send};
use crate::spool::{spools_have, wait};

/// Points that are published while the disk is full.
const POINTS: usize = 50;
/// Those before this one are dropped by Redis.
const DROPPED: usize = 40;

/// A scan whose file has no room, and a Redis that drops points.
struct FullScan {
    fixture: Fixture,
    disk: CountedDisk,
    file: PathBuf,
    writer: Program,
    scan: ScanPublisher,
    diode: StreamPublisher,
}

impl FullScan {
    /// Starts a scan on a full disk, with the spool in this folder.
    async fn new(spool: impl Fn(&Fixture, &CountedDisk) -> PathBuf) -> FullScan {
        let fixture = Fixture::new().await;
        fill_to_tracker_threshold(&fixture.server.url()).await;
        let disk = CountedDisk::new(Errno::NOSPC.raw_os_error());
        let file = disk.folder().join("a.h5");
        let mut command = Command::new(WRITER);
        command.args(["run", &fixture.url(), "--spool"]);
        command.arg(spool(&fixture, &disk));
        let mut writer = disk.run(|| Program::start(&mut command));
        writer.wait_for("subscribed");
        disk.limit(0);
        let (scan, diode) = fixture.start_scan(&file).await;
        send(&diode, &points(0..POINTS)).await;
        writer.wait_for("waiting, the scan is not lost: not enough space");
        FullScan {
            fixture,
            disk,
            file,
            writer,
            scan,
            diode,
        }
    }

    async fn drop_points(&self) {
        let command = format!("XTRIM {} MINID {DROPPED}", self.diode.key());
        redis_call(&self.fixture.server.url(), &command).await;
    }
}

fn points(indices: std::ops::Range<usize>) -> Vec<f64> {
    indices.map(|index| index as f64).collect()
}

#[tokio::test]
async fn a_spool_elsewhere_keeps_what_redis_drops() {
    let mut full = FullScan::new(|fixture, _| fixture.file("spool")).await;
    full.writer.wait_for("they are spooled in");
    let spool = full.fixture.file("spool");
    let last = format!("{}-1", POINTS - 1);
    wait("the spool", || spools_have(&spool, &last)).await;
    full.drop_points().await;
    full.disk.make_room();
    send(&full.diode, &points(POINTS..POINTS + 10)).await;
    end(full.scan).await;
    full.writer.wait_for("Finished writing");
    assert_eq!(
        read(&full.file, &["diode"]),
        json!([points(0..POINTS + 10)])
    );
    Fixture::end(full.writer);
}

#[tokio::test]
async fn a_spool_on_the_full_disk_loses_only_what_redis_drops() {
    let mut full = FullScan::new(|_, disk| disk.folder().join("spool")).await;
    full.writer
        .wait_for("unread points are not spooled, and lost when Redis drops them");
    full.drop_points().await;
    full.disk.make_room();
    end(full.scan).await;
    full.writer.wait_for("Redis no longer has them");
    full.writer.wait_for("INCOMPLETE");
    let lost = vec![json!("nan"); DROPPED];
    let kept = points(DROPPED..POINTS)
        .into_iter()
        .map(|point| json!(point));
    let expected: Vec<_> = lost.into_iter().chain(kept).collect();
    assert_eq!(read(&full.file, &["diode"]), json!([expected]));
    Fixture::end(full.writer);
}
