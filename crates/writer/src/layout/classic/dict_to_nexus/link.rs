//! Links of metadata.

use std::collections::HashSet;

use nexus::tree::Item;

use super::super::tree_builder::{MetadataPurpose, TreeBuilder};

/// Returns `true` if HDF5 can create a link to this target.
pub fn is_target(text: &str) -> bool {
    let is_named = match text.split_once("::") {
        Some((file, path)) => !file.is_empty() && !path.is_empty(),
        None => !text.is_empty(),
    };
    is_named && !text.contains('\0')
}

/// Adds a link to a path, or to a path in another file (`file::path`). An existing link stays.
pub fn add(
    builder: &mut TreeBuilder,
    path: &str,
    name: &str,
    target: &str,
    avoided: &HashSet<String>,
) {
    let here = builder.metadata_path(path, name, MetadataPurpose::Link, avoided);
    let item = match target.split_once("::") {
        Some((file, target)) => Item::ExternalLink {
            file: file.to_owned(),
            target: target.to_owned(),
        },
        None if target.contains("..") => Item::SoftLink {
            target: absolute(path, target),
        },
        None => Item::SoftLink {
            target: target.to_owned(),
        },
    };
    builder.item(&here, item);
}

/// Makes a target absolute: HDF5 does not support `..`.
fn absolute(group: &str, target: &str) -> String {
    let base = match target.starts_with('/') {
        true => "",
        false => group,
    };
    let mut parts = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_resolved() {
        assert_eq!(absolute("1.1/a/b", "../c"), "/1.1/a/c");
        assert_eq!(absolute("1.1/a", "./../../x/./y"), "/x/y");
        assert_eq!(absolute("1.1", "/a/../b"), "/b");
        assert_eq!(absolute("1.1", "../../../b"), "/b");
        assert_eq!(absolute("1.1", ".."), "/");
    }

    #[test]
    fn invalid_targets_are_refused() {
        assert!(is_target("a::/b"));
        assert!(is_target("b"));
        for bad in ["", "::/b", "a::", "::", "a\0"] {
            assert!(!is_target(bad), "{bad:?}");
        }
    }
}
