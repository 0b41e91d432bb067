//! Writes the record of completeness: how many points of each stream were published, received and written,
//! so that a program can check a file without Redis.

use serde_json::{Value as Json, json};

use super::dataset_writer::DatasetWriter;
use super::diagnostics::Diagnostics;
use crate::check::RECORD_VERSION;

/// Largest number of problems in the record. The log has all of them.
const MAX_RECORDED_PROBLEMS: usize = 100;

/// Returns the record of a scan whose datasets are all finished, as JSON text. `files` are the names of its
/// files by index.
pub fn final_record(
    datasets: &[DatasetWriter],
    files: &[String],
    diagnostics: &Diagnostics,
) -> String {
    let mut record = common(diagnostics);
    record["complete"] = json!(diagnostics.first_problem().is_none());
    record["streams"] = streams(datasets.iter(), files);
    record.to_string()
}

/// Returns the record of a scan that is being written: the key of the scan, and which points are known to
/// be missing.
pub fn running_record(
    datasets: &[DatasetWriter],
    files: &[String],
    diagnostics: &Diagnostics,
) -> String {
    let mut record = common(diagnostics);
    record["complete"] = json!(false);
    record["running"] = json!(true);
    let lossy = datasets.iter().filter(|dataset| dataset.tally.has_holes());
    record["streams"] = streams(lossy, files);
    record.to_string()
}

fn common(diagnostics: &Diagnostics) -> Json {
    let problems = diagnostics.problems().take(MAX_RECORDED_PROBLEMS);
    let problems: Vec<String> = problems.map(ToString::to_string).collect();
    json!({
        "version": RECORD_VERSION,
        "scan": diagnostics.scan().as_str(),
        "problems": problems,
    })
}

fn streams<'a>(datasets: impl Iterator<Item = &'a DatasetWriter>, files: &[String]) -> Json {
    let streams = datasets.map(|dataset| {
        let file = files.get(dataset.file).map(String::as_str);
        let file = file.filter(|_| files.len() > 1);
        dataset.tally.to_json(&dataset.stream, file, &dataset.path)
    });
    streams.collect()
}
