//! A scan that is being saved: its files, and the datasets that its streams fill.

mod drawing;
mod losses;
mod resume;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use nexus::dataset::{Mode, Policy};
use nexus::file::now;
use observation::Stopwatch;
use serde_json::Value as Json;
use tracing::info;

use super::dataset_writer::DatasetWriter;
use super::diagnostics::Diagnostics;
use super::file::ScanFile;
use super::problem::{Interruption, ScanProblem, StreamProblem};
use super::record::running;
use super::update::{Closed, FollowedStream, Prepared, ResumePoints};
use crate::layout::{Facts, FileTree, Layout, MasterLink, Stamp, StreamFacts};
use crate::report::Progress;
use crate::source::{SourceEvent, StreamId};
use crate::subscriber::Fault;
use crate::writer_thread::{ChunkMemory, WriterContext};

/// A scan that is being saved.
pub struct ScanOutput {
    context: Rc<WriterContext>,
    /// Our part of the memory, kept as long as the scan.
    _memory: ChunkMemory,
    /// How datasets are laid out.
    policy: Policy,
    layout: Box<dyn Layout>,
    facts: Facts,
    /// The scan's info, as it is known by now.
    info: Json,
    files: Vec<ScanFile>,
    /// Files in which nothing can be written: they are not tried again at the end.
    refused: HashSet<String>,
    /// What the writer notes at the root of files.
    header: Stamp,
    /// Links that could not be made in other files, and why.
    unlinked: Vec<(MasterLink, ScanProblem)>,
    datasets: Vec<DatasetWriter>,
    /// Places of each stream that is followed.
    followed: HashMap<StreamId, Followed>,
    /// Points that were told to be missing in the files, and when.
    noted: u64,
    noted_at: Option<Instant>,
    /// Points that were reported to be in the files.
    written: u64,
    /// Since when the oldest points wait that no flush has shown yet.
    unseen: Option<Stopwatch>,
    closed: bool,
}

/// What a layout makes of some facts.
pub struct Drawing {
    /// The facts.
    pub facts: Facts,
    /// What the files hold then.
    pub trees: Vec<FileTree>,
}

/// Returns what is known before a scan has any file.
pub fn first_facts(diagnostics: &Diagnostics) -> Facts {
    Facts {
        scan: diagnostics.scan().to_string(),
        began: now(),
        record: running(&[], &[], diagnostics),
        ..Facts::default()
    }
}

/// What became of the beginning.
pub enum OutputStart {
    /// The scan is being saved.
    Started(Box<ScanOutput>),
    /// All of it is in these files since an earlier writer.
    AlreadyComplete(Vec<PathBuf>),
}

struct Followed {
    name: String,
    datasets: Vec<usize>,
}

impl ScanOutput {
    /// Opens the files and writes what is known before the data, over what an earlier writer may have
    /// left. Fails if that is possible in none.
    pub fn begin(
        context: Rc<WriterContext>,
        prepared: Prepared,
        first: Drawing,
        progress: &Arc<Progress>,
        diagnostics: &mut Diagnostics,
    ) -> Result<OutputStart, Fault> {
        let layout = prepared.layout;
        for notice in layout.notices() {
            diagnostics.warning(notice);
        }
        let datasets = layout.places();
        let streams = datasets.len();
        let share = context.share(streams);
        let mode = if prepared.ended {
            Mode::Backlog
        } else {
            Mode::Live
        };
        let policy = Policy {
            mode,
            chunk: share.chunk,
        };
        let Drawing { facts, trees } = first;
        let resumed = prepared.resumed.is_some();
        let (mut files, mut refused) = (Vec::new(), HashSet::new());
        let mut header = Stamp::Minimal;
        for tree in &trees {
            header = tree.stamp.clone();
            match ScanFile::open(&context, &*layout, tree, resumed, diagnostics) {
                Some(file) => files.push(file),
                None => {
                    refused.insert(tree.file.clone());
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
            refused,
            header,
            unlinked: Vec::new(),
            datasets,
            followed: HashMap::new(),
            noted: 0,
            noted_at: None,
            written: 0,
            unseen: None,
            closed: false,
        };
        let mut last = Vec::new();
        if let Some(promise) = prepared.resumed {
            let resume_points = output.read_partial_scans(diagnostics.figures());
            last = output.last_trees();
            if output.is_whole(&last) {
                promise.keep(Ok(ResumePoints::Complete));
                return Ok(OutputStart::AlreadyComplete(output.into_paths()));
            }
            promise.keep(Ok(resume_points));
        }
        output.write(trees, &last, diagnostics);
        info!(scan = %diagnostics.scan(), streams, "start saving");
        Ok(OutputStart::Started(Box::new(output)))
    }

    /// Gets the datasets of these streams ready for their data.
    pub fn follow(&mut self, streams: Vec<FollowedStream>, diagnostics: &mut Diagnostics) {
        for FollowedStream { name, id, content } in streams {
            let mut own = Vec::new();
            for (index, dataset) in self.datasets.iter_mut().enumerate() {
                if dataset.stream != name {
                    continue;
                }
                match &content {
                    Ok(content) => {
                        let file = &self.files[dataset.file];
                        dataset.begin(content, file, &self.context, self.policy, diagnostics);
                    }
                    Err(reason) => {
                        let problem = StreamProblem::NotSaveable(reason.clone());
                        dataset.fail(problem, diagnostics);
                    }
                }
                own.push(index);
            }
            if let (Err(reason), true) = (&content, own.is_empty()) {
                diagnostics.problem(ScanProblem::StreamUnusable {
                    stream: name.clone(),
                    reason: reason.clone(),
                });
            }
            if let Some(id) = id {
                self.followed.insert(
                    id,
                    Followed {
                        name,
                        datasets: own,
                    },
                );
            }
        }
    }

    /// Hands on what a stream brings to all of its datasets.
    pub async fn take(&mut self, event: SourceEvent, diagnostics: &mut Diagnostics) {
        let (stream, brings) = match &event {
            SourceEvent::Points(block) => (block.stream, block.count > 0),
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
        if brings {
            self.unseen
                .get_or_insert_with(|| diagnostics.figures().stopwatch());
        }
        if brings && !self.facts.streams.contains_key(&followed.name) {
            let name = followed.name.clone();
            self.facts.streams.insert(name, StreamFacts::default());
        }
        for &index in &followed.datasets {
            let dataset = &mut self.datasets[index];
            let file = &self.files[dataset.file];
            dataset.take(&event, file, &self.context, diagnostics).await;
        }
    }

    /// Makes what has come visible to readers.
    pub async fn commit(&mut self, diagnostics: &mut Diagnostics) {
        if self.policy.mode == Mode::Backlog || self.closed {
            return;
        }
        // Chunks on their way would be missing: plots want all streams at the same point.
        for dataset in &self.datasets {
            dataset.drain().await;
        }
        for dataset in &mut self.datasets {
            dataset.expose(&self.files[dataset.file], diagnostics);
        }
        if self.note_stored() {
            self.redraw(diagnostics);
        }
        self.note_losses(diagnostics);
        for file in &mut self.files {
            file.retry_links(diagnostics);
            file.flush(diagnostics);
        }
        self.report_written(diagnostics);
        if let Some(unseen) = self.unseen.take() {
            let hdf5 = &diagnostics.figures().observation().hdf5;
            hdf5.commit_delay.record(unseen);
        }
    }

    /// Reports how many more points are in the files by now.
    fn report_written(&mut self, diagnostics: &Diagnostics) {
        let written = self
            .datasets
            .iter()
            .map(DatasetWriter::written)
            .sum::<u64>();
        diagnostics
            .figures()
            .written(written.saturating_sub(self.written));
        self.written = written.max(self.written);
    }

    /// Takes nothing more of the data. What came before is still written.
    pub fn stop(&mut self, problem: ScanProblem, diagnostics: &mut Diagnostics) {
        diagnostics.problem(problem);
        for dataset in &mut self.datasets {
            dataset.stop();
        }
    }

    /// Writes what was gathered of a scan that ends before it was closed.
    pub async fn interrupt(&mut self, interruption: Interruption, diagnostics: &mut Diagnostics) {
        if self.closed {
            return;
        }
        self.finish_places(diagnostics).await;
        diagnostics.problem(ScanProblem::Interrupted(interruption));
        if self.layout.policy().marks_interruption {
            self.end_files(diagnostics);
        }
        self.closed = true;
    }

    /// Lets the files go; gives their paths.
    pub fn end(self, diagnostics: &mut Diagnostics) -> Vec<PathBuf> {
        let paths = self.files.iter().map(ScanFile::path).collect();
        for file in self.files {
            file.close(diagnostics);
        }
        paths
    }

    /// Brings the files to the last version of their trees.
    pub async fn close(&mut self, closed: Closed, diagnostics: &mut Diagnostics) {
        self.finish_places(diagnostics).await;
        for dataset in self.datasets.iter().filter(|dataset| dataset.is_waiting()) {
            diagnostics.problem(ScanProblem::StreamMissing {
                stream: dataset.stream.clone(),
                file: self.files[dataset.file].name.clone(),
                path: dataset.path.clone(),
            });
        }
        let cut_short = closed.cut_short.map(ScanProblem::Interrupted);
        let problems = closed.problems.into_iter().chain(cut_short);
        problems.for_each(|problem| diagnostics.problem(problem));
        self.info = closed.info;
        self.facts.references = closed.references;
        self.end_files(diagnostics);
        self.closed = true;
    }

    async fn finish_places(&mut self, diagnostics: &mut Diagnostics) {
        for dataset in &mut self.datasets {
            dataset.finish(&self.files[dataset.file], diagnostics).await;
        }
        self.report_written(diagnostics);
        self.note_stored();
    }
}
