//! The tree of a file: what a layout asks for, before any HDF5 is involved.
//!
//! A layout is a pure function from a scan's metadata to one [`Group`] per file, its root. The
//! items of the tree are small values known now ([`Dataset`] with a [`Value`]), links, and places
//! where the data of a stream go ([`Content::Stream`]). Nothing here touches a file, so a layout is
//! tested without one and two versions of a tree are compared with plain equality
//! (see [`difference`]).

mod difference;
mod element;
mod storage;
mod value;

pub use difference::{Change, difference};
pub use element::{ByteOrder, ElementType};
pub use storage::{
    ChunkOptions, CompressionScheme, DeclaredStorage, Stream, StreamStorage, UnknownCompression,
};
pub use value::{Column, Value};

use std::path::PathBuf;

/// Attributes or children by name, in the order in which the layout declared them.
pub type NamedList<T> = Vec<(String, T)>;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A group, made if it is missing and used again if it exists.
    Group(Group),
    /// A dataset of a value, of a stream, or of data stored elsewhere.
    Dataset(Dataset),
    /// A soft link with its exact target text; it may be relative and may dangle.
    SoftLink {
        /// Path of the target, relative to the group of the link or absolute.
        target: String,
    },
    /// A link to an object of another file, both texts stored as given.
    ExternalLink {
        /// Name of the other file.
        file: String,
        /// Path inside it.
        target: String,
    },
}

/// A group with its attributes and children.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Attributes of the group.
    pub attributes: NamedList<Value>,
    /// Children in writing order. A name with slashes makes the groups in between.
    pub children: NamedList<Item>,
}

/// A dataset with its attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Attributes of the dataset.
    pub attributes: NamedList<Value>,
    /// What the dataset holds.
    pub content: Content,
}

/// Where the elements of a dataset come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Known now; written at once, contiguous.
    Value(Value),
    /// A stream; the dataset appears with the first points.
    Stream(Stream),
    /// Raw bytes in other files, read by HDF5 as one contiguous dataset.
    External(ExternalContent),
    /// Parts of datasets of other files.
    Virtual(VirtualContent),
}

/// A dataset whose bytes lie in raw files.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalContent {
    /// Type of one element.
    pub element: ElementType,
    /// Extent, in elements.
    pub shape: Vec<u64>,
    /// The files in the order of the elements.
    pub files: Vec<ExternalFile>,
}

/// A piece of a raw file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalFile {
    /// Name as stored; a relative one is resolved by HDF5 against the reader's directory.
    pub name: PathBuf,
    /// First byte.
    pub offset: u64,
    /// Number of bytes, or `None` for all that follow.
    pub size: Option<u64>,
}

/// A dataset made of parts of other datasets.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualContent {
    /// Type of one element.
    pub element: ElementType,
    /// Extent, in elements.
    pub shape: Vec<u64>,
    /// The parts.
    pub sources: Vec<VirtualSource>,
}

/// One part of a virtual dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualSource {
    /// Where the part lies in the virtual dataset.
    pub target: Hyperslab,
    /// File that holds the data, relative to the directory of the virtual dataset's file, or absolute.
    pub file: String,
    /// Path of the dataset in that file.
    pub dataset: String,
    /// Which elements of that dataset.
    pub selection: Hyperslab,
}

/// A regular hyperslab; all vectors have one entry per dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperslab {
    /// First element.
    pub start: Vec<u64>,
    /// Distance between blocks; `None` is one everywhere.
    pub stride: Option<Vec<u64>>,
    /// Number of blocks.
    pub count: Vec<u64>,
    /// Size of a block; `None` is one everywhere.
    pub block: Option<Vec<u64>>,
}

impl Item {
    /// The stream that fills this item, if it is a place for one.
    pub fn stream(&self) -> Option<&str> {
        match self {
            Item::Dataset(Dataset {
                content: Content::Stream(stream),
                ..
            }) => Some(&stream.name),
            _ => None,
        }
    }
}

impl Group {
    /// Every place for a stream below this group: its absolute path and the stream's name.
    pub fn streams(&self) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        self.collect_streams("", &mut found);
        found
    }

    fn collect_streams<'a>(&'a self, path: &str, found: &mut Vec<(String, &'a str)>) {
        for (name, item) in &self.children {
            let path = format!("{path}/{name}");
            match item {
                Item::Group(group) => group.collect_streams(&path, found),
                item => found.extend(item.stream().map(|stream| (path, stream))),
            }
        }
    }
}
