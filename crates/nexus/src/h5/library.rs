//! The calls to the C library: the lock, the initialisation, the check of the returned status, the
//! identifiers of objects, and the conversion of texts.

use std::cell::Cell;
use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hdf5_metno_sys::h5i::{self, hid_t};
use hdf5_metno_sys::{LOCK, h5, h5e};

use super::error::{Error, ErrorStack, Result};

/// Calls one function of the C library under the lock and checks the status that it returns.
///
/// The arguments are ordinary expressions. They are evaluated under the lock, in order, before the
/// `unsafe` block, which contains only the call.
///
/// Each call in `h5` has to satisfy these conditions: identifiers come from handles that are alive while
/// the call runs (the library returns an error for a wrong identifier and does not crash); pointers come
/// from references, slices or C strings that outlive the call; and the sizes of buffers have been compared
/// with the dataspace and type.
macro_rules! call {
    // In this step all arguments are bound to names.
    (@bound $function:path, [$($name:ident)*]) => {
        // SAFETY: see the documentation of the macro.
        unsafe { $function($($name),*) }
    };
    // Each `argument` is a different name, because each comes from a different expansion. `match` keeps
    // temporary values alive until the call has returned.
    (@bound $function:path, [$($name:ident)*] $argument:expr $(, $rest:expr)*) => {
        match $argument {
            argument => {
                $crate::h5::library::call!(@bound $function, [$($name)* argument] $($rest),*)
            }
        }
    };
    ($($function:ident)::+ ($($argument:expr),* $(,)?)) => {{
        let _entered = $crate::h5::library::enter();
        let status = $crate::h5::library::call!(@bound $($function)::+, [] $($argument),*);
        $crate::h5::library::check(stringify!($($function)::+), status)
    }};
}
pub(super) use call;

/// Returns the version of the HDF5 library, for example `1.14.6`.
///
/// # Errors
/// If the library cannot be used.
pub fn version() -> Result<String> {
    let (mut major, mut minor, mut release) = (0, 0, 0);
    call!(h5::H5get_libversion(&mut major, &mut minor, &mut release))?;
    Ok(format!("{major}.{minor}.{release}"))
}

/// Waits for the lock of the C library, initialises the library, and holds the lock as long as the result
/// lives. One thread may hold the lock several times.
#[must_use]
pub(super) fn enter() -> impl Sized {
    let lock = LOCK.lock();
    thread_local!(static READY: Cell<bool> = const { Cell::new(false) });
    READY.with(|ready| {
        if !ready.replace(true) {
            // SAFETY: none of these functions gets a pointer from this program. They run under the
            // lock and may be called repeatedly. The exit handler is disabled because it would close
            // the library while other threads still use it. Printing is disabled for each thread,
            // because each has its own error stack in thread-safe builds of the library.
            unsafe {
                h5::H5dont_atexit();
                h5::H5open();
                h5e::H5Eset_auto2(h5e::H5E_DEFAULT, None, std::ptr::null_mut());
            }
            // SAFETY: the library was initialised above, and its lock is held.
            unsafe { super::lock_environment::ignore() };
            super::filter::register();
        }
    });
    lock
}

/// The status that a function of the library returns. It is negative if the function failed.
pub(super) trait ReturnStatus: Copy {
    fn failed(self) -> bool;
}

impl ReturnStatus for i32 {
    fn failed(self) -> bool {
        self < 0
    }
}

impl ReturnStatus for i64 {
    fn failed(self) -> bool {
        self < 0
    }
}

impl ReturnStatus for isize {
    fn failed(self) -> bool {
        self < 0
    }
}

/// Returns the status if it means success, otherwise the error stack. The caller must still hold the lock
/// under which the function was called.
pub(super) fn check<S: ReturnStatus>(function: &'static str, status: S) -> Result<S> {
    if status.failed() {
        Err(Error::Library(ErrorStack::take(function)))
    } else {
        Ok(status)
    }
}

/// An owned identifier. It holds one reference, which is released when it is dropped.
#[derive(Debug)]
pub(super) struct Handle(hid_t);

impl Handle {
    /// Takes ownership of the reference that a call has just returned.
    pub(super) fn new(id: hid_t) -> Handle {
        Handle(id)
    }

    pub(super) fn id(&self) -> hid_t {
        self.0
    }

    /// Returns `true` if the identifier is valid. Closing a file invalidates the identifiers of its
    /// objects.
    pub(super) fn is_valid(&self) -> bool {
        matches!(call!(h5i::H5Iis_valid(self.0)), Ok(1..))
    }

    /// Releases the reference. The handle is invalid afterwards. Closing the last reference may write
    /// data, so this may fail.
    pub(super) fn close(&mut self) -> Result<()> {
        let id = std::mem::replace(&mut self.0, h5i::H5I_INVALID_HID);
        call!(h5i::H5Idec_ref(id)).map(drop)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.is_valid() {
            return;
        }
        if let Err(error) = call!(h5i::H5Idec_ref(self.0)) {
            tracing::warn!(%error, "an HDF5 object could not be closed");
        }
    }
}

/// Returns a text as a C string.
pub(super) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Nul(text.to_owned()))
}

/// Returns a path as a C string.
pub(super) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::Nul(path.to_string_lossy().into_owned()))
}

/// Returns a text of unknown length. Calls `get` once for the length and once for the text.
pub(super) fn sized_text(get: impl Fn(*mut c_char, usize) -> Result<isize>) -> Result<String> {
    let length = get(std::ptr::null_mut(), 0)?.unsigned_abs();
    let mut buffer = vec![0u8; length + 1];
    get(buffer.as_mut_ptr().cast(), buffer.len())?;
    buffer.truncate(length);
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}
