//! Soft links that wait for their target.

use crate::error::{Error, Result};
use crate::file::FileSession;
use crate::h5;

/// Soft links of one file that are not made yet, because their target does not exist.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PendingLinks {
    links: Vec<PendingLink>,
}

/// A soft link that is not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLink {
    /// Absolute path of the link.
    pub path: String,
    /// Text of the link: a path, absolute or relative to the group of the link.
    pub target: String,
}

impl FileSession {
    /// Makes the links whose target exists by now. The others keep waiting.
    pub fn retry_links(&self, pending: &mut PendingLinks) -> Vec<Error> {
        if pending.is_empty() {
            return Vec::new();
        }
        match self.root() {
            Ok(root) => pending.retry(self, &root),
            Err(error) => vec![error],
        }
    }

    /// Makes all links that still wait; those without a target lead nowhere.
    pub fn force_links(&self, pending: &mut PendingLinks) -> Vec<Error> {
        let mut errors = self.retry_links(pending);
        if pending.is_empty() {
            return errors;
        }
        match self.root() {
            Ok(root) => {
                let made = pending.links.drain(..).map(|link| make(self, &root, &link));
                errors.extend(made.filter_map(Result::err));
            }
            Err(error) => errors.push(error),
        }
        errors
    }
}

impl PendingLinks {
    /// Whether no link waits.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The links that wait, in the order in which they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = &PendingLink> {
        self.links.iter()
    }

    /// Makes a link if its target exists, else keeps it. The group may be any of the file.
    pub(super) fn make_or_keep(
        &mut self,
        session: &FileSession,
        group: &h5::Group,
        link: PendingLink,
    ) -> Result<()> {
        if has_target(group, &link).map_err(|reason| failed(session, &link, reason))? {
            return make(session, group, &link);
        }
        let taken = group.has_link(&link.path);
        if taken.map_err(|reason| failed(session, &link, reason))? {
            return Err(exists(session, &link));
        }
        self.links.push(link);
        Ok(())
    }

    /// Makes every link whose target exists, until there is none: a link may wait for another one.
    pub(super) fn retry(&mut self, session: &FileSession, root: &h5::Group) -> Vec<Error> {
        let mut errors = Vec::new();
        loop {
            let before = self.links.len();
            self.links.retain(|link| {
                let made = match has_target(root, link) {
                    Ok(false) => return true,
                    Ok(true) => make(session, root, link),
                    Err(reason) => Err(failed(session, link, reason)),
                };
                errors.extend(made.err());
                false
            });
            if self.links.len() == before {
                return errors;
            }
        }
    }

    /// Drops the link at this path, and all below it.
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

fn make(session: &FileSession, group: &h5::Group, link: &PendingLink) -> Result<()> {
    match group.has_link(&link.path) {
        Ok(true) => return Err(exists(session, link)),
        Ok(false) => {}
        Err(reason) => return Err(failed(session, link, reason)),
    }
    let made = group.create_soft_link(&link.path, &link.target);
    made.map_err(|reason| failed(session, link, reason))
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
