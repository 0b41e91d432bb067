//! Paths of datasets, relative to a folder that they share.

/// The folder of records that name none.
pub const ROOT: &str = "/";

/// Returns the innermost folder that has all of these paths, with a slash at its end. Paths that cannot be
/// relative to a folder are ignored.
pub fn common_folder<'a>(paths: impl Iterator<Item = &'a str>) -> &'a str {
    paths
        .filter(|path| relative(path, ROOT).is_some())
        .map(parent)
        .reduce(shared)
        .unwrap_or(ROOT)
}

/// Returns the path relative to a folder that ends with a slash, or `None` if it is not below the folder or
/// has names that are none.
pub fn relative<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder).filter(|rest| is_relative(rest))
}

/// Returns the path of something below a folder. An absolute path is left as it is. Returns `None` for a
/// path that may lead out of the folder.
pub fn absolute(path: &str, folder: &str) -> Option<String> {
    match path.starts_with('/') {
        true => Some(path.to_owned()),
        false => is_relative(path).then(|| format!("{folder}{path}")),
    }
}

/// Returns `true` if this is the absolute path of a folder, with a slash at its end.
pub fn is_folder(path: &str) -> bool {
    let names = path
        .strip_prefix('/')
        .and_then(|names| names.strip_suffix('/'));
    path == ROOT || names.is_some_and(is_relative)
}

fn is_relative(path: &str) -> bool {
    !path.split('/').any(|name| matches!(name, "" | "." | ".."))
}

fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// Returns the innermost folder that both of these are in.
fn shared<'a>(folder: &'a str, other: &str) -> &'a str {
    let names = folder.split_inclusive('/').zip(other.split_inclusive('/'));
    let same = names.take_while(|(name, other)| name == other);
    &folder[..same.map(|(name, _)| name.len()).sum()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_ends_with_a_whole_name() {
        for (paths, folder) in [
            (&["/1.1/a/data", "/1.1/b/data"][..], "/1.1/"),
            (&["/1.1/a/data"], "/1.1/a/"),
            (&["/1.1/a/data", "/1.1/a"], "/1.1/"),
            (&["/1.1/a", "/1.10/a"], "/"),
            (&["/diode", "/1.1/a"], "/"),
            (&["/é/a", "/è/a"], "/"),
            (&["/1.1/é/a", "/1.1/é/b", "/1.1/../c", "", "/"], "/1.1/é/"),
            (&["..", "diode"], "/"),
            (&[], "/"),
        ] {
            assert_eq!(common_folder(paths.iter().copied()), folder, "{paths:?}");
            assert!(is_folder(folder));
        }
    }

    #[test]
    fn relative_paths_stay_in_the_folder() {
        for path in ["", ".", "..", "../x", "a/../../x", "a//b", "a/", "./a"] {
            assert_eq!(absolute(path, "/1.1/"), None, "{path:?}");
            assert_eq!(relative(&format!("/1.1/{path}"), "/1.1/"), None, "{path:?}");
        }
        assert_eq!(relative("/1.2/a", "/1.1/"), None);
        assert_eq!(relative("/1.1/..a/b", "/1.1/"), Some("..a/b"));
        assert_eq!(absolute("..a/b", "/1.1/").as_deref(), Some("/1.1/..a/b"));
        assert_eq!(absolute("/1.2/../a", "/1.1/").as_deref(), Some("/1.2/../a"));
    }

    #[test]
    fn folders_are_absolute() {
        for path in ["", "1.1/", "/1.1", "//", "/../", "/1.1//", "/1.1/./"] {
            assert!(!is_folder(path), "{path:?}");
        }
    }
}
