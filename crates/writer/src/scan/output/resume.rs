//! A scan that an earlier writer has begun to save.

use std::collections::HashMap;
use std::path::PathBuf;

use nexus::file::now;
use tracing::info;

use super::ScanOutput;
use crate::layout::{End, Facts, FileTree, StreamFacts};
use crate::scan::event::ResumePoints;
use crate::scan::figures::ScanFigures;
use crate::scan::file::ScanFile;
use crate::scan::partial_scan::PartialScan;
use crate::scan::place::Place;

impl ScanOutput {
    /// Takes note of what is there of the scan, before anything is written.
    pub(super) fn read_partial_scans(&mut self, figures: &ScanFigures) -> ResumePoints {
        let mut points = HashMap::new();
        for place in &mut self.places {
            let file = &self.files[place.file];
            let there = place.take_up(file);
            // Of several places the one counts that has the least.
            points
                .entry(place.stream.clone())
                .and_modify(|least: &mut u64| *least = there.min(*least))
                .or_insert(there);
            if file.has_partial(&place.path) {
                let facts = self.facts.streams.entry(place.stream.clone());
                facts.or_default().stored = true;
            }
        }
        let mut partial = self.files.iter().filter_map(|file| file.partial.as_ref());
        if let Some(began) = partial.find_map(|partial: &PartialScan| partial.began.clone()) {
            self.facts.began = began;
        }
        let places = self.places.iter();
        let points_there: u64 = places.map(|place| place.tally.written).sum();
        if self.files.iter().any(|file| file.partial.is_some()) {
            let scan = &self.facts.scan;
            info!(%scan, points = points_there, "continues what an earlier writer has left");
            figures.resumed();
        }
        ResumePoints::Points(points)
    }

    /// The trees as they would be if the earlier writer had come to its end.
    pub(super) fn last_trees(&self) -> Vec<FileTree> {
        let mut facts = Facts {
            end: Some(End {
                time: now(),
                info: self.info.clone(),
            }),
            ..self.facts.clone()
        };
        if self.layout.policy().measures_datasets {
            let wanted = self.layout.values_wanted();
            for place in &self.places {
                let file = &self.files[place.file];
                if let Some(stream) = facts.streams.get_mut(&place.stream) {
                    measure(stream, place, file, wanted.contains(&place.stream));
                }
            }
        }
        self.layout.trees(&facts)
    }

    /// Whether the files have all of the scan, as its record says.
    pub(super) fn is_whole(&self, last: &[FileTree]) -> bool {
        last.iter().all(|tree| {
            let file = self.files.iter().find(|file| file.name == tree.file);
            file.is_some_and(|file| file.is_whole(&tree.root))
        })
    }

    /// Lets files go that are complete; gives their paths.
    pub(super) fn leave(self) -> Vec<PathBuf> {
        self.places.iter().for_each(Place::count_all);
        self.files.iter().map(ScanFile::path).collect()
    }
}

fn measure(facts: &mut StreamFacts, place: &Place, file: &ScanFile, with_values: bool) {
    facts.points = place.tally.received;
    facts.shape = file.shape(&place.path).unwrap_or_default();
    if with_values {
        facts.values = file.session.read_numbers(&place.path).ok();
    }
}
