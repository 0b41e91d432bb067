//! Layouts: from a scan's metadata to the trees of its files.
//!
//! A [`Layout`] is a pure function. It knows neither Redis nor HDF5: its input is the scan's info as
//! JSON, a description of its streams and, as the scan goes on, the [`ScanFacts`] of its data; its output
//! is one [`FileTree`] per file. What cannot be understood is left out of the tree and named in
//! [`FileTree::invalid`] with its path, so that one bad item does not cost the rest.
//!
//! There are two: the [classic] one that is worked out from the scan's info, and the one that newer
//! BLISS publishes itself as [h5maps]. Each has a folder and a line in [`LAYOUTS`].

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

use nexus::file::Holder;

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

/// All layouts. Of those that are suitable for a scan the first one is taken.
pub const LAYOUTS: &[LayoutKind] = &[h5maps::KIND, classic::KIND];

/// The layout of one scan.
pub trait Layout: Debug + Send {
    /// Returns what the writer of such files does beside the trees.
    fn policy(&self) -> LayoutPolicy;

    /// Returns the path of the scan's main file: its directory is made and must have room.
    fn main_file(&self) -> &str;

    /// Returns what the files shall hold now.
    fn trees(&self, facts: &ScanFacts) -> Vec<FileTree>;

    /// Returns the streams to follow: those that have a place, and those that matter without one.
    fn streams(&self) -> Vec<String>;

    /// Returns where the streams go.
    fn destinations(&self) -> Vec<StreamDestination>;

    /// Returns the parts of the scan, in the order of their entries.
    fn subscan_entries(&self) -> Vec<SubscanEntry>;

    /// Returns what users should know, once, of what could not be done as the scan has it.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the links to be made in other files.
    fn entry_links(&self) -> Vec<EntryLink> {
        Vec::new()
    }

    /// Returns the streams whose values the last tree needs.
    fn values_wanted(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the text that clients know for a disk with less room than the required bytes.
    fn no_space_text(&self, _required: u64) -> Option<String> {
        None
    }

    /// Returns the text that clients know for a file that is locked.
    fn locked_text(&self, _file: &Path, _holders: &[Holder]) -> Option<String> {
        None
    }
}

/// What the writer of a layout's files does beside the trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutPolicy {
    /// The trees are drawn again whenever the facts change; otherwise only at the end of the scan.
    pub follows_facts: bool,
    /// A scan that is interrupted gets its last trees too, because they say how it ended; otherwise
    /// the marks of a whole scan are left out.
    pub marks_interruption: bool,
    /// The scan ends once its disk has less room than it needs; otherwise it goes on while there is
    /// any.
    pub watches_disk: bool,
    /// The log says for each subscan that it is saved.
    pub announces_subscans: bool,
    /// The last trees depend on points, shapes and values of the datasets.
    pub measures_datasets: bool,
    /// The attribute `default` of the root belongs to the scan of the file that ended last.
    pub shows_latest: bool,
}
