//! Open files, shared by all scans that write them.
//!
//! One [`FilePool`] belongs to the thread that writes. A scan that maps a file opens a
//! [`FileSession`] of it; sessions of the same file, by whatever path, share one HDF5 handle, which
//! is closed when the last of them is gone. While a file is open the process holds its lock:
//! writers elsewhere are refused, and readers have to leave locks out
//! (`HDF5_USE_FILE_LOCKING=FALSE`, as the readers of BLISS files do).
//!
//! New data reach other processes, and survive the end of this one, with a flush:
//! [`FileSession::flush_if_dirty`] for one file, [`FilePool::commit`] for all. How often is up to
//! the caller; readers expect it at most every half second.
//!
//! Every scan stamps the root of its files: `HDF5_Version` and `file_time` if they are absent, and
//! `file_update_time` always. `h5py_version` is not written, other than by writers in Python: it is
//! there to tell that h5py made the file (NeXus manual, `NXroot`). The classic layout of BLISS has a
//! stamp of its own, [`FileSession::stamp_nexus`].

mod lock_holder;
mod open;
mod pool;
mod session;
mod stamp;

pub use lock_holder::LockHolder;
pub use pool::FilePool;
pub use session::FileSession;
pub use stamp::current_time;
