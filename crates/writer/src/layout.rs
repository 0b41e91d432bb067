//! Layouts: from a scan's metadata to the trees of its files.
//!
//! A layout is a pure function. It knows neither Redis nor HDF5: its input is the scan's info as
//! JSON, a description of its streams and, as the scan goes on, the [`Facts`] of its data; its output
//! is one [`FileTree`] per file. What cannot be understood is left out of the tree and told in
//! [`FileTree::invalid`] with its place, so that one bad item does not cost the rest.
//!
//! There are two: the [classic] one that is worked out from the scan's info, and the one that newer
//! BLISS publishes itself as [h5maps].

pub mod classic;
pub mod facts;
pub mod h5maps;
pub mod stream;

use nexus::tree::{Group, Value};
use serde_json::Value as Json;

pub use classic::{ClassicLayout, MasterLink};
pub(crate) use classic::{count, is_truthy};
pub use facts::{End, Facts, Reference, Status, StreamFacts};
pub use nexus::dataset::FrameOptions;
pub use stream::{StreamDescription, StreamKind, StreamPlace, SubscanPlace};

use crate::options::{LayoutChoice, SaveOptions};

/// The layout of one scan.
#[derive(Debug, Clone)]
pub enum Layout {
    /// Worked out from the scan's info.
    Classic(Box<ClassicLayout>),
    /// Published in the scan's info.
    H5maps {
        /// The files as they were when the scan was prepared.
        trees: Vec<FileTree>,
    },
}

impl Layout {
    /// The layout of a scan that is prepared; none if it is not to be saved.
    ///
    /// # Errors
    /// If the scan is to be saved, but its info lacks what no file can do without.
    pub fn new(
        info: &Json,
        streams: &[StreamDescription],
        options: &SaveOptions,
    ) -> Result<Option<Layout>, LayoutError> {
        if is_published(info, options.layout) {
            let trees = h5maps::trees(info);
            return Ok((!trees.is_empty()).then_some(Layout::H5maps { trees }));
        }
        let layout = ClassicLayout::new(info, streams, options)?;
        Ok(layout.map(|layout| Layout::Classic(Box::new(layout))))
    }

    /// What the files shall hold now.
    pub fn trees(&self, facts: &Facts) -> Vec<FileTree> {
        let mut trees = match (self, &facts.end) {
            (Layout::Classic(layout), _) => return vec![layout.tree(facts)],
            (Layout::H5maps { trees }, None) => trees.clone(),
            (Layout::H5maps { .. }, Some(end)) => h5maps::trees(&end.info),
        };
        if !facts.record.is_empty() {
            for tree in &mut trees {
                let record = (record_name(&facts.scan), Value::text(facts.record.as_str()));
                tree.root.attributes.push(record);
            }
        }
        trees
    }

    /// Streams to follow: those that have a place, and those that matter without one.
    pub fn streams(&self) -> Vec<String> {
        match self {
            Layout::Classic(layout) => layout.streams().to_vec(),
            Layout::H5maps { .. } => self.places().into_iter().map(|p| p.stream).collect(),
        }
    }

    /// What users should know, once, of what could not be done as the scan has it.
    pub fn notices(&self) -> Vec<&str> {
        match self {
            Layout::Classic(layout) => layout.notices().collect(),
            Layout::H5maps { .. } => Vec::new(),
        }
    }

    /// Where the streams go.
    pub fn places(&self) -> Vec<StreamPlace> {
        match self {
            Layout::Classic(layout) => layout.places(),
            Layout::H5maps { trees } => trees.iter().flat_map(h5maps::places).collect(),
        }
    }

    /// The parts of the scan, in the order of their entries.
    pub fn subscans(&self) -> Vec<SubscanPlace> {
        match self {
            Layout::Classic(layout) => layout.subscans().collect(),
            Layout::H5maps { trees } => trees.iter().flat_map(h5maps::subscans).collect(),
        }
    }

    /// Links to be made in other files.
    pub fn masters(&self) -> Vec<MasterLink> {
        match self {
            Layout::Classic(layout) => layout.masters(),
            Layout::H5maps { .. } => Vec::new(),
        }
    }

    /// Streams whose values the last tree needs.
    pub fn values_wanted(&self) -> Vec<String> {
        match self {
            Layout::Classic(layout) => layout.values_wanted(),
            Layout::H5maps { .. } => Vec::new(),
        }
    }
}

/// Name of the root attribute that holds the record of completeness of a scan, in a file whose
/// layout has no place for it. A file may hold several scans.
pub fn record_name(scan: &str) -> String {
    format!("completeness_{}", scan.rsplit(':').next().unwrap_or(scan))
}

/// Whether a scan gets the layout that it publishes.
fn is_published(info: &Json, choice: LayoutChoice) -> bool {
    match choice {
        LayoutChoice::Classic => false,
        LayoutChoice::H5maps => true,
        LayoutChoice::Auto => match info.get("data_writer").and_then(Json::as_str) {
            Some("mapping") => true,
            Some(_) => false,
            // Without a file name there is no classic layout either: nothing is to be saved.
            None => info.get("h5maps").is_some() || info.get("filename").is_none(),
        },
    }
}

/// What a layout asks for in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTree {
    /// Name of the file, as the layout gives it.
    pub file: String,
    /// The root group.
    pub root: Group,
    /// Items that were left out.
    pub invalid: Vec<Invalid>,
    /// What people should know of items that are there, but not as they were asked for.
    pub notices: Vec<String>,
    /// Groups of the root that must be new: they belong to this scan alone.
    pub own: Vec<String>,
    /// What the writer notes at the root.
    pub stamp: Stamp,
}

/// What the writer notes about itself at the root of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stamp {
    /// Times and the version of HDF5, as `blisswriter` 3.0.0 does.
    #[default]
    Minimal,
    /// The same and more in a root that has no class yet, as `blisswriter` 2.0.0 does.
    Nexus {
        /// What publishes the scan.
        publisher: String,
        /// Its version, if it is known.
        publisher_version: Option<String>,
    },
}

impl Stamp {
    /// The stamp of the classic layout.
    fn nexus(info: &Json) -> Stamp {
        let text = |name: &str| info.get(name).and_then(Json::as_str).map(str::to_owned);
        Stamp::Nexus {
            publisher: text("publisher").unwrap_or_else(|| "bliss".to_owned()),
            publisher_version: text("publisher_version"),
        }
    }
}

/// Why a scan that is to be saved has no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Something is missing that no file can do without.
    #[error("the scan's info has no {0:?}")]
    Missing(&'static str),
    /// Something is not what it should be.
    #[error("the scan's info has an invalid {name:?}: {reason}")]
    Invalid {
        /// Key in the info.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// An item of a layout that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}::{path}: {reason}")]
pub struct Invalid {
    /// File that the item belongs to.
    pub file: String,
    /// Where in the tree; attributes are told as `path@name`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}
