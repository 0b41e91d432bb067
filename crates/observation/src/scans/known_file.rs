//! The files of the scans that are known.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::past_scan::PastScan;
use super::referred_files::{FileSeries, ReferredFiles};
use super::view::{ScanEntry, ScanRef};
use super::{LiveScan, ScanTable};

/// The most scans of a file that are listed.
const MAX_SCANS: usize = 200;

/// The most files to which one may lead.
const MAX_REACHABLE: usize = 4000;

/// A file that has entries of known scans, or links to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// The file.
    pub path: PathBuf,
    /// The scans, the newest first, and their entries. They are in this file or linked by it.
    pub scans: Vec<(ScanRef, String)>,
    /// Set if one of these scans is being saved.
    pub is_growing: bool,
    /// Other files with entries of these scans, or with links to them.
    pub others: Vec<PathBuf>,
    /// Files of detectors to which datasets of these scans refer.
    pub detectors: Vec<FileSeries>,
}

/// The files of a scan.
struct FilesOfScan {
    name: ScanRef,
    is_running: bool,
    entries: Vec<ScanEntry>,
    referred: ReferredFiles,
}

impl FilesOfScan {
    fn of_running(scan: &LiveScan) -> FilesOfScan {
        FilesOfScan {
            name: scan.name().clone(),
            is_running: true,
            entries: scan.view().now().entries,
            referred: scan.view().referred_files(),
        }
    }

    fn of_past(scan: &PastScan) -> FilesOfScan {
        FilesOfScan {
            name: scan.name.clone(),
            is_running: false,
            entries: scan.entries.clone(),
            referred: scan.referred.clone(),
        }
    }

    fn has(&self, file: &Path) -> bool {
        has_file(&self.entries, &self.referred, |path| path == file)
    }
}

fn has_file(
    entries: &[ScanEntry],
    referred: &ReferredFiles,
    is_it: impl Fn(&Path) -> bool,
) -> bool {
    find(entries, referred, is_it).is_some()
}

fn find<'s>(
    entries: &'s [ScanEntry],
    referred: &'s ReferredFiles,
    is_it: impl Fn(&Path) -> bool,
) -> Option<&'s Path> {
    let entries = entries.iter().map(|entry| entry.file.as_path());
    let masters = referred.masters.iter().map(PathBuf::as_path);
    entries.chain(masters).find(|path| is_it(path))
}

impl ScanTable {
    /// Looks for a file among those with entries of known scans, and those with links to them. Returns `None` if it is none
    /// of them.
    pub fn find_file(&self, is_it: impl Fn(&Path) -> bool) -> Option<KnownFile> {
        // Figures of running scans are asked for without the lock.
        let running = self.running();
        let running: Vec<_> = running
            .iter()
            .map(|scan| FilesOfScan::of_running(scan))
            .collect();
        let mut path = running
            .iter()
            .find_map(|scan| find(&scan.entries, &scan.referred, &is_it))
            .map(Path::to_owned);
        if path.is_none() {
            let wanted = |scan: &PastScan| has_file(&scan.entries, &scan.referred, &is_it);
            let found = self.past(u64::MAX, 1, wanted);
            let found = found.first()?;
            path = find(&found.entries, &found.referred, &is_it).map(Path::to_owned);
        }
        let path = path?;
        let past = self.past(u64::MAX, usize::MAX, |scan| {
            has_file(&scan.entries, &scan.referred, |file| file == path)
        });
        let past = past.iter().map(|scan| FilesOfScan::of_past(scan));
        let scans = running.into_iter().filter(|scan| scan.has(&path));
        Some(describe(path.clone(), scans.chain(past)))
    }
}

/// Puts together what is known of a file from its scans, the newest first.
fn describe(path: PathBuf, scans: impl Iterator<Item = FilesOfScan>) -> KnownFile {
    let mut known = KnownFile {
        path,
        scans: Vec::new(),
        is_growing: false,
        others: Vec::new(),
        detectors: Vec::new(),
    };
    let mut seen = HashSet::from([known.path.clone()]);
    let mut series = HashSet::new();
    for scan in scans {
        known.is_growing |= scan.is_running;
        for entry in &scan.entries {
            let is_here =
                entry.file == known.path || !scan.entries.iter().any(|one| one.file == known.path);
            if known.scans.len() < MAX_SCANS && is_here {
                known.scans.push((scan.name.clone(), entry.entry.clone()));
            }
        }
        let files = scan.entries.into_iter().map(|entry| entry.file);
        for file in files.chain(scan.referred.masters) {
            if seen.len() < MAX_REACHABLE && seen.insert(file.clone()) {
                known.others.push(file);
            }
        }
        for one in scan.referred.detectors {
            if series.len() < MAX_REACHABLE && series.insert(one.clone()) {
                known.detectors.push(one);
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::{LiveReport, Observation, ScanEnding, ScanNow, ScanOutcome, ScanView};

    #[derive(Debug)]
    struct TestView(&'static str);

    impl ScanView for TestView {
        fn now(&self) -> ScanNow {
            ScanNow {
                entries: vec![ScanEntry {
                    file: format!("/data/{}.h5", self.0).into(),
                    entry: "1.1".to_owned(),
                }],
                ..ScanNow::default()
            }
        }

        fn warnings(&self, _: usize) -> Vec<String> {
            Vec::new()
        }

        fn referred_files(&self) -> ReferredFiles {
            let mut files = ReferredFiles::default();
            files.add_master(Path::new("/data/master.h5"));
            files.add_detector_file(Path::new(&format!("/data/{}/p3_0000.h5", self.0)));
            files
        }
    }

    fn begin(observation: &Arc<Observation>, name: &'static str) -> LiveReport {
        let reference = ScanRef {
            key: name.to_owned(),
            name: name.to_owned(),
            ..ScanRef::default()
        };
        LiveReport::new(observation, reference, Arc::new(TestView(name)))
    }

    #[test]
    fn only_files_of_known_scans_are_found() {
        let observation = Arc::new(Observation::default());
        let scans = &observation.scans;
        let find = |path: &str| scans.find_file(|file| file == Path::new(path));
        assert_eq!(find("/data/a.h5"), None);
        let (a, _b) = (begin(&observation, "a"), begin(&observation, "b"));
        a.end(ScanEnding {
            outcome: ScanOutcome::Complete,
            reason: String::new(),
            duration: Duration::ZERO,
        });
        let found = find("/data/a.h5").unwrap();
        assert!(!found.is_growing);
        assert_eq!(found.scans[0].1, "1.1");
        assert_eq!(found.others, [PathBuf::from("/data/master.h5")]);
        assert_eq!(found.detectors[0].folder, Path::new("/data/a"));
        let master = find("/data/master.h5").unwrap();
        assert!(master.is_growing);
        let names: Vec<_> = master
            .scans
            .iter()
            .map(|(scan, _)| scan.name.as_str())
            .collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(master.others.len(), 2);
        assert_eq!(find("/data/a/p3_0000.h5"), None);
        assert_eq!(find("/data/c.h5"), None);
    }
}
