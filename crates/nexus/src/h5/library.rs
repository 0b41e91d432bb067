//! The lock around the C library, its initialisation, and the check of what a call returned.

use std::cell::Cell;

use hdf5_metno_sys::{LOCK, h5, h5e};

use super::error::{Error, Result, Stack};

/// Calls one function of the C library under the lock and checks the status that it returns.
///
/// The arguments are ordinary expressions: they are evaluated under the lock, in their order, before
/// the `unsafe` block, which contains nothing but the call.
///
/// What makes such a call sound, all over `h5`: identifiers come from handles that are alive while
/// the call runs (the library answers a wrong identifier with an error, not with a crash); pointers
/// come from references, slices or C strings that outlive the call; and the sizes of buffers were
/// compared with the dataspace and type before.
macro_rules! call {
    // All arguments are bound to names.
    (@bound $function:path, [$($name:ident)*]) => {
        // SAFETY: see the documentation of the macro.
        unsafe { $function($($name),*) }
    };
    // Each `argument` is another name, because each comes from another expansion. `match` keeps
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

/// Version of the HDF5 library, for example `1.14.6`.
pub fn version() -> Result<String> {
    let (mut major, mut minor, mut release) = (0, 0, 0);
    call!(h5::H5get_libversion(&mut major, &mut minor, &mut release))?;
    Ok(format!("{major}.{minor}.{release}"))
}

/// Waits for the C library, makes it ready, and holds it for as long as the result lives. One
/// thread may hold it several times.
#[must_use]
pub(super) fn enter() -> impl Sized {
    let lock = LOCK.lock();
    thread_local!(static READY: Cell<bool> = const { Cell::new(false) });
    READY.with(|ready| {
        if !ready.replace(true) {
            // SAFETY: none of these takes a pointer of ours. They run under the lock and may be
            // repeated. The exit handler is left out because it would close the library while
            // threads that still run use it; the error stack and its printing belong to a thread
            // in builds of the library that know threads.
            unsafe {
                h5::H5dont_atexit();
                h5::H5open();
                h5e::H5Eset_auto2(h5e::H5E_DEFAULT, None, std::ptr::null_mut());
            }
            super::filter::register();
        }
    });
    lock
}

/// A value that the library uses to tell success or failure: failures are negative.
pub(super) trait Status: Copy {
    fn failed(self) -> bool;
}

impl Status for i32 {
    fn failed(self) -> bool {
        self < 0
    }
}

impl Status for i64 {
    fn failed(self) -> bool {
        self < 0
    }
}

impl Status for isize {
    fn failed(self) -> bool {
        self < 0
    }
}

/// The status if it tells success, else the error stack. Must run under the same lock as the call.
pub(super) fn check<S: Status>(function: &'static str, status: S) -> Result<S> {
    if status.failed() {
        Err(Error::Library(Stack::take(function)))
    } else {
        Ok(status)
    }
}
