//! Why a question has no answer.

use nexus::h5;

/// Why a question has no answer.
#[derive(Debug)]
pub enum Failure {
    /// There is no such file or path.
    NotFound(String),
    /// The question makes no sense for what is there.
    Invalid(String),
    /// The answer would be too long.
    TooLarge(String),
    /// What is asked for is in a file that must not be opened.
    Refused(String),
    /// The file was being changed while it was read.
    InMotion,
    /// The library cannot read what is there.
    Unreadable(h5::Error),
}

impl Failure {
    /// Returns the status of HTTP for the failure.
    pub fn status(&self) -> u16 {
        match self {
            Failure::NotFound(_) => 404,
            Failure::Invalid(_) => 422,
            Failure::TooLarge(_) => 413,
            Failure::Refused(_) => 403,
            Failure::InMotion => 503,
            Failure::Unreadable(_) => 500,
        }
    }

    /// Data that are too many for one answer.
    pub fn too_many(bytes: u64) -> Failure {
        let size = (bytes as f64 / 1e6).ceil();
        Failure::TooLarge(format!(
            "the answer would have {size} MB, 4 MB is the most: ask for a part with the parameter \"selection\", such as \
             selection=0:1000 or selection=0,:,:"
        ))
    }
}

impl From<h5::Error> for Failure {
    fn from(error: h5::Error) -> Failure {
        Failure::Unreadable(error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Failure::NotFound(text)
            | Failure::Invalid(text)
            | Failure::TooLarge(text)
            | Failure::Refused(text) => f.write_str(text),
            Failure::InMotion => f.write_str("the file was in motion while it was read: try again"),
            Failure::Unreadable(error) => {
                write!(f, "this part of the file cannot be read: {error}")
            }
        }
    }
}
