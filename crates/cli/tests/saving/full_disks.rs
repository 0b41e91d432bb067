//! Disks that become full while scans are saved.
//!
//! The tests here run everywhere, because the kernel asks them what is to fail. `./dev disk` runs those of [`sizes`] on
//! real disks of many sizes.

mod comparison;
mod disk;
mod scan;
mod sizes;
mod spool;
mod trial;
mod waiting;

use rustix::io::Errno;

use disk::CountedDisk;
use trial::{Stage, Trial, Way};

/// Lets the room end at several moments of a scan that is saved in this way.
async fn save_without_room(
    way: Way,
    error: Errno,
    cases: &[(&'static str, Stage)],
    moments: &[f64],
) {
    let disk = CountedDisk::new(error.raw_os_error());
    for (layout, stage) in cases {
        let (trial, needed) = Trial::prepare(&disk, layout, way, *stage, "safe").await;
        for moment in moments {
            let room = (needed as f64 * moment) as u64;
            let passed = trial.run(room).await;
            let passed = passed.unwrap_or_else(|problem| panic!("{trial} {room}: {problem}"));
            assert!(passed.was_full || room > 0, "{trial}");
        }
    }
}

#[tokio::test]
async fn a_scan_that_a_full_disk_interrupts_is_saved_by_the_next_command() {
    let cases = [
        ("h5maps", Stage::Creation),
        ("classic", Stage::Continuation),
    ];
    save_without_room(Way::Save, Errno::NOSPC, &cases, &[0.0, 0.4, 0.7]).await;
}

#[tokio::test]
async fn a_running_scan_goes_on_when_the_disk_has_room() {
    let cases = [("classic", Stage::Append), ("h5maps", Stage::Continuation)];
    save_without_room(Way::Live, Errno::NOSPC, &cases, &[0.0, 0.4, 0.7]).await;
}

#[tokio::test]
async fn a_quota_is_waited_for_like_a_full_disk() {
    let cases = [("classic", Stage::Append)];
    save_without_room(Way::Live, Errno::DQUOT, &cases, &[0.0, 0.5]).await;
}

#[tokio::test]
async fn a_limit_on_the_size_of_files_is_waited_for_like_a_full_disk() {
    let cases = [("h5maps", Stage::Creation)];
    save_without_room(Way::Live, Errno::FBIG, &cases, &[0.0, 0.5]).await;
}
