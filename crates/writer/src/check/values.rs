//! Values of a file against those in Redis.

mod comparison;
mod frames;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use acquisition::DetectorFiles;
use nexus::h5::Group;

use super::completeness::{CompletenessRecord, RecordedStream};
use super::lengths::scan_dimensions;
use super::{Finding, ScanCheck};
use crate::source::{
    ScanId, ScanStore, SourceError, SourceEvent, StreamContent, StreamDescription, StreamId,
};
use comparison::Comparison;

/// Reads the scan of a record again and compares its values with the datasets of a file.
pub async fn compare(
    file: &Path,
    root: &Group,
    store: &dyn ScanStore,
    record: &CompletenessRecord,
    scan: &mut ScanCheck,
) {
    let at = scan.name.clone();
    if let Err(finding) = compare_all(file, root, store, record, scan).await {
        scan.findings.push(match finding {
            Stop::Gone => Finding::note(at, "Redis no longer has the scan: values not compared"),
            Stop::Failed(reason) => {
                Finding::problem(at, format!("values cannot be compared: {reason}"))
            }
        });
    }
}

/// Why no values can be compared.
enum Stop {
    Gone,
    Failed(String),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Stop {
        match error.is_missing() {
            true => Stop::Gone,
            false => Stop::Failed(crate::subscriber::with_causes(&error)),
        }
    }
}

async fn compare_all(
    file: &Path,
    root: &Group,
    store: &dyn ScanStore,
    record: &CompletenessRecord,
    scan: &mut ScanCheck,
) -> Result<(), Stop> {
    let dimensions = scan_dimensions(root, &record.streams);
    let mut source = store.open(&ScanId::new(record.scan.as_str())).await?;
    // A source may find its streams while it reads. Nothing is followed yet, so no data are passed over.
    while source.streams().is_empty() && !source.is_caught_up() && !source.is_finished() {
        source.next().await?;
    }
    let mut followed: HashMap<StreamId, Vec<Comparison>> = HashMap::new();
    let mut detectors: HashMap<StreamId, Arc<dyn DetectorFiles>> = HashMap::new();
    for StreamDescription { name, content, .. } in source.streams() {
        let places: Vec<&RecordedStream> =
            record.streams.iter().filter(|p| p.stream == name).collect();
        let mut detector = None;
        let numbers = match content {
            Ok(StreamContent::Numbers { element, shape }) => {
                // Where a length varies, each block has its shape.
                Some((element, shape.into_iter().flatten().collect()))
            }
            Ok(StreamContent::Frames(files)) => {
                detector = Some(files);
                None
            }
            // Texts have no bytes to compare, and what a master file has is not known.
            Ok(StreamContent::Texts { .. } | StreamContent::MasterFile(_)) => None,
            Ok(StreamContent::References) | Err(_) => continue,
        };
        if places.is_empty() {
            let text = format!("the record does not know stream {name:?}");
            scan.findings.push(Finding::note(scan.name.as_str(), text));
            continue;
        }
        let comparisons = places
            .into_iter()
            .map(|place| Comparison::new(root, place, numbers.clone()))
            .collect();
        let stream = source.follow(&name, 0)?;
        followed.insert(stream, comparisons);
        detectors.extend(detector.map(|files| (stream, files)));
    }
    while !source.is_finished() {
        for event in source.next().await? {
            take(&event, &mut followed, dimensions);
        }
        // Nobody may ever say that a scan has ended whose publisher died.
        if source.is_caught_up() {
            break;
        }
    }
    for (stream, files) in &detectors {
        for comparison in followed.get_mut(stream).into_iter().flatten() {
            let notes = frames::compare_pixels(comparison, files, file);
            scan.findings.extend(notes);
        }
    }
    for comparison in followed.into_values().flatten() {
        scan.compared += comparison.compared;
        scan.findings.extend(comparison.findings());
    }
    Ok(())
}

fn take(event: &SourceEvent, followed: &mut HashMap<StreamId, Vec<Comparison>>, dimensions: usize) {
    let stream = match event {
        SourceEvent::Points(block) => block.stream,
        SourceEvent::Texts(block) => block.stream,
        SourceEvent::Lost { stream, .. } | SourceEvent::Frames { stream, .. } => *stream,
        _ => return,
    };
    for comparison in followed.get_mut(&stream).into_iter().flatten() {
        match event {
            SourceEvent::Points(block) => comparison.block(block),
            SourceEvent::Texts(block) => comparison.texts(block),
            SourceEvent::Lost { count, .. } => comparison.lost += count,
            SourceEvent::Frames { saved, .. } => comparison.frames(*saved, dimensions),
            _ => {}
        }
    }
}
