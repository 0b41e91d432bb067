//! Creates and opens groups, and opens the objects in them.

use std::ffi::{CStr, c_char, c_void};

use hdf5_metno_sys::h5::{H5_index_t, H5_iter_order_t, herr_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::{self, H5L_info2_t};
use hdf5_metno_sys::{h5d, h5g, h5o, h5p};

use super::dataset::Dataset;
use super::error::Result;
use super::library::{Handle, c_text, call};
use super::properties;
use super::token;

/// An open group. Paths are relative to it unless they start with a slash.
#[derive(Debug)]
pub struct Group {
    pub(super) handle: Handle,
}

/// An open object that has attributes: a group, dataset or named type.
#[derive(Debug)]
pub struct Object {
    pub(super) handle: Handle,
}

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectKind {
    /// A group.
    Group,
    /// A dataset.
    Dataset,
    /// A named type.
    Type,
    /// An object in another file, which is not opened.
    External,
}

impl Group {
    pub(super) fn id(&self) -> hid_t {
        self.handle.id()
    }

    /// Creates a group that must not exist. A name with slashes creates the groups in between.
    pub fn create_group(&self, name: &str) -> Result<Group> {
        self.create_group_for(name, &[])
    }

    /// Creates a group as [`create_group`](Group::create_group) does, with room for these texts: the names of its
    /// children and the targets of its soft links. The space of a group that has to grow is lost in the file.
    pub fn create_group_for(&self, name: &str, texts: &[&str]) -> Result<Group> {
        self.create_group_with(name, properties::group_creation(texts)?)
    }

    /// Creates a group that gets links while programs read it, as [`create_group_for`](Group::create_group_for) does:
    /// `links` of them soon, with these names and targets, and some more later. Readers find each link or do not, but all
    /// others.
    pub fn create_growing_group(&self, name: &str, links: u32, texts: &[&str]) -> Result<Group> {
        match properties::growing_group_creation(links, texts)? {
            Some(creation) => self.create_group_with(name, Some(creation)),
            None => self.create_group_for(name, texts),
        }
    }

    fn create_group_with(&self, name: &str, creation: Option<Handle>) -> Result<Group> {
        let link = properties::link_creation(name)?;
        let creation = creation.as_ref().map_or(h5p::H5P_DEFAULT, Handle::id);
        let name = c_text(name)?;
        let access = h5p::H5P_DEFAULT;
        let id = call!(h5g::H5Gcreate2(
            self.id(),
            name.as_ptr(),
            link.id(),
            creation,
            access
        ))?;
        Ok(Group {
            handle: Handle::new(id),
        })
    }

    /// Opens a group.
    pub fn open_group(&self, path: &str) -> Result<Group> {
        let path = c_text(path)?;
        let id = call!(h5g::H5Gopen2(self.id(), path.as_ptr(), h5p::H5P_DEFAULT))?;
        Ok(Group {
            handle: Handle::new(id),
        })
    }

    /// Opens a dataset.
    pub fn open_dataset(&self, path: &str) -> Result<Dataset> {
        self.open_dataset_with(path, None)
    }

    /// Opens a dataset with a chunk cache of `cache` bytes, see
    /// [`ChunkedOptions::cache`](super::ChunkedOptions::cache).
    pub fn open_dataset_with(&self, path: &str, cache: Option<usize>) -> Result<Dataset> {
        let path = c_text(path)?;
        let access = cache.map(properties::dataset_access).transpose()?;
        let access = access.as_ref().map_or(h5p::H5P_DEFAULT, Handle::id);
        let id = call!(h5d::H5Dopen2(self.id(), path.as_ptr(), access))?;
        Dataset::from_handle(Handle::new(id))
    }

    /// Opens the object at this path, for access to its attributes.
    pub fn open_object(&self, path: &str) -> Result<Object> {
        let path = c_text(path)?;
        let id = call!(h5o::H5Oopen(self.id(), path.as_ptr(), h5p::H5P_DEFAULT))?;
        Ok(Object {
            handle: Handle::new(id),
        })
    }

    /// Removes the link at this path. The object is removed too if it has no other hard link.
    pub fn unlink(&self, path: &str) -> Result<()> {
        let path = c_text(path)?;
        call!(h5l::H5Ldelete(self.id(), path.as_ptr(), h5p::H5P_DEFAULT)).map(drop)
    }

    /// Returns the token of this group, which is unique in the file and does not depend on the path.
    pub fn token(&self) -> Result<[u8; 16]> {
        token::of(&self.handle)
    }

    /// Returns the names of the children, in creation order if the group tracks it, otherwise sorted by
    /// name.
    pub fn names(&self) -> Result<Vec<String>> {
        let creation = Handle::new(call!(h5g::H5Gget_create_plist(self.id()))?);
        let index = if properties::tracks_link_order(creation.id())? {
            H5_index_t::H5_INDEX_CRT_ORDER
        } else {
            H5_index_t::H5_INDEX_NAME
        };
        let mut names: Vec<String> = Vec::new();
        let note: h5l::H5L_iterate2_t = Some(note_name);
        call!(h5l::H5Literate2(
            self.id(),
            index,
            H5_iter_order_t::H5_ITER_INC,
            std::ptr::null_mut(),
            note,
            (&raw mut names).cast()
        ))?;
        Ok(names)
    }
}

unsafe extern "C" fn note_name(
    _: hid_t,
    name: *const c_char,
    _: *const H5L_info2_t,
    names: *mut c_void,
) -> herr_t {
    // SAFETY: the library passes a C string and the pointer to the vector in `names`.
    let (name, names) = unsafe { (CStr::from_ptr(name), &mut *names.cast::<Vec<String>>()) };
    names.push(name.to_string_lossy().into_owned());
    0
}

#[cfg(test)]
mod tests {
    use crate::h5::File;

    #[test]
    fn thousands_of_links_are_listed_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(&folder.path().join("a.h5")).unwrap();
        let root = file.root().unwrap();
        let names: Vec<_> = (1..=2500).map(|number| format!("{number}.1")).collect();
        for name in &names {
            root.create_group(name).unwrap();
        }
        assert_eq!(root.names().unwrap(), names);
        for name in &names[10..] {
            root.unlink(name).unwrap();
        }
        assert_eq!(root.names().unwrap(), names[..10]);
    }
}
