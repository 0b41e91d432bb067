//! Answers questions about the content of HDF5 files, in a process of its own.
//!
//! The library executes one call at a time in a process, and a file that does not answer stops a process. So the process
//! that saves scans must not read files for people: it starts another one, which calls [`serve`], and asks it through pipes
//! ([`file_request`] says what they exchange).
//!
//! Each request opens its file anew, without a lock: the library keeps what it has read of an open file, which another
//! process may be writing. No other file is opened unless the request names it, whatever links, virtual datasets and symbolic
//! links say.
//!
//! ```
//! use file_request::{AnswerHead, FileNames, Question, ReadRequest};
//!
//! let file = std::path::Path::new("/nowhere/scan.h5");
//! let request = ReadRequest {
//!     file: file.to_owned(),
//!     reachable: FileNames::of(file).into_iter().collect(),
//!     question: Question::Status,
//! };
//! let mut requests = serde_json::to_vec(&request)?;
//! requests.push(b'\n');
//! let mut answers = Vec::new();
//! file_reader::serve(&requests[..], &mut answers)?;
//! let line = answers.split(|byte| *byte == b'\n').next().unwrap_or_default();
//! assert_eq!(serde_json::from_slice::<AnswerHead>(line)?.status, 404);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod attributes;
mod data;
mod failure;
mod meta;
mod open_file;
mod paths;
mod place;
mod reachable;
mod selection;
mod server;
mod sources;
mod stats;
mod type_text;

pub use server::serve;

/// The most bytes of an answer with data.
pub const MAX_DATA_BYTES: usize = 4 << 20;

/// The most bytes of one text. Of a longer one the beginning is sent.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
