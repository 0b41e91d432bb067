//! What a class of devices offers.

use crate::value::TangoType;

/// A class of devices: what clients find when they ask.
#[derive(Debug)]
pub struct DeviceClass {
    /// Name of the class in the Tango database, by which clients find its devices.
    pub name: &'static str,
    /// Commands, without `Init`, `State` and `Status`, which every device has.
    pub commands: &'static [DeviceCommand],
    /// Attributes, without `State` and `Status`, in the order of a query.
    pub attributes: &'static [DeviceAttribute],
    /// Properties of a device in the Tango database.
    pub properties: &'static [DeviceProperty],
}

/// A command of a class.
#[derive(Debug)]
pub struct DeviceCommand {
    /// Its name. Clients may write it in any case.
    pub name: &'static str,
    /// Type of the argument.
    pub input: TangoType,
    /// Description of the argument.
    pub input_doc: &'static str,
    /// Type of the result.
    pub output: TangoType,
    /// Description of the result.
    pub output_doc: &'static str,
}

/// An attribute of a class.
#[derive(Debug)]
pub struct DeviceAttribute {
    /// Its name. Clients may write it in any case.
    pub name: &'static str,
    /// Type of its elements.
    pub data: TangoType,
    /// Largest number of elements of a spectrum, or `None` for a scalar.
    pub spectrum: Option<usize>,
    /// What clients may do with it.
    pub access: AttributeAccess,
    /// The labels of [`TangoType::Enum`].
    pub labels: &'static [&'static str],
}

/// What clients may do with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeAccess {
    /// Read it.
    Read,
    /// Read and write it.
    ReadWrite,
}

/// A property of the devices of a class.
#[derive(Debug)]
pub struct DeviceProperty {
    /// Its name.
    pub name: &'static str,
    /// What it is for. Clients do not see it.
    pub doc: &'static str,
    /// Its default, as tools show it.
    pub default: Option<&'static str>,
}
