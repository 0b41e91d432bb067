//! Files by the names that requests have for them.

use std::path::Path;

use file_request::{FileNames, Numbers};
use observation::{FileSeries, KnownFile, ScanTable};

use crate::api::file_id;
use crate::guard::Refusal;

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
    files.chain(file.detectors.iter().map(names)).collect()
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
