//! Files that belong to a scan besides those with its entries.

use std::path::{Path, PathBuf};

/// The most series of files of detectors that are remembered of a scan.
const MAX_SERIES: usize = 64;

/// The most other files that are remembered of a scan.
const MAX_MASTERS: usize = 64;

/// Files that belong to a scan besides those with its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferredFiles {
    /// Files that have links to the entries, or other parts of the scan.
    pub masters: Vec<PathBuf>,
    /// Files of detectors to which datasets of the scan refer.
    pub detectors: Vec<FileSeries>,
}

/// One file, or the files of a folder whose names differ by a number only: a detector may save thousands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSeries {
    /// The folder.
    pub folder: PathBuf,
    /// What the names begin with.
    pub prefix: String,
    /// The first and the last number that follow, and the fewest digits that these have; `None` for one file.
    pub numbers: Option<(u64, u64, usize)>,
    /// What the names end with.
    pub suffix: String,
}

impl ReferredFiles {
    /// Adds a file that has links to the entries, or other parts of the scan.
    pub fn add_master(&mut self, file: &Path) {
        if self.masters.len() < MAX_MASTERS && !self.masters.iter().any(|known| known == file) {
            self.masters.push(file.to_owned());
        }
    }

    /// Adds a file of a detector.
    pub fn add_detector_file(&mut self, file: &Path) {
        let Some(new) = FileSeries::of(file) else {
            return;
        };
        if self.detectors.iter_mut().any(|series| series.take(&new)) {
            return;
        }
        if self.detectors.len() < MAX_SERIES {
            self.detectors.push(new);
        }
    }

    /// Returns about how many bytes they need.
    pub(super) fn size(&self) -> usize {
        let master = |file: &PathBuf| size_of::<PathBuf>() + file.as_os_str().len();
        let series = |series: &FileSeries| {
            let folder = series.folder.as_os_str().len();
            size_of::<FileSeries>() + folder + series.prefix.len() + series.suffix.len()
        };
        self.masters.iter().map(master).sum::<usize>()
            + self.detectors.iter().map(series).sum::<usize>()
    }
}

impl FileSeries {
    /// Returns the series of one file, whose number is the last one in its name. Returns `None` if the path has no name, or
    /// one that is no text.
    fn of(file: &Path) -> Option<FileSeries> {
        let folder = file.parent()?.to_owned();
        let name = file.file_name()?.to_str()?;
        // `h5` has a digit, too.
        let stem = name.rfind('.').map_or(name, |dot| &name[..dot]);
        let end = stem
            .rfind(|c: char| c.is_ascii_digit())
            .map(|last| last + 1);
        let begin = end.map(|end| {
            let other = stem[..end].rfind(|c: char| !c.is_ascii_digit());
            other.map_or(0, |other| {
                other + stem[other..].chars().next().map_or(1, char::len_utf8)
            })
        });
        let number = begin.zip(end).and_then(|(begin, end)| {
            let number = stem[begin..end].parse().ok()?;
            Some((begin, end, number))
        });
        Some(match number {
            Some((begin, end, number)) => FileSeries {
                folder,
                prefix: name[..begin].to_owned(),
                numbers: Some((number, number, end - begin)),
                suffix: name[end..].to_owned(),
            },
            None => FileSeries {
                folder,
                prefix: name.to_owned(),
                numbers: None,
                suffix: String::new(),
            },
        })
    }

    /// Takes another file in, if it is of this series.
    fn take(&mut self, other: &FileSeries) -> bool {
        let is_alike = self.folder == other.folder
            && self.prefix == other.prefix
            && self.suffix == other.suffix;
        match (&mut self.numbers, other.numbers) {
            (None, None) => is_alike,
            (Some((first, last, digits)), Some((number, _, others))) if is_alike => {
                // `0999` is followed by `1000`, `9999` by `10000`.
                let fits = *digits == others
                    || (others > *digits && number >= 10u64.saturating_pow(*digits as u32));
                if fits {
                    *first = number.min(*first);
                    *last = number.max(*last);
                }
                fits
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_files_are_one_series() {
        let mut files = ReferredFiles::default();
        for number in [0, 1, 2, 9_999, 10_000, 12_345] {
            files.add_detector_file(Path::new(&format!("/data/scan0003/p3_{number:04}.h5")));
        }
        files.add_detector_file(Path::new("/data/scan0003/eiger_master.h5"));
        files.add_detector_file(Path::new("/data/scan0003/eiger_master.h5"));
        files.add_detector_file(Path::new("/data/scan0004/p3_0000.h5"));
        let found = files.detectors;
        assert_eq!(found.len(), 3);
        assert_eq!(
            (
                found[0].prefix.as_str(),
                found[0].numbers,
                found[0].suffix.as_str()
            ),
            ("p3_", Some((0, 12_345, 4)), ".h5")
        );
        assert_eq!(
            (found[1].prefix.as_str(), found[1].numbers),
            ("eiger_master.h5", None)
        );
    }

    #[test]
    fn there_is_a_limit() {
        let mut files = ReferredFiles::default();
        for number in 0..1000 {
            files.add_detector_file(Path::new(&format!("/data/{number}/é.edf")));
            files.add_master(Path::new(&format!("/data/{number}/m.h5")));
            files.add_master(Path::new("/data/0/m.h5"));
        }
        assert_eq!(files.detectors.len(), MAX_SERIES);
        assert_eq!(files.masters.len(), MAX_MASTERS);
        let size = files.size();
        files.add_detector_file(Path::new("/"));
        assert_eq!(files.size(), size);
    }
}
