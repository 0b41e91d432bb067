//! Follows paths in files, and links into other files as far as these may be opened.
//!
//! The library never follows a link into another file here: it would open any file.

use std::rc::Rc;

use file_request::LinkResolution;
use nexus::h5::{Dataset, Group, Link, ObjectKind};

use crate::failure::Failure;
use crate::open_file::{FileOpener, OpenFile};
use crate::reachable::{Access, candidates};

/// The most links that are followed for one path. More are a circle.
const MAX_LINKS: u32 = 32;

/// What is at a path.
pub enum Place {
    /// An object.
    Object(Located),
    /// A link that is not followed, and why.
    Link(Link, String),
    /// Nothing can be found, as a link on the way is not followed, and why.
    Blocked(String),
    /// Nothing.
    Nothing,
}

/// An object of a file. The file is open as long as this lives.
pub struct Located {
    pub file: Rc<OpenFile>,
    parent: Group,
    /// The name in the parent, or `.` for the parent itself.
    name: String,
}

impl Located {
    /// Returns the kind of the object.
    pub fn kind(&self) -> Result<Option<ObjectKind>, Failure> {
        Ok(self.parent.kind(&self.name)?)
    }

    /// Opens the object, which is a group.
    pub fn group(&self) -> Result<Group, Failure> {
        Ok(self.parent.open_group(&self.name)?)
    }

    /// Opens the object, which is a dataset.
    pub fn dataset(&self) -> Result<Dataset, Failure> {
        Ok(self.parent.open_dataset(&self.name)?)
    }

    /// Opens the object for access to its attributes.
    pub fn object(&self) -> Result<nexus::h5::Object, Failure> {
        Ok(self.parent.open_object(&self.name)?)
    }
}

/// Follows paths.
pub struct Walker<'o, 'r> {
    pub opener: &'o FileOpener<'r>,
    pub links: LinkResolution,
}

impl Walker<'_, '_> {
    /// Returns the object at a path of a file.
    ///
    /// # Errors
    /// If there is none, or a link to it is not followed.
    pub fn object(&self, file: &Rc<OpenFile>, path: &str) -> Result<Located, Failure> {
        match self.place(file, path)? {
            Place::Object(found) => Ok(found),
            Place::Link(_, reason) | Place::Blocked(reason) => Err(Failure::Refused(reason)),
            Place::Nothing => Err(missing(file, path)),
        }
    }

    /// Returns what is at a path of a file. A link at its end is returned if it is not to be followed or leads nowhere.
    ///
    /// # Errors
    /// If there is nothing.
    pub fn place(&self, file: &Rc<OpenFile>, path: &str) -> Result<Place, Failure> {
        match self.below(file, file.root()?, path)? {
            Place::Nothing => Err(missing(file, path)),
            Place::Blocked(reason) => Err(Failure::NotFound(reason)),
            Place::Link(_, reason) if self.links == LinkResolution::All => {
                Err(Failure::NotFound(reason))
            }
            found => Ok(found),
        }
    }

    /// Returns what is at a path that begins at a group.
    pub fn below(&self, file: &Rc<OpenFile>, group: Group, path: &str) -> Result<Place, Failure> {
        let mut left = MAX_LINKS;
        self.walk(file, group, path, &mut left, self.links)
    }

    fn walk(
        &self,
        file: &Rc<OpenFile>,
        mut group: Group,
        path: &str,
        left: &mut u32,
        links: LinkResolution,
    ) -> Result<Place, Failure> {
        let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
        let names: Vec<&str> = names.collect();
        for (at, name) in names.iter().enumerate() {
            let rest = &names[at + 1..];
            if !group.has_link(name)? {
                return Ok(Place::Nothing);
            }
            let link = group.link(name)?;
            match link {
                Link::Hard if rest.is_empty() => {
                    return Ok(Place::Object(Located {
                        file: file.clone(),
                        parent: group,
                        name: (*name).to_owned(),
                    }));
                }
                Link::Hard if group.kind(name)? == Some(ObjectKind::Group) => {
                    group = group.open_group(name)?;
                }
                Link::Hard => return Ok(Place::Nothing),
                link if rest.is_empty() && links == LinkResolution::None => {
                    return Ok(Place::Link(
                        link,
                        "the link was not to be followed".to_owned(),
                    ));
                }
                link => return self.follow(file, group, link, rest, left),
            }
        }
        Ok(Place::Object(Located {
            file: file.clone(),
            parent: group,
            name: ".".to_owned(),
        }))
    }

    /// Follows a link of a group, and then the rest of a path.
    fn follow(
        &self,
        file: &Rc<OpenFile>,
        group: Group,
        link: Link,
        rest: &[&str],
        left: &mut u32,
    ) -> Result<Place, Failure> {
        *left = match left.checked_sub(1) {
            Some(left) => left,
            None => return Ok(Place::Link(link, "the link leads to itself".to_owned())),
        };
        let found = match &link {
            Link::Soft { target } => {
                let start = match target.starts_with('/') {
                    true => file.root()?,
                    false => group,
                };
                self.walk(file, start, target, left, LinkResolution::OnlyValid)?
            }
            Link::External { file: name, target } => match self.open_linked(file, name)? {
                Ok(other) => {
                    let start = other.root()?;
                    self.walk(&other, start, target, left, LinkResolution::OnlyValid)?
                }
                Err(reason) => Place::Link(link.clone(), reason),
            },
            _ => Place::Link(link.clone(), "the link is of an unknown kind".to_owned()),
        };
        let reason = match found {
            Place::Object(found) if rest.is_empty() => return Ok(Place::Object(found)),
            Place::Object(found) if found.kind()? == Some(ObjectKind::Group) => {
                // The rest is a path of its own, whose last link may be left as it is.
                let (group, rest) = (found.group()?, rest.join("/"));
                return self.walk(&found.file, group, &rest, left, self.links);
            }
            Place::Object(_) => return Ok(Place::Nothing),
            Place::Link(_, reason) | Place::Blocked(reason) => reason,
            Place::Nothing => {
                format!("Cannot resolve a link in {}: it leads nowhere", file.name())
            }
        };
        Ok(match rest.is_empty() {
            true => Place::Link(link, reason),
            false => Place::Blocked(reason),
        })
    }

    /// Opens a file to which another one refers by this name, or returns why it is not opened.
    pub fn open_linked(
        &self,
        file: &OpenFile,
        name: &str,
    ) -> Result<Result<Rc<OpenFile>, String>, Failure> {
        if name == "." {
            return Ok(Ok(self.opener.open_allowed(file.path.clone())?));
        }
        let reachable = &self.opener.reachable;
        Ok(match reachable.first(&candidates(&file.path, name)) {
            Access::Allowed(path) => match self.opener.open_allowed(path) {
                Ok(opened) => Ok(opened),
                Err(error) if self.opener.is_in_motion() => return Err(error.into()),
                Err(error) => Err(format!("Cannot resolve a link to {name}: {error}")),
            },
            Access::Missing => Err(format!(
                "Cannot resolve a link to {name}: there is no such file"
            )),
            Access::Refused => Err(format!(
                "{name} is not shown here: it is no file of the scans of this file"
            )),
        })
    }
}

/// The words of h5grove.
fn missing(file: &OpenFile, path: &str) -> Failure {
    Failure::NotFound(format!("{path} is not a valid path in {}", file.name()))
}
