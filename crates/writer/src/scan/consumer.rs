//! Writes one scan: opens its files, writes the data of its streams, and makes the report at the end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use hub::Event;
use nexus::file::FileSession;
use observation::{Classified as _, ErrorOrigin};
use tracing::{debug, info, info_span, warn};

use super::attempt::{ListenerEnd, Verdict};
use super::diagnostics::Diagnostics;
use super::figures::RunningGuard;
use super::file::locking_of;
use super::file_claims::FileLeases;
use super::output::{FirstTrees, OutputStart, ScanOutput, first_facts};
use super::problem::{Interruption, ScanProblem};
use super::space_watch::SpaceWatch;
use super::update::{Prepared, ScanUpdate};
use crate::filesystem::{self, DiskSpace, PathError};
use crate::layout::{FileTree, Layout};
use crate::memory::MemoryBudget;
use crate::report::{SAVING_COMPLETE, ScanOutcome, ScanProgress, ScanReport};
use crate::subscriber::{Consumer, Fault, SPAN};
use crate::writer_thread::WriterContext;

/// Time between two commits, which make received points visible. Readers expect points within a second,
/// and each of the two steps (into the file, flush) may take up to one period.
const COMMIT_PERIOD: Duration = Duration::from_millis(250);

/// How long a file may be locked before its scan fails. Programs that read a file lock it for a moment.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// [`LOCK_TIMEOUT`] of a scan that is continued: the killed writer may still hold the lock while it exits.
const LOCK_TIMEOUT_RESUMED: Duration = Duration::from_secs(3);
/// Time between two attempts to open a locked file.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Saves one scan; lives in the writer thread.
pub struct ScanConsumer {
    memory: MemoryBudget,
    space: DiskSpace,
    started: Instant,
    milestones: ScanMilestones,
    progress: Arc<ScanProgress>,
    report: Arc<OnceLock<ScanReport>>,
    diagnostics: Diagnostics,
    output: Option<ScanOutput>,
    /// Why the current attempt cannot save anything.
    fault: Option<Fault>,
    /// The report of the last attempt and its first problem, once it has ended.
    last_attempt: Option<(ScanReport, Option<Fault>)>,
    /// The files, if an earlier writer has already saved the whole scan.
    already_complete: Option<Vec<PathBuf>>,
    /// Checks the free space until there is too little.
    space_watch: Option<SpaceWatch>,
    running: RunningGuard,
}

/// Moments of a scan for which others wait.
#[derive(Debug, Clone, Default)]
pub struct ScanMilestones {
    /// Is sent when the files of the scan are open, or when there will be none.
    pub begun: Event,
    /// Is sent when everything is written, before the files are closed. Another attempt clears it.
    pub written: Event,
}

impl ScanConsumer {
    pub fn new(
        memory: MemoryBudget,
        space: DiskSpace,
        milestones: ScanMilestones,
        progress: Arc<ScanProgress>,
        diagnostics: Diagnostics,
        report: Arc<OnceLock<ScanReport>>,
        running: RunningGuard,
    ) -> ScanConsumer {
        ScanConsumer {
            memory,
            space,
            milestones,
            started: Instant::now(),
            progress,
            report,
            diagnostics,
            output: None,
            fault: None,
            last_attempt: None,
            already_complete: None,
            space_watch: None,
            running,
        }
    }

    /// Opens the files and writes what is known before the data.
    async fn prepare(&mut self, prepared: Prepared) -> Result<(), Fault> {
        if prepared.stop_requested.is_set() {
            return Err(ScanProblem::Interrupted(Interruption::WriterStopped).into());
        }
        let observation = self.diagnostics.figures().observation();
        let context = WriterContext::here(self.memory, observation).map_err(Fault::internal)?;
        let layout = &*prepared.layout;
        let path = Path::new(layout.main_file());
        let free = filesystem::prepare_path(path, self.space.required)
            .map_err(|error| refusal(error, layout))?;
        if free < self.space.recommended {
            let directory = path.parent().unwrap_or(path).display();
            let free = filesystem::size(free);
            self.diagnostics.warning(format_args!(
                "low disk space at {directory}: {free} remaining"
            ));
        }
        let policy = layout.policy();
        self.space_watch = policy
            .watches_disk
            .then(|| SpaceWatch::new(path, self.space));
        if policy.announces_subscans {
            for subscan in layout.subscan_entries() {
                let span = info_span!(SPAN, node = subscan.name);
                let announce = || info!(scan = %self.diagnostics.scan(), subscan = subscan.name, "start saving subscan");
                span.in_scope(announce);
            }
        }
        let lock_timeout = match prepared.is_resumed {
            true => LOCK_TIMEOUT_RESUMED,
            false => LOCK_TIMEOUT,
        };
        let facts = first_facts(&self.diagnostics);
        let trees = layout.trees(&facts);
        // The files stay open, and thereby ours, until the scan has opened them.
        let _opened = open_unlocked(&context, &prepared.claims, &trees, lock_timeout).await;
        let first = FirstTrees { facts, trees };
        match ScanOutput::begin(
            context,
            prepared,
            first,
            &self.progress,
            &mut self.diagnostics,
        )? {
            OutputStart::Started(output) => self.output = Some(*output),
            OutputStart::AlreadyComplete(files) => self.already_complete = Some(files),
        }
        Ok(())
    }

    /// Ends an attempt to save the scan: writes what has come, closes the files, and makes the report.
    async fn end_attempt(&mut self, end: Result<(), Fault>) {
        let end = self.fault.take().map_or(end, Err);
        if let Some(output) = &mut self.output {
            let interruption = match &end {
                Ok(()) => Interruption::EventsEnded,
                Err(fault) => Interruption::Fault(fault.clone()),
            };
            output.interrupt(interruption, &mut self.diagnostics).await;
        }
        self.milestones.written.send();
        let files = match self.output.take() {
            Some(output) => Some(output.end(&mut self.diagnostics).await),
            None => self.already_complete.take(),
        };
        // Closing may fail, so the outcome is not known before.
        let (outcome, reason) = self.outcome(files.is_some(), &end);
        let report = ScanReport {
            scan: self.diagnostics.scan().clone(),
            outcome,
            reason,
            files: files.unwrap_or_default(),
            points: self.progress.points(),
            bytes: self.progress.bytes(),
            duration: self.started.elapsed(),
            warnings: Vec::new(),
        };
        // A scan with a problem ends in FAULT.
        let problem = self.diagnostics.first_problem().cloned();
        self.last_attempt = Some((report, end.err().or(problem)));
    }

    /// Closes the files of a scan that has published nothing for long, without an end.
    async fn park(&mut self) {
        if let Some(mut output) = self.output.take() {
            output.park(&mut self.diagnostics).await;
            output.end(&mut self.diagnostics).await;
        }
    }

    /// Returns what follows the last attempt.
    fn verdict(&self) -> Verdict {
        let Some((report, fault)) = &self.last_attempt else {
            return Verdict::Final;
        };
        if report.outcome <= ScanOutcome::Complete {
            return Verdict::Final;
        }
        let temporary = fault.as_ref().filter(|fault| fault.is_temporary());
        let temporary = temporary.or(self.diagnostics.temporary_problem());
        temporary.map_or(Verdict::Final, |fault| Verdict::TryAgain(fault.clone()))
    }

    /// Prepares for the next attempt.
    fn reset(&mut self) {
        self.diagnostics = self.diagnostics.next_attempt();
        self.space_watch = None;
    }

    fn outcome(&self, written: bool, end: &Result<(), Fault>) -> (ScanOutcome, String) {
        match (written, end, self.diagnostics.first_problem()) {
            (false, Ok(()), _) => (ScanOutcome::Skipped, "not to be saved, skip".to_owned()),
            (false, Err(fault), _) => (ScanOutcome::Failed, fault.to_string()),
            (true, Err(fault), _) => (ScanOutcome::Incomplete, fault.to_string()),
            (true, Ok(()), Some(problem)) => (ScanOutcome::Incomplete, problem.to_string()),
            (true, Ok(()), None) => (ScanOutcome::Complete, SAVING_COMPLETE.to_owned()),
        }
    }
}

impl Consumer for ScanConsumer {
    type Event = ScanUpdate;

    const PERIOD: Option<Duration> = Some(COMMIT_PERIOD);

    async fn consume(&mut self, event: ScanUpdate) -> Result<(), Fault> {
        match event {
            ScanUpdate::Prepared(prepared) => {
                self.last_attempt = None;
                self.milestones.written.clear();
                self.progress.restart();
                self.diagnostics.report_stop_to(prepared.stopped.clone());
                self.fault = self.prepare(*prepared).await.err();
                self.milestones.begun.send();
                return Ok(());
            }
            ScanUpdate::AttemptEnd(attempt) => {
                let verdict = match attempt.end {
                    ListenerEnd::Ended(end) => {
                        self.end_attempt(end).await;
                        self.verdict()
                    }
                    ListenerEnd::Parked => {
                        self.park().await;
                        Verdict::Continue
                    }
                };
                if verdict != Verdict::Final {
                    self.reset();
                }
                attempt.verdict.keep(Ok(verdict));
                return Ok(());
            }
            _ if self.fault.is_some() => return Ok(()),
            _ => {}
        }
        let Some(output) = &mut self.output else {
            return Err(Fault::internal("data came before the scan was prepared"));
        };
        match event {
            ScanUpdate::Prepared(_) | ScanUpdate::AttemptEnd(_) => {}
            ScanUpdate::Links(request) => {
                output.make_links(request, &mut self.diagnostics).await;
            }
            ScanUpdate::Streams(sources) => output.follow(sources, &mut self.diagnostics),
            ScanUpdate::Data(events) => {
                for event in events {
                    output.take(event, &mut self.diagnostics).await;
                }
            }
            ScanUpdate::Closed(closed) => output.close(*closed, &mut self.diagnostics).await,
        }
        Ok(())
    }

    async fn tick(&mut self) {
        if let Ok(context) =
            WriterContext::here(self.memory, self.diagnostics.figures().observation())
        {
            context.close_unused_files();
        }
        let Some(output) = &mut self.output else {
            return;
        };
        if let Some(watch) = &mut self.space_watch
            && let Some(problem) = watch.check().await
        {
            output.stop(problem, &mut self.diagnostics);
            self.space_watch = None;
        }
        output.commit(&mut self.diagnostics).await;
    }

    async fn finish(mut self, end: Result<(), Fault>) -> Result<(), Fault> {
        self.milestones.begun.send();
        // A scan that waits, or whose last attempt has ended, has its report.
        if self.last_attempt.is_none() {
            self.end_attempt(end.clone()).await;
        }
        let Some((mut report, problem)) = self.last_attempt.take() else {
            return end;
        };
        if let Err(fault) = &end
            && report.outcome > ScanOutcome::Complete
        {
            report.reason = fault.to_string();
        }
        report.warnings = self.diagnostics.warnings();
        report.duration = self.started.elapsed();
        let figures = self.diagnostics.figures();
        figures.ended(report.outcome, report.duration);
        self.running
            .end(report.outcome, &report.reason, report.duration);
        // Diagnostics count the problems that they record. A fault of the subscriber is not one of them.
        let fault = end.err().or(problem);
        if let (Some(fault), None) = (&fault, self.diagnostics.first_problem())
            && fault.origin() != ErrorOrigin::User
        {
            figures.failed(fault.kind());
        }
        debug!(scan = %report.scan, outcome = report.outcome.name(), "{}", report.reason);
        if self.report.set(report).is_err() {
            debug!("a scan was reported twice");
        }
        fault.map_or(Ok(()), Err)
    }
}

/// Opens the existing files of these trees, and waits until other programs have unlocked them. Leaves out
/// files that are still locked after `lock_timeout`.
async fn open_unlocked(
    context: &WriterContext,
    claims: &FileLeases,
    trees: &[FileTree],
    lock_timeout: Duration,
) -> Vec<FileSession> {
    let deadline = Instant::now() + lock_timeout;
    let mut files = Vec::new();
    for tree in trees {
        let file = Path::new(&tree.file);
        context.closed(file).await;
        while file.is_absolute() && file.exists() {
            let Some(locking) = locking_of(context, claims) else {
                break;
            };
            match context.open_once(file, locking) {
                Ok(file) => files.push(file),
                Err(nexus::Error::Locked { .. }) if Instant::now() < deadline => {
                    hub::sleep(LOCK_POLL).await;
                    continue;
                }
                // The scan reports the error when it opens the file itself.
                Err(_) => {}
            }
            break;
        }
    }
    files
}

/// Returns why the files cannot be written, with the text that clients of the layout match, if it has one.
fn refusal(cause: PathError, layout: &dyn Layout) -> ScanProblem {
    let known = match &cause {
        PathError::NoSpace { required, .. } => layout.no_space_text(*required),
        _ => None,
    };
    match known {
        Some(text) => {
            // Clients match this text, but it does not say which directory is meant.
            warn!("{cause}");
            ScanProblem::DirectoryRefused { text, cause }
        }
        None => cause.into(),
    }
}
