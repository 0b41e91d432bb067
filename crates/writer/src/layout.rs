//! Layouts: from a scan's metadata to the trees of its files.
//!
//! A [`Layout`] is a pure function. It knows neither Redis nor HDF5: its input is the scan's info
//! as JSON, a description of its streams and, as the scan goes on, the [`ScanFacts`] of its data;
//! its output is one [`FileTree`] per file. An item that cannot be understood is left out of the
//! tree and named in [`FileTree::invalid`], so that it does not spoil the rest.
//!
//! There are two layouts: the [classic] one is worked out from the scan's info, the other one is
//! published by newer BLISS as [h5maps]. Each has a folder of its own and one line in [`LAYOUTS`];
//! nothing outside of the folder depends on which layout a scan has.

mod choice;
pub mod classic;
mod error;
pub mod facts;
mod file_tree;
pub mod h5maps;
pub(crate) mod info;
mod json_array;
pub mod stream;

use std::fmt::Debug;
use std::path::Path;

use nexus::file::LockHolder;

pub use choice::{
    LayoutChoice, LayoutKind, ScanDescription, UnknownLayout, is_published, layout_of,
};
pub use classic::ClassicLayout;
pub use error::{ArrayError, InfoError, InvalidItem, ItemError, JsonError, LayoutError, NodeError};
pub use facts::{EndFacts, ScanFacts, ScanReference, StreamFacts, WritingStatus};
pub use file_tree::{FileTree, RecordLocation, RootAttributes};
pub(crate) use file_tree::{RECORD_PREFIX, record_name};
pub use nexus::dataset::FrameOptions;
pub use stream::{EntryLink, StreamDestination, SubscanEntry};

/// All layouts. A scan gets the first one that is suitable for it.
pub const LAYOUTS: &[LayoutKind] = &[h5maps::KIND, classic::KIND];

/// The layout of one scan.
pub trait Layout: Debug + Send {
    /// Returns what the writer does for such files beside writing the trees.
    fn policy(&self) -> LayoutPolicy;

    /// Returns the path of the scan's main file. Its directory is created, and must have enough
    /// free space.
    fn main_file(&self) -> &str;

    /// Returns what the files shall hold now.
    fn trees(&self, facts: &ScanFacts) -> Vec<FileTree>;

    /// Returns the names of the streams to follow: those with a destination, and others that the
    /// trees depend on.
    fn streams(&self) -> Vec<String>;

    /// Returns where the streams are stored.
    fn destinations(&self) -> Vec<StreamDestination>;

    /// Returns the parts of the scan, in the order of their entries.
    fn subscan_entries(&self) -> Vec<SubscanEntry>;

    /// Returns messages to users about names and options of the scan that could not be used as they
    /// are.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns `true` if the info of the scan lacks something that a later version of it may have.
    fn is_provisional(&self) -> bool {
        false
    }

    /// Returns the links to the entries that other files get.
    fn entry_links(&self) -> Vec<EntryLink> {
        Vec::new()
    }

    /// Returns the names of the streams whose values the last tree depends on. The shapes of all datasets are known.
    fn values_wanted(&self, _facts: &ScanFacts) -> Vec<String> {
        Vec::new()
    }

    /// Returns the text that clients match when the disk has less free space than required.
    fn no_space_text(&self, _required: u64) -> Option<String> {
        None
    }

    /// Returns the text that clients match when a file is locked.
    fn locked_text(&self, _file: &Path, _holders: &[LockHolder]) -> Option<String> {
        None
    }
}

/// What the writer does for the files of a layout beside writing the trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutPolicy {
    /// The trees are built again whenever the facts change. Otherwise this happens only at the end
    /// of the scan.
    pub follows_facts: bool,
    /// A scan that is interrupted gets its last trees too, because they say how it ended. Otherwise
    /// the files do not get the marks of a scan that ended.
    pub marks_interruption: bool,
    /// The writer stops saving the scan when its disk has less free space than required. Otherwise
    /// it goes on while there is any.
    pub watches_disk: bool,
    /// The log contains a line for each subscan that is saved.
    pub announces_subscans: bool,
    /// The last trees depend on the shapes and values of the datasets.
    pub measures_datasets: bool,
    /// The attribute `default` of the root belongs to the scan of the file that ended last.
    pub shows_latest: bool,
}
