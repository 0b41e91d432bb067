//! Texts of a file, as far as they can be read.

use nexus::h5::{Group, ObjectKind};

/// Texts in an attribute of the group; none if there is no such attribute.
pub fn attribute(group: &Group, name: &str) -> Option<Vec<String>> {
    match group.has_attribute(name) {
        Ok(true) => group.attribute(name).ok()?.texts,
        _ => None,
    }
}

/// The first text in an attribute of the group.
pub fn first(group: &Group, name: &str) -> Option<String> {
    attribute(group, name)?.into_iter().next()
}

/// The text in a dataset; none if there is no such dataset.
pub fn dataset(root: &Group, path: &str) -> Option<String> {
    match root.kind(path) {
        Ok(Some(ObjectKind::Dataset)) => {
            let elements = root.open_dataset(path).ok()?.elements(1).ok()?;
            elements.texts?.into_iter().next()
        }
        _ => None,
    }
}

/// A path below a group, however the group is written.
pub fn join(group: &str, name: &str) -> String {
    match name.starts_with('/') {
        true => name.to_owned(),
        false => format!("{}/{name}", group.trim_end_matches('/')),
    }
}
