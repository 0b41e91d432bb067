//! The errors of the HDF5 library, with its error stack.

use std::ffi::{CStr, c_char, c_uint, c_void};
use std::fmt;
use std::io;
use std::sync::Arc;

use hdf5_metno_sys::h5::herr_t;
use hdf5_metno_sys::h5e::{self, H5E_direction_t, H5E_error2_t};
use hdf5_metno_sys::h5i::hid_t;

/// The result of a call to the HDF5 library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of one operation on an HDF5 file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The C library returned an error.
    #[error("{0}")]
    Library(ErrorStack),
    /// HDF5 texts end at the first NUL character, so this text cannot be stored.
    #[error("text with a NUL character: {0:?}")]
    Nul(String),
    /// The number of bytes does not match the type and shape.
    #[error("{given} bytes given where type and shape require {expected}")]
    Size {
        /// The number of bytes that the type and shape require.
        expected: u64,
        /// The given number of bytes.
        given: u64,
    },
    /// Vectors that describe one dataset differ in their number of dimensions.
    #[error("{given} dimensions given where there are {expected}")]
    Rank {
        /// The number of dimensions of the dataset.
        expected: usize,
        /// The number of dimensions of the argument.
        given: usize,
    },
    /// The library has opened the file with a lock, but the operating system has not locked it.
    #[error("the file is not locked")]
    Lock {
        /// The number of the system error.
        errno: i32,
    },
    /// The journal of the file could not be used.
    #[error("{0}")]
    Journal(Arc<journal::Error>),
    /// The thread that was to write a commit has ended without doing it.
    #[error("the thread that writes commits has ended")]
    CommitEnded,
    /// The path does not lead to a regular file. Opening a pipe or a device might wait for ever.
    #[error("not a regular file")]
    NotRegular,
    /// The file was closed.
    #[error("the file is closed")]
    Closed,
    /// The operation is not possible for the type or shape.
    #[error("{0}")]
    Type(String),
}

/// The error stack of the C library.
#[derive(Debug, Clone)]
pub struct ErrorStack {
    /// The function that this program called.
    pub function: &'static str,
    /// The entries that the library recorded, from the outermost call to the innermost.
    pub entries: Vec<StackEntry>,
}

/// One entry of the error stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEntry {
    /// The part of the library that failed.
    pub major: Major,
    /// The kind of error.
    pub minor: Minor,
    /// The function inside the library.
    pub function: String,
    /// The text of the error.
    pub message: String,
}

/// The parts of the library, by its major error numbers, as far as this crate distinguishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Major {
    /// Files (`H5E_FILE`).
    File,
    /// Any other part.
    Other,
}

/// The kinds of errors, by the minor error numbers of the library, as far as this crate distinguishes
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Minor {
    /// An object cannot be set up (`H5E_CANTINIT`).
    CannotInitialise,
    /// The file cannot be locked (`H5E_CANTLOCKFILE`).
    CannotLockFile,
    /// The file is not an HDF5 file (`H5E_NOTHDF5`).
    NotHdf5,
    /// Any other kind.
    Other,
}

impl Error {
    /// Returns the entries of the error stack, from the outermost call to the innermost. They are empty if
    /// the error is not one of the C library.
    pub fn entries(&self) -> &[StackEntry] {
        match self {
            Error::Library(stack) => &stack.entries,
            _ => &[],
        }
    }

    /// Returns `true` if the operating system refused something, which it may allow later. A damaged file is
    /// no such case.
    pub fn is_temporary(&self) -> bool {
        self.errno().is_some() || matches!(self, Error::Lock { .. })
    }

    /// Returns `true` if a file could not be opened because of its content: the library failed below
    /// `H5F_open`, which itself refuses what it is asked for, and the operating system refused nothing.
    pub fn is_damage(&self) -> bool {
        let cause = self.entries().last();
        self.errno().is_none() && cause.is_some_and(|cause| cause.function != "H5F_open")
    }

    /// Returns the number of the system error that caused this one, if there is one.
    pub fn errno(&self) -> Option<i32> {
        if let Error::Journal(error) = self {
            return error.system().and_then(io::Error::raw_os_error);
        }
        self.entries().iter().rev().find_map(|entry| {
            // The library has the number only in its text. Names of files precede it in the text and may
            // contain the same words.
            let (_, tail) = entry.message.rsplit_once("errno = ")?;
            let digits = tail.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
    }

    /// Returns `true` if the stack has an error of this kind.
    pub fn has(&self, minor: Minor) -> bool {
        self.entries().iter().any(|entry| entry.minor == minor)
    }
}

impl From<journal::Error> for Error {
    fn from(error: journal::Error) -> Error {
        Error::Journal(Arc::new(error))
    }
}

impl fmt::Display for ErrorStack {
    /// Writes `function: outermost message (innermost message)`, like h5py.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let function = self.function.rsplit(' ').next().unwrap_or(self.function);
        match (self.entries.first(), self.entries.last()) {
            (Some(first), Some(last)) if first != last => {
                write!(f, "{function}: {} ({})", first.message, last.message)
            }
            (Some(only), _) => write!(f, "{function}: {}", only.message),
            _ => write!(f, "{function} failed for an unknown reason"),
        }
    }
}

impl ErrorStack {
    /// Returns the error stack of the call that has just failed, and clears the stack of the library.
    pub(super) fn take(function: &'static str) -> ErrorStack {
        let mut entries: Vec<StackEntry> = Vec::new();
        // SAFETY: the caller holds the lock; `entries` outlives the walk, and `note` gets nothing
        // else as its data.
        unsafe {
            h5e::H5Ewalk2(
                h5e::H5E_DEFAULT,
                H5E_direction_t::H5E_WALK_DOWNWARD,
                Some(note),
                (&raw mut entries).cast(),
            );
            h5e::H5Eclear2(h5e::H5E_DEFAULT);
        }
        ErrorStack { function, entries }
    }
}

unsafe extern "C" fn note(_: c_uint, entry: *const H5E_error2_t, entries: *mut c_void) -> herr_t {
    // SAFETY: the library passes a valid entry and the pointer from `ErrorStack::take`.
    let (entry, entries) = unsafe { (&*entry, &mut *entries.cast::<Vec<StackEntry>>()) };
    entries.push(StackEntry {
        major: Major::of(entry.maj_num),
        minor: Minor::of(entry.min_num),
        function: text(entry.func_name),
        message: text(entry.desc),
    });
    0
}

// The library assigns its error numbers when it is initialised, and stores them in variables.

impl Major {
    fn of(number: hid_t) -> Major {
        match number {
            number if number == *h5e::H5E_FILE => Major::File,
            _ => Major::Other,
        }
    }
}

impl Minor {
    fn of(number: hid_t) -> Minor {
        match number {
            number if number == *h5e::H5E_CANTINIT => Minor::CannotInitialise,
            number if number == *h5e::H5E_CANTLOCKFILE => Minor::CannotLockFile,
            number if number == *h5e::H5E_NOTHDF5 => Minor::NotHdf5,
            _ => Minor::Other,
        }
    }
}

fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: not null, and all texts of the library end with a NUL.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}
