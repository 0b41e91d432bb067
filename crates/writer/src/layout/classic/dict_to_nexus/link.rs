//! Links of metadata.

use std::collections::HashSet;

use nexus::tree::Item;

use super::super::tree_builder::{MetadataPurpose, TreeBuilder};

/// Whether HDF5 can make a link to this.
pub fn is_target(text: &str) -> bool {
    let is_named = match text.split_once("::") {
        Some((file, path)) => !file.is_empty() && !path.is_empty(),
        None => !text.is_empty(),
    };
    is_named && !text.contains('\0')
}

/// Draws a link to a path, or to a path in another file (`file::path`). A link that exists stays.
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

/// HDF5 does not know `..`, so such targets become absolute.
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
    fn what_is_no_target() {
        assert!(is_target("a::/b"));
        assert!(is_target("b"));
        for bad in ["", "::/b", "a::", "::", "a\0"] {
            assert!(!is_target(bad), "{bad:?}");
        }
    }
}
