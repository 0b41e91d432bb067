//! Checks of entries: whether they are finished, and what their records of completeness say.

use std::path::Path;

use nexus::h5::{Group, Link, ObjectKind};

use super::completeness::{CompletenessRecord, RecordError, RecordedStream};
use super::lengths::{self, DatasetLengths, destination, shape};
use super::text::{dataset, first};
use super::{FileCheck, Finding, ScanCheck, ScanStatus};
use crate::layout::RECORD_PREFIX;
use crate::subscriber::with_causes;

/// Finds the scans of a file and checks them against their records. Returns the records, each with
/// the index of its scan.
pub fn scans(root: &Group, file: &Path, check: &mut FileCheck) -> Vec<(usize, CompletenessRecord)> {
    let mut records = Vec::new();
    let mut newer = false;
    for name in root.attribute_names().unwrap_or_default() {
        if !name.starts_with(RECORD_PREFIX) {
            continue;
        }
        let mut scan = ScanCheck::new(name.clone(), ScanStatus::Finished);
        let text = first(root, &name).unwrap_or_default();
        match CompletenessRecord::parse(&text, file) {
            Ok(CompletenessRecord {
                running: true,
                scan: key,
                ..
            }) => {
                scan.scan = Some(key);
                scan.standing = ScanStatus::Running;
                check.scans.push(scan);
                continue;
            }
            // It is not known which entries the record belongs to.
            Err(RecordError::Newer(_)) => newer = true,
            _ => {}
        }
        let at = format!("/@{name}");
        if let Some(record) = scan.verify_record(root, file, &at, &text) {
            records.push((check.scans.len(), record));
        }
        check.scans.push(scan);
    }
    let elsewhere = records.len();
    for name in root.names().unwrap_or_default() {
        if is_entry(root, &name) {
            let covered = newer || covers(&records[..elsewhere], &name);
            let (scan, record) = entry(root, file, &format!("/{name}"), covered);
            records.extend(record.map(|record| (check.scans.len(), record)));
            check.scans.push(scan);
        }
    }
    records
}

/// Checks that the lengths of the datasets in the group `measurement` of an entry agree.
pub fn measurement(root: &Group, entry: &str, lengths: &DatasetLengths) -> Vec<Finding> {
    let path = format!("{entry}/measurement");
    let names = match root.kind(&path) {
        Ok(Some(ObjectKind::Group)) => root.open_group(&path).and_then(|group| group.names()),
        _ => return Vec::new(),
    };
    let names = match names {
        Ok(names) => names,
        Err(error) => return vec![Finding::problem(path, format!("cannot be read: {error}"))],
    };
    // If the streams are known, other datasets are ignored: a published layout may have constants
    // here.
    let recorded = lengths
        .places
        .iter()
        .any(|place| place.path.starts_with(&format!("{entry}/")));
    let datasets: Vec<_> = names
        .iter()
        .filter_map(|name| {
            let at = destination(root, &format!("{path}/{name}"));
            if recorded && !lengths.places.iter().any(|place| place.path == at) {
                return None;
            }
            let extent = shape(root, &at)?;
            Some((at, extent))
        })
        .collect();
    let own = lengths.places.iter();
    let own = own.filter(|place| place.path.starts_with(&format!("{entry}/")));
    let own: Vec<RecordedStream> = own.map(|place| (*place).clone()).collect();
    lengths.compare(&path, &datasets, lengths::scan_dimensions(root, &own))
}

fn is_entry(root: &Group, name: &str) -> bool {
    // The target of an external link belongs to the other file.
    matches!(root.link(name), Ok(Link::Hard))
        && matches!(root.kind(name), Ok(Some(ObjectKind::Group)))
        && root
            .open_group(name)
            .is_ok_and(|group| first(&group, "NX_class").as_deref() == Some("NXentry"))
}

/// Returns `true` if an entry belongs to a scan whose record is an attribute of the root. The
/// record of a scan without streams does not say which entry it has.
fn covers(records: &[(usize, CompletenessRecord)], entry: &str) -> bool {
    let below = format!("/{entry}/");
    records.iter().any(|(_, record)| {
        let mut places = record.streams.iter();
        record.streams.is_empty() || places.any(|place| place.path.starts_with(&below))
    })
}

fn entry(
    root: &Group,
    file: &Path,
    path: &str,
    covered: bool,
) -> (ScanCheck, Option<CompletenessRecord>) {
    let mut scan = ScanCheck::new(path.to_owned(), ScanStatus::Finished);
    let text = |name: &str| dataset(root, &format!("{path}/{name}"));
    let (status, ended) = (text("writer/status"), text("end_time").is_some());
    let record = text("writer/data")
        .filter(|_| text("writer/type").is_some_and(|kind| kind == "application/json"));
    let unfinished = match status.as_deref() {
        Some(status) => !matches!(status, "SUCCEEDED" | "FAILED"),
        None => !ended && !covered,
    };
    if unfinished {
        scan.standing = ScanStatus::Running;
        return (scan, None);
    }
    if !ended && !covered {
        scan.findings
            .push(Finding::problem(path, "has no end_time"));
    }
    let Some(record) = record else {
        if !covered {
            scan.standing = ScanStatus::Unrecorded;
        }
        return (scan, None);
    };
    let at = format!("{path}/writer/data");
    let record = scan.verify_record(root, file, &at, &record);
    match (status.as_deref(), &record) {
        (Some("FAILED"), Some(record)) if record.complete => scan.findings.push(Finding::problem(
            format!("{path}/writer/status"),
            "is FAILED, though the record says that the scan is complete",
        )),
        (Some("SUCCEEDED"), Some(record)) if !record.complete => {
            scan.findings.push(Finding::problem(
                format!("{path}/writer/status"),
                "is SUCCEEDED, though the record says that the scan is not complete",
            ));
        }
        _ => {}
    }
    (scan, record)
}

impl ScanCheck {
    fn new(name: String, standing: ScanStatus) -> ScanCheck {
        ScanCheck {
            name,
            scan: None,
            standing,
            streams: 0,
            points: 0,
            compared: 0,
            findings: Vec::new(),
        }
    }

    /// Reads the record and compares it with the datasets.
    fn verify_record(
        &mut self,
        root: &Group,
        file: &Path,
        at: &str,
        text: &str,
    ) -> Option<CompletenessRecord> {
        let record = match CompletenessRecord::parse(text, file) {
            Ok(record) => record,
            Err(error) => {
                self.findings
                    .push(Finding::problem(at, with_causes(&error)));
                return None;
            }
        };
        self.scan = Some(record.scan.clone());
        self.streams = record.streams.len();
        let points = record.streams.iter().map(|place| place.written);
        self.points = points.fold(0, u64::saturating_add);
        if !record.complete {
            let first = record.problems.first().map_or("", String::as_str);
            let more = match record.problems.len() {
                0 | 1 => String::new(),
                several => format!(" (and {} more)", several - 1),
            };
            let text = format!("the scan is not complete: {first}{more}");
            self.findings.push(Finding::problem(at, text));
        }
        let dimensions = lengths::scan_dimensions(root, &record.streams);
        for stream in &record.streams {
            let incomplete = stream
                .problem()
                .map(|text| Finding::problem(stream.path.as_str(), text));
            self.findings.extend(incomplete);
            self.findings
                .extend(lengths::verify(root, stream, dimensions));
        }
        Some(record)
    }
}
