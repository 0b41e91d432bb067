//! The filters of datasets, including bitshuffle, which is not part of the C library.

use std::ffi::{c_uint, c_void};
use std::{fmt, panic};

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5z::{self, H5Z_class2_t};
use hdf5_metno_sys::{h5, h5p};

use super::error::Result;
use super::library::call;
use crate::chunk;

/// A filter that transforms a chunk before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The first bytes of all elements are stored together, then the second bytes and so on.
    Shuffle,
    /// A chunk is compressed to a zlib stream with this level, 0 to 9.
    Deflate(u32),
    /// The first bits of all elements are stored together, then the second bits and so on.
    BitShuffle {
        /// `true` if the bits are compressed with LZ4.
        lz4: bool,
    },
}

impl Filter {
    /// Returns `true` if the filter may change the size of a chunk.
    pub(super) fn resizes(self) -> bool {
        match self {
            Filter::Shuffle | Filter::BitShuffle { lz4: false } => false,
            Filter::Deflate(_) | Filter::BitShuffle { lz4: true } => true,
        }
    }
}

/// A filter of an existing dataset.
pub(super) struct StoredFilter {
    id: i32,
    /// The first parameters of the filter.
    values: [c_uint; 16],
    name: String,
}

/// Returns the filters in a dataset creation property list.
pub(super) fn stored(list: hid_t) -> Result<Vec<StoredFilter>> {
    let count = call!(h5p::H5Pget_nfilters(list))?;
    (0..count.unsigned_abs())
        .map(|index| {
            let (mut flags, mut config) = (0, 0);
            let mut values = [0; 16];
            let mut used = values.len();
            let mut name = [0u8; 80];
            let id = call!(h5p::H5Pget_filter2(
                list,
                index,
                &mut flags,
                &mut used,
                values.as_mut_ptr(),
                name.len() - 1,
                name.as_mut_ptr().cast(),
                &mut config
            ))?;
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
            let name = String::from_utf8_lossy(&name[..end]).into_owned();
            Ok(StoredFilter { id, values, name })
        })
        .collect()
}

impl StoredFilter {
    /// Returns the number and the name of the filter, as they are in the file.
    pub(super) fn registered(self) -> (i32, String) {
        (self.id, self.name)
    }

    /// Returns `true` if the filter may change the size of a chunk.
    pub(super) fn resizes(&self) -> bool {
        match self.id {
            h5z::H5Z_FILTER_SHUFFLE => false,
            chunk::BITSHUFFLE => self.values[4] != 0,
            _ => true,
        }
    }
}

impl fmt::Display for StoredFilter {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.id {
            h5z::H5Z_FILTER_DEFLATE => write!(f, "deflate {}", self.values[0]),
            h5z::H5Z_FILTER_SHUFFLE => f.write_str("shuffle"),
            h5z::H5Z_FILTER_FLETCHER32 => f.write_str("fletcher32"),
            other => write!(f, "{} ({other})", self.name),
        }
    }
}

/// The version of the bitshuffle plugin. The parameters of the filter are this version, the size of an
/// element, the size of a block (0 for the default) and the compressor.
const PLUGIN_VERSION: [c_uint; 2] = [0, 4];
const LZ4: c_uint = 2;

/// Adds a filter to a dataset creation property list, for elements of `item` bytes.
pub(super) fn add(list: hid_t, filter: Filter, item: usize) -> Result<()> {
    match filter {
        Filter::Shuffle => call!(h5p::H5Pset_shuffle(list))?,
        Filter::Deflate(level) => call!(h5p::H5Pset_deflate(list, level))?,
        Filter::BitShuffle { lz4 } => {
            let [major, minor] = PLUGIN_VERSION;
            let item = c_uint::try_from(item).unwrap_or(c_uint::MAX);
            let values = [major, minor, item, 0, if lz4 { LZ4 } else { 0 }];
            call!(h5p::H5Pset_filter(
                list,
                chunk::BITSHUFFLE,
                h5z::H5Z_FLAG_OPTIONAL,
                values.len(),
                values.as_ptr()
            ))?
        }
    };
    Ok(())
}

/// Registers bitshuffle with the library. The caller must hold the lock of the library, and may call this
/// repeatedly.
pub(super) fn register() {
    let class = H5Z_class2_t {
        version: h5z::H5Z_CLASS_T_VERS as i32,
        id: chunk::BITSHUFFLE,
        encoder_present: 1,
        decoder_present: 1,
        // The name is that of the plugin, because it is stored in files.
        name: c"bitshuffle; see https://github.com/kiyo-masui/bitshuffle".as_ptr(),
        can_apply: None,
        set_local: None,
        filter: Some(bitshuffle),
    };
    // SAFETY: the library copies the description; the name and the function are static. If the
    // registration fails, each use of the filter returns an error.
    let status = unsafe { h5z::H5Zregister((&raw const class).cast()) };
    if status < 0 {
        tracing::warn!("cannot register the bitshuffle filter with HDF5");
    }
}

/// Applies the filter. The library calls this function. It replaces the buffer and returns the number of
/// its bytes, or 0 if it fails.
unsafe extern "C" fn bitshuffle(
    flags: c_uint,
    value_count: usize,
    values: *const c_uint,
    length: usize,
    buffer_size: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    // SAFETY: the library passes `value_count` values and a buffer of at least `length` bytes.
    let (values, source) = unsafe {
        if values.is_null() || (*buffer).is_null() {
            return 0;
        }
        (
            std::slice::from_raw_parts(values, value_count),
            std::slice::from_raw_parts((*buffer).cast::<u8>().cast_const(), length),
        )
    };
    let reverse = flags & h5z::H5Z_FLAG_REVERSE != 0;
    // A panic must not unwind through the C library.
    let filtered = panic::catch_unwind(|| filtered(values, reverse, source));
    let Ok(Some(target)) = filtered else {
        return 0;
    };
    // SAFETY: the new buffer has the size of the copied bytes. The old buffer came from the same
    // allocator, and `source`, which refers to it, is not used any more.
    unsafe {
        let memory = h5::H5allocate_memory(target.len(), false.into());
        if memory.is_null() {
            return 0;
        }
        std::ptr::copy_nonoverlapping(target.as_ptr(), memory.cast(), target.len());
        h5::H5free_memory(*buffer);
        *buffer = memory;
        *buffer_size = target.len();
    }
    target.len()
}

/// Returns the bytes to which the filter is applied, or reversed if `reverse` is `true`.
fn filtered(values: &[c_uint], reverse: bool, source: &[u8]) -> Option<Vec<u8>> {
    let item = usize::try_from(*values.get(2)?).ok()?;
    let compressor = values.get(4).copied().unwrap_or(0);
    let mut scratch = Vec::new();
    match (compressor, reverse) {
        (0, false) => {
            let mut target = vec![0; source.len()];
            chunk::bitshuffle(source, item, &mut target, &mut scratch);
            Some(target)
        }
        (0, true) => {
            let mut target = vec![0; source.len()];
            chunk::bitunshuffle(source, item, &mut target, &mut scratch);
            Some(target)
        }
        (LZ4, false) => {
            let mut target = Vec::new();
            chunk::bitshuffle_lz4(source, item, &mut target, &mut scratch);
            Some(target)
        }
        (LZ4, true) => {
            // One byte of LZ4 expands to at most 255 bytes, and chunks are smaller than 4 GiB.
            let limit = source.len().saturating_mul(256).min(u32::MAX as usize);
            chunk::bitunshuffle_lz4(source, item, limit, &mut scratch)
        }
        _ => None,
    }
}
