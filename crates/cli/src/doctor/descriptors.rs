//! Whether the writer may open enough files and connections.

use rustix::process::{Resource, getrlimit};
use writer::scans_with_descriptors;

use super::finding::Finding;

const CHECK: &str = "file descriptors";

/// Number of scans at the same time that any beamline has.
const FEW_SCANS: usize = 10;

/// Number of scans at the same time that busy beamlines have: many short scans whose files wait for the disk.
const SCARCE_SCANS: usize = 50;

/// Looks at the limit of this process, which is that of a writer that the same shell starts.
pub fn check() -> Finding {
    let scans = scans_with_descriptors();
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return Finding::ok(CHECK, "there is no limit");
    };
    let found = format!("{limit}: enough for {scans} scans at the same time");
    let advice = "Raise the limit: `ulimit -n 1024` in the shell that starts the writer, or LimitNOFILE= in its unit of \
                  systemd.";
    match scans {
        ..FEW_SCANS => Finding::problem(CHECK, found, advice),
        FEW_SCANS..SCARCE_SCANS => Finding::warning(CHECK, found, advice),
        _ => Finding::ok(CHECK, found),
    }
}
