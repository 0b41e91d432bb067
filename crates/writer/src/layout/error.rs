//! Why a scan gets no layout, or one item of a layout is left out.

use observation::{Classified, ErrorKind, ErrorOrigin};

/// Why a scan that is to be saved has no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Something is missing that no file can do without.
    #[error("the scan's info has no {0:?}")]
    Missing(&'static str),
    /// Something is not what it should be.
    #[error("the scan's info has an invalid {name:?}")]
    Invalid {
        /// Key in the info.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        reason: InfoError,
    },
}

/// What is wrong with a value in the info of a scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// A text is expected.
    #[error("is no text")]
    NotText,
    /// The name of a file is expected.
    #[error("does not name a file")]
    NotFile,
    /// A path from the root is expected.
    #[error("is not absolute")]
    NotAbsolute,
    /// File names end at the first NUL character.
    #[error("holds a NUL character")]
    NulCharacter,
    /// A number is expected.
    #[error("{0} is not a number")]
    NotNumber(String),
    /// A whole number is expected.
    #[error("{0} is not an integer")]
    NotInteger(String),
}

/// An item of a layout that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("left out {file}::{path}")]
pub struct InvalidItem {
    /// File that the item belongs to.
    pub file: String,
    /// Path of the item; `path@name` for an attribute.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub reason: ItemError,
}

/// Why an item of a layout cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Its description is not valid.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The file has no room for it at its path.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// What is wrong with the JSON that describes an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A member is missing.
    #[error("{0:?} is missing")]
    Missing(String),
    /// A member is of another type than expected.
    #[error("{name:?} is not {expected}")]
    Type {
        /// The member.
        name: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A list has no entries.
    #[error("{0:?} is empty")]
    Empty(String),
    /// Entries of a list must be objects.
    #[error("an entry of {0:?} is not an object")]
    Entry(String),
    /// HDF5 would cut the text there.
    #[error("a text holds a NUL character")]
    NulCharacter,
    /// HDF5 cannot have such a name.
    #[error("{0:?} is not a name")]
    Name(String),
    /// A file begins with a group.
    #[error("the root of a file must be a group")]
    Root,
    /// Only datasets take streams.
    #[error("a stream can only be the value of a dataset")]
    Stream,
    /// There is no such kind of value.
    #[error("unknown type {0:?} of a value")]
    ValueType(String),
    /// An object must say what kind of value it is.
    #[error("an object without \"type\" is not a value")]
    NoType,
    /// A compound without columns.
    #[error("a compound needs a column")]
    NoColumn,
    /// A column of a compound is no pair.
    #[error("a column is a pair of name and value")]
    ColumnPair,
    /// A column of a compound is not as long as the first one.
    #[error("column {name:?} has shape {shape:?}, the first one {first:?}")]
    ColumnShape {
        /// The column.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// The shape of the first column.
        first: Vec<u64>,
    },
    /// Two columns of a compound have one name.
    #[error("two columns are called {0:?}")]
    ColumnName(String),
    /// The value of a column is not valid.
    #[error("column {name:?}: {reason}")]
    Column {
        /// The column.
        name: String,
        /// What is wrong with its value.
        reason: Box<JsonError>,
    },
    /// There is no such type of numbers.
    #[error("unknown dtype {0:?}")]
    Dtype(String),
    /// A value does not fit its type.
    #[error("{json} is not a value of type {dtype}")]
    Value {
        /// The value.
        json: String,
        /// The type.
        dtype: String,
    },
    /// A nested list is no array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// No type has all of these integers.
    #[error("integers do not fit in 64 bits together")]
    Integers,
    /// Packed bytes cannot be decoded.
    #[error("not base64")]
    Base64(#[from] base64::DecodeError),
    /// Packed bytes are cut within an element.
    #[error("{bytes} bytes are not a multiple of {size}")]
    PackedSize {
        /// How many bytes there are.
        bytes: usize,
        /// Bytes of one element.
        size: usize,
    },
    /// A packed boolean has another value.
    #[error("a boolean is neither 0 nor 1")]
    Boolean,
    /// Packed elements are not as many as their shape says.
    #[error("{count} elements do not have shape {shape}")]
    Shape {
        /// How many elements there are.
        count: u64,
        /// The shape, as it is published.
        shape: String,
    },
    /// A part of a virtual dataset has other dimensions than the dataset.
    #[error("\"vspace\" does not have {0} dimensions")]
    VirtualRank(usize),
    /// Start, count, stride and block of a selection have different numbers of dimensions.
    #[error("the parts of {0:?} differ in length")]
    SelectionRank(String),
}

/// Why a nested list is no array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArrayError {
    /// Lists of one depth have different lengths.
    #[error("the lists of an array differ in length or depth")]
    Uneven,
    /// An element is missing.
    #[error("null is not a value")]
    Null,
    /// An element is no scalar.
    #[error("an object is not an element of an array")]
    Object,
}

/// Why an item cannot be at its path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The path is that of the root.
    #[error("has no name")]
    NoName,
    /// HDF5 has no place for the name `.`.
    #[error("a name cannot be a dot")]
    Dot,
    /// HDF5 would cut the name there.
    #[error("a name holds a NUL character")]
    NulCharacter,
    /// A dataset or link is in the way.
    #[error("lies below something that is no group")]
    BelowItem,
    /// There is a dataset or link.
    #[error("is no group")]
    NotGroup,
    /// There is a group of another class.
    #[error("is a group of another class than {0}")]
    OtherClass(String),
    /// There is a dataset that no metadata may change.
    #[error("is a dataset of acquired data")]
    AcquiredData,
    /// There is a group.
    #[error("is a group, a value cannot replace it")]
    Group,
    /// There is a link.
    #[error("is a link, a value cannot replace it")]
    Link,
    /// The attribute would belong to a link.
    #[error("a link has no attributes")]
    LinkAttribute,
    /// The attribute would belong to nothing.
    #[error("there is nothing to give an attribute to")]
    NoItem,
}

impl Classified for LayoutError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Layout
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}

impl Classified for InvalidItem {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Layout
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}
