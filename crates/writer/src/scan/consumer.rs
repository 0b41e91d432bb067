//! Writes one scan: its files, what its streams bring, and at the end the report.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use blissdata::reader::{LossReason, ScanEvent as StreamEvent, StreamId};
use blissdata::store::ScanKey;
use hub::Event;
use nexus::dataset::{Mode, Policy};
use tracing::{debug, info};

use super::account::Account;
use super::event::{Closed, Prepared, ScanEvent, StreamSource};
use super::file::ScanFile;
use super::place::Place;
use crate::checks::{self, DiskSpace};
use crate::layout::FileTree;
use crate::report::{Outcome, Progress, ScanReport};
use crate::subscriber::{Consumer, Fault, with_causes};
use crate::workshop::{Bench, Share};

/// How often points that came are made visible. Readers expect them within a second, and each of
/// the two steps (into the file, flush) may take up to one period.
const COMMIT: Duration = Duration::from_millis(250);

/// Saves one scan; lives in the workshop.
pub struct ScanConsumer {
    key: ScanKey,
    space: DiskSpace,
    started: Instant,
    /// Sent when the scan has its files, or will have none.
    begun: Event,
    progress: Arc<Progress>,
    report: Arc<OnceLock<ScanReport>>,
    account: Account,
    saved: Option<Saved>,
}

/// A scan that is being saved.
struct Saved {
    bench: Rc<Bench>,
    /// Our part of the memory, kept as long as the scan.
    _share: Share,
    /// How datasets are laid out.
    policy: Policy,
    files: Vec<ScanFile>,
    /// Files in which nothing can be written: they are not tried again at the end.
    refused: HashSet<String>,
    places: Vec<Place>,
    /// Places of each stream that is followed.
    followed: HashMap<StreamId, Followed>,
    closed: bool,
}

struct Followed {
    name: String,
    places: Vec<usize>,
}

impl ScanConsumer {
    pub fn new(
        key: ScanKey,
        space: DiskSpace,
        begun: Event,
        progress: Arc<Progress>,
        report: Arc<OnceLock<ScanReport>>,
    ) -> ScanConsumer {
        let account = Account::new(key.clone());
        ScanConsumer {
            key,
            space,
            begun,
            started: Instant::now(),
            progress,
            report,
            account,
            saved: None,
        }
    }

    /// Opens the files and writes what is known before the data.
    fn prepare(&mut self, prepared: Prepared) -> Result<(), Fault> {
        let bench = Bench::here().map_err(Fault::Failed)?;
        let path = Path::new(&prepared.path);
        let free = checks::prepare_path(path, self.space.required)
            .map_err(|error| Fault::Failed(with_causes(&error)))?;
        if free < self.space.recommended {
            let directory = path.parent().unwrap_or(path).display();
            let free = checks::size(free);
            self.account.warning(format_args!(
                "low disk space at {directory}: {free} remaining"
            ));
        }
        let streams = prepared
            .trees
            .iter()
            .map(|tree| tree.root.streams().len())
            .sum();
        info!(scan = %self.key, streams, "start saving");
        let share = bench.share(streams);
        let mode = if prepared.ended {
            Mode::Backlog
        } else {
            Mode::Live
        };
        let policy = Policy {
            mode,
            chunk: share.chunk,
        };
        let (mut files, mut refused) = (Vec::new(), HashSet::new());
        for tree in prepared.trees {
            let name = tree.file.clone();
            match ScanFile::begin(&bench, tree, &mut self.account) {
                Some(file) => files.push(file),
                None => {
                    refused.insert(name);
                }
            }
        }
        if files.is_empty() {
            let reason = self
                .account
                .first_problem()
                .unwrap_or("no file can be written");
            return Err(Fault::Failed(reason.to_owned()));
        }
        let places = places(&files);
        self.saved = Some(Saved {
            bench,
            _share: share,
            policy,
            files,
            refused,
            places,
            followed: HashMap::new(),
            closed: false,
        });
        Ok(())
    }

    fn end(self, end: Result<(), Fault>) -> ScanReport {
        let (outcome, reason) = self.outcome(&end);
        let files = match &self.saved {
            Some(saved) => saved.files.iter().map(ScanFile::path).collect(),
            None => Vec::new(),
        };
        let mut account = self.account;
        if let Some(saved) = self.saved {
            saved
                .files
                .into_iter()
                .for_each(|file| file.close(&mut account));
        }
        ScanReport {
            key: self.key,
            outcome,
            reason,
            files,
            points: self.progress.points(),
            bytes: self.progress.bytes(),
            duration: self.started.elapsed(),
            warnings: account.into_warnings(),
        }
    }

    fn outcome(&self, end: &Result<(), Fault>) -> (Outcome, String) {
        match (&self.saved, end, self.account.first_problem()) {
            (None, Ok(()), _) => (Outcome::Skipped, "not to be saved, skip".to_owned()),
            (None, Err(fault), _) => (Outcome::Failed, fault.to_string()),
            (Some(_), Err(fault), _) => (Outcome::Incomplete, fault.to_string()),
            (Some(_), Ok(()), Some(problem)) => (Outcome::Incomplete, problem.to_owned()),
            (Some(_), Ok(()), None) => (Outcome::Complete, "saving complete".to_owned()),
        }
    }
}

impl Consumer for ScanConsumer {
    type Event = ScanEvent;

    const PERIOD: Option<Duration> = Some(COMMIT);

    async fn consume(&mut self, event: ScanEvent) -> Result<(), Fault> {
        if let ScanEvent::Prepared(prepared) = event {
            self.prepare(*prepared)?;
            self.begun.send();
            return Ok(());
        }
        let Some(saved) = &mut self.saved else {
            return Err(Fault::Failed(
                "data came before the scan was prepared".to_owned(),
            ));
        };
        match event {
            ScanEvent::Prepared(_) => {}
            ScanEvent::Streams(sources) => saved.follow(sources, &mut self.account),
            ScanEvent::Data(events) => {
                for event in events {
                    saved.take(event, &self.progress, &mut self.account).await;
                }
            }
            ScanEvent::Closed(closed) => saved.close(*closed, &mut self.account).await,
        }
        Ok(())
    }

    async fn tick(&mut self) {
        if let Some(saved) = &mut self.saved {
            saved.commit(&mut self.account).await;
        }
    }

    async fn finish(mut self, end: Result<(), Fault>) -> Result<(), Fault> {
        self.begun.send();
        if let Some(saved) = &mut self.saved
            && !saved.closed
        {
            // Interrupted: what was gathered goes to the file, without the marks of a whole scan.
            saved.finish_places(&mut self.account).await;
        }
        let slot = self.report.clone();
        let report = self.end(end.clone());
        debug!(scan = %report.key, outcome = report.outcome.name(), "{}", report.reason);
        let faulty = report.outcome > Outcome::Complete;
        let reason = report.reason.clone();
        if slot.set(report).is_err() {
            debug!("a scan was reported twice");
        }
        // A scan that lost something has not ended as it should.
        end.and(if faulty {
            Err(Fault::Failed(reason))
        } else {
            Ok(())
        })
    }
}

impl Saved {
    fn follow(&mut self, sources: Vec<StreamSource>, account: &mut Account) {
        for StreamSource { name, id, content } in sources {
            let mut own = Vec::new();
            for (index, place) in self.places.iter_mut().enumerate() {
                if place.stream != name {
                    continue;
                }
                match &content {
                    Ok(content) => {
                        let file = &self.files[place.file];
                        place.begin(content, file, &self.bench, self.policy, account);
                    }
                    Err(reason) => place.fail(reason, account),
                }
                own.push(index);
            }
            if let Some(id) = id {
                self.followed.insert(id, Followed { name, places: own });
            }
        }
    }

    async fn take(&mut self, event: StreamEvent, progress: &Progress, account: &mut Account) {
        let stream = match &event {
            StreamEvent::Points(block) => block.stream,
            StreamEvent::Frames { stream, .. }
            | StreamEvent::Json { stream, .. }
            | StreamEvent::Lost { stream, .. }
            | StreamEvent::End { stream, .. } => *stream,
            StreamEvent::State(_) | StreamEvent::Deleted => return,
        };
        let Some(followed) = self.followed.get(&stream) else {
            return;
        };
        tell(&followed.name, &event, account);
        for &index in &followed.places {
            let place = &mut self.places[index];
            let file = &self.files[place.file];
            place
                .take(&event, file, &self.bench, progress, account)
                .await;
        }
    }

    /// Makes what has come visible to readers.
    async fn commit(&mut self, account: &mut Account) {
        if self.policy.mode == Mode::Backlog || self.closed {
            return;
        }
        // Chunks on their way would be missing: plots want all streams at the same point.
        self.bench.outbox.drain().await;
        for place in &mut self.places {
            place.expose(&self.files[place.file], account);
        }
        for file in &mut self.files {
            file.retry_links(account);
            file.flush(account);
        }
    }

    async fn finish_places(&mut self, account: &mut Account) {
        for place in &mut self.places {
            place.finish(&self.files[place.file], account).await;
        }
    }

    async fn close(&mut self, closed: Closed, account: &mut Account) {
        self.finish_places(account).await;
        for place in self.places.iter().filter(|place| place.is_waiting()) {
            account.problem(format_args!(
                "missing stream '{}', cannot save {}::{}",
                place.stream, self.files[place.file].name, place.path
            ));
        }
        if let Some(reason) = &closed.cut_short {
            account.problem(reason);
        }
        for tree in closed.trees {
            self.close_tree(tree, account);
        }
        self.closed = true;
    }

    /// Brings one file to the last version of its tree, or makes it if only that version has it.
    fn close_tree(&mut self, tree: FileTree, account: &mut Account) {
        let places = &self.places;
        let mut files = self.files.iter_mut().enumerate();
        if let Some((index, file)) = files.find(|(_, file)| file.name == tree.file) {
            let filled = |path: &str| {
                places
                    .iter()
                    .any(|p| p.file == index && p.path == path && p.is_filled())
            };
            file.finish(&tree.root, filled, account);
            return;
        }
        if self.refused.contains(&tree.file) {
            return;
        }
        let Some(file) = ScanFile::begin(&self.bench, tree, account) else {
            return;
        };
        for (path, stream) in file.streams() {
            account.warning(format_args!(
                "stream {stream:?} was given a place at the end of the scan ({path} in {}): \
                 it is not written",
                file.name
            ));
        }
        self.files.push(file);
    }
}

/// The places of all streams, in all files.
fn places(files: &[ScanFile]) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for (path, stream) in file.streams() {
            let attributes = file.attributes(&path);
            places.push(Place::new(index, path, stream, attributes));
        }
    }
    places
}

/// Losses of a stream are told once, wherever it goes.
fn tell(stream: &str, event: &StreamEvent, account: &mut Account) {
    match event {
        StreamEvent::Lost {
            first,
            count,
            reason,
            ..
        } => {
            let reason = match reason {
                LossReason::Trimmed => "Redis no longer has them".to_owned(),
                LossReason::Corrupt(problem) => format!("their entry is corrupt: {problem}"),
                LossReason::StatusTrimmed => "the number of frames is not known".to_owned(),
                LossReason::InconsistentSeal { declared } => {
                    format!("the publisher declares {declared} points only")
                }
                other => format!("{other:?}"),
            };
            let last = first + count;
            match count {
                0 => account.problem(format_args!("stream {stream:?} at point {first}: {reason}")),
                _ => account.problem(format_args!(
                    "stream {stream:?}: points {first}..{last} are lost: {reason}"
                )),
            }
        }
        StreamEvent::End {
            total,
            sealed: false,
            ..
        } => account.problem(format_args!(
            "stream {stream:?} was not sealed: it may have had more than {total} points"
        )),
        _ => {}
    }
}
