//! What a class of devices offers.

use crate::value::DataType;

/// A class of devices: what clients find when they ask.
#[derive(Debug)]
pub struct Class {
    /// Name of the class in the Tango database, by which clients find its devices.
    pub name: &'static str,
    /// Commands, without `Init`, `State` and `Status` that every device has.
    pub commands: &'static [Command],
    /// Attributes, without `State` and `Status`, in the order of a query.
    pub attributes: &'static [Attribute],
    /// Properties of a device in the Tango database.
    pub properties: &'static [Property],
}

/// A command of a class.
#[derive(Debug)]
pub struct Command {
    /// Its name; clients may write it in any case.
    pub name: &'static str,
    /// Type of the argument.
    pub input: DataType,
    /// What the argument is.
    pub input_doc: &'static str,
    /// Type of the result.
    pub output: DataType,
    /// What the result is.
    pub output_doc: &'static str,
}

/// An attribute of a class.
#[derive(Debug)]
pub struct Attribute {
    /// Its name; clients may write it in any case.
    pub name: &'static str,
    /// Type of its elements.
    pub data: DataType,
    /// Most elements of a spectrum; none for a scalar.
    pub spectrum: Option<usize>,
    /// What clients may do with it.
    pub access: Access,
    /// The labels of [`DataType::Enum`].
    pub labels: &'static [&'static str],
}

/// What clients may do with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Read and write it.
    ReadWrite,
}

/// A property of the devices of a class.
#[derive(Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it is for. Clients are not told.
    pub doc: &'static str,
    /// Its default, as tools show it; none if there is none.
    pub default: Option<&'static str>,
}
