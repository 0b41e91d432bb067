//! Whether the file system of the data has room for data and files.

use std::io;
use std::path::Path;

use rustix::fs::statvfs;
use writer::filesystem::{free_space, size};

use super::finding::Finding;
use super::installation::Installation;

const SPACE: &str = "disk space";
const FILES: &str = "inodes";

/// Number of further files below which scans may find no room for theirs.
const FEW_FILES: u64 = 100;

/// Number of further files below which there may soon be too few.
const SCARCE_FILES: u64 = 10_000;

/// Room on a file system.
struct Room {
    bytes: u64,
    /// Number of further files, if there is a limit.
    files: Option<u64>,
}

/// Looks how much room there is, and for how many files.
pub async fn check(installation: &Installation, directory: &Path, is_usable: bool) -> Vec<Finding> {
    let path = directory.to_owned();
    let name = directory.display();
    let room = match installation.limit.blocking(move || room(&path)).await {
        Some(Ok(room)) => room,
        Some(Err(error)) if is_usable => {
            let found = format!("it is not known how much room {name} has: {error}");
            return vec![Finding::warning(SPACE, found, "See the log of the system.")];
        }
        Some(Err(_)) => {
            let reason = format!("{name} cannot be used");
            return vec![Finding::skipped(SPACE, reason)];
        }
        None => {
            let found = installation
                .limit
                .no_answer(format!("the file system of {name}"));
            return vec![Finding::skipped(SPACE, found)];
        }
    };
    let mut findings = vec![space(installation, &room)];
    findings.extend(room.files.map(files));
    findings
}

fn room(directory: &Path) -> io::Result<Room> {
    let found = statvfs(directory)?;
    Ok(Room {
        bytes: free_space(directory)?,
        // Some file systems make room for files as they need it, and tell 0.
        files: (found.f_files > 0).then_some(found.f_favail),
    })
}

fn space(installation: &Installation, room: &Room) -> Finding {
    let limits = installation.save.space;
    let free = size(room.bytes);
    if room.bytes == 0 || room.bytes < limits.required {
        let found = format!("{free} are free, {} are required", size(limits.required));
        let advice =
            "Make room on the file system; no scan is started before (`--required-disk-space`).";
        return Finding::problem(SPACE, found, advice);
    }
    if room.bytes < limits.recommended {
        let found = format!(
            "{free} are free, {} are recommended",
            size(limits.recommended)
        );
        let advice = "Make room on the file system soon (`--recommended-disk-space`).";
        return Finding::warning(SPACE, found, advice);
    }
    Finding::ok(SPACE, format!("{free} are free"))
}

fn files(free: u64) -> Finding {
    let found = format!("there is room for {free} further files");
    let advice = "Remove small files from the file system: it has a limited number of them.";
    match free {
        ..FEW_FILES => Finding::problem(FILES, found, advice),
        FEW_FILES..SCARCE_FILES => Finding::warning(FILES, found, advice),
        _ => Finding::ok(FILES, found),
    }
}
