//! Soft links that wait for their target.

use crate::error::{Error, Result};
use crate::file::FileSession;
use crate::h5;

/// The soft links of one file that are not created yet, because their target does not exist.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PendingLinks {
    links: Vec<PendingLink>,
}

/// A soft link that is not created yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLink {
    /// The absolute path of the link.
    pub path: String,
    /// The text of the link: a path, absolute or relative to the group of the link.
    pub target: String,
}

impl FileSession {
    /// Creates the links whose target exists by now. The others remain in `pending`.
    pub fn retry_links(&self, pending: &mut PendingLinks) -> Vec<Error> {
        if pending.is_empty() {
            return Vec::new();
        }
        match self.root() {
            Ok(root) => pending.retry(self, &root),
            Err(error) => vec![error],
        }
    }

    /// Creates all links in `pending`, even if their target does not exist.
    pub fn force_links(&self, pending: &mut PendingLinks) -> Vec<Error> {
        let mut errors = self.retry_links(pending);
        if pending.is_empty() {
            return errors;
        }
        match self.root() {
            Ok(root) => {
                let created = pending
                    .links
                    .drain(..)
                    .map(|link| create(self, &root, &link));
                errors.extend(created.filter_map(Result::err));
            }
            Err(error) => errors.push(error),
        }
        errors
    }
}

impl PendingLinks {
    /// Returns `true` if no link waits for its target.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Returns the waiting links, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &PendingLink> {
        self.links.iter()
    }

    /// Creates a link if its target exists, otherwise adds it to the waiting ones. `group` may be any
    /// group of the file.
    pub(super) fn make_or_keep(
        &mut self,
        session: &FileSession,
        group: &h5::Group,
        link: PendingLink,
    ) -> Result<()> {
        if has_target(group, &link).map_err(|reason| failed(session, &link, reason))? {
            return create(session, group, &link);
        }
        let taken = group.has_link(&link.path);
        if taken.map_err(|reason| failed(session, &link, reason))? {
            return Err(exists(session, &link));
        }
        self.links.push(link);
        Ok(())
    }

    /// Creates the links whose target exists, repeatedly until there is none left, because the target of
    /// a link may be another link.
    pub(super) fn retry(&mut self, session: &FileSession, root: &h5::Group) -> Vec<Error> {
        let mut errors = Vec::new();
        loop {
            let before = self.links.len();
            self.links.retain(|link| {
                let created = match has_target(root, link) {
                    Ok(false) => return true,
                    Ok(true) => create(session, root, link),
                    Err(reason) => Err(failed(session, link, reason)),
                };
                errors.extend(created.err());
                false
            });
            if self.links.len() == before {
                return errors;
            }
        }
    }

    /// Drops the waiting link at this path and all waiting links below it.
    pub(super) fn forget(&mut self, path: &str) {
        self.links.retain(|link| {
            let below = link.path.strip_prefix(path);
            !below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    }
}

fn has_target(group: &h5::Group, link: &PendingLink) -> h5::Result<bool> {
    if link.target.starts_with('/') {
        return group.resolves(&link.target);
    }
    let directory = link
        .path
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    group.resolves(&format!("{directory}/{}", link.target))
}

fn create(session: &FileSession, group: &h5::Group, link: &PendingLink) -> Result<()> {
    match group.has_link(&link.path) {
        Ok(true) => return Err(exists(session, link)),
        Ok(false) => {}
        Err(reason) => return Err(failed(session, link, reason)),
    }
    let created = group.create_soft_link(&link.path, &link.target);
    created.map_err(|reason| failed(session, link, reason))
}

fn exists(session: &FileSession, link: &PendingLink) -> Error {
    Error::Exists {
        file: session.path().to_owned(),
        path: link.path.clone(),
        action: "link",
    }
}

fn failed(session: &FileSession, link: &PendingLink, reason: h5::Error) -> Error {
    Error::item(session.path(), &link.path, "link", reason)
}
