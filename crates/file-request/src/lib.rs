//! What two processes exchange: one answers requests for the content of files by HTTP, the other one reads the files.
//!
//! A [`ReadRequest`] is one line of JSON. Its answer is a line with an [`AnswerHead`] and as many bytes as that says. The
//! process that reads opens nothing but the file of the request and those that the request allows, see [`FileNames`].
//!
//! ```
//! use file_request::{FileNames, Question, ReadRequest};
//!
//! let file = FileNames::of("/data/visitor/scan.h5".as_ref()).ok_or("a directory")?;
//! let request = ReadRequest {
//!     file: "/data/visitor/scan.h5".into(),
//!     reachable: vec![file],
//!     question: Question::Paths { path: "/1.1".to_owned(), links: Default::default() },
//! };
//! let line = serde_json::to_string(&request)?;
//! assert_eq!(serde_json::from_str::<ReadRequest>(&line)?, request);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod file_names;
mod message;

pub use file_names::{FileNames, Numbers};
pub use message::{AnswerHead, DataFormat, LinkResolution, Question, ReadRequest};
