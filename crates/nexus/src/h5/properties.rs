//! Property lists: how files, links and datasets are made.

use std::cell::OnceCell;
use std::rc::Rc;
use std::thread::LocalKey;

use hdf5_metno_sys::h5f::{H5F_close_degree_t, H5F_libver_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p;
use hdf5_metno_sys::h5t::H5T_cset_t;

use super::error::Result;
use super::library::{Handle, call, enter};

const TRACKED_AND_INDEXED: u32 = 0x1 | 0x2;

macro_rules! list {
    ($class:ident) => {{
        // The class identifiers are filled when the library opens.
        let _entered = enter();
        Handle::new(call!(h5p::H5Pcreate(*h5p::$class))?)
    }};
}

/// Access to a file for writing: format bounds that every reader understands, a lock, and
/// objects that close with the file.
///
/// The lower bound keeps superblock 0, which plain readers open while the file is being written.
/// `HDF5_USE_FILE_LOCKING` in the environment overrules the lock, as in every program with HDF5.
/// Plain files, whatever `HDF5_DRIVER` says: what holds for them is relied on.
pub(super) fn write_access() -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_ACCESS);
    call!(h5p::H5Pset_fapl_sec2(list.id()))?;
    call!(h5p::H5Pset_libver_bounds(
        list.id(),
        H5F_libver_t::H5F_LIBVER_EARLIEST,
        H5F_libver_t::H5F_LIBVER_V110
    ))?;
    call!(h5p::H5Pset_file_locking(list.id(), 1, 1))?;
    call!(h5p::H5Pset_fclose_degree(
        list.id(),
        H5F_close_degree_t::H5F_CLOSE_STRONG
    ))?;
    Ok(list)
}

/// Access to a file that another process may be writing: no lock.
pub(super) fn read_access() -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_ACCESS);
    call!(h5p::H5Pset_file_locking(list.id(), 0, 1))?;
    call!(h5p::H5Pset_fclose_degree(
        list.id(),
        H5F_close_degree_t::H5F_CLOSE_STRONG
    ))?;
    Ok(list)
}

/// A new file: its root group lists links and attributes in the order in which they were made.
pub(super) fn file_creation() -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_CREATE);
    call!(h5p::H5Pset_link_creation_order(
        list.id(),
        TRACKED_AND_INDEXED
    ))?;
    call!(h5p::H5Pset_attr_creation_order(
        list.id(),
        TRACKED_AND_INDEXED
    ))?;
    call!(h5p::H5Pset_obj_track_times(list.id(), 0))?;
    Ok(list)
}

/// A new link: groups in between are made, and names say that they are UTF-8 if they need to.
pub(super) fn link_creation(name: &str) -> Result<Rc<Handle>> {
    thread_local!(static ASCII: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    thread_local!(static UNICODE: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    let (made, encoding) = if name.is_ascii() {
        (&ASCII, H5T_cset_t::H5T_CSET_ASCII)
    } else {
        (&UNICODE, H5T_cset_t::H5T_CSET_UTF8)
    };
    cached(made, || {
        let list = list!(H5P_CLS_LINK_CREATE);
        call!(h5p::H5Pset_create_intermediate_group(list.id(), 1))?;
        call!(h5p::H5Pset_char_encoding(list.id(), encoding))?;
        Ok(list)
    })
}

/// A new dataset, without times, so that the same scan makes the same file.
pub(super) fn dataset_creation() -> Result<Handle> {
    let list = list!(H5P_CLS_DATASET_CREATE);
    call!(h5p::H5Pset_obj_track_times(list.id(), 0))?;
    Ok(list)
}

/// Returns the properties of a dataset with nothing special about it.
pub(super) fn plain_dataset_creation() -> Result<Rc<Handle>> {
    thread_local!(static PLAIN: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    cached(&PLAIN, dataset_creation)
}

/// Access to a dataset with a chunk cache of so many bytes.
pub(super) fn dataset_access(cache: usize) -> Result<Handle> {
    // As many slots as usual, and the usual order of eviction.
    let (slots, order) = (usize::MAX, -1.0);
    let list = list!(H5P_CLS_DATASET_ACCESS);
    call!(h5p::H5Pset_chunk_cache(list.id(), slots, cache, order))?;
    Ok(list)
}

/// The list of this thread, made at its first use: thousands of objects are made alike.
fn cached(
    made: &'static LocalKey<OnceCell<Rc<Handle>>>,
    make: impl FnOnce() -> Result<Handle>,
) -> Result<Rc<Handle>> {
    made.with(|made| match made.get() {
        Some(list) => Ok(list.clone()),
        None => {
            let list = Rc::new(make()?);
            Ok(made.get_or_init(|| list).clone())
        }
    })
}

/// Whether a group keeps the order in which its links were made.
pub(super) fn tracks_link_order(group_creation: hid_t) -> Result<bool> {
    let mut flags = 0;
    call!(h5p::H5Pget_link_creation_order(group_creation, &mut flags))?;
    Ok(flags & TRACKED_AND_INDEXED == TRACKED_AND_INDEXED)
}
