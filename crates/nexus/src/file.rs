//! Open files, which all scans that write them share.
//!
//! One [`FilePool`] belongs to the writing thread. A scan opens a [`FileSession`] of each file that it
//! writes. Sessions of the same file share one HDF5 handle, even if their paths differ; the handle is
//! closed with the last session. While a file is open, the process holds the lock of its journal, so other
//! writers cannot open it. The file itself is locked as by a reader, so readers may lock it or not.
//!
//! A flush makes new data visible to other processes, and the data then survive the end of this process.
//! [`FileSession::flush_if_dirty`] flushes one file and [`FilePool::commit`] all files. The caller
//! decides how often; readers expect a flush at most every half second.
//!
//! What survives a power failure is a matter of [`Durability`]: flushes are written by other threads then, because they
//! wait for the disk, and [`FileSession::settle`] waits for them.
//!
//! Each scan stamps the root of its files: it writes `HDF5_Version` and `file_time` if they are missing,
//! and always writes `file_update_time`. Unlike writers in Python it does not write `h5py_version`, which
//! means that h5py created the file (NeXus manual, `NXroot`). The classic layout of BLISS uses another
//! stamp, [`FileSession::stamp_nexus`].

mod background;
mod closing;
mod durability;
mod interference;
mod lock_holder;
mod locking;
mod network;
mod open;
mod open_file;
mod pool;
mod repair;
mod session;
mod settling;
mod stamp;

pub use durability::{Durability, UnknownDurability};
pub use interference::FileInterference;
pub use lock_holder::LockHolder;
pub use locking::{FileLocking, UnknownFileLocking};
pub use pool::{FilePool, FileSettings};
pub use repair::{Recovery, repair};
pub use session::{FileSession, KeptFile};
pub use stamp::current_time;
