//! Requests and answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::FileNames;

/// A question about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// The file.
    pub file: PathBuf,
    /// The files that may be opened: this one, and those to which links and virtual datasets may lead.
    pub reachable: Vec<FileNames>,
    /// The question.
    pub question: Question,
}

/// What is asked about a file. Paths in the file begin with a slash.
///
/// These are the questions of h5grove, and their answers are those of h5grove 4.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// The size of the file, and when it was changed.
    Status,
    /// What is at a path: its kind, children, attributes, type, shape.
    Meta {
        /// The path.
        path: String,
        /// Which links are followed.
        links: LinkResolution,
    },
    /// Attributes with their values.
    Attributes {
        /// The path.
        path: String,
        /// Which links are followed.
        links: LinkResolution,
        /// The names of the attributes; empty for all.
        names: Vec<String>,
    },
    /// Elements of a dataset.
    Data {
        /// The path.
        path: String,
        /// Which links are followed.
        links: LinkResolution,
        /// Which elements, as in numpy: `0:10:2,3,:`. All if there is none.
        selection: Option<String>,
        /// The format of the answer.
        format: DataFormat,
        /// Set if numbers get a type that JavaScript has.
        is_safe: bool,
        /// Set if the arrays of JSON are not nested.
        is_flat: bool,
    },
    /// The paths of all objects below a group.
    Paths {
        /// The path.
        path: String,
        /// Which links are followed.
        links: LinkResolution,
    },
    /// Lowest and highest value, mean and standard deviation of a dataset.
    Stats {
        /// The path.
        path: String,
        /// Which links are followed.
        links: LinkResolution,
        /// Which elements, as in [`Question::Data`].
        selection: Option<String>,
    },
}

/// Which soft and external links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LinkResolution {
    /// No link is followed at the end of a path.
    None,
    /// Those that lead to an object are followed; others are described.
    #[default]
    OnlyValid,
    /// Links that lead nowhere are an error.
    All,
}

/// How elements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DataFormat {
    /// As nested arrays of JSON.
    #[default]
    Json,
    /// As the bytes of numbers in C order.
    Binary,
    /// As a file of numpy (`.npy`).
    Npy,
}

/// The beginning of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHead {
    /// The status of HTTP.
    pub status: u16,
    /// The type of the content, as HTTP names it.
    pub content_type: String,
    /// The number of bytes that follow the line.
    pub length: usize,
}
