//! Values of settings, and where they come from.

use std::fmt;

use super::setting::Kind;

/// Where a value comes from. Each goes before those above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is built in.
    Default,
    /// The file, at this place.
    File(String),
    /// The table of a session in the file, at this place.
    Session(String),
    /// This variable.
    Environment(String),
    /// This option, as it was typed.
    Option(String),
}

/// How sources go before each other. Properties of a Tango device are between files and variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Built in.
    Default,
    /// A file.
    File,
    /// The table of a session in a file.
    Session,
    /// A variable.
    Environment,
    /// An option.
    Option,
}

impl Source {
    /// Returns how the source goes before others.
    pub fn rank(&self) -> Rank {
        match self {
            Source::Default => Rank::Default,
            Source::File(_) => Rank::File,
            Source::Session(_) => Rank::Session,
            Source::Environment(_) => Rank::Environment,
            Source::Option(_) => Rank::Option,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(place) | Source::Session(place) => f.write_str(place),
            Source::Environment(variable) => f.write_str(variable),
            Source::Option(option) => write!(f, "flag {option}"),
        }
    }
}

/// The value of a setting.
pub struct Value {
    /// `table.name`.
    pub key: String,
    pub kind: Kind,
    /// What was typed or written. Nothing if the setting is not set; several texts if it is a list.
    pub texts: Vec<String>,
    pub source: Source,
}

impl Value {
    /// Returns the value of a setting that is no list.
    pub fn text(&self) -> Option<&str> {
        self.texts.first().map(String::as_str)
    }
}
