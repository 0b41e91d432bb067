//! How many scans this process has descriptors for.

use rustix::process::{Resource, getrlimit};

/// Descriptors that the process needs beside its scans: standard streams, event loops, signals, the log, connections of
/// the feed and of questions (32 when no scan runs), and pipes to the process that looks at files of detectors.
const SHARED_DESCRIPTORS: u64 = 36;

/// Descriptors of a usual scan: its connection to Redis, its file with the journal, and a link file.
const SCAN_DESCRIPTORS: u64 = 4;

/// Returns for how many scans at the same time the process may open enough files and connections: at least 1.
///
/// Scans beyond that would fail with "too many open files" and be tried again with longer and longer pauses, although
/// the descriptors that they need are free as soon as another scan ends.
pub fn scans_with_descriptors() -> usize {
    match getrlimit(Resource::Nofile).current {
        Some(limit) => scans_within(limit),
        None => usize::MAX,
    }
}

fn scans_within(limit: u64) -> usize {
    let scans = limit.saturating_sub(SHARED_DESCRIPTORS) / SCAN_DESCRIPTORS;
    usize::try_from(scans.max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_few_descriptors_saves_few_scans_at_a_time() {
        let scans = [0, 36, 52, 1024, u64::MAX].map(scans_within);
        assert_eq!(scans[..4], [1, 1, 4, 247]);
        assert!(scans[4] > 1_000_000);
    }
}
