//! Saves BLISS scans: subscribers, scan and session writers, layouts.
//!
//! [`NexusSessionWriter`] listens to the scans of a session and starts a [`NexusScanWriter`] for
//! each. A scan writer listens to one scan: the document of the scan determines the [layout], its streams
//! deliver the data. Both are [`Subscriber`](subscriber::Subscriber)s. Listeners run on the hub of the thread that
//! starts them; the consumers of all scans run in the one thread of a [`WriterThread`], because the HDF5
//! library runs one call at a time.
//!
//! ```text
//!  Redis ──▶ listener greenlets ──▶ queues of one budget ──▶ consumer greenlets ──▶ files
//!            (main thread's hub)                             (the writer thread's hub)
//! ```
//!
//! All scans of a process share one [`MemoryBudget`].
//!
//! The result of saving a scan is a [`ScanReport`](report::ScanReport).

pub mod check;
mod element;
pub mod filesystem;
pub mod heartbeat;
pub mod inspection;
pub mod layout;
mod memory;
pub mod options;
pub mod records;
pub mod report;
pub mod scan;
pub mod session;
pub mod source;
pub mod subscriber;
mod writer_thread;

pub use memory::{MemoryBudget, MemoryBudgetError};
pub use scan::NexusScanWriter;
pub use session::NexusSessionWriter;
pub use writer_thread::{WriterThread, scans_with_descriptors};
