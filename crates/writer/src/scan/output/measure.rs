//! Shapes and values of the datasets in the files, on which the plots of a layout depend.

use std::collections::HashSet;

use crate::layout::{Layout, ScanFacts};
use crate::scan::dataset_writer::DatasetWriter;
use crate::scan::file::ScanFile;

/// Adds shapes and values of these datasets to the facts about their streams, if the layout depends on them. A stream
/// without facts has no data.
pub fn measure(
    facts: &mut ScanFacts,
    datasets: &[&DatasetWriter],
    files: &[ScanFile],
    layout: &dyn Layout,
) {
    if !layout.policy().measures_datasets {
        return;
    }
    for dataset in datasets {
        if let Some(facts) = facts.streams.get_mut(&dataset.stream) {
            facts.points = dataset.tally.received;
            let shape = files[dataset.file].shape(&dataset.path);
            facts.shape = shape.unwrap_or_default();
        }
    }
    let wanted: HashSet<String> = layout.values_wanted(facts).into_iter().collect();
    for dataset in datasets {
        if let Some(facts) = facts.streams.get_mut(&dataset.stream)
            && wanted.contains(&dataset.stream)
        {
            let file = &files[dataset.file];
            facts.values = file.session.read_numbers(&dataset.path).ok();
        }
    }
}
