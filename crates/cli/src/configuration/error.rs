//! What is wrong with a configuration.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is so large that it is something else.
    #[error("{} is no configuration: it has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Largest number of bytes.
        limit: u64,
    },
    /// There are wrong keys or values.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Problem>),
}

/// One wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    place: String,
    text: String,
}

impl Problem {
    /// Creates the problem of a place in a file: `FILE:LINE:COLUMN`.
    pub fn of_place(place: String, text: impl Into<String>) -> Problem {
        Problem {
            place,
            text: text.into(),
        }
    }

    /// Creates the problem of a variable of the environment.
    pub fn of_variable(name: &str, text: &str) -> Problem {
        Problem::of_place(name.to_owned(), text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}
