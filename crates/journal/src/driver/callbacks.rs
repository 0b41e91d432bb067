//! The functions that the library calls. It holds its lock meanwhile, so they are never called at the same time.

use std::cmp::Ordering;
use std::ffi::{CStr, OsStr, c_char, c_int, c_uint, c_ulong, c_void};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::Arc;

use hdf5_metno_sys::h5::{haddr_t, herr_t, hsize_t};
use hdf5_metno_sys::h5f::{H5F_ACC_CREAT, H5F_ACC_EXCL, H5F_ACC_RDWR, H5F_ACC_TRUNC};
use hdf5_metno_sys::h5i::hid_t;

use super::class::{
    CLASS_VERSION, Class, DRAW, FEATURES, FileHead, GLOBAL_HEAP, LOCAL_HEAP, MemoryType, SUPER,
    TREE,
};
use super::{journal_of, push};
use crate::error::Result;
use crate::journal::Shared;
use crate::open_file::{Access, OpenFile, State};
use crate::overlay::Content;

const SUCCESS: herr_t = 0;
const FAILURE: herr_t = -1;
const UNDEFINED: haddr_t = haddr_t::MAX;

/// The driver.
pub(super) static CLASS: Class = Class {
    version: CLASS_VERSION,
    // Numbers from 512 on are for drivers that are not part of the library.
    value: 617,
    name: c"journal".as_ptr(),
    max_address: i64::MAX as u64,
    // H5F_CLOSE_WEAK, as the drivers of the library.
    close_degree: 1,
    terminate: None,
    superblock_size: None,
    superblock_encode: None,
    superblock_decode: None,
    fapl_size: size_of::<Arc<Shared>>(),
    fapl_get: Some(fapl_get),
    fapl_copy: Some(fapl_copy),
    fapl_free: Some(fapl_free),
    dxpl_size: 0,
    dxpl_copy: None,
    dxpl_free: None,
    open: Some(open),
    close: Some(close),
    compare: Some(compare),
    query: Some(query),
    get_type_map: None,
    alloc: Some(alloc),
    free: Some(free),
    get_eoa: Some(get_eoa),
    set_eoa: Some(set_eoa),
    get_eof: Some(get_eof),
    get_handle: Some(get_handle),
    read: Some(read),
    write: Some(write),
    read_vector: None,
    write_vector: None,
    read_selection: None,
    write_selection: None,
    flush: Some(flush),
    truncate: Some(truncate),
    // Without these two the library marks no file as being written, and refuses no reader.
    lock: None,
    unlock: None,
    delete: Some(delete),
    control: None,
    // The free lists of the driver of ordinary files (`H5FD_FLMAP_DICHOTOMY`).
    free_list_map: [SUPER, SUPER, SUPER, DRAW, DRAW, SUPER, SUPER],
};

/// A file, which begins with what the library knows of it.
#[repr(C)]
struct DriverFile {
    head: FileHead,
    /// What the library gets if it asks for the handle of the file.
    descriptor: c_int,
    file: Arc<OpenFile>,
    shared: Arc<Shared>,
}

/// Returns the file behind a pointer of the library.
///
/// # Safety
/// `open` must have returned the pointer, and `close` must not have been called with it.
unsafe fn file_of<'a>(file: *const FileHead) -> &'a DriverFile {
    // SAFETY: `open` makes such pointers from a `DriverFile`. Nothing changes one except the library its head, which
    // no other function reads.
    unsafe { &*file.cast::<DriverFile>() }
}

/// Returns a status, also if `work` panics: no panic may go through the library.
fn status(work: impl FnOnce() -> bool) -> herr_t {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(true) => SUCCESS,
        Ok(false) | Err(_) => FAILURE,
    }
}

/// Does work on the state of a file, and keeps the error for the program if there is one.
///
/// # Safety
/// As for [`file_of`].
unsafe fn with_state(
    file: *const FileHead,
    work: impl FnOnce(&OpenFile, &mut State) -> Result<()>,
) -> herr_t {
    status(|| {
        // SAFETY: the caller ensures it.
        let file = unsafe { &file_of(file).file };
        let mut state = file.state();
        match work(file, &mut state) {
            Ok(()) => true,
            Err(error) => {
                push(&error);
                state.failure = Some(error);
                false
            }
        }
    })
}

unsafe extern "C" fn fapl_get(file: *mut FileHead) -> *mut c_void {
    // SAFETY: the library has the pointer from `open`.
    let shared = unsafe { file_of(file) }.shared.clone();
    Box::into_raw(Box::new(shared)).cast()
}

unsafe extern "C" fn fapl_copy(info: *const c_void) -> *mut c_void {
    // SAFETY: all information of this driver is an `Arc<Shared>`: see `set`, `fapl_get` and this function.
    let shared = unsafe { &*info.cast::<Arc<Shared>>() };
    Box::into_raw(Box::new(shared.clone())).cast()
}

unsafe extern "C" fn fapl_free(info: *mut c_void) -> herr_t {
    // SAFETY: the library frees what `fapl_get` or `fapl_copy` has returned, once.
    let shared = unsafe { Box::from_raw(info.cast::<Arc<Shared>>()) };
    status(|| {
        drop(shared);
        true
    })
}

unsafe extern "C" fn open(
    name: *const c_char,
    flags: c_uint,
    access: hid_t,
    _max_address: haddr_t,
) -> *mut FileHead {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the library passes a C string.
        let name = unsafe { CStr::from_ptr(name) };
        let path = Path::new(OsStr::from_bytes(name.to_bytes()));
        let shared = journal_of(access)?;
        let opened = shared.open(
            path,
            Access {
                writes: flags & H5F_ACC_RDWR != 0,
                creates: flags & H5F_ACC_CREAT != 0,
                truncates: flags & H5F_ACC_TRUNC != 0,
                must_be_new: flags & H5F_ACC_EXCL != 0,
            },
        );
        let file = match opened {
            Ok(file) => file,
            Err(error) => {
                push(&error);
                shared.failed(error);
                return None;
            }
        };
        Some(Box::new(DriverFile {
            head: FileHead {
                driver_id: 0,
                class: ptr::null(),
                file_number: 0,
                access_flags: 0,
                feature_flags: 0,
                max_address: 0,
                base_address: 0,
                threshold: 0,
                alignment: 0,
                paged_aggregation: false,
            },
            descriptor: file.data.file().as_raw_fd(),
            file,
            shared,
        }))
    }));
    match opened {
        Ok(Some(file)) => Box::into_raw(file).cast(),
        Ok(None) | Err(_) => ptr::null_mut(),
    }
}

unsafe extern "C" fn close(file: *mut FileHead) -> herr_t {
    // SAFETY: the library closes each file once, and has the pointer from `open`.
    let file = unsafe { Box::from_raw(file.cast::<DriverFile>()) };
    status(|| {
        file.shared.closed(&file.file);
        drop(file);
        true
    })
}

unsafe extern "C" fn compare(first: *const FileHead, second: *const FileHead) -> c_int {
    // SAFETY: the library has both pointers from `open`.
    let (first, second) = unsafe { (file_of(first), file_of(second)) };
    match first.file.identity().cmp(&second.file.identity()) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

unsafe extern "C" fn query(_file: *const FileHead, flags: *mut c_ulong) -> herr_t {
    // SAFETY: the library passes a valid pointer or none.
    if let Some(flags) = unsafe { flags.as_mut() } {
        *flags = FEATURES;
    }
    SUCCESS
}

unsafe extern "C" fn alloc(
    file: *mut FileHead,
    kind: MemoryType,
    _transfer: hid_t,
    size: hsize_t,
) -> haddr_t {
    let mut address = UNDEFINED;
    // SAFETY: the library has the pointer from `open`.
    unsafe {
        with_state(file, |file, state| {
            address = file.allocate(state, size, kind == DRAW);
            Ok(())
        });
    }
    address
}

unsafe extern "C" fn free(
    file: *mut FileHead,
    _kind: MemoryType,
    _transfer: hid_t,
    address: haddr_t,
    size: hsize_t,
) -> herr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe {
        with_state(file, |file, state| {
            file.free(state, address, size);
            Ok(())
        })
    }
}

unsafe extern "C" fn get_eoa(file: *const FileHead, _kind: MemoryType) -> haddr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe { file_of(file) }.file.state().end
}

unsafe extern "C" fn set_eoa(file: *mut FileHead, _kind: MemoryType, end: haddr_t) -> herr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe {
        with_state(file, |_, state| {
            state.end = end;
            Ok(())
        })
    }
}

unsafe extern "C" fn get_eof(file: *const FileHead, _kind: MemoryType) -> haddr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe { file_of(file) }.file.state().physical_end
}

unsafe extern "C" fn get_handle(
    file: *mut FileHead,
    _access: hid_t,
    handle: *mut *mut c_void,
) -> herr_t {
    // SAFETY: the library has the pointer from `open`, and passes a valid pointer for the handle. The program
    // that reads the descriptor must have the file open.
    unsafe {
        *handle = ptr::from_ref(&file_of(file).descriptor).cast_mut().cast();
    }
    SUCCESS
}

unsafe extern "C" fn read(
    file: *mut FileHead,
    _kind: MemoryType,
    _transfer: hid_t,
    address: haddr_t,
    size: usize,
    buffer: *mut c_void,
) -> herr_t {
    // SAFETY: the library passes a buffer of this size.
    unsafe { ptr::write_bytes(buffer.cast::<u8>(), 0, size) };
    // SAFETY: as above, and the buffer was initialised. The library has the pointer to the file from `open`.
    unsafe {
        let buffer = slice::from_raw_parts_mut(buffer.cast::<u8>(), size);
        with_state(file, |file, state| {
            file.read_for_library(state, address, buffer)
        })
    }
}

unsafe extern "C" fn write(
    file: *mut FileHead,
    kind: MemoryType,
    _transfer: hid_t,
    address: haddr_t,
    size: usize,
    buffer: *const c_void,
) -> herr_t {
    let content = match kind {
        SUPER => Content::Superblock,
        TREE => Content::Tree,
        DRAW => Content::Raw,
        GLOBAL_HEAP => Content::GlobalHeap,
        LOCAL_HEAP => Content::LocalHeap,
        _ => Content::ObjectHeader,
    };
    // SAFETY: the library passes a buffer of this size, and has the pointer to the file from `open`.
    unsafe {
        let bytes = slice::from_raw_parts(buffer.cast::<u8>(), size);
        with_state(file, |file, state| {
            file.write(state, address, content, bytes)
        })
    }
}

/// Notes that the file is being closed. The library calls this also if it could not write all of its changes, so
/// nothing is committed here.
unsafe extern "C" fn flush(file: *mut FileHead, _transfer: hid_t, closing: bool) -> herr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe {
        with_state(file, |_, state| {
            state.is_closing |= closing;
            Ok(())
        })
    }
}

unsafe extern "C" fn truncate(file: *mut FileHead, _transfer: hid_t, _closing: bool) -> herr_t {
    // SAFETY: the library has the pointer from `open`.
    unsafe {
        with_state(file, |_, state| {
            state.physical_end = state.end;
            Ok(())
        })
    }
}

unsafe extern "C" fn delete(name: *const c_char, _access: hid_t) -> herr_t {
    // SAFETY: the library passes a C string.
    let name = unsafe { CStr::from_ptr(name) };
    status(|| std::fs::remove_file(Path::new(OsStr::from_bytes(name.to_bytes()))).is_ok())
}
