//! Continues a scan that an earlier writer has begun to save.

use std::collections::HashMap;
use std::path::PathBuf;

use nexus::file::current_time;
use tracing::info;

use super::ScanOutput;
use super::measure::measure;
use crate::layout::{EndFacts, FileTree, ScanFacts};
use crate::scan::dataset_writer::DatasetWriter;
use crate::scan::figures::ScanFigures;
use crate::scan::file::ScanFile;
use crate::scan::partial_scan::PartialScan;
use crate::scan::update::ResumePoints;

impl ScanOutput {
    /// Reads what an earlier writer has left of the scan. Must be called before anything is written.
    pub(super) fn read_partial_scans(&mut self, figures: &ScanFigures) -> ResumePoints {
        let mut points = HashMap::new();
        for dataset in &mut self.datasets {
            let file = &self.files[dataset.file];
            let there = dataset.resume(file);
            // The stream is read again from the first point that any of its datasets lacks.
            points
                .entry(dataset.stream.clone())
                .and_modify(|least: &mut u64| *least = there.min(*least))
                .or_insert(there);
            if file.has_partial(&dataset.path) {
                let facts = self.facts.streams.entry(dataset.stream.clone());
                facts.or_default().stored = true;
            }
        }
        let mut partial = self.files.iter().filter_map(|file| file.partial.as_ref());
        if let Some(began) = partial.find_map(|partial: &PartialScan| partial.began.clone()) {
            self.facts.began = began;
        }
        let datasets = self.datasets.iter();
        let points_there: u64 = datasets.map(|dataset| dataset.tally.written).sum();
        if self.files.iter().any(|file| file.partial.is_some()) {
            let scan = &self.facts.scan;
            info!(%scan, points = points_there, "continues what an earlier writer has left");
            figures.resumed();
        }
        ResumePoints::Points(points)
    }

    /// Returns the trees that the files would have if the earlier writer had finished.
    pub(super) fn last_trees(&self) -> Vec<FileTree> {
        let mut facts = ScanFacts {
            end: Some(EndFacts {
                time: current_time(),
                info: self.info.clone(),
            }),
            ..self.facts.clone()
        };
        let datasets: Vec<_> = self.datasets.iter().collect();
        measure(&mut facts, &datasets, &self.files, &*self.layout);
        self.layout.trees(&facts)
    }

    /// Returns `true` if the files have the whole scan, as its record says.
    pub(super) fn is_already_complete(&self, last: &[FileTree]) -> bool {
        last.iter().all(|tree| {
            let file = self.files.iter().find(|file| file.name == tree.file);
            file.is_some_and(|file| file.is_already_complete(&tree.root))
        })
    }

    /// Closes files that are already complete. Returns their paths.
    pub(super) fn into_paths(self) -> Vec<PathBuf> {
        self.datasets
            .iter()
            .for_each(DatasetWriter::count_as_complete);
        self.files.iter().map(ScanFile::path).collect()
    }
}
