//! Updates the files of a scan to the trees that its layout makes of the latest facts.

use std::path::Path;

use chrono::{DateTime, FixedOffset, Local};
use nexus::file::current_time;
use serde_json::Value as Json;

use super::ScanOutput;
use super::measure::measure;
use crate::layout::{EndFacts, FileTree, WritingStatus};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::{ScanFile, report_invalid};
use crate::scan::problem::ScanProblem;
use crate::scan::record::{final_record, running_record};

impl ScanOutput {
    /// Writes everything that is known before the data. `first` are the trees of the first facts, `last`
    /// those that the files would have if the earlier writer had finished.
    pub(super) fn write(
        &mut self,
        first: Vec<FileTree>,
        last: &[FileTree],
        diagnostics: &mut Diagnostics,
    ) {
        let record = running_record(&self.datasets, &self.file_names(), diagnostics);
        let is_resumed = self.files.iter().any(|file| file.partial.is_some());
        let is_unchanged = !is_resumed && record == self.facts.record;
        self.facts.record = record;
        let trees = match is_unchanged {
            true => first,
            false => self.layout.trees(&self.facts),
        };
        for tree in trees {
            let Some(file) = self.files.iter_mut().find(|file| file.name == tree.file) else {
                continue;
            };
            let last = last.iter().find(|last| last.file == tree.file);
            match last.filter(|_| file.partial.is_some()) {
                Some(last) => file.resume(tree, &last.root, diagnostics),
                None => file.write(tree, diagnostics),
            }
        }
        self.facts.status = WritingStatus::Running;
        self.update_files(diagnostics);
        for file in &mut self.files {
            // With a journal, readers see a scan with the next commit, which is soon if the scan is running. Each commit with
            // texts costs room in the file, because nothing can be added to a heap of texts that readers know.
            if !file.session.has_journal() {
                file.flush(diagnostics);
            }
        }
    }

    /// Writes the last trees, with the status and the record of the scan.
    pub(super) fn end_files(&mut self, diagnostics: &mut Diagnostics) {
        for (link, reason) in std::mem::take(&mut self.failed_links) {
            diagnostics.problem(ScanProblem::LinkNotMade {
                file: link.file.into(),
                name: link.name,
                source: Box::new(reason),
            });
        }
        let filled: Vec<_> = self.datasets.iter().filter(|one| one.is_filled()).collect();
        measure(&mut self.facts, &filled, &self.files, &*self.layout);
        self.facts.end = Some(EndFacts {
            time: current_time(),
            info: std::mem::take(&mut self.info),
        });
        // Items that the last trees leave out change the status, so they are reported before it is set.
        for tree in self.layout.trees(&self.facts) {
            report_invalid(&tree, diagnostics);
        }
        // A scan must not count as complete if points are missing without a known reason.
        let missing = self
            .datasets
            .iter()
            .find(|dataset| !dataset.tally.is_complete());
        if let (Some(dataset), None) = (missing, diagnostics.first_problem()) {
            diagnostics.problem(dataset.shortfall());
        }
        loop {
            let (files, problems) = (self.files.len(), diagnostics.problems().len());
            self.set_final_status(diagnostics);
            self.update_files(diagnostics);
            // Writing may fail, and then the file must not claim success. A file that only the last trees have must
            // not claim the datasets of the others, which the record names as soon as there are several files.
            let is_final = self.facts.status == WritingStatus::Failed
                || problems == diagnostics.problems().len();
            if is_final && files == self.files.len() {
                return;
            }
        }
    }

    fn set_final_status(&mut self, diagnostics: &Diagnostics) {
        self.facts.status = match diagnostics.first_problem() {
            None => WritingStatus::Succeeded,
            Some(_) => WritingStatus::Failed,
        };
        self.datasets
            .iter_mut()
            .for_each(|dataset| dataset.tally.list_holes());
        self.facts.record = final_record(&self.datasets, &self.file_names(), diagnostics);
    }

    pub(super) fn file_names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// Marks the streams whose dataset exists by now. Returns `true` if there are new ones.
    pub(super) fn mark_stored(&mut self) -> bool {
        let mut changed = false;
        for dataset in self.datasets.iter().filter(|dataset| dataset.is_stored()) {
            let facts = self
                .facts
                .streams
                .entry(dataset.stream.clone())
                .or_default();
            changed |= !facts.stored;
            facts.stored = true;
        }
        changed
    }

    /// Updates the files to the latest facts, if the layout wants that before the end.
    pub(super) fn update_files(&mut self, diagnostics: &mut Diagnostics) {
        if self.layout.policy().follows_facts || self.facts.end.is_some() {
            self.apply_trees(diagnostics);
        }
    }

    pub(super) fn apply_trees(&mut self, diagnostics: &mut Diagnostics) {
        let ended = self.facts.end.as_ref().map(end_time);
        let ended = ended.filter(|_| self.layout.policy().shows_latest);
        for mut tree in self.layout.trees(&self.facts) {
            if let Some(ended) = ended
                && !self.context.claim_default(Path::new(&tree.file), ended)
            {
                tree.root.attributes.retain(|(name, _)| name != "default");
            }
            self.apply_tree(tree, diagnostics);
        }
    }

    /// Updates one file to its tree, or creates it if only the last version of the layout has it.
    fn apply_tree(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
        let datasets = &self.datasets;
        let mut files = self.files.iter_mut().enumerate();
        if let Some((index, file)) = files.find(|(_, file)| file.name == tree.file) {
            let stored = |path: &str| {
                let mut datasets = datasets.iter();
                let dataset =
                    datasets.find(|dataset| dataset.file == index && dataset.path == path)?;
                Some(dataset.is_stored())
            };
            file.update(tree, stored, diagnostics);
            return;
        }
        if self.unwritable_files.contains(&tree.file) {
            return;
        }
        let streams: Vec<(String, String)> = tree
            .root
            .streams()
            .into_iter()
            .map(|(path, stream)| (path, stream.to_owned()))
            .collect();
        let Some(file) = ScanFile::begin(
            &self.context,
            &self.claims,
            &*self.layout,
            tree,
            diagnostics,
        ) else {
            return;
        };
        for (path, stream) in streams {
            diagnostics.warning(format_args!(
                "stream {stream:?} was given a dataset at the end of the scan ({path} in {}): \
                 it is not written",
                file.name
            ));
        }
        self.files.push(file);
    }
}

/// Returns when a scan ended according to its info, or else when its writing ended.
fn end_time(end: &EndFacts) -> DateTime<FixedOffset> {
    let published = end.info.get("end_time").and_then(Json::as_str);
    published
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .or_else(|| DateTime::parse_from_rfc3339(&end.time).ok())
        .unwrap_or_else(|| Local::now().fixed_offset())
}
