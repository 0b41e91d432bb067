//! Reading texts of a file. Texts that cannot be read count as missing.

use nexus::h5::{Group, ObjectKind};

/// Returns the texts in an attribute of the group, or `None` if it has no such attribute.
pub fn attribute(group: &Group, name: &str) -> Option<Vec<String>> {
    match group.has_attribute(name) {
        Ok(true) => group.attribute(name).ok()?.texts,
        _ => None,
    }
}

/// Returns the first text in an attribute of the group.
pub fn first(group: &Group, name: &str) -> Option<String> {
    attribute(group, name)?.into_iter().next()
}

/// Returns the text in a dataset, or `None` if there is no such dataset.
pub fn dataset(root: &Group, path: &str) -> Option<String> {
    match root.kind(path) {
        Ok(Some(ObjectKind::Dataset)) => {
            let elements = root.open_dataset(path).ok()?.elements(1).ok()?;
            elements.texts?.into_iter().next()
        }
        _ => None,
    }
}

/// Returns the path of a member of a group. The path of the group may end with a slash.
pub fn join(group: &str, name: &str) -> String {
    match name.starts_with('/') {
        true => name.to_owned(),
        false => format!("{}/{name}", group.trim_end_matches('/')),
    }
}
