//! What can go wrong in the HDF5 library, with its error stack.

use std::ffi::{CStr, c_char, c_uint, c_void};
use std::fmt;

use hdf5_metno_sys::h5::herr_t;
use hdf5_metno_sys::h5e::{self, H5E_direction_t, H5E_error2_t};
use hdf5_metno_sys::h5i::hid_t;

/// Result of a call to the HDF5 library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Failure of one operation on an HDF5 file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The C library refused.
    #[error("{0}")]
    Library(ErrorStack),
    /// HDF5 texts end at the first NUL character, so this one cannot be stored whole.
    #[error("text with a NUL character: {0:?}")]
    Nul(String),
    /// The number of bytes does not fit the type and shape.
    #[error("{given} bytes given where type and shape make {expected}")]
    Size {
        /// What the type and shape need.
        expected: u64,
        /// What there was.
        given: u64,
    },
    /// Vectors that describe one dataset differ in their number of dimensions.
    #[error("{given} dimensions given where there are {expected}")]
    Rank {
        /// Dimensions of the dataset.
        expected: usize,
        /// Dimensions of the argument.
        given: usize,
    },
    /// The file was closed.
    #[error("the file is closed")]
    Closed,
    /// There is no HDF5 type for this.
    #[error("{0}")]
    Type(String),
}

/// The error stack of the C library, outermost call first.
#[derive(Debug, Clone)]
pub struct ErrorStack {
    /// Function that was called.
    pub function: &'static str,
    /// What the library noted on the way out.
    pub entries: Vec<StackEntry>,
}

/// One entry of the error stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEntry {
    /// Part of the library that failed.
    pub major: Major,
    /// ObjectKind of failure.
    pub minor: Minor,
    /// Function inside the library.
    pub function: String,
    /// Text about this very failure.
    pub message: String,
}

/// Parts of the library, by its major error numbers, as far as they are distinguished here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Major {
    /// Files (`H5E_FILE`).
    File,
    /// Any other.
    Other,
}

/// Kinds of failures, by the library's minor error numbers, as far as they are distinguished here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Minor {
    /// An object cannot be set up (`H5E_CANTINIT`).
    CannotInitialise,
    /// The file cannot be locked (`H5E_CANTLOCKFILE`).
    CannotLockFile,
    /// The file is not an HDF5 file (`H5E_NOTHDF5`).
    NotHdf5,
    /// Any other.
    Other,
}

impl Error {
    /// Entries of the error stack, outermost call first; empty if the library was not asked.
    pub fn entries(&self) -> &[StackEntry] {
        match self {
            Error::Library(stack) => &stack.entries,
            _ => &[],
        }
    }

    /// Returns `true` if the operating system refused something, which it may allow later. A damaged file is
    /// no such case.
    pub fn is_temporary(&self) -> bool {
        self.errno().is_some()
    }

    /// Number of the system error that caused this one, if there was one.
    pub fn errno(&self) -> Option<i32> {
        self.entries().iter().rev().find_map(|entry| {
            // The library keeps the number in its text alone. Names come before it, and may look like
            // it.
            let (_, rest) = entry.message.rsplit_once("errno = ")?;
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
    }

    /// Returns `true` if a failure of this kind is anywhere in the stack.
    pub fn has(&self, minor: Minor) -> bool {
        self.entries().iter().any(|entry| entry.minor == minor)
    }
}

impl fmt::Display for ErrorStack {
    /// `function: outermost message (innermost message)`, as h5py words it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let function = self.function.rsplit(' ').next().unwrap_or(self.function);
        match (self.entries.first(), self.entries.last()) {
            (Some(first), Some(last)) if first != last => {
                write!(f, "{function}: {} ({})", first.message, last.message)
            }
            (Some(only), _) => write!(f, "{function}: {}", only.message),
            _ => write!(f, "{function} failed without giving a reason"),
        }
    }
}

impl ErrorStack {
    /// Takes the error stack of the call that has just failed, leaving it empty.
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
    // SAFETY: the library passes a valid entry and the pointer that `ErrorStack::take` gave it.
    let (entry, entries) = unsafe { (&*entry, &mut *entries.cast::<Vec<StackEntry>>()) };
    entries.push(StackEntry {
        major: Major::of(entry.maj_num),
        minor: Minor::of(entry.min_num),
        function: text(entry.func_name),
        message: text(entry.desc),
    });
    0
}

// The library makes its error numbers when it is initialised, and keeps them in variables.

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
