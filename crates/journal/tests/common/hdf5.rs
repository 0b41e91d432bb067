//! The few calls of the HDF5 library that the tests need.

use std::ffi::{CStr, CString, c_int, c_uint, c_void};
use std::path::Path;
use std::ptr;

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::H5T_cset_t;
use hdf5_metno_sys::{LOCK, h5, h5a, h5d, h5e, h5f, h5g, h5i, h5l, h5p, h5s, h5t};
use journal::{Journal, keep_freed_space};

/// Calls a function of the library under its lock. Returns `None` if it fails.
macro_rules! call {
    ($function:path, $($argument:expr),* $(,)?) => {{
        let _lock = LOCK.lock();
        // SAFETY: the lock is held; the library checks identifiers; pointers are of values that live longer than the
        // call, and of the size that the dataspaces say.
        let status = unsafe {
            h5::H5open();
            h5e::H5Eset_auto2(h5e::H5E_DEFAULT, None, ptr::null_mut());
            $function($($argument),*)
        };
        (status >= 0).then_some(status)
    }};
}

/// Returns an identifier that the library sets when it is initialised.
macro_rules! global {
    ($identifier:path) => {{
        initialise();
        *$identifier
    }};
}

fn initialise() {
    let _lock = LOCK.lock();
    // SAFETY: the lock is held.
    unsafe { h5::H5open() };
}

const ROWS_PER_CHUNK: u64 = 16;

/// An identifier that is released when it is dropped.
#[derive(Debug)]
pub struct Id(hid_t);

impl Drop for Id {
    fn drop(&mut self) {
        call!(h5i::H5Idec_ref, self.0);
    }
}

/// A file that is open.
#[derive(Debug)]
pub struct File {
    id: Id,
}

/// Which versions of the format a new file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    Earliest,
    Latest,
}

fn text(text: &str) -> CString {
    CString::new(text).unwrap()
}

fn path_text(path: &Path) -> CString {
    text(path.to_str().unwrap())
}

fn access(journal: Option<&Journal>, bounds: Bounds) -> Id {
    let list = Id(call!(h5p::H5Pcreate, global!(h5p::H5P_CLS_FILE_ACCESS)).unwrap());
    let low = match bounds {
        Bounds::Earliest => h5f::H5F_libver_t::H5F_LIBVER_EARLIEST,
        Bounds::Latest => h5f::H5F_libver_t::H5F_LIBVER_V110,
    };
    call!(
        h5p::H5Pset_libver_bounds,
        list.0,
        low,
        h5f::H5F_libver_t::H5F_LIBVER_V110
    );
    call!(h5p::H5Pset_file_locking, list.0, 0, 1);
    call!(
        h5p::H5Pset_fclose_degree,
        list.0,
        h5f::H5F_close_degree_t::H5F_CLOSE_STRONG
    );
    if let Some(journal) = journal {
        journal.set_driver(list.0).unwrap();
    }
    list
}

/// Opens a file for writing. Returns the texts on the error stack of the library as well.
pub fn open_with_errors(path: &Path, journal: &Journal) -> (Option<File>, Vec<String>) {
    unsafe extern "C" fn add(
        _level: c_uint,
        error: *const h5e::H5E_error2_t,
        texts: *mut c_void,
    ) -> c_int {
        // SAFETY: the library passes an error whose text is a C string, and the pointer that is passed below.
        let (error, texts) = unsafe { (&*error, &mut *texts.cast::<Vec<String>>()) };
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(error.desc) };
        texts.push(text.to_string_lossy().into_owned());
        0
    }
    let access = access(Some(journal), Bounds::Earliest);
    let name = path_text(path);
    // No other thread may use the library before the errors are read.
    let _lock = LOCK.lock();
    let file = call!(h5f::H5Fopen, name.as_ptr(), h5f::H5F_ACC_RDWR, access.0);
    let mut texts: Vec<String> = Vec::new();
    // SAFETY: the lock is held, and the pointer is valid during the call.
    unsafe {
        h5e::H5Ewalk2(
            h5e::H5E_DEFAULT,
            h5e::H5E_direction_t::H5E_WALK_UPWARD,
            Some(add),
            (&raw mut texts).cast(),
        );
    }
    (file.map(File::new), texts)
}

impl File {
    /// Creates a file, with a user block of this size, in place of an existing one if there is one.
    pub fn create(
        path: &Path,
        journal: Option<&Journal>,
        bounds: Bounds,
        user_block: u64,
    ) -> Option<File> {
        let creation = Id(call!(h5p::H5Pcreate, global!(h5p::H5P_CLS_FILE_CREATE)).unwrap());
        if journal.is_some() {
            keep_freed_space(creation.0).unwrap();
        }
        call!(h5p::H5Pset_userblock, creation.0, user_block);
        call!(h5p::H5Pset_link_creation_order, creation.0, 3);
        // With these, the header of the root group has version 2, as in files of nexus-writer.
        call!(h5p::H5Pset_attr_creation_order, creation.0, 3);
        let access = access(journal, bounds);
        let name = path_text(path);
        let flags = h5f::H5F_ACC_TRUNC;
        call!(h5f::H5Fcreate, name.as_ptr(), flags, creation.0, access.0).map(File::new)
    }

    pub fn open(path: &Path, journal: Option<&Journal>) -> Option<File> {
        let access = access(journal, Bounds::Earliest);
        let name = path_text(path);
        let flags = match journal {
            Some(_) => h5f::H5F_ACC_RDWR,
            None => h5f::H5F_ACC_RDONLY,
        };
        call!(h5f::H5Fopen, name.as_ptr(), flags, access.0).map(File::new)
    }

    fn new(id: hid_t) -> File {
        File { id: Id(id) }
    }

    /// Returns `true` if the library uses no freed space of the file again.
    pub fn keeps_freed_space(&self) -> bool {
        journal::release_space(self.id.0, &[]).unwrap()
    }

    pub fn flush(&self) -> bool {
        let scope = h5f::H5F_scope_t::H5F_SCOPE_LOCAL;
        call!(h5f::H5Fflush, self.id.0, scope).is_some()
    }

    /// Flushes the file as before a commit.
    pub fn flush_to_commit(&self, journal: &Journal) -> bool {
        let flush = || self.flush().then_some(()).ok_or(journal::Error::NotOpen);
        journal.flush(self.id.0, flush).is_ok()
    }

    /// Returns `true` if everything was written.
    pub fn close(self) -> bool {
        let id = self.id.0;
        std::mem::forget(self.id);
        call!(h5f::H5Fclose, id).is_some()
    }

    pub fn create_group(&self, name: &str) {
        let name = text(name);
        let list = Id(call!(h5p::H5Pcreate, global!(h5p::H5P_CLS_LINK_CREATE)).unwrap());
        call!(h5p::H5Pset_create_intermediate_group, list.0, 1);
        let default = h5p::H5P_DEFAULT;
        let created = call!(
            h5g::H5Gcreate2,
            self.id.0,
            name.as_ptr(),
            list.0,
            default,
            default
        );
        drop(Id(created.unwrap()));
    }

    /// Sets an attribute of variable length.
    pub fn set_attribute(&self, object: &str, name: &str, value: &str) {
        let (object, name, value) = (text(object), text(name), text(value));
        let object = Id(call!(
            hdf5_metno_sys::h5o::H5Oopen,
            self.id.0,
            object.as_ptr(),
            h5p::H5P_DEFAULT
        )
        .unwrap());
        if call!(h5a::H5Aexists, object.0, name.as_ptr()) == Some(1) {
            call!(h5a::H5Adelete, object.0, name.as_ptr()).unwrap();
        }
        let kind = string_type();
        let space = Id(call!(h5s::H5Screate, h5s::H5S_class_t::H5S_SCALAR).unwrap());
        let default = h5p::H5P_DEFAULT;
        let attribute = Id(call!(
            h5a::H5Acreate2,
            object.0,
            name.as_ptr(),
            kind.0,
            space.0,
            default,
            default
        )
        .unwrap());
        let pointer = value.as_ptr();
        let pointers = ptr::from_ref(&pointer).cast::<c_void>();
        call!(h5a::H5Awrite, attribute.0, kind.0, pointers).unwrap();
    }

    pub fn attribute(&self, object: &str, name: &str) -> Option<String> {
        let (object, name) = (text(object), text(name));
        let default = h5p::H5P_DEFAULT;
        let attribute = Id(call!(
            h5a::H5Aopen_by_name,
            self.id.0,
            object.as_ptr(),
            name.as_ptr(),
            default,
            default
        )?);
        let kind = string_type();
        let mut pointer: *mut std::ffi::c_char = ptr::null_mut();
        let pointers = ptr::from_mut(&mut pointer).cast::<c_void>();
        call!(h5a::H5Aread, attribute.0, kind.0, pointers)?;
        if pointer.is_null() {
            return None;
        }
        // SAFETY: the library has put the address of a C string there.
        let value = unsafe { CStr::from_ptr(pointer) };
        let value = value.to_string_lossy().into_owned();
        call!(h5::H5free_memory, pointer.cast());
        Some(value)
    }

    /// Creates a dataset that grows, of 64-bit integers.
    pub fn create_dataset(&self, path: &str, deflate: bool) {
        let name = text(path);
        let (length, unlimited) = (0, u64::MAX);
        let space = Id(call!(
            h5s::H5Screate_simple,
            1,
            &raw const length,
            &raw const unlimited
        )
        .unwrap());
        let list = Id(call!(h5p::H5Pcreate, global!(h5p::H5P_CLS_DATASET_CREATE)).unwrap());
        let chunk = ROWS_PER_CHUNK;
        call!(h5p::H5Pset_chunk, list.0, 1, &raw const chunk).unwrap();
        if deflate {
            call!(h5p::H5Pset_deflate, list.0, 1).unwrap();
        }
        let default = h5p::H5P_DEFAULT;
        let dataset = call!(
            h5d::H5Dcreate2,
            self.id.0,
            name.as_ptr(),
            global!(h5t::H5T_NATIVE_INT64),
            space.0,
            default,
            list.0,
            default
        );
        drop(Id(dataset.unwrap()));
    }

    /// Appends values to a dataset. Returns `false` if they could not be written.
    pub fn append(&self, path: &str, values: &[i64]) -> bool {
        let dataset = self.dataset(path).unwrap();
        let begin = self.length(path).unwrap();
        let length = begin + values.len() as u64;
        call!(h5d::H5Dset_extent, dataset.0, &raw const length).is_some()
            && self.write(path, begin, values)
    }

    /// Writes values from this row on. Returns `false` if they could not be written.
    pub fn write(&self, path: &str, begin: u64, values: &[i64]) -> bool {
        let dataset = self.dataset(path).unwrap();
        let count = values.len() as u64;
        let file_space = Id(call!(h5d::H5Dget_space, dataset.0).unwrap());
        call!(
            h5s::H5Sselect_hyperslab,
            file_space.0,
            h5s::H5S_seloper_t::H5S_SELECT_SET,
            &raw const begin,
            ptr::null(),
            &raw const count,
            ptr::null()
        )
        .unwrap();
        let memory = Id(call!(h5s::H5Screate_simple, 1, &raw const count, ptr::null()).unwrap());
        call!(
            h5d::H5Dwrite,
            dataset.0,
            global!(h5t::H5T_NATIVE_INT64),
            memory.0,
            file_space.0,
            h5p::H5P_DEFAULT,
            values.as_ptr().cast()
        )
        .is_some()
            // Errors when it is closed would crash the library later.
            && call!(h5d::H5Dflush, dataset.0).is_some()
    }

    pub fn values(&self, path: &str) -> Option<Vec<i64>> {
        let dataset = self.dataset(path)?;
        let mut values = vec![0i64; self.length(path)? as usize];
        if values.is_empty() {
            return Some(values);
        }
        call!(
            h5d::H5Dread,
            dataset.0,
            global!(h5t::H5T_NATIVE_INT64),
            h5s::H5S_ALL,
            h5s::H5S_ALL,
            h5p::H5P_DEFAULT,
            values.as_mut_ptr().cast()
        )?;
        Some(values)
    }

    pub fn remove(&self, path: &str) {
        let name = text(path);
        call!(h5l::H5Ldelete, self.id.0, name.as_ptr(), h5p::H5P_DEFAULT).unwrap();
    }

    pub fn has(&self, path: &str) -> bool {
        let name = text(path);
        call!(h5l::H5Lexists, self.id.0, name.as_ptr(), h5p::H5P_DEFAULT) == Some(1)
    }

    fn dataset(&self, path: &str) -> Option<Id> {
        let name = text(path);
        call!(h5d::H5Dopen2, self.id.0, name.as_ptr(), h5p::H5P_DEFAULT).map(Id)
    }

    fn length(&self, path: &str) -> Option<u64> {
        let dataset = self.dataset(path)?;
        let space = Id(call!(h5d::H5Dget_space, dataset.0)?);
        let length = call!(h5s::H5Sget_simple_extent_npoints, space.0)?;
        u64::try_from(length).ok()
    }
}

fn string_type() -> Id {
    let kind = Id(call!(h5t::H5Tcopy, global!(h5t::H5T_C_S1)).unwrap());
    call!(h5t::H5Tset_size, kind.0, h5t::H5T_VARIABLE).unwrap();
    call!(h5t::H5Tset_cset, kind.0, H5T_cset_t::H5T_CSET_UTF8).unwrap();
    kind
}
