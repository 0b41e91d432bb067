//! The property lists with which files, links and datasets are created and opened.

use std::cell::OnceCell;
use std::rc::Rc;
use std::thread::LocalKey;

use hdf5_metno_sys::h5::herr_t;
use hdf5_metno_sys::h5ac::{H5AC__CURR_CACHE_CONFIG_VERSION, H5AC_cache_config_t};
use hdf5_metno_sys::h5f::{H5F_close_degree_t, H5F_libver_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p;
use hdf5_metno_sys::h5t::H5T_cset_t;
use journal::Journal;

use super::error::Result;
use super::library::{Handle, call, enter};

// A function of HDF5 1.10.2 and later that the bindings do not have.
unsafe extern "C" {
    fn H5Fset_libver_bounds(file: hid_t, low: H5F_libver_t, high: H5F_libver_t) -> herr_t;
}

const TRACKED: u32 = 0x1;
const TRACKED_AND_INDEXED: u32 = TRACKED | 0x2;

/// The number of links for which the header of the root group has room from the beginning (4 kB). More links are in a heap
/// with B-trees, in which a link is found as fast among tens of thousands.
const LINKS_OF_ROOT: u32 = 128;

/// The same with a journal (2 kB): readers meet neither the heap nor the trees while they change, since they read a copy of
/// the root group.
const LINKS_OF_COPIED_ROOT: u32 = 64;

/// The usual length of the names of these links.
const NAME_IN_ROOT: u32 = 8;

/// The bounds of the versions of objects.
const FORMATS: (H5F_libver_t, H5F_libver_t) = (
    H5F_libver_t::H5F_LIBVER_EARLIEST,
    H5F_libver_t::H5F_LIBVER_V110,
);

/// The sizes in bytes that the cache of metadata of a file may have, and at first has. The library adapts it to what is
/// used: it becomes larger if entries are missed. Its own smallest size is four times as large, which 100 open files
/// would fill with entries that nobody needs any more.
const METADATA_CACHE: (usize, usize) = (256 << 10, 8 << 20);

macro_rules! list {
    ($class:ident) => {{
        // The library sets the identifiers of classes when it is initialised.
        let _entered = enter();
        Handle::new(call!(h5p::H5Pcreate(*h5p::$class))?)
    }};
}

/// Returns the properties for writing a file: format bounds that all readers support, a lock if it is asked
/// for, and objects that are closed with the file.
///
/// The lower bound keeps superblocks without a mark of a writer, which plain readers open while the file is being
/// written. Without a journal files are plain, whatever `HDF5_DRIVER` says: what holds for them is relied on.
pub(super) fn write_access(with_lock: bool, journal: Option<&Journal>) -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_ACCESS);
    match journal {
        Some(journal) => journal.set_driver(list.id())?,
        None => {
            call!(h5p::H5Pset_fapl_sec2(list.id()))?;
        }
    }
    let (least, most) = FORMATS;
    call!(h5p::H5Pset_libver_bounds(list.id(), least, most))?;
    limit_metadata_cache(&list)?;
    // A lock that is asked for is never left out silently.
    call!(h5p::H5Pset_file_locking(list.id(), with_lock.into(), 0))?;
    call!(h5p::H5Pset_fclose_degree(
        list.id(),
        H5F_close_degree_t::H5F_CLOSE_STRONG
    ))?;
    Ok(list)
}

fn limit_metadata_cache(access: &Handle) -> Result<()> {
    let mut config = H5AC_cache_config_t {
        version: H5AC__CURR_CACHE_CONFIG_VERSION,
        ..H5AC_cache_config_t::default()
    };
    call!(h5p::H5Pget_mdc_config(access.id(), &mut config))?;
    let (least, most) = METADATA_CACHE;
    config.set_initial_size = 1;
    config.initial_size = least;
    config.min_size = least;
    config.max_size = most;
    call!(h5p::H5Pset_mdc_config(access.id(), &config))?;
    Ok(())
}

/// Returns the properties for reading a file that another process may be writing, without a lock. It is closed with the
/// last of its objects, or together with them.
pub(super) fn read_access(closing: H5F_close_degree_t) -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_ACCESS);
    call!(h5p::H5Pset_file_locking(list.id(), 0, 1))?;
    call!(h5p::H5Pset_fclose_degree(list.id(), closing))?;
    Ok(list)
}

/// Returns the properties of a new file, whose root group lists links in creation order.
///
/// With a journal the order of attributes is not tracked: the library would number all attributes that were ever made of the
/// root with 16 bits, which are used up after 16,000 scans. See [`use_new_header`].
pub(super) fn file_creation(journal: Option<&Journal>) -> Result<Handle> {
    let list = list!(H5P_CLS_FILE_CREATE);
    let links = match journal {
        Some(_) => {
            journal::keep_freed_space(list.id())?;
            LINKS_OF_COPIED_ROOT
        }
        None => {
            call!(h5p::H5Pset_attr_creation_order(
                list.id(),
                TRACKED_AND_INDEXED
            ))?;
            LINKS_OF_ROOT
        }
    };
    call!(h5p::H5Pset_link_creation_order(
        list.id(),
        TRACKED_AND_INDEXED
    ))?;
    call!(h5p::H5Pset_obj_track_times(list.id(), 0))?;
    // A header with one part is read at once. A second part would be for one link, and each further one as well.
    call!(h5p::H5Pset_link_phase_change(list.id(), links, links / 2))?;
    call!(h5p::H5Pset_est_link_info(list.id(), links, NAME_IN_ROOT))?;
    Ok(list)
}

/// Has the library make the root group of a new file with a header of version 2 even if no order of attributes is tracked:
/// attributes in a header of version 1 are searched one after the other. Such files have superblock 2, as those with a
/// journal have in any case. [`use_formats`] has to follow.
pub(super) fn use_new_header(access: &Handle) -> Result<()> {
    let (_, most) = FORMATS;
    let least = H5F_libver_t::H5F_LIBVER_V18;
    call!(h5p::H5Pset_libver_bounds(access.id(), least, most)).map(drop)
}

/// Has the library make further objects of a file with the usual versions.
pub(super) fn use_formats(file: hid_t) -> Result<()> {
    let (least, most) = FORMATS;
    call!(H5Fset_libver_bounds(file, least, most)).map(drop)
}

/// Returns the properties of a new link. Groups in between are created, and names that are not ASCII are
/// marked as UTF-8.
pub(super) fn link_creation(name: &str) -> Result<Rc<Handle>> {
    thread_local!(static ASCII: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    thread_local!(static UNICODE: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    let (cache, encoding) = if name.is_ascii() {
        (&ASCII, H5T_cset_t::H5T_CSET_ASCII)
    } else {
        (&UNICODE, H5T_cset_t::H5T_CSET_UTF8)
    };
    cached(cache, || {
        let list = list!(H5P_CLS_LINK_CREATE);
        call!(h5p::H5Pset_create_intermediate_group(list.id(), 1))?;
        call!(h5p::H5Pset_char_encoding(list.id(), encoding))?;
        Ok(list)
    })
}

/// The size of the heap that the library gives a group for names and targets of links, without a hint.
const USUAL_HEAP: usize = 88;

/// Returns the properties of a new group with room for these texts, or `None` if every group has that much room.
pub(super) fn group_creation(texts: &[&str]) -> Result<Option<Handle>> {
    // A heap consists of multiples of eight bytes, begins with an empty text, and has to keep room for the
    // description of a free part (HDF5 file format, local heaps).
    let aligned = |text: &&str| (text.len() + 1).next_multiple_of(8);
    let size = 8 + texts.iter().map(aligned).sum::<usize>() + 16;
    if size <= USUAL_HEAP {
        return Ok(None);
    }
    let list = list!(H5P_CLS_GROUP_CREATE);
    call!(h5p::H5Pset_local_heap_size_hint(list.id(), size))?;
    Ok(Some(list))
}

/// The most links of a group that are in its header.
const MAX_HEADER_LINKS: u32 = 128;

/// How many links a growing group gets later, and the length of their names: `end_time`, `end_reason`, a plot and the like.
const LATER_LINKS: usize = 3;
const LATER_NAME: usize = 10;

/// Returns the properties of a new group with room for these links and some more in its header, or `None` if they are too
/// many for one header.
///
/// A reader takes such a header as a whole, with its checksum. The links of other groups are in a heap and a table that a
/// reader takes one after the other, and a link that comes in between refers to a name that is not in that heap.
pub(super) fn growing_group_creation(links: u32, texts: &[&str]) -> Result<Option<Handle>> {
    let count = links.saturating_add(LATER_LINKS as u32);
    if count > MAX_HEADER_LINKS {
        return Ok(None);
    }
    let length = texts.iter().map(|text| text.len()).sum::<usize>() + LATER_LINKS * LATER_NAME;
    let length = length.div_ceil(count as usize).min(1 << 10) as u32;
    let list = list!(H5P_CLS_GROUP_CREATE);
    call!(h5p::H5Pset_link_phase_change(
        list.id(),
        MAX_HEADER_LINKS,
        MAX_HEADER_LINKS / 2
    ))?;
    call!(h5p::H5Pset_est_link_info(list.id(), count, length))?;
    // That gives the header version 2, which has a checksum.
    call!(h5p::H5Pset_attr_creation_order(list.id(), TRACKED))?;
    call!(h5p::H5Pset_obj_track_times(list.id(), 0))?;
    Ok(Some(list))
}

/// Returns the properties of a new dataset, without time stamps, so that the same scan always results in
/// the same file.
pub(super) fn dataset_creation() -> Result<Handle> {
    let list = list!(H5P_CLS_DATASET_CREATE);
    call!(h5p::H5Pset_obj_track_times(list.id(), 0))?;
    Ok(list)
}

/// Returns the properties of a new contiguous dataset, from a cache.
pub(super) fn plain_dataset_creation() -> Result<Rc<Handle>> {
    thread_local!(static PLAIN: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    cached(&PLAIN, dataset_creation)
}

/// Returns the properties of a new contiguous dataset whose header has no room for attributes, from a cache.
pub(super) fn bare_dataset_creation() -> Result<Rc<Handle>> {
    thread_local!(static BARE: OnceCell<Rc<Handle>> = const { OnceCell::new() });
    cached(&BARE, || {
        let list = dataset_creation()?;
        call!(h5p::H5Pset_dset_no_attrs_hint(list.id(), 1))?;
        Ok(list)
    })
}

/// Returns the properties for opening a dataset with a chunk cache of `cache` bytes.
pub(super) fn dataset_access(cache: usize) -> Result<Handle> {
    // These values stand for the default number of slots and the default order of eviction.
    let (slots, order) = (usize::MAX, -1.0);
    let list = list!(H5P_CLS_DATASET_ACCESS);
    call!(h5p::H5Pset_chunk_cache(list.id(), slots, cache, order))?;
    Ok(list)
}

/// Returns the list of this thread, which is created at its first use. It is cached because thousands of
/// objects are created with the same properties.
fn cached(
    cache: &'static LocalKey<OnceCell<Rc<Handle>>>,
    make: impl FnOnce() -> Result<Handle>,
) -> Result<Rc<Handle>> {
    cache.with(|cache| match cache.get() {
        Some(list) => Ok(list.clone()),
        None => {
            let list = Rc::new(make()?);
            Ok(cache.get_or_init(|| list).clone())
        }
    })
}

/// Returns `true` if a group tracks the creation order of its links.
pub(super) fn tracks_link_order(group_creation: hid_t) -> Result<bool> {
    let mut flags = 0;
    call!(h5p::H5Pget_link_creation_order(group_creation, &mut flags))?;
    Ok(flags & TRACKED_AND_INDEXED == TRACKED_AND_INDEXED)
}
