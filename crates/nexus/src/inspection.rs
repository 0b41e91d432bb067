//! Looks at files on behalf of another process, which can end this one if a file system does not answer.
//!
//! The two processes exchange [`Request`]s and [`Answer`]s, one JSON text per line; the bytes of frames follow the
//! line of their answer. [`serve`] answers the requests. It returns when there are no more.
//!
//! ```
//! use nexus::frames::{ExpectedFrames, Finding, FrameFormat, FrameRange};
//! use nexus::inspection::{Answer, Request, serve};
//!
//! let range = FrameRange {
//!     file: "/nowhere/camera_0000.h5".to_owned(),
//!     dataset: "/entry_0000/data".to_owned(),
//!     first: 0,
//!     count: 10,
//! };
//! let expected = ExpectedFrames {
//!     format: FrameFormat::Hdf5,
//!     element: None,
//!     shape: None,
//!     is_swappable: false,
//! };
//! let request = Request::Find { expected, ranges: vec![(range, None)] };
//! let mut requests = serde_json::to_vec(&request)?;
//! requests.push(b'\n');
//! let mut answers = Vec::new();
//! serve(&requests[..], &mut answers)?;
//! let Answer::Finding(Finding::Found(found)) = serde_json::from_slice(&answers)? else {
//!     panic!("one answer for each range");
//! };
//! assert_eq!(found.present, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod message;
mod server;

pub use message::{Answer, Request};
pub use server::serve;
