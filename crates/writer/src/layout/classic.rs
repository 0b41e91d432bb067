//! The layout that BLISS leaves to its writer, worked out from a scan's info.
//!
//! It follows `blisswriter` 2.0.0 (class `NexusWriter`), whose files ten years of scripts read: one
//! NXentry per subscan (`5.1`) with the detectors and positioners of its devices in `instrument`,
//! links to all data in `measurement`, snapshots of the motors, metadata, plots and notes. Where it
//! departs from the original, docs/differences.md says why.
//!
//! [`ClassicLayout::new`] reads the info of a scan that is prepared: its subscans, their
//! devices and channels, and names for all of them. These never change.
//! [`ClassicLayout::tree`] draws the file on a canvas with what is known by then: the modules are
//! called in the order in which the original writes, and a later one does not draw over an earlier.

mod assign;
mod canvas;
mod chain;
mod channel;
mod chunks;
mod collisions;
mod data;
mod devices;
mod dims;
mod draft;
mod dump;
mod entry;
mod info;
mod masters;
mod metadata;
mod names;
mod notes;
mod paths;
mod plots;
mod positioners;
mod references;
mod sample;
#[cfg(test)]
mod shown;
mod subscan;
#[cfg(test)]
mod tests;
mod time;
mod value;

use serde_json::Value as Json;

use super::facts::Facts;
use super::stream::{StreamDescription, StreamKind, StreamPlace, SubscanPlace};
use super::{FileTree, LayoutError, Stamp};
use crate::options::SaveOptions;
use canvas::{Canvas, Drawn};
use dims::ScanDims;
pub(crate) use info::count;
pub use masters::MasterLink;
use subscan::Subscan;
pub(crate) use value::is_truthy;

/// The classic layout of one scan.
#[derive(Debug, Clone)]
pub struct ClassicLayout {
    /// Info of the scan when it was prepared.
    info: Json,
    options: SaveOptions,
    file: String,
    dims: ScanDims,
    subscans: Vec<Subscan>,
    /// Streams to follow.
    streams: Vec<String>,
}

impl ClassicLayout {
    /// The layout of a scan that is prepared; none if it is not to be saved.
    ///
    /// # Errors
    /// If the info lacks what no file can do without: a file name, a number, a title, a start time.
    pub fn new(
        info: &Json,
        streams: &[StreamDescription],
        options: &SaveOptions,
    ) -> Result<Option<ClassicLayout>, LayoutError> {
        if !value::is_truthy(info.get("save")) {
            return Ok(None);
        }
        entry::check(info)?;
        let file = masters::scan_file(info)?;
        let dims = ScanDims::read(info, options)?;
        let subscans = subscan::read(info, streams, &dims, options)?;
        Ok(Some(ClassicLayout {
            info: info.clone(),
            options: options.clone(),
            file,
            dims,
            subscans,
            streams: followed(streams),
        }))
    }

    /// The file that holds the data.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Streams to follow: all but those of detectors that were told not to save.
    pub fn streams(&self) -> &[String] {
        &self.streams
    }

    /// Names of the entries, one per subscan.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.subscans.iter().map(|subscan| subscan.entry.as_str())
    }

    /// The subscans, in the order of their entries.
    pub fn subscans(&self) -> impl Iterator<Item = SubscanPlace> {
        self.subscans.iter().map(|subscan| SubscanPlace {
            name: subscan.name.clone(),
            file: self.file.clone(),
            entry: subscan.entry.clone(),
        })
    }

    /// What users should know of names and options that could not be used as they are.
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        let notices = self.subscans.iter().flat_map(|subscan| &subscan.notices);
        notices.map(String::as_str)
    }

    /// Where the streams go. Each stream has at most one place.
    pub fn places(&self) -> Vec<StreamPlace> {
        self.subscans
            .iter()
            .flat_map(|subscan| data::places(subscan, &self.file, &self.options))
            .collect()
    }

    /// Links to be made in other files.
    pub fn masters(&self) -> Vec<MasterLink> {
        masters::links(&self.info, &self.file, &self.subscans, &self.options)
    }

    /// Streams whose values the last tree needs, for the axes of plots.
    pub fn values_wanted(&self) -> Vec<String> {
        plots::values_wanted(&self.subscans, &self.dims)
    }

    /// What the file shall hold now.
    pub fn tree(&self, facts: &Facts) -> FileTree {
        let mut canvas = Canvas::new(&self.file);
        for subscan in &self.subscans {
            data::reserve(&mut canvas, subscan);
            entry::begin(&mut canvas, subscan, &self.info, facts, &self.options);
            positioners::start(&mut canvas, subscan, &self.info);
            metadata::draw(&mut canvas, subscan, &self.info);
            sample::draw(&mut canvas, subscan, &self.info);
        }
        for subscan in &self.subscans {
            data::draw(&mut canvas, subscan, facts);
        }
        if let Some(end) = &facts.end {
            for subscan in &self.subscans {
                positioners::end(&mut canvas, subscan, &end.info);
                plots::draw(&mut canvas, subscan, &end.info, facts, &self.dims);
                metadata::draw(&mut canvas, subscan, &end.info);
                notes::draw(&mut canvas, subscan, &end.info);
                sample::draw(&mut canvas, subscan, &end.info);
                entry::end(&mut canvas, subscan, end);
            }
        }
        masters::draw(&mut canvas, &self.info, &self.file, &self.options);
        references::draw(&mut canvas, &self.file, &facts.references);
        let Drawn {
            root,
            invalid,
            notices,
        } = canvas.finish();
        FileTree {
            file: self.file.clone(),
            root,
            invalid,
            notices,
            own: self.entries().map(str::to_owned).collect(),
            stamp: Stamp::nexus(&self.info),
        }
    }
}

fn followed(streams: &[StreamDescription]) -> Vec<String> {
    let is_discarded =
        |kind: &StreamKind| matches!(kind, StreamKind::Frames { discarded, .. } if *discarded);
    streams
        .iter()
        .filter(|stream| !is_discarded(&stream.kind))
        .map(|stream| stream.name.clone())
        .collect()
}
