//! The content of files that scans were saved in: `/api/v1/files` and `/api/h5grove`.
//!
//! HDF5 executes one call at a time in a process, and a file system that does not answer would stop the service. So files
//! are opened by other processes, see [`ReaderPool`]. A request names a file by its [identifier](crate::api::file_id), which
//! is looked for among the files of known scans.

mod identified;
mod pool;
mod process;
mod program;
mod routes;

pub use pool::ReaderPool;
pub use program::ReaderProgram;
pub use routes::router;
