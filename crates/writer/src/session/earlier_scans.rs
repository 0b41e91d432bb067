//! Lists the scans that earlier processes have saved.
//!
//! The server remembers which scans there were, and the record of completeness in the file of a scan says what has become
//! of it. Another process reads the records, because a file system may not answer, and HDF5 executes one call at a time.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nexus::frames::FrameError;
use observation::{MAX_PAST_SCANS, Observation, PastScan, ReferredFiles, ScanEntry, ScanRef};
use tracing::debug;

use crate::check::{CompletenessRecord, RecordedStream};
use crate::inspection::Inspector;
use crate::layout::record_name;
use crate::options::DataWriterFilter;
use crate::report::{SAVING_COMPLETE, ScanOutcome};
use crate::source::{ScanHeadline, ScanStore};
use crate::subscriber::{Subscriber, with_causes};

/// Scans whose records are looked for at once: one question for those that follow each other in one file.
const BATCH: usize = 50;

/// How long to wait for the records of one file.
const FILE_LIMIT: Duration = Duration::from_secs(5);

/// Lists the scans of a session that earlier processes have saved.
pub struct EarlierScans {
    pub store: Arc<dyn ScanStore>,
    /// Name of the session; `None` stands for all.
    pub session: Option<String>,
    pub writer: DataWriterFilter,
    pub observation: Arc<Observation>,
    pub inspector: Rc<Inspector>,
    /// The session writer: when it stops, nobody needs the list any more.
    pub subscriber: Subscriber,
}

/// Why no more scans are listed.
enum Stop {
    /// There is no room for them.
    Full,
    /// A file system does not answer.
    NoAnswer,
}

impl EarlierScans {
    /// Lists the scans, from the newest one, when the session has subscribed.
    pub async fn list(self) {
        if !self.subscriber.subscribed(None).await {
            return;
        }
        tokio::select! {
            () = self.subscriber.stopping().wait() => {}
            () = self.list_all() => {}
        }
    }

    async fn list_all(&self) {
        let scans = match self.store.last_scans(MAX_PAST_SCANS).await {
            Ok(scans) => scans,
            Err(error) => return debug!("earlier scans are not known: {}", with_causes(&error)),
        };
        for batch in scans.chunks(BATCH) {
            let mut headlines = Vec::new();
            for scan in batch {
                match self.store.headline(scan).await {
                    Ok(Some(headline)) if self.is_ours(&headline) => headlines.push(headline),
                    Ok(_) => {}
                    Err(error) => debug!(%scan, "not listed: {}", with_causes(&error)),
                }
            }
            for scans in headlines.chunk_by(|one, next| one.summary.path == next.summary.path) {
                match self.list_scans_of_file(scans).await {
                    Ok(()) => {}
                    Err(Stop::Full) => return,
                    Err(Stop::NoAnswer) => {
                        let path = scans.first().and_then(|scan| scan.summary.path.as_deref());
                        let path = path.unwrap_or(Path::new("")).display();
                        return debug!("earlier scans are not listed: {path} cannot be asked");
                    }
                }
            }
        }
    }

    /// Returns `true` if this session would save the scan.
    fn is_ours(&self, scan: &ScanHeadline) -> bool {
        let is_ours = match (&self.writer, &scan.data_writer) {
            (DataWriterFilter::Named(wanted), Some(writer)) => wanted == writer,
            // A published layout does not need the name of a writer.
            _ => true,
        };
        is_ours && (self.session.is_none() || scan.summary.session == self.session)
    }

    /// Lists those of the scans of a file of which it has a record.
    async fn list_scans_of_file(&self, scans: &[ScanHeadline]) -> Result<(), Stop> {
        let path = scans.first().and_then(|scan| scan.summary.path.as_deref());
        let Some((path, file)) = path.and_then(|path| Some((path, path.to_str()?))) else {
            return Ok(());
        };
        let attributes = scans
            .iter()
            .map(|scan| record_name(scan.summary.id.as_str()));
        let datasets = scans.iter().map(|scan| {
            let number = scan.summary.number.unwrap_or_default();
            format!("/{number}.1/writer/data")
        });
        let (attributes, datasets) = (attributes.collect(), datasets.collect());
        let found = self.inspector.texts(file, attributes, datasets, FILE_LIMIT);
        let (attributes, datasets) = match found.await {
            Ok(texts) => texts,
            Err(error @ (FrameError::NoAnswer(_) | FrameError::NotInspected(_))) => {
                debug!("{file}: {error}");
                return Err(Stop::NoAnswer);
            }
            // Data are moved, after days or years.
            Err(error) => {
                debug!("{file} has no records: {error}");
                return Ok(());
            }
        };
        for ((scan, attribute), dataset) in scans.iter().zip(attributes).zip(datasets) {
            let Some(text) = attribute.or(dataset) else {
                continue;
            };
            match CompletenessRecord::parse(&text, path) {
                // A number may have been used again, and what is being written is no past scan.
                Ok(record) if record.scan == scan.summary.id.as_str() && !record.running => {
                    let past = past_scan(scan, path, record);
                    if !self.observation.scans.add_earlier(past) {
                        return Err(Stop::Full);
                    }
                }
                Ok(_) => {}
                Err(error) => debug!("{file}: {}", with_causes(&error)),
            }
        }
        Ok(())
    }
}

/// Puts together what the server and the file say about a scan. Its times are those of the scan, not of its saving.
fn past_scan(scan: &ScanHeadline, file: &Path, record: CompletenessRecord) -> PastScan {
    let summary = &scan.summary;
    let time = |time| Option::map(time, SystemTime::from);
    let started = time(summary.start_time);
    let ended = time(scan.end_time).or(started);
    let started = started.or(ended).unwrap_or(SystemTime::UNIX_EPOCH);
    let ended = ended.unwrap_or(started);
    // A dataset of the root group is in no entry.
    let entry = |stream: &RecordedStream| {
        let below_root = stream.path.trim_start_matches('/').split_once('/');
        below_root.map_or(String::new(), |(entry, _)| entry.to_owned())
    };
    let mut entries: Vec<String> = record.streams.iter().map(entry).collect();
    entries.sort();
    entries.dedup();
    if entries.is_empty() {
        entries.push(format!("{}.1", summary.number.unwrap_or_default()));
    }
    let entries = entries.into_iter().map(|entry| ScanEntry {
        file: file.to_owned(),
        entry,
    });
    let lost = |stream: &RecordedStream| {
        let points = stream.expected.unwrap_or(stream.received);
        stream.missing(points.max(stream.received))
    };
    let reason = match (record.complete, record.problems.first()) {
        (true, _) => SAVING_COMPLETE.to_owned(),
        (false, Some(problem)) => problem.clone(),
        (false, None) => "the scan is not complete".to_owned(),
    };
    PastScan {
        number: 0,
        name: ScanRef {
            key: summary.id.to_string(),
            session: summary.session.clone(),
            name: summary.name.clone(),
            number: summary.number,
        },
        title: scan.title.clone(),
        outcome: match record.complete {
            true => ScanOutcome::Complete,
            false => ScanOutcome::Incomplete,
        },
        reason,
        started,
        ended,
        duration: ended.duration_since(started).unwrap_or_default(),
        points: record
            .streams
            .iter()
            .map(|one| one.written)
            .max()
            .unwrap_or(0),
        bytes: None,
        lost: record.streams.iter().map(lost).fold(0, u64::saturating_add),
        loss_reason: None,
        entries: entries.collect(),
        referred: ReferredFiles::default(),
        warnings: record.problems,
    }
}
