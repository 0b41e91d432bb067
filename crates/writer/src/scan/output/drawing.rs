//! How the files of a scan follow what its layout makes of the facts.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, Local};
use nexus::file::now;
use serde_json::Value as Json;

use super::ScanOutput;
use crate::layout::{End, FileTree, Status};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::entry_links;
use crate::scan::file::{ScanFile, tell_invalid};
use crate::scan::problem::ScanProblem;
use crate::scan::record::{record, running};

/// How long losses wait until they are noted in a file, after others were.
const REST: Duration = Duration::from_secs(5);

impl ScanOutput {
    /// Writes what is known before the data. `first` are the trees of the facts before anything was
    /// known, `last` those that an earlier writer would have come to.
    pub(super) fn write(
        &mut self,
        first: Vec<FileTree>,
        last: &[FileTree],
        diagnostics: &mut Diagnostics,
    ) {
        let record = running(&self.datasets, &self.file_names(), diagnostics);
        let is_resumed = self.files.iter().any(|file| file.partial.is_some());
        let is_unchanged = !is_resumed && record == self.facts.record;
        self.facts.record = record;
        self.noted = self.missing();
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
        self.unlinked = entry_links::create(
            &self.context,
            self.layout.master_links(),
            &self.header,
            diagnostics,
        );
        self.facts.status = Status::Running;
        self.redraw(diagnostics);
        self.files
            .iter_mut()
            .for_each(|file| file.flush(diagnostics));
    }

    /// Writes what is known at the end, and how it ended.
    pub(super) fn end_files(&mut self, diagnostics: &mut Diagnostics) {
        let again = std::mem::take(&mut self.unlinked);
        let again = again.into_iter().map(|(link, _)| link).collect();
        for (link, reason) in entry_links::create(&self.context, again, &self.header, diagnostics) {
            diagnostics.problem(ScanProblem::LinkNotMade {
                file: link.file.into(),
                name: link.name,
                source: Box::new(reason),
            });
        }
        self.measure();
        self.facts.end = Some(End {
            time: now(),
            info: std::mem::take(&mut self.info),
        });
        // What the last trees leave out counts, so they are looked at before they are written.
        for tree in self.layout.trees(&self.facts) {
            tell_invalid(&tree, diagnostics);
        }
        // What is missing without a word must not pass for complete.
        let missing = self
            .datasets
            .iter()
            .find(|dataset| !dataset.tally.is_complete());
        if let (Some(dataset), None) = (missing, diagnostics.first_problem()) {
            diagnostics.problem(dataset.shortfall());
        }
        loop {
            let problems = diagnostics.problems().len();
            self.conclude(diagnostics);
            self.redraw(diagnostics);
            // Writing the end may fail, and the file must not say that it did not.
            if self.facts.status == Status::Failed || problems == diagnostics.problems().len() {
                return;
            }
        }
    }

    fn conclude(&mut self, diagnostics: &Diagnostics) {
        self.facts.status = match diagnostics.first_problem() {
            None => Status::Succeeded,
            Some(_) => Status::Failed,
        };
        self.facts.record = record(&self.datasets, &self.file_names(), diagnostics);
    }

    /// Notes in the files which points are missing, now and then: whoever continues the scan should
    /// not have to guess.
    pub(super) fn note_losses(&mut self, diagnostics: &mut Diagnostics) {
        let missing = self.missing();
        let rests = self.noted_at.is_some_and(|at| at.elapsed() < REST);
        if missing == self.noted || rests {
            return;
        }
        self.noted = missing;
        self.noted_at = Some(Instant::now());
        self.facts.record = running(&self.datasets, &self.file_names(), diagnostics);
        self.draw(diagnostics);
    }

    /// Points that are missing in the files.
    pub(super) fn missing(&self) -> u64 {
        self.datasets
            .iter()
            .map(|dataset| dataset.tally.missing())
            .sum()
    }

    pub(super) fn file_names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// Notes which streams have a dataset by now; whether there are new ones.
    pub(super) fn note_stored(&mut self) -> bool {
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

    /// Notes what the datasets became, for plots.
    fn measure(&mut self) {
        if !self.layout.policy().measures_datasets {
            return;
        }
        let wanted: HashSet<String> = self.layout.values_wanted().into_iter().collect();
        for dataset in self.datasets.iter().filter(|dataset| dataset.is_filled()) {
            let Some(facts) = self.facts.streams.get_mut(&dataset.stream) else {
                continue;
            };
            let file = &self.files[dataset.file];
            facts.points = dataset.tally.received;
            facts.shape = file.shape(&dataset.path).unwrap_or_default();
            if wanted.contains(&dataset.stream) {
                facts.values = file.session.read_numbers(&dataset.path).ok();
            }
        }
    }

    /// Brings the files to what the layout makes of the facts.
    pub(super) fn redraw(&mut self, diagnostics: &mut Diagnostics) {
        if self.layout.policy().follows_facts || self.facts.end.is_some() {
            self.draw(diagnostics);
        }
    }

    fn draw(&mut self, diagnostics: &mut Diagnostics) {
        let ended = self.facts.end.as_ref().map(end_time);
        let ended = ended.filter(|_| self.layout.policy().shows_latest);
        for mut tree in self.layout.trees(&self.facts) {
            if let Some(ended) = ended
                && !self.context.is_shown(Path::new(&tree.file), ended)
            {
                tree.root.attributes.retain(|(name, _)| name != "default");
            }
            self.redraw_file(tree, diagnostics);
        }
    }

    /// Brings one file to its tree, or makes it if only the last version has it.
    fn redraw_file(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
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
        if self.refused.contains(&tree.file) {
            return;
        }
        let streams: Vec<(String, String)> = tree
            .root
            .streams()
            .into_iter()
            .map(|(path, stream)| (path, stream.to_owned()))
            .collect();
        let Some(file) = ScanFile::begin(&self.context, &*self.layout, tree, diagnostics) else {
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

/// When a scan ended; when its writing did, if its info does not tell.
fn end_time(end: &End) -> DateTime<FixedOffset> {
    let told = end.info.get("end_time").and_then(Json::as_str);
    told.and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .or_else(|| DateTime::parse_from_rfc3339(&end.time).ok())
        .unwrap_or_else(|| Local::now().fixed_offset())
}
