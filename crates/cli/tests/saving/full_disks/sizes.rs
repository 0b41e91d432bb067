//! Disks of many sizes, which `./dev disk` makes.

use std::env;
use std::time::Instant;

use testing::{MemoryDisk, runs_in_own_mounts};

use super::trial::{Stage, Trial, Way};
use crate::soak::scale;

/// Saves scans in this way on disks of many sizes, and shows how many of them were fine.
async fn try_sizes(test: &str, way: Way) {
    if runs_in_own_mounts(&format!("full_disks::sizes::{test}"), true) {
        return;
    }
    let sizes = scale("NEXUS_WRITER_DISK_SIZES", 40) as u64;
    let driver = env::var("NEXUS_WRITER_DISK_DRIVER").unwrap_or("safe".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::mount(folder.path());
    let mut failures = 0;
    for layout in ["h5maps", "classic"] {
        for stage in Stage::ALL {
            let begun = Instant::now();
            let (trial, needed) = Trial::prepare(&disk, layout, way, stage, &driver).await;
            let (mut passed, mut full) = (0, 0);
            for size in 0..sizes {
                let room = needed * size / sizes;
                match trial.run(room).await {
                    Ok(saved) => {
                        passed += 1;
                        full += u64::from(saved.was_full);
                    }
                    Err(problem) => println!("{trial} {room}: {problem}"),
                }
            }
            let time = begun.elapsed().as_secs();
            println!(
                "{trial}, up to {needed} bytes: {passed} of {sizes} are fine, {full} of them were full, {time} s"
            );
            failures += sizes - passed;
        }
    }
    drop(disk);
    assert!(failures == 0 || driver == "plain", "{failures} failures");
}

// A disk in memory can only be made where users may have namespaces of their own.

#[tokio::test]
#[ignore = "needs a user namespace, and minutes"]
async fn no_size_of_a_disk_loses_a_scan_of_save() {
    try_sizes("no_size_of_a_disk_loses_a_scan_of_save", Way::Save).await;
}

#[tokio::test]
#[ignore = "needs a user namespace, and minutes"]
async fn no_size_of_a_disk_loses_a_running_scan() {
    try_sizes("no_size_of_a_disk_loses_a_running_scan", Way::Live).await;
}
