//! References of a sequence or group to its scans.
//!
//! The root of the sequence's file gets a link to each entry in another file, with the name of the
//! entry. Entries in the same file are there already.

use std::collections::HashSet;

use nexus::tree::Item;

use super::paths::{relative_file, same_file, split};
use super::tree_builder::TreeBuilder;
use crate::layout::facts::ScanReference;

/// Adds a link for each scan that is in another file.
pub fn build(builder: &mut TreeBuilder, file: &str, references: &[ScanReference]) {
    let mut seen = HashSet::new();
    for reference in references {
        if same_file(&reference.file, file) || !seen.insert((&reference.file, &reference.path)) {
            continue;
        }
        let ScanReference { file: other, path } = reference;
        let target = path.trim_matches('/');
        let name = split(target).1;
        if matches!(name, "" | "." | "..") || !other.starts_with('/') || has_nul(reference) {
            builder.notice(
                "",
                format!("there is no scan {path:?} in a file {other:?} to link to"),
            );
            continue;
        }
        let link = Item::ExternalLink {
            file: relative_file(other, file),
            target: format!("/{target}"),
        };
        if !builder.item(name, link) {
            builder.notice(
                name,
                format!("the name is taken, there is no link to {path} of {other}"),
            );
        }
    }
}

fn has_nul(reference: &ScanReference) -> bool {
    reference.file.contains('\0') || reference.path.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(file: &str, path: &str) -> ScanReference {
        ScanReference {
            file: file.to_owned(),
            path: path.to_owned(),
        }
    }

    #[test]
    fn scans_in_other_files_are_linked() {
        let mut builder = TreeBuilder::new("/d/group.h5");
        builder.group("1.1");
        let references = [
            reference("/d/./group.h5", "/2.1"),
            reference("/d/sub/other.h5", "/3.1"),
            reference("/d/sub/other.h5", "/3.1"),
            reference("/d/same.h5", "/4.1"),
            reference("/e/taken.h5", "/1.1"),
            reference("/e/nothing.h5", "/"),
            reference("relative.h5", "/5.1"),
        ];
        build(&mut builder, "/d/group.h5", &references);
        let built = builder.finish();
        let root = built.root;
        let link = |name: &str, file: &str| {
            let item = Item::ExternalLink {
                file: file.to_owned(),
                target: format!("/{name}"),
            };
            (name.to_owned(), item)
        };
        assert_eq!(root.children.len(), 3);
        assert_eq!(root.children[1], link("3.1", "sub/other.h5"));
        assert_eq!(root.children[2], link("4.1", "./same.h5"));
        assert_eq!(built.notices.len(), 3);
        assert!(built.invalid.is_empty());
    }
}
