//! The structures of the C library that a driver fills in.
//!
//! They are those of `H5FDdevelop.h` of HDF5 1.14 and later (`H5FD_CLASS_VERSION` 1); `hdf5-metno-sys` has those of
//! HDF5 1.8.

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};

use hdf5_metno_sys::h5::{haddr_t, herr_t, hsize_t};
use hdf5_metno_sys::h5i::hid_t;

/// `H5FD_mem_t`: what a part of a file is.
pub(super) type MemoryType = c_int;

pub(super) const SUPER: MemoryType = 1;
pub(super) const TREE: MemoryType = 2;
pub(super) const DRAW: MemoryType = 3;
pub(super) const GLOBAL_HEAP: MemoryType = 4;
pub(super) const LOCAL_HEAP: MemoryType = 5;

/// `H5FD_CLASS_VERSION`.
pub(super) const CLASS_VERSION: c_uint = 1;

/// `H5FD_FEAT_AGGREGATE_METADATA`, `H5FD_FEAT_DATA_SIEVE`, `H5FD_FEAT_AGGREGATE_SMALLDATA` and
/// `H5FD_FEAT_DEFAULT_VFD_COMPATIBLE`. Metadata are not accumulated by the library, because the overlay does that.
pub(super) const FEATURES: c_ulong = 0x1 | 0x8 | 0x10 | 0x8000;

/// `H5FD_t`: the part of an open file that the library reads and writes.
#[repr(C)]
#[derive(Debug)]
pub(super) struct FileHead {
    pub driver_id: hid_t,
    pub class: *const Class,
    pub file_number: c_ulong,
    pub access_flags: c_uint,
    pub feature_flags: c_ulong,
    pub max_address: haddr_t,
    pub base_address: haddr_t,
    pub threshold: hsize_t,
    pub alignment: hsize_t,
    pub paged_aggregation: bool,
}

type File = *mut FileHead;
type ConstFile = *const FileHead;
type Unused = Option<unsafe extern "C" fn()>;

/// `H5FD_class_t`: the functions of a driver.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Class {
    pub version: c_uint,
    pub value: c_int,
    pub name: *const c_char,
    pub max_address: haddr_t,
    pub close_degree: c_int,
    pub terminate: Unused,
    pub superblock_size: Unused,
    pub superblock_encode: Unused,
    pub superblock_decode: Unused,
    pub fapl_size: usize,
    pub fapl_get: Option<unsafe extern "C" fn(File) -> *mut c_void>,
    pub fapl_copy: Option<unsafe extern "C" fn(*const c_void) -> *mut c_void>,
    pub fapl_free: Option<unsafe extern "C" fn(*mut c_void) -> herr_t>,
    pub dxpl_size: usize,
    pub dxpl_copy: Unused,
    pub dxpl_free: Unused,
    pub open: Option<unsafe extern "C" fn(*const c_char, c_uint, hid_t, haddr_t) -> File>,
    pub close: Option<unsafe extern "C" fn(File) -> herr_t>,
    pub compare: Option<unsafe extern "C" fn(ConstFile, ConstFile) -> c_int>,
    pub query: Option<unsafe extern "C" fn(ConstFile, *mut c_ulong) -> herr_t>,
    pub get_type_map: Unused,
    pub alloc: Option<unsafe extern "C" fn(File, MemoryType, hid_t, hsize_t) -> haddr_t>,
    pub free: Option<unsafe extern "C" fn(File, MemoryType, hid_t, haddr_t, hsize_t) -> herr_t>,
    pub get_eoa: Option<unsafe extern "C" fn(ConstFile, MemoryType) -> haddr_t>,
    pub set_eoa: Option<unsafe extern "C" fn(File, MemoryType, haddr_t) -> herr_t>,
    pub get_eof: Option<unsafe extern "C" fn(ConstFile, MemoryType) -> haddr_t>,
    pub get_handle: Option<unsafe extern "C" fn(File, hid_t, *mut *mut c_void) -> herr_t>,
    pub read: Option<
        unsafe extern "C" fn(File, MemoryType, hid_t, haddr_t, usize, *mut c_void) -> herr_t,
    >,
    pub write: Option<
        unsafe extern "C" fn(File, MemoryType, hid_t, haddr_t, usize, *const c_void) -> herr_t,
    >,
    pub read_vector: Unused,
    pub write_vector: Unused,
    pub read_selection: Unused,
    pub write_selection: Unused,
    pub flush: Option<unsafe extern "C" fn(File, hid_t, bool) -> herr_t>,
    pub truncate: Option<unsafe extern "C" fn(File, hid_t, bool) -> herr_t>,
    pub lock: Unused,
    pub unlock: Unused,
    pub delete: Option<unsafe extern "C" fn(*const c_char, hid_t) -> herr_t>,
    pub control:
        Option<unsafe extern "C" fn(File, u64, u64, *const c_void, *mut *mut c_void) -> herr_t>,
    pub free_list_map: [MemoryType; 7],
}

// SAFETY: the name is a constant, and nothing else in a class is reached through a pointer.
unsafe impl Sync for Class {}
