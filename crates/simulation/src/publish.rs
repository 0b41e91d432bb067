//! Publishing scans as BLISS does, so that every blissdata program can read them.
//!
//! A [`ScanPublisher`] creates a scan, takes it through its states and seals its streams. Each
//! stream is declared by a [`StreamDefinition`]; what comes back is a [`StreamPublisher`] to send
//! points with. All of a scan goes over one connection: sending only queues, replies are looked
//! at later, and a stream is sealed after all of its points have been accepted.
//!
//! Meant for demonstrations, tests and benchmarks, and for programs that have data to publish.
//! The data store must be initialised: [`initialise`](crate::initialise()).

mod connection;
mod definition;
mod error;
mod json;
mod scan;
mod stream;
mod variable;

pub use definition::{Lima2Definition, LimaDefinition, LimaFiles, StreamDefinition};
pub use error::PublishError;
pub use scan::ScanPublisher;
pub use stream::StreamPublisher;
