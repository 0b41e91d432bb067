//! Where paths lead, without opening other files.
//!
//! The library would follow an external link by opening the other file like this one: for writing
//! and with a lock. That file may be one that a detector is writing.

use hdf5_metno_sys::h5i::{self, H5I_type_t};
use hdf5_metno_sys::{h5l, h5p};

use super::error::Result;
use super::group::{Group, Object, ObjectKind};
use super::library::{c_text, call, enter};
use super::link::Link;

/// Soft links on one way before it counts as a circle, as in the library.
const MAX_SOFT_LINKS: usize = 16;

#[derive(PartialEq)]
enum PathEnd {
    Nothing,
    Object,
    OtherFile,
}

impl Group {
    /// Whether a path leads to an object of this file, or out of it. A soft link that leads nowhere
    /// does not; an external link does, whatever is there.
    ///
    /// # Errors
    /// If a group on the way cannot be read.
    pub fn resolves(&self, path: &str) -> Result<bool> {
        Ok(self.follow(path, MAX_SOFT_LINKS)? != PathEnd::Nothing)
    }

    /// What a path leads to, following soft links; `None` if it leads nowhere.
    ///
    /// # Errors
    /// If a group on the way, or the object, cannot be read.
    pub fn kind(&self, path: &str) -> Result<Option<ObjectKind>> {
        match self.follow(path, MAX_SOFT_LINKS)? {
            PathEnd::Nothing => Ok(None),
            PathEnd::OtherFile => Ok(Some(ObjectKind::External)),
            PathEnd::Object => Ok(Some(self.open_object(path)?.kind())),
        }
    }

    /// Whether there is a link at this path, wherever it leads.
    ///
    /// # Errors
    /// If a group on the way cannot be read.
    pub fn has_link(&self, path: &str) -> Result<bool> {
        let path = path.trim_end_matches('/');
        if parts(path).next().is_none() {
            return Ok(true);
        }
        Ok(self.follow(parent(path), MAX_SOFT_LINKS)? == PathEnd::Object && self.has_name(path)?)
    }

    fn follow(&self, path: &str, links: usize) -> Result<PathEnd> {
        let mut done = String::from(if path.starts_with('/') { "/" } else { "" });
        let mut names = parts(path);
        while let Some(name) = names.next() {
            let parent = done.len();
            done += name;
            if !self.has_name(&done)? {
                return Ok(PathEnd::Nothing);
            }
            match self.link(&done)? {
                Link::Hard => done.push('/'),
                Link::Soft { .. } if links == 0 => return Ok(PathEnd::Nothing),
                Link::Soft { target } => {
                    let rest: Vec<_> = names.collect();
                    let start = if target.starts_with('/') {
                        ""
                    } else {
                        &done[..parent]
                    };
                    let path = format!("{start}{target}/{}", rest.join("/"));
                    return self.follow(&path, links - 1);
                }
                Link::External { .. } | Link::Other => return Ok(PathEnd::OtherFile),
            }
        }
        Ok(PathEnd::Object)
    }

    /// Whether there is a link of this name, when all that is before it exists. In something that is
    /// not a group there is none.
    fn has_name(&self, path: &str) -> Result<bool> {
        let c_path = c_text(path)?;
        let exists = call!(h5l::H5Lexists(self.id(), c_path.as_ptr(), h5p::H5P_DEFAULT));
        match exists {
            Ok(exists) => Ok(exists > 0),
            // The library fails alike for what is not a group and for a group that it cannot read.
            Err(error) => match self.open_object(parent(path)).map(|object| object.kind()) {
                Ok(ObjectKind::Dataset | ObjectKind::Type) => Ok(false),
                _ => Err(error),
            },
        }
    }
}

impl Object {
    fn kind(&self) -> ObjectKind {
        let _entered = enter();
        // SAFETY: the handle is alive.
        match unsafe { h5i::H5Iget_type(self.handle.id()) } {
            H5I_type_t::H5I_GROUP => ObjectKind::Group,
            H5I_type_t::H5I_DATASET => ObjectKind::Dataset,
            _ => ObjectKind::Type,
        }
    }
}

/// The names of a path. Slashes may be repeated, and a dot is the group itself.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|name| !name.is_empty() && *name != ".")
}

/// The path without its last name.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => ".",
    }
}
