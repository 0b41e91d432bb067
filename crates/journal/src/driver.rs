//! The driver as the C library sees it.
//!
//! Only this module and `readers` have `unsafe` code. Each function that the library calls finds the file behind the pointer
//! that [`open`](callbacks) has returned, and leaves the work to [`OpenFile`](crate::open_file::OpenFile).

mod callbacks;
mod class;
mod texts;

use std::ffi::{CString, c_void};
use std::sync::{Arc, OnceLock};

use hdf5_metno_sys::h5f::H5F_fspace_strategy_t;
use hdf5_metno_sys::h5i::{H5I_type_t, H5Iget_type, hid_t};
use hdf5_metno_sys::{LOCK, h5, h5e, h5f, h5i, h5p};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::journal::{Journal, Shared};
use crate::lock::LOCK_ATTEMPT;
use class::Class;
pub(crate) use texts::fill as fill_texts;

unsafe extern "C" {
    // The declarations of `hdf5-metno-sys` have the class of HDF5 1.8.
    fn H5FDregister(class: *const Class) -> hid_t;
    fn H5Pset_driver(list: hid_t, driver: hid_t, info: *const c_void) -> h5::herr_t;
    fn H5Pget_driver_info(list: hid_t) -> *const c_void;
}

/// Sets the driver in a file access property list, for the file of `shared`.
pub(crate) fn set(access: hid_t, shared: &Arc<Shared>) -> Result<()> {
    let _lock = LOCK.lock();
    let driver = register()?;
    // SAFETY: the lock of the library is held. `callbacks` expects such a pointer, and the library copies what it
    // points to with `fapl_copy` before this function returns.
    let status = unsafe { H5Pset_driver(access, driver, std::ptr::from_ref(shared).cast()) };
    match status {
        0.. => Ok(()),
        _ => Err(Error::Library {
            function: "H5Pset_driver",
        }),
    }
}

/// Returns the identifier of the driver. The lock of the library must be held.
fn register() -> Result<hid_t> {
    static DRIVER: OnceLock<hid_t> = OnceLock::new();
    if let Some(driver) = DRIVER.get() {
        return Ok(*driver);
    }
    // SAFETY: the caller holds the lock of the library, and the class is valid for ever.
    let driver = unsafe {
        h5::H5open();
        H5FDregister(&raw const callbacks::CLASS)
    };
    match driver {
        0.. => Ok(*DRIVER.get_or_init(|| driver)),
        _ => Err(Error::Library {
            function: "H5FDregister",
        }),
    }
}

/// Returns the journal of a file access property list with this driver.
fn journal_of(access: hid_t) -> Option<Arc<Shared>> {
    // SAFETY: the library calls this while it holds its lock. A list with this driver has a pointer to an `Arc<Shared>`
    // that `fapl_copy` has made, and that lives as long as the list.
    unsafe {
        if H5Iget_type(access) != H5I_type_t::H5I_GENPROP_LST {
            return None;
        }
        let info = H5Pget_driver_info(access).cast::<Arc<Shared>>();
        info.as_ref().cloned()
    }
}

/// Notes that objects were removed which had these parts of a file (address and length), so that they are used again for
/// raw data: when no reader can know them any more, which is 10 s after the next commit, and with
/// [`Durability::Ordered`](crate::Durability) not before the next checkpoint. `object` is any open object in the file,
/// or the file.
///
/// Returns `false` if the file is not open with this driver, or was not made with [`keep_freed_space`], so that the
/// library itself uses freed space again.
///
/// # Errors
/// If the library refuses to tell how the file was opened.
pub fn release_space(object: hid_t, spans: &[(u64, u64)]) -> Result<bool> {
    let refused = |function| Error::Library { function };
    let _lock = LOCK.lock();
    let driver = register()?;
    // SAFETY: the lock of the library is held, and it checks the identifiers. Those that it returns are closed below.
    let shared = unsafe {
        let file = h5i::H5Iget_file_id(object);
        if file < 0 {
            return Err(refused("H5Iget_file_id"));
        }
        let access = h5f::H5Fget_access_plist(file);
        let creation = h5f::H5Fget_create_plist(file);
        let shared = (h5p::H5Pget_driver(access) == driver && keeps_freed_space(creation))
            .then(|| journal_of(access))
            .flatten();
        for list in [access, creation, file] {
            h5i::H5Idec_ref(list);
        }
        shared
    };
    let Some(shared) = shared else {
        return Ok(false);
    };
    let journal = Journal { shared };
    for (address, length) in spans {
        journal.release(*address, *length)?;
    }
    Ok(true)
}

/// Returns `true` if the library does not use freed space of files with these creation properties.
fn keeps_freed_space(creation: hid_t) -> bool {
    let mut strategy = H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_FSM_AGGR;
    let (mut persists, mut threshold) = (0, 0);
    // SAFETY: the caller holds the lock of the library, and the pointers are valid.
    let status = unsafe {
        h5p::H5Pget_file_space_strategy(creation, &mut strategy, &mut persists, &mut threshold)
    };
    status >= 0 && strategy == H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_NONE
}

/// Puts an error on the error stack of the library, as its own driver of ordinary files does: with the number of the
/// system error in the text.
fn push(error: &Error) {
    let (number, kind) = match error {
        Error::Held { .. } => (
            Some(Errno::WOULDBLOCK.raw_os_error()),
            *h5e::H5E_CANTLOCKFILE,
        ),
        Error::NoLocks { source, .. }
        | Error::Io {
            attempted: LOCK_ATTEMPT,
            source,
            ..
        } => (source.raw_os_error(), *h5e::H5E_CANTLOCKFILE),
        error => (
            error.system().and_then(std::io::Error::raw_os_error),
            *h5e::H5E_WRITEERROR,
        ),
    };
    let text = match number {
        Some(number) => format!("{error}, errno = {number}"),
        None => error.to_string(),
    };
    let Ok(text) = CString::new(text) else {
        return;
    };
    // SAFETY: the library has called this driver, so it is initialised and its lock is held. It copies the texts.
    unsafe {
        h5e::H5Epush2(
            h5e::H5E_DEFAULT,
            c"journal".as_ptr(),
            c"journal".as_ptr(),
            0,
            *h5e::H5E_ERR_CLS,
            *h5e::H5E_FILE,
            kind,
            c"%s".as_ptr(),
            text.as_ptr(),
        );
    }
}

/// Lets a file be created whose freed space is never used again, so that whatever a reader has looked up stays where it
/// is. Such files have superblock 2, which HDF5 1.8 and later read.
///
/// # Errors
/// If this is no list of file creation properties.
pub fn keep_freed_space(creation: hid_t) -> Result<()> {
    let _lock = LOCK.lock();
    // SAFETY: the lock of the library is held, and it checks the identifier.
    let status = unsafe {
        h5p::H5Pset_file_space_strategy(
            creation,
            H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_NONE,
            0,
            1,
        )
    };
    match status {
        0.. => Ok(()),
        _ => Err(Error::Library {
            function: "H5Pset_file_space_strategy",
        }),
    }
}
