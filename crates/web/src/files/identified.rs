//! Files by the names that requests have for them.

use std::path::Path;

use file_request::{FileNames, Numbers};
use observation::{FileSeries, KnownFile, ScanTable};

use crate::api::file_id;
use crate::guard::Refusal;

/// What the name of a master file ends with.
const MASTER: &str = "_master.h5";

/// The most series of files to which master files lead.
const MAX_SERIES: usize = 4000;

/// Looks for a file by its identifier, among those of known scans.
///
/// # Errors
/// If no known scan has such a file. The text is that of h5grove.
pub fn find(scans: &ScanTable, id: &str) -> Result<KnownFile, Refusal> {
    let found = scans.find_file(|path| file_id(path) == id);
    found.ok_or_else(|| Refusal::not_found("File not found!"))
}

/// Returns the names of all files that may be opened for a question about this one.
pub fn reachable(file: &KnownFile) -> Vec<FileNames> {
    let files = std::iter::once(&file.path).chain(&file.others);
    let files = files.filter_map(|path: &std::path::PathBuf| FileNames::of(path as &Path));
    let detectors = file.detectors.iter().map(names);
    let parts = file.detectors.iter().flat_map(data_files).take(MAX_SERIES);
    files.chain(detectors).chain(parts).collect()
}

/// Returns the names of the files to which master files of a detector lead. The programs of Dectris write the frames into
/// `NAME_data_000001.h5` and so on, beside `NAME_master.h5`, which is the only one that is announced.
fn data_files(series: &FileSeries) -> impl Iterator<Item = FileNames> {
    let of_stem = |stem: String| FileNames {
        folder: series.folder.clone(),
        prefix: format!("{stem}_data_"),
        numbers: Some(Numbers {
            first: 0,
            last: 999_999,
            digits: 6,
        }),
        suffix: ".h5".to_owned(),
    };
    let FileSeries { prefix, suffix, .. } = series;
    let masters = match series.numbers {
        None => prefix.strip_suffix(MASTER).map(|stem| (stem, 0..=0, None)),
        Some((first, last, digits)) => {
            let rest = suffix.strip_suffix(MASTER);
            rest.map(|rest| (rest, first..=last, Some(digits)))
        }
    };
    let masters = masters.into_iter();
    masters.flat_map(move |(stem, numbers, digits)| {
        numbers.map(move |number| match digits {
            None => of_stem(stem.to_owned()),
            Some(digits) => of_stem(format!("{prefix}{number:0digits$}{stem}")),
        })
    })
}

fn names(series: &FileSeries) -> FileNames {
    FileNames {
        folder: series.folder.clone(),
        prefix: series.prefix.clone(),
        numbers: series.numbers.map(|(first, last, digits)| Numbers {
            first,
            last,
            digits,
        }),
        suffix: series.suffix.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use observation::ReferredFiles;

    use super::*;

    #[test]
    fn master_files_lead_to_the_files_of_their_series() {
        let mut referred = ReferredFiles::default();
        for name in [
            "eiger_master.h5",
            "e4m_0009_master.h5",
            "e4m_0010_master.h5",
            "run1_e_master.h5",
            "p3_0000.h5",
        ] {
            referred.add_detector_file(&Path::new("/data/scan0001").join(name));
        }
        let file = KnownFile {
            path: PathBuf::from("/data/scans.h5"),
            scans: Vec::new(),
            is_growing: false,
            others: Vec::new(),
            detectors: referred.detectors,
        };
        let names = reachable(&file);
        let is_reachable = |folder: &str, name: &str| {
            let mut names = names.iter();
            names.any(|names| names.folder == Path::new(folder) && names.include(name))
        };
        for name in [
            "eiger_master.h5",
            "eiger_data_000001.h5",
            "e4m_0009_data_000001.h5",
            "e4m_0010_data_000123.h5",
            "run1_e_data_000000.h5",
        ] {
            assert!(is_reachable("/data/scan0001", name), "{name}");
            assert!(!is_reachable("/data", name), "{name}");
        }
        for name in [
            "eiger_data_1.h5",
            "eiger_data_0000001.h5",
            "eiger_data_000001.hdf5",
            "eiger2_data_000001.h5",
            "e4m_0011_data_000001.h5",
            "e4m_9_data_000001.h5",
            "_data_000001.h5",
            "p3_data_000001.h5",
            "p3_0000_data_000001.h5",
        ] {
            assert!(!is_reachable("/data/scan0001", name), "{name}");
        }
    }
}
