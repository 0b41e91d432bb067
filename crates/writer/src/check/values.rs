//! Values of a file against those in Redis.

mod comparison;

use std::collections::HashMap;

use blissdata::encoding::Encoding;
use blissdata::kinds::StreamKind;
use blissdata::reader::{ReadError, ScanEvent, ScanReader, StreamId};
use blissdata::store::{DataStore, ScanKey};
use nexus::h5::Group;

use super::place::scan_dimensions;
use super::record::{Record, Stream};
use super::{Finding, ScanCheck};
use crate::element::element_type;
use comparison::Comparison;

/// Reads the scan of a record again and compares its values with the datasets.
pub async fn compare(root: &Group, store: &DataStore, record: &Record, scan: &mut ScanCheck) {
    let at = scan.name.clone();
    if let Err(finding) = compare_all(root, store, record, scan).await {
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

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Stop {
        match error {
            ReadError::NotFound { .. } | ReadError::Deleted { .. } => Stop::Gone,
            error => Stop::Failed(crate::subscriber::with_causes(&error)),
        }
    }
}

async fn compare_all(
    root: &Group,
    store: &DataStore,
    record: &Record,
    scan: &mut ScanCheck,
) -> Result<(), Stop> {
    let key: ScanKey = record
        .scan
        .parse()
        .map_err(|error| Stop::Failed(format!("{error}")))?;
    let dimensions = scan_dimensions(root, &record.streams);
    let mut reader = ScanReader::open(store, &key).await?;
    let mut followed: HashMap<StreamId, Vec<Comparison>> = HashMap::new();
    let names: Vec<String> = reader.document().streams.keys().cloned().collect();
    for name in names {
        let places: Vec<&Stream> = record.streams.iter().filter(|p| p.stream == name).collect();
        let model = &reader.document().streams[&name];
        let (Ok(kind), Ok(encoding)) = (&model.kind, &model.encoding) else {
            continue;
        };
        let numbers = match (kind, encoding) {
            (StreamKind::Plain, Encoding::Numeric { dtype, shape }) => Some((
                element_type(*dtype),
                // Where one of them varies, each block tells its shape.
                shape.iter().copied().flatten().collect(),
            )),
            (StreamKind::Plain | StreamKind::ScanSequence, _) => continue,
            // What Redis has of frames is how many there are.
            _ => None,
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
        followed.insert(reader.follow(&name, 0)?, comparisons);
    }
    while !reader.finished() {
        for event in reader.next().await? {
            take(&event, &mut followed, dimensions);
        }
        // Nobody may ever say that a scan has ended whose publisher died.
        if reader.caught_up() {
            break;
        }
    }
    for comparison in followed.into_values().flatten() {
        scan.compared += comparison.compared;
        scan.findings.extend(comparison.findings());
    }
    Ok(())
}

fn take(event: &ScanEvent, followed: &mut HashMap<StreamId, Vec<Comparison>>, dimensions: usize) {
    let stream = match event {
        ScanEvent::Points(block) => block.stream,
        ScanEvent::Lost { stream, .. } | ScanEvent::Frames { stream, .. } => *stream,
        _ => return,
    };
    for comparison in followed.get_mut(&stream).into_iter().flatten() {
        match event {
            ScanEvent::Points(block) => comparison.block(block),
            ScanEvent::Lost { count, .. } => comparison.lost += count,
            ScanEvent::Frames { saved, .. } => comparison.frames(*saved, dimensions),
            _ => {}
        }
    }
}
