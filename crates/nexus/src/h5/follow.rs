//! Follows paths to their targets, without opening other files.
//!
//! The library follows an external link by opening the other file in the same way as this one: for
//! writing and with a lock. But a detector may be writing that file.

use hdf5_metno_sys::h5i::{self, H5I_type_t};
use hdf5_metno_sys::{h5l, h5p};

use super::error::Result;
use super::group::{Group, Object, ObjectKind};
use super::library::{c_text, call, enter};
use super::link::Link;

/// The largest number of soft links that are followed. Like the library, this module takes a path with
/// more of them for a cycle.
const MAX_SOFT_LINKS: usize = 16;

#[derive(PartialEq)]
enum PathEnd {
    Nothing,
    Object,
    OtherFile,
}

impl Group {
    /// Returns `true` if a path leads to an object of this file or to another file. The target in another
    /// file need not exist, but the target of a soft link must.
    ///
    /// # Errors
    /// If a group of the path cannot be read.
    pub fn resolves(&self, path: &str) -> Result<bool> {
        Ok(self.follow(path, MAX_SOFT_LINKS)? != PathEnd::Nothing)
    }

    /// Returns the kind of object to which a path leads, following soft links, or `None` if there is no
    /// object.
    ///
    /// # Errors
    /// If a group of the path, or the object, cannot be read.
    pub fn kind(&self, path: &str) -> Result<Option<ObjectKind>> {
        match self.follow(path, MAX_SOFT_LINKS)? {
            PathEnd::Nothing => Ok(None),
            PathEnd::OtherFile => Ok(Some(ObjectKind::External)),
            PathEnd::Object => Ok(Some(self.open_object(path)?.kind())),
        }
    }

    /// Returns `true` if there is a link at this path, even if its target does not exist.
    ///
    /// # Errors
    /// If a group of the path cannot be read.
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
                // The root of a file may have thousands of links. The library compares them one by one, for each path that
                // begins there.
                Link::Hard if done[..parent] == *"/" => {
                    let remaining: Vec<_> = names.collect();
                    if remaining.is_empty() {
                        return Ok(PathEnd::Object);
                    }
                    let object = self.open_object(&done)?;
                    if object.kind() != ObjectKind::Group {
                        return Ok(PathEnd::Nothing);
                    }
                    let Object { handle } = object;
                    return Group { handle }.follow(&remaining.join("/"), links);
                }
                Link::Hard => done.push('/'),
                Link::Soft { .. } if links == 0 => return Ok(PathEnd::Nothing),
                Link::Soft { target } => {
                    let remaining: Vec<_> = names.collect();
                    let start = if target.starts_with('/') {
                        ""
                    } else {
                        &done[..parent]
                    };
                    let path = format!("{start}{target}/{}", remaining.join("/"));
                    return self.follow(&path, links - 1);
                }
                Link::External { .. } | Link::Other => return Ok(PathEnd::OtherFile),
            }
        }
        Ok(PathEnd::Object)
    }

    /// Returns `true` if there is a link at this path. The parent must exist. If the parent is not a
    /// group, there is no link.
    fn has_name(&self, path: &str) -> Result<bool> {
        let c_path = c_text(path)?;
        let exists = call!(h5l::H5Lexists(self.id(), c_path.as_ptr(), h5p::H5P_DEFAULT));
        match exists {
            Ok(exists) => Ok(exists > 0),
            // The library returns the same error for a parent that is not a group and for a group that it
            // cannot read.
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

/// Returns the names of a path. Slashes may be repeated, and a dot means the group itself.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|name| !name.is_empty() && *name != ".")
}

/// Returns the path without its last name.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => ".",
    }
}
