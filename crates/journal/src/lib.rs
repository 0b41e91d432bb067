//! HDF5 files that survive `kill -9`, full disks and power failures.
//!
//! The HDF5 library writes its metadata whenever it likes. If the program is killed in between, or the disk is full, the
//! file may be unreadable as a whole. With the driver of this crate the file on disk is always as it was at a *commit*:
//!
//! - Changed metadata stay in memory until the program commits. A commit goes to a journal first (see
//!   [`format`](mod@format)), and into the file then. Raw data that nothing refers to yet are written at once.
//! - At any moment, also between and after kills, the file is an ordinary HDF5 file. Readers need neither this crate nor
//!   a repair; they see the last commit. Space that was freed is not used again while the file is open (for new files:
//!   see [`keep_freed_space`]), and the superblock announces room behind the end of the file, so that a reader who has
//!   opened the file before is not confused by what comes later.
//!   While a file is written, the superblock refers to a copy of the root group, which is replaced and never changed.
//! - A commit for which there is no room changes nothing. It can be made again when there is room.
//! - With [`Durability::Ordered`] a power failure brings the file back to the last [checkpoint](CommitKind::Checkpoint).
//!
//! The journal disappears when the file is closed. What a killed program leaves is brought into order by the next one
//! that opens the file with a [`Journal`], or by [`recover`].
//!
//! # Locks
//!
//! While a file is open for writing, its journal is locked exclusively (`flock`), and the file itself is locked like
//! that of a reader. So readers that lock files, as HDF5 does by default, are let in, and writers are not.
//!
//! # Example
//!
//! ```
//! use hdf5_metno_sys::{h5, h5f, h5p};
//! use journal::{CommitKind, Journal, Options};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("scan.h5");
//! let journal = Journal::new(Options::default());
//! let name = std::ffi::CString::new(path.to_str().ok_or("not UTF-8")?)?;
//! // SAFETY: one thread uses the library, and all identifiers are valid.
//! let file = unsafe {
//!     h5::H5open();
//!     let access = h5p::H5Pcreate(*h5p::H5P_CLS_FILE_ACCESS);
//!     journal.set_driver(access)?;
//!     h5f::H5Fcreate(name.as_ptr(), h5f::H5F_ACC_EXCL, h5p::H5P_DEFAULT, access)
//! };
//! // Write groups and datasets here.
//! # assert!(file >= 0);
//! // SAFETY: as above.
//! assert!(unsafe { h5f::H5Fflush(file, h5f::H5F_scope_t::H5F_SCOPE_LOCAL) } >= 0);
//! journal.commit(CommitKind::Visible)?;
//! // From here on the file can be read, whatever happens to this program.
//! assert!(path.with_file_name("scan.h5.journal").exists());
//! // SAFETY: as above.
//! assert!(unsafe { h5f::H5Fclose(file) } >= 0);
//! journal.finish()?;
//! assert!(!path.with_file_name("scan.h5.journal").exists());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod changes;
mod checksum;
mod committer;
mod directory;
mod driver;
mod error;
pub mod format;
mod free_space;
mod global_heap;
mod host;
mod journal;
mod lock;
mod locked_journal;
mod open_file;
mod options;
mod overlay;
mod own_files;
mod pending_commit;
mod published_end;
mod readers;
mod recovery;
mod root;
mod root_copies;
mod storage;
mod superblock;

pub use changes::CommitKind;
pub use driver::{keep_freed_space, release_space};
pub use error::{Error, Result};
pub use journal::Journal;
pub use options::{Durability, HEADROOM, OPENING_TIME, Options};
pub use pending_commit::PendingCommit;
pub use recovery::{Recovery, has_journal, recover};
pub use storage::{Observer, Operation, Target};

/// The example of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
