//! The output of one scan: its open files, and the datasets that its streams fill.

mod commit;
mod follow;
mod frames;
mod links;
mod losses;
mod measure;
mod obstacle;
mod plots;
mod resume;
mod stored;
mod trees;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use nexus::dataset::{WriteMode, WritePolicy};
use nexus::file::current_time;
use observation::Stopwatch;
use serde_json::Value as Json;
use tracing::info;

use super::dataset_writer::DatasetWriter;
use super::diagnostics::Diagnostics;
use super::file::ScanFile;
use super::file_claims::FileLeases;
use super::problem::{Interruption, ScanProblem};
use super::record::running_record;
use super::update::{Closed, Prepared, ResumePoints};
use crate::layout::{EntryLink, FileTree, Layout, RootAttributes, ScanFacts, StreamFacts};
use crate::report::{ScanProgress, StreamFigures};
use crate::source::{SourceEvent, StreamId};
use crate::subscriber::Fault;
use crate::writer_thread::{ChunkShare, WriterContext};
use stored::FlushedPoints;

/// The open files and datasets of a scan that is being saved.
pub struct ScanOutput {
    context: Rc<WriterContext>,
    /// The scan's share of the memory for chunks, kept until the scan ends.
    _memory: ChunkShare,
    /// How datasets are chunked and written.
    policy: WritePolicy,
    layout: Box<dyn Layout>,
    facts: ScanFacts,
    /// The latest known info of the scan.
    info: Json,
    files: Vec<ScanFile>,
    /// Files that could not be opened. They are not tried again at the end.
    unwritable_files: HashSet<String>,
    /// What the writer states at the root of files.
    header: RootAttributes,
    /// Links that could not be created in other files, and why.
    failed_links: Vec<(EntryLink, ScanProblem)>,
    datasets: Vec<DatasetWriter>,
    /// The datasets of each stream that is followed.
    followed: HashMap<StreamId, FollowedDatasets>,
    /// When the record last listed all lost points.
    losses_listed_at: Option<Instant>,
    /// Number of written points that were reported to the observation.
    written: u64,
    /// Measures how long the oldest points have waited for a flush.
    unflushed_since: Option<Stopwatch>,
    /// What the last flush has, until it is reported.
    flushed: Option<FlushedPoints>,
    /// When a scan without readers was flushed.
    flushed_at: Instant,
    closed: bool,
    /// The claims of the files.
    claims: FileLeases,
    /// Shows observers how far each stream is stored.
    progress: Arc<ScanProgress>,
}

/// The first facts of a scan, and the trees that the layout makes of them.
pub struct FirstTrees {
    /// The facts.
    pub facts: ScanFacts,
    /// The trees of the files.
    pub trees: Vec<FileTree>,
}

/// Returns the facts that are known before a scan has any file.
pub fn first_facts(diagnostics: &Diagnostics) -> ScanFacts {
    ScanFacts {
        scan: diagnostics.scan().to_string(),
        began: current_time(),
        record: running_record(&[], &[], diagnostics),
        ..ScanFacts::default()
    }
}

/// Result of [`ScanOutput::begin`].
pub enum OutputStart {
    /// The scan is being saved.
    Started(Box<ScanOutput>),
    /// An earlier writer has already saved the whole scan in these files.
    AlreadyComplete(Vec<PathBuf>),
}

struct FollowedDatasets {
    name: String,
    datasets: Vec<usize>,
    /// How far the stream is stored, if it is one of points.
    figures: Option<Arc<StreamFigures>>,
}

impl ScanOutput {
    /// Opens the files and writes everything that is known before the data, over the part that an earlier
    /// writer may have left.
    ///
    /// # Errors
    /// If no file can be opened.
    pub fn begin(
        context: Rc<WriterContext>,
        prepared: Prepared,
        first: FirstTrees,
        progress: &Arc<ScanProgress>,
        diagnostics: &mut Diagnostics,
    ) -> Result<OutputStart, Fault> {
        let layout = prepared.layout;
        for notice in layout.notices() {
            diagnostics.warning(notice);
        }
        let datasets = layout.destinations();
        let streams = datasets.len();
        let share = context.share(streams);
        let mode = if prepared.ended {
            WriteMode::Backlog
        } else {
            WriteMode::Live
        };
        let policy = WritePolicy {
            mode,
            chunk: share.chunk,
        };
        let FirstTrees { facts, trees } = first;
        let resumed = prepared.is_resumed;
        let (mut files, mut unwritable_files) = (Vec::new(), HashSet::new());
        let mut header = RootAttributes::Minimal;
        for tree in &trees {
            header = tree.root_attributes.clone();
            match ScanFile::open(
                &context,
                &prepared.claims,
                &*layout,
                tree,
                resumed,
                diagnostics,
            ) {
                Some(file) => files.push(file),
                None => {
                    unwritable_files.insert(tree.file.clone());
                }
            }
        }
        if files.is_empty() {
            let problem = diagnostics.first_problem().cloned();
            return Err(problem.unwrap_or_else(|| ScanProblem::NoFile.into()));
        }
        let datasets = datasets.into_iter().filter_map(|dataset| {
            let file = files.iter().position(|file| file.name == dataset.file)?;
            let counter = progress.dataset(&dataset.subscan);
            Some(DatasetWriter::new(file, dataset, counter))
        });
        let datasets = datasets.collect();
        let mut output = ScanOutput {
            context,
            _memory: share,
            policy,
            layout,
            facts,
            info: prepared.info,
            files,
            unwritable_files,
            header,
            failed_links: Vec::new(),
            datasets,
            followed: HashMap::new(),
            losses_listed_at: None,
            written: 0,
            unflushed_since: None,
            flushed: None,
            flushed_at: Instant::now(),
            closed: false,
            claims: prepared.claims,
            progress: progress.clone(),
        };
        if let Some(problem) = output.obstacle() {
            return Err(problem.into());
        }
        let mut last = Vec::new();
        let mut resume_points = ResumePoints::Points(HashMap::new());
        if resumed {
            resume_points = output.read_partial_scans(diagnostics.figures());
            last = output.last_trees();
            if output.is_already_complete(&last) {
                prepared.opened.keep(Ok(ResumePoints::Complete));
                return Ok(OutputStart::AlreadyComplete(output.into_paths()));
            }
        }
        prepared.opened.keep(Ok(resume_points));
        output.write(trees, &last, diagnostics);
        info!(scan = %diagnostics.scan(), streams, "start saving");
        Ok(OutputStart::Started(Box::new(output)))
    }

    /// Passes an event of a stream to all of its datasets.
    pub async fn take(&mut self, event: SourceEvent, diagnostics: &mut Diagnostics) {
        let (stream, has_data) = match &event {
            SourceEvent::Points(block) => (block.stream, block.count > 0),
            SourceEvent::Texts(block) => (block.stream, block.count > 0),
            SourceEvent::Frames {
                stream, acquired, ..
            } => (*stream, *acquired > 0),
            SourceEvent::Lost { stream, .. } => (*stream, true),
            SourceEvent::References { stream, .. } | SourceEvent::End { stream, .. } => {
                (*stream, false)
            }
            SourceEvent::StateChanged | SourceEvent::Deleted => return,
        };
        let Some(followed) = self.followed.get(&stream) else {
            return;
        };
        losses::report(&followed.name, &event, diagnostics);
        if let SourceEvent::Lost {
            first, count: 1.., ..
        } = event
        {
            let datasets = followed.datasets.clone();
            self.expect_holes(&datasets, first, diagnostics);
        }
        let Some(followed) = self.followed.get(&stream) else {
            return;
        };
        if has_data {
            self.unflushed_since
                .get_or_insert_with(|| diagnostics.figures().stopwatch());
        }
        if has_data && !self.facts.streams.contains_key(&followed.name) {
            let name = followed.name.clone();
            self.facts.streams.insert(name, StreamFacts::default());
        }
        for &index in &followed.datasets {
            let dataset = &mut self.datasets[index];
            let file = &self.files[dataset.file];
            dataset.take(&event, file, &self.context, diagnostics).await;
        }
        if matches!(event, SourceEvent::Lost { .. }) {
            self.list_losses(diagnostics);
        }
    }

    /// Accepts no more data because of a problem. Data that were accepted before are still written.
    pub fn stop(&mut self, problem: ScanProblem, diagnostics: &mut Diagnostics) {
        diagnostics.problem(problem);
        for dataset in &mut self.datasets {
            dataset.stop();
        }
    }

    /// Writes the received data of a scan that is not followed to its end.
    pub async fn interrupt(&mut self, interruption: Interruption, diagnostics: &mut Diagnostics) {
        if self.closed {
            return;
        }
        self.finish_datasets(diagnostics).await;
        // A scan that waits is followed again.
        let is_continued = diagnostics.temporary_problem().is_some();
        if interruption != Interruption::EventsEnded || !is_continued {
            diagnostics.problem(ScanProblem::Interrupted(interruption));
        }
        if self.layout.policy().marks_interruption {
            self.end_files(diagnostics);
        }
        self.closed = true;
    }

    /// Writes the received data of a silent scan, which is continued later.
    pub async fn park(&mut self, diagnostics: &mut Diagnostics) {
        self.finish_datasets(diagnostics).await;
        self.closed = true;
    }

    /// Closes the files. Returns their paths.
    pub async fn end(self, diagnostics: &mut Diagnostics) -> Vec<PathBuf> {
        let paths = self.files.iter().map(ScanFile::path).collect();
        if diagnostics.temporary_problem().is_none()
            && let Some(problem) = self.obstacle()
        {
            diagnostics.problem(problem);
        }
        for file in self.files {
            file.finish(diagnostics).await;
        }
        paths
    }

    /// Finishes the datasets, and writes the last version of the trees.
    pub async fn close(&mut self, closed: Closed, diagnostics: &mut Diagnostics) {
        self.finish_datasets(diagnostics).await;
        for dataset in self.datasets.iter().filter(|dataset| dataset.is_waiting()) {
            diagnostics.problem(ScanProblem::StreamMissing {
                stream: dataset.stream.clone(),
                file: self.files[dataset.file].name.clone(),
                path: dataset.path.clone(),
            });
        }
        let interruption = closed.interruption.map(ScanProblem::Interrupted);
        let problems = closed.problems.into_iter().chain(interruption);
        problems.for_each(|problem| diagnostics.problem(problem));
        self.info = closed.info;
        self.facts.references = closed.references;
        self.end_files(diagnostics);
        self.check_plots(diagnostics);
        self.closed = true;
    }

    async fn finish_datasets(&mut self, diagnostics: &mut Diagnostics) {
        self.find_frames(diagnostics).await;
        for dataset in &mut self.datasets {
            dataset.finish(&self.files[dataset.file], diagnostics).await;
        }
        self.report_written(diagnostics);
        self.mark_stored();
    }
}
