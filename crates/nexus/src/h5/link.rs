//! Creates and reads links.

use std::path::Path;

use hdf5_metno_sys::h5l::{self, H5L_info2_t, H5L_type_t};
use hdf5_metno_sys::h5p;

use super::error::Result;
use super::group::Group;
use super::library::{c_path, c_text, call, enter};
use super::properties;

/// The link between a name and an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// The name refers to the object directly.
    Hard,
    /// The name refers to a path in the same file.
    Soft {
        /// The path, as stored.
        target: String,
    },
    /// The name refers to a path in another file.
    External {
        /// The name of the file, as stored.
        file: String,
        /// The path, as stored.
        target: String,
    },
    /// The link is of a kind that this crate does not know.
    Other,
}

impl Group {
    /// Creates a soft link with exactly this text. Its target need not exist.
    pub fn create_soft_link(&self, name: &str, target: &str) -> Result<()> {
        let link = properties::link_creation(name)?;
        let (name, target) = (c_text(name)?, c_text(target)?);
        let access = h5p::H5P_DEFAULT;
        call!(h5l::H5Lcreate_soft(
            target.as_ptr(),
            self.id(),
            name.as_ptr(),
            link.id(),
            access
        ))
        .map(drop)
    }

    /// Creates a link to an object of another file with exactly these texts.
    pub fn create_external_link(&self, name: &str, file: &Path, target: &str) -> Result<()> {
        let link = properties::link_creation(name)?;
        let (name, file, target) = (c_text(name)?, c_path(file)?, c_text(target)?);
        call!(h5l::H5Lcreate_external(
            file.as_ptr(),
            target.as_ptr(),
            self.id(),
            name.as_ptr(),
            link.id(),
            h5p::H5P_DEFAULT
        ))
        .map(drop)
    }

    /// Returns the link at this path.
    pub fn link(&self, path: &str) -> Result<Link> {
        let path = c_text(path)?;
        let access = h5p::H5P_DEFAULT;
        let mut info = H5L_info2_t::default();
        call!(h5l::H5Lget_info2(
            self.id(),
            path.as_ptr(),
            &mut info,
            access
        ))?;
        if info.type_ == H5L_type_t::H5L_TYPE_HARD {
            return Ok(Link::Hard);
        }
        // SAFETY: for links other than hard links the union holds the size of the value.
        let size = unsafe { *info.u.val_size() };
        let mut value = vec![0u8; size + 1];
        let buffer = value.as_mut_ptr().cast();
        call!(h5l::H5Lget_val(
            self.id(),
            path.as_ptr(),
            buffer,
            size,
            access
        ))?;
        match info.type_ {
            H5L_type_t::H5L_TYPE_SOFT => Ok(Link::Soft {
                target: until_nul(&value),
            }),
            H5L_type_t::H5L_TYPE_EXTERNAL => unpack(&value, size),
            _ => Ok(Link::Other),
        }
    }
}

fn unpack(value: &[u8], size: usize) -> Result<Link> {
    let (mut flags, mut file, mut target) = (0, std::ptr::null(), std::ptr::null());
    let _entered = enter();
    call!(h5l::H5Lunpack_elink_val(
        value.as_ptr().cast(),
        size,
        &mut flags,
        &mut file,
        &mut target
    ))?;
    let text = |pointer: *const std::ffi::c_char| {
        // SAFETY: both point to C strings inside `value`.
        unsafe { std::ffi::CStr::from_ptr(pointer) }
            .to_string_lossy()
            .into_owned()
    };
    Ok(Link::External {
        file: text(file),
        target: text(target),
    })
}

fn until_nul(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
