//! Writes the record of completeness: how many points of each stream were published, received and written,
//! so that a program can check a file without Redis.

use super::dataset_writer::DatasetWriter;
use super::diagnostics::Diagnostics;
use crate::check::{CompletenessRecord, RecordedStream};

/// Largest number of problems in the record. The log has all of them.
const MAX_RECORDED_PROBLEMS: usize = 100;

/// Returns the record of a scan whose datasets are all finished, as JSON text. `files` are the names of its
/// files by index.
pub fn final_record(
    datasets: &[DatasetWriter],
    files: &[String],
    diagnostics: &Diagnostics,
) -> String {
    let record = CompletenessRecord {
        complete: diagnostics.first_problem().is_none(),
        running: false,
        ..common(datasets.iter(), files, diagnostics)
    };
    record.to_text()
}

/// Returns the record of a scan that is being written: the key of the scan, and which points are known to
/// be missing.
pub fn running_record(
    datasets: &[DatasetWriter],
    files: &[String],
    diagnostics: &Diagnostics,
) -> String {
    let lossy = datasets.iter().filter(|dataset| dataset.tally.has_holes());
    common(lossy, files, diagnostics).to_text()
}

/// Returns the record of a scan that is being written, with these datasets.
fn common<'a>(
    datasets: impl Iterator<Item = &'a DatasetWriter>,
    files: &[String],
    diagnostics: &Diagnostics,
) -> CompletenessRecord {
    let problems = diagnostics.problems().take(MAX_RECORDED_PROBLEMS);
    CompletenessRecord {
        scan: diagnostics.scan().as_str().to_owned(),
        complete: false,
        running: true,
        problems: problems.map(ToString::to_string).collect(),
        streams: datasets
            .map(|dataset| recorded_stream(dataset, files))
            .collect(),
    }
}

fn recorded_stream(dataset: &DatasetWriter, files: &[String]) -> RecordedStream {
    let file = files.get(dataset.file).filter(|_| files.len() > 1);
    let file = file.map_or("", String::as_str);
    dataset.tally.recorded(&dataset.stream, file, &dataset.path)
}
