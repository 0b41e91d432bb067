//! Files that are opened, and names that are taken in them.

use std::path::Path;

use nexus::file::FileSession;
use nexus::tree::{Group, Item};
use nexus::{Error, h5};

use crate::layout::{FileTree, Layout};
use crate::subscriber::with_causes;
use crate::workshop::Bench;

/// Opens the file of a tree, or tells why not.
pub fn open(bench: &Bench, layout: &dyn Layout, tree: &FileTree) -> Result<FileSession, String> {
    let path = Path::new(&tree.file);
    if !path.is_absolute() {
        return Err(format!(
            "a file path must be absolute, but it is not: {}",
            path.display()
        ));
    }
    bench.open(path).map_err(|error| {
        let known = match &error {
            Error::Locked { file, holders } => layout.locked_text(file, holders),
            _ => None,
        };
        known.unwrap_or_else(|| with_causes(&error))
    })
}

/// The first item of the tree whose name is taken in the file. Groups may be shared, but for those
/// that the layout calls its own; everything else belongs to the scan that wrote it first.
pub fn taken(session: &FileSession, tree: &FileTree) -> Result<Option<String>, String> {
    let root = session.root().map_err(|error| with_causes(&error))?;
    let own = || {
        for name in &tree.own {
            if root.has_link(name)? {
                return Ok(Some(format!("scan {name}")));
            }
        }
        taken_below(&root, "", &tree.root)
    };
    own().map_err(|error| {
        format!(
            "cannot read {}: {}",
            session.path().display(),
            with_causes(&error)
        )
    })
}

fn taken_below(root: &h5::Group, path: &str, group: &Group) -> h5::Result<Option<String>> {
    for (name, item) in &group.children {
        let path = format!("{path}/{name}");
        if !root.has_link(&path)? {
            continue;
        }
        match item {
            Item::Group(group) if root.kind(&path)? == Some(h5::Kind::Group) => {
                if let Some(taken) = taken_below(root, &path, group)? {
                    return Ok(Some(taken));
                }
            }
            _ => return Ok(Some(path)),
        }
    }
    Ok(None)
}
