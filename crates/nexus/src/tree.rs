//! The tree of a file: the groups, datasets and links that a layout describes.
//!
//! A layout is a pure function from the metadata of a scan to one [`Group`] per file, which is its root.
//! The items of the tree are small known values ([`Dataset`] with a [`Value`]), links, and datasets that
//! streams will fill ([`Content::Stream`]). This module does not access files, so a layout can be tested
//! without one, and two versions of a tree can be compared for equality (see [`difference()`]).

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

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The attributes or children of an item by name, in the order in which the layout declared them.
pub type NamedList<T> = Vec<(String, T)>;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A group. It is created if it does not exist.
    Group(Group),
    /// A dataset of a value, of a stream, or of data stored in other files.
    Dataset(Dataset),
    /// A soft link. Its text is stored as given, and its target need not exist.
    SoftLink {
        /// The path of the target, relative to the group of the link or absolute.
        target: String,
    },
    /// A link to an object of another file. Both texts are stored as given.
    ExternalLink {
        /// The name of the other file.
        file: String,
        /// The path inside it.
        target: String,
    },
}

/// A group with its attributes and children.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The attributes of the group.
    pub attributes: NamedList<Value>,
    /// The children in the order in which they are written. A name with slashes creates the groups in
    /// between.
    pub children: NamedList<Item>,
    /// The names of children that are added later. The group is created with room for them, and nothing else depends on
    /// them: the space of a group that has to grow is lost in the file.
    pub later_names: BTreeSet<String>,
}

/// A dataset with its attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The attributes of the dataset.
    pub attributes: NamedList<Value>,
    /// The source of the elements.
    pub content: Content,
}

/// The source of the elements of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A known value, which is written contiguously.
    Value(Value),
    /// A stream. The dataset is created with the first points.
    Stream(Stream),
    /// Raw bytes in other files, which HDF5 reads as one contiguous dataset.
    External(ExternalContent),
    /// Parts of datasets in other files.
    Virtual(VirtualContent),
}

/// The content of a dataset whose bytes lie in raw files.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalContent {
    /// The type of one element.
    pub element: ElementType,
    /// The extent in elements.
    pub shape: Vec<u64>,
    /// The files, in the order of the elements.
    pub files: Vec<ExternalFile>,
}

/// A piece of a raw file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalFile {
    /// The name of the file as stored. HDF5 resolves a relative name against the working directory of the
    /// reader.
    pub name: PathBuf,
    /// The offset of the first byte.
    pub offset: u64,
    /// The number of bytes, or `None` for all bytes to the end of the file.
    pub size: Option<u64>,
}

/// The content of a virtual dataset, which consists of parts of other datasets.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualContent {
    /// The type of one element.
    pub element: ElementType,
    /// The extent in elements.
    pub shape: Vec<u64>,
    /// The parts.
    pub sources: Vec<VirtualSource>,
}

/// One part of a virtual dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualSource {
    /// The position of the part in the virtual dataset.
    pub target: Hyperslab,
    /// The file that holds the data, relative to the directory of the file of the virtual dataset, or
    /// absolute.
    pub file: String,
    /// The path of the dataset in that file.
    pub dataset: String,
    /// The selected elements of that dataset.
    pub selection: Hyperslab,
}

/// A regular hyperslab. All vectors have one entry per dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperslab {
    /// The first element.
    pub start: Vec<u64>,
    /// The distance between blocks. `None` means 1 in each dimension.
    pub stride: Option<Vec<u64>>,
    /// The number of blocks.
    pub count: Vec<u64>,
    /// The size of a block. `None` means 1 in each dimension.
    pub block: Option<Vec<u64>>,
}

impl Item {
    /// Returns the name of the stream that fills this item, if it is the dataset of a stream.
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
    /// Returns the absolute path of each dataset of a stream below this group, and the name of the stream.
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
