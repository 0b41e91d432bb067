//! Opens files, and finds names in them that are taken.

use std::path::Path;

use nexus::file::{FileLocking, FileSession};
use nexus::tree::{Group, Item};
use nexus::{Error, h5};

use crate::layout::{FileTree, Layout};
use crate::scan::file_claims::FileLeases;
use crate::scan::problem::ScanProblem;
use crate::writer_thread::WriterContext;

/// Returns how a file has to be locked, or `None` if it must not be opened: a file that no claim protects
/// has to be locked.
pub fn locking_of(context: &WriterContext, claims: &FileLeases) -> Option<FileLocking> {
    match (context.locking(), claims.are_confirmed()) {
        (FileLocking::Off, false) => None,
        (FileLocking::Auto, false) => Some(FileLocking::Required),
        (chosen, _) => Some(chosen),
    }
}

/// Opens the file of a tree.
pub fn open(
    context: &WriterContext,
    claims: &FileLeases,
    layout: &dyn Layout,
    tree: &FileTree,
) -> Result<FileSession, ScanProblem> {
    let path = Path::new(&tree.file);
    if !path.is_absolute() {
        let file = path.to_owned();
        return Err(ScanProblem::RelativePath { file });
    }
    let opened = open_protected(context, claims, path, |locking| context.open(path, locking));
    opened.map_err(|problem| {
        let known = match &problem {
            ScanProblem::File(Error::Locked { file, holders }) => layout.locked_text(file, holders),
            _ => None,
        };
        match known {
            Some(text) => ScanProblem::FileLocked {
                file: path.to_owned(),
                text,
            },
            None => problem,
        }
    })
}

/// Opens a file with `open`, if a lock or a claim keeps other writers from it.
pub fn open_protected(
    context: &WriterContext,
    claims: &FileLeases,
    path: &Path,
    open: impl FnOnce(FileLocking) -> nexus::Result<FileSession>,
) -> Result<FileSession, ScanProblem> {
    let unprotected = || ScanProblem::FileUnprotected {
        file: path.to_owned(),
    };
    let locking = locking_of(context, claims).ok_or_else(unprotected)?;
    open(locking).map_err(|error| match error {
        Error::NoLocks { .. } if locking != context.locking() => unprotected(),
        error => error.into(),
    })
}

/// Returns the first item of the tree whose name is taken in the file. Scans may share groups, except
/// those that the layout calls its own; everything else belongs to the scan that wrote it first.
pub fn first_taken(session: &FileSession, tree: &FileTree) -> Result<Option<String>, ScanProblem> {
    let root = session.root()?;
    let own = || {
        for name in &tree.exclusive_groups {
            if root.has_link(name)? {
                return Ok(Some(format!("scan {name}")));
            }
        }
        first_taken_below(&root, "", &tree.root)
    };
    own().map_err(|source| ScanProblem::FileUnreadable {
        file: session.path().to_owned(),
        source,
    })
}

fn first_taken_below(root: &h5::Group, path: &str, group: &Group) -> h5::Result<Option<String>> {
    for (name, item) in &group.children {
        let path = format!("{path}/{name}");
        if !root.has_link(&path)? {
            continue;
        }
        match item {
            Item::Group(group) if root.kind(&path)? == Some(h5::ObjectKind::Group) => {
                if let Some(taken) = first_taken_below(root, &path, group)? {
                    return Ok(Some(taken));
                }
            }
            _ => return Ok(Some(path)),
        }
    }
    Ok(None)
}
