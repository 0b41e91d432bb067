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
    Library(Stack),
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
pub struct Stack {
    /// Function that was called.
    pub function: &'static str,
    /// What the library noted on the way out.
    pub frames: Vec<Frame>,
}

/// One entry of the error stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Part of the library, for example `Virtual File Layer`.
    pub major: String,
    /// Kind of failure, for example `Unable to lock file`.
    pub minor: String,
    /// Function inside the library.
    pub function: String,
    /// Text about this very failure.
    pub message: String,
}

impl Error {
    /// Entries of the error stack, outermost call first; empty if the library was not asked.
    pub fn frames(&self) -> &[Frame] {
        match self {
            Error::Library(stack) => &stack.frames,
            _ => &[],
        }
    }

    /// Number of the system error that caused this one, if there was one.
    pub fn errno(&self) -> Option<i32> {
        self.frames().iter().rev().find_map(|frame| {
            let (_, rest) = frame.message.split_once("errno = ")?;
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
    }

    /// Whether this text is anywhere in the stack.
    pub(super) fn has_message(&self, message: &str) -> bool {
        self.frames().iter().any(|frame| frame.message == message)
    }

    /// Whether the library gave this reason (its *minor* text) anywhere in the stack.
    pub fn has_reason(&self, minor: &str) -> bool {
        self.frames().iter().any(|frame| frame.minor == minor)
    }
}

impl fmt::Display for Stack {
    /// `function: outermost message (innermost message)`, as h5py words it.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let function = self.function.rsplit(' ').next().unwrap_or(self.function);
        match (self.frames.first(), self.frames.last()) {
            (Some(first), Some(last)) if first != last => {
                write!(f, "{function}: {} ({})", first.message, last.message)
            }
            (Some(only), _) => write!(f, "{function}: {}", only.message),
            _ => write!(f, "{function} failed without giving a reason"),
        }
    }
}

impl Stack {
    /// Takes the error stack of the call that has just failed, leaving it empty.
    pub(super) fn take(function: &'static str) -> Stack {
        let mut frames: Vec<Frame> = Vec::new();
        // SAFETY: the caller holds the lock; `frames` outlives the walk, and `note` gets nothing
        // else as its data.
        unsafe {
            h5e::H5Ewalk2(
                h5e::H5E_DEFAULT,
                H5E_direction_t::H5E_WALK_DOWNWARD,
                Some(note),
                (&raw mut frames).cast(),
            );
            h5e::H5Eclear2(h5e::H5E_DEFAULT);
        }
        Stack { function, frames }
    }
}

unsafe extern "C" fn note(_: c_uint, entry: *const H5E_error2_t, frames: *mut c_void) -> herr_t {
    // SAFETY: the library passes a valid entry and the pointer that `Stack::take` gave it.
    let (entry, frames) = unsafe { (&*entry, &mut *frames.cast::<Vec<Frame>>()) };
    frames.push(Frame {
        major: message(entry.maj_num),
        minor: message(entry.min_num),
        function: text(entry.func_name),
        message: text(entry.desc),
    });
    0
}

fn message(id: hid_t) -> String {
    let mut buffer = [0 as c_char; 128];
    // SAFETY: the size is that of the buffer, and the library ends the text with a NUL.
    let length =
        unsafe { h5e::H5Eget_msg(id, std::ptr::null_mut(), buffer.as_mut_ptr(), buffer.len()) };
    if length > 0 {
        text(buffer.as_ptr())
    } else {
        String::new()
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
