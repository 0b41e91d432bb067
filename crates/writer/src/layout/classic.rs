//! The layout that BLISS leaves to its writer, worked out from a scan's info.
//!
//! It follows `blisswriter` 2.0.0 (class `NexusWriter`), whose files scripts have read for ten
//! years: one NXentry per subscan (`5.1`) with the detectors and positioners of its devices in
//! `instrument`, links to all data in `measurement`, snapshots of the motors, metadata, plots and
//! notes. Where it departs from the original, docs/differences.md says why.
//!
//! [`ClassicLayout::new`] reads the info of a scan that is prepared: its subscans, their devices
//! and channels, and names for all of them. These never change. [`ClassicLayout::tree`] builds the
//! tree of the file from the facts that are known by then. The modules are called in the order in
//! which the original writes, and none replaces what an earlier one has added.

mod assign;
mod chain;
mod channel;
mod channel_draft;
mod chunks;
mod collisions;
mod completed_info;
mod data;
mod device_group;
mod devices;
mod dict_to_nexus;
mod dims;
mod entry;
#[cfg(test)]
mod fixtures;
mod link_files;
mod metadata;
mod names;
mod notes;
mod paths;
mod plots;
mod positioner_snapshots;
mod references;
mod release;
mod sample;
mod subscan;
#[cfg(test)]
mod tests;
mod time;
mod tree_builder;
mod value;

use std::path::Path;

use acquisition::DetectorFiles;
use nexus::file::LockHolder;
use serde_json::Value as Json;

use super::facts::ScanFacts;
use super::info::is_truthy;
use super::stream::{StreamDestination, SubscanEntry};
use super::{
    EntryLink, FileTree, Layout, LayoutError, LayoutKind, LayoutPolicy, RootAttributes,
    ScanDescription,
};
use crate::filesystem::too_little_space;
use crate::options::SaveOptions;
use crate::source::StreamDescription;
use completed_info::CompletedInfo;
use dims::ScanDims;
use release::Release;
use subscan::Subscan;
use tree_builder::{BuiltTree, TreeBuilder};

/// The classic layout of one scan.
#[derive(Debug, Clone)]
pub struct ClassicLayout {
    release: Release,
    root_attributes: RootAttributes,
    /// Info of the scan when it was prepared.
    info: Json,
    /// Whether that info lacks something.
    is_provisional: bool,
    /// Messages about the info.
    notices: Vec<String>,
    options: SaveOptions,
    file: String,
    dims: ScanDims,
    subscans: Vec<Subscan>,
    /// Streams to follow.
    streams: Vec<String>,
}

impl ClassicLayout {
    /// Returns the layout of a scan that is prepared, or `None` if it is not to be saved.
    ///
    /// # Errors
    /// Returns an error if it is not known in which file or under which number the scan is to be saved.
    pub fn new(
        scan: &ScanDescription,
        options: &SaveOptions,
    ) -> Result<Option<ClassicLayout>, LayoutError> {
        if !is_truthy(scan.info.get("save")) {
            return Ok(None);
        }
        let CompletedInfo {
            info,
            is_provisional,
            mut notices,
        } = completed_info::complete(scan)?;
        let release = Release::of(scan.model);
        let (root_attributes, more) = release.root_attributes(&info);
        notices.extend(more);
        let file = link_files::scan_file(&info)?;
        let dims = ScanDims::read(&info, options);
        let subscans = subscan::read(&info, scan.streams, &dims, options)?;
        if subscans.is_empty() {
            notices.push("no device of the scan has a channel: the file gets no entry".to_owned());
        }
        Ok(Some(ClassicLayout {
            release,
            root_attributes,
            info,
            is_provisional,
            notices,
            options: options.clone(),
            file,
            dims,
            subscans,
            streams: followed(scan.streams),
        }))
    }

    /// Returns the tree that the file should have now.
    pub fn tree(&self, facts: &ScanFacts) -> FileTree {
        let mut builder = TreeBuilder::new(&self.file);
        for subscan in &self.subscans {
            data::reserve(&mut builder, subscan);
            entry::begin(&mut builder, subscan, self.release, &self.info, facts);
            if self.options.configurable {
                entry::instrument(&mut builder, &subscan.entry, &self.info);
            }
            positioner_snapshots::start(&mut builder, subscan, &self.info);
            metadata::build(&mut builder, subscan, &self.info);
            sample::build(&mut builder, subscan, &self.info);
        }
        for subscan in &self.subscans {
            data::build(&mut builder, subscan, self.release, facts);
        }
        let info = facts.end.as_ref().map_or(&self.info, |end| &end.info);
        metadata::report_unplaced(&mut builder, &self.subscans, info);
        if let Some(end) = &facts.end {
            for subscan in &self.subscans {
                positioner_snapshots::end(&mut builder, subscan, &end.info);
                let items = plots::displayed_items(&end.info, self.release);
                plots::build(&mut builder, subscan, &items, facts, &self.dims);
                metadata::build(&mut builder, subscan, &end.info);
                notes::build(&mut builder, subscan, &end.info);
                sample::build(&mut builder, subscan, &end.info);
                entry::end(&mut builder, subscan, self.release, end);
            }
        }
        link_files::build(&mut builder, &self.info, &self.file, &self.options);
        references::build(&mut builder, &self.file, &facts.references);
        let BuiltTree {
            root,
            invalid,
            notices,
        } = builder.finish();
        let entries = || self.subscans.iter().map(|subscan| subscan.entry.as_str());
        FileTree {
            file: self.file.clone(),
            root,
            invalid,
            notices,
            exclusive_groups: entries().map(str::to_owned).collect(),
            root_attributes: self.root_attributes.clone(),
            records: entries().map(entry::record_location).collect(),
        }
    }
}

impl Layout for ClassicLayout {
    fn policy(&self) -> LayoutPolicy {
        LayoutPolicy {
            follows_facts: true,
            marks_interruption: true,
            watches_disk: true,
            announces_subscans: true,
            measures_datasets: true,
            shows_latest: true,
        }
    }

    fn main_file(&self) -> &str {
        &self.file
    }

    fn trees(&self, facts: &ScanFacts) -> Vec<FileTree> {
        vec![self.tree(facts)]
    }

    /// Returns all streams except those of detectors that were configured not to save.
    fn streams(&self) -> Vec<String> {
        self.streams.clone()
    }

    /// Returns at most one destination for each stream.
    fn destinations(&self) -> Vec<StreamDestination> {
        self.subscans
            .iter()
            .flat_map(|subscan| data::destinations(subscan, &self.file, &self.options))
            .collect()
    }

    fn subscan_entries(&self) -> Vec<SubscanEntry> {
        let entry = |subscan: &Subscan| SubscanEntry {
            name: subscan.name.clone(),
            file: self.file.clone(),
            entry: subscan.entry.clone(),
        };
        self.subscans.iter().map(entry).collect()
    }

    /// Returns messages about names, options and other members of the info that could not be used as they are.
    fn notices(&self) -> Vec<String> {
        let names = self.subscans.iter().flat_map(|subscan| &subscan.notices);
        self.notices.iter().chain(names).cloned().collect()
    }

    fn is_provisional(&self) -> bool {
        self.is_provisional
    }

    fn entry_links(&self) -> Vec<EntryLink> {
        link_files::entry_links(&self.info, &self.file, &self.subscans, &self.options)
    }

    /// Returns the streams that are axes of plots.
    fn values_wanted(&self, facts: &ScanFacts) -> Vec<String> {
        plots::values_wanted(&self.subscans, &self.dims, facts)
    }

    fn no_space_text(&self, required: u64) -> Option<String> {
        Some(too_little_space(required))
    }

    /// Returns one line, and one more for each process that is known to hold the file.
    fn locked_text(&self, file: &Path, holders: &[LockHolder]) -> Option<String> {
        let holders = holders.iter().map(|holder| format!("\n{holder}"));
        let holders: String = holders.collect();
        Some(format!(
            "The Nexus file is locked: '{}'{holders}",
            file.display()
        ))
    }
}

/// Any scan that names a file or a writer can have this layout.
pub const KIND: LayoutKind = LayoutKind {
    name: "classic",
    is_suitable: |info| {
        let names_writer = info.get("data_writer").is_some_and(Json::is_string);
        names_writer || info.get("filename").is_some()
    },
    is_published: |_| false,
    create: |scan, options| {
        let layout = ClassicLayout::new(scan, options)?;
        Ok(layout.map(|layout| Box::new(layout) as Box<dyn Layout>))
    },
};

fn followed(streams: &[StreamDescription]) -> Vec<String> {
    let is_discarded = |stream: &StreamDescription| {
        let files = stream.detector_files();
        files.is_some_and(DetectorFiles::is_discarded)
    };
    let followed = streams.iter().filter(|stream| !is_discarded(stream));
    followed.map(|stream| stream.name.clone()).collect()
}
