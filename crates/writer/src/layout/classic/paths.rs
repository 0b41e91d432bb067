//! Relative file names. They are computed from the texts alone, without looking at the file system.

/// Returns the name of a file as a link in the file `from` names it: relative to the directory of
/// `from`. A file in the same directory is `./name.h5`.
pub fn relative_file(file: &str, from: &str) -> String {
    let (directory, name) = split(file);
    format!("{}/{name}", relative(directory, split(from).0))
}

/// Returns the relative path from one directory to another: `.` if they are the same.
pub fn relative(directory: &str, from: &str) -> String {
    let (directory, from) = (normal(directory), normal(from));
    let common = directory
        .iter()
        .zip(&from)
        .take_while(|(one, other)| one == other)
        .count();
    let up = from.iter().skip(common).map(|_| "..");
    let down = directory.iter().skip(common).copied();
    let way: Vec<&str> = up.chain(down).collect();
    match way.is_empty() {
        true => ".".to_owned(),
        false => way.join("/"),
    }
}

/// Returns `true` if two names mean the same file, judged by their texts alone.
pub fn same_file(one: &str, other: &str) -> bool {
    one.starts_with('/') == other.starts_with('/') && normal(one) == normal(other)
}

/// Splits a path into directory and name. The directory of a file in the root is empty.
pub fn split(file: &str) -> (&str, &str) {
    file.rsplit_once('/').unwrap_or(("", file))
}

/// Splits a name into stem and extension; the extension has its dot. Leading dots do not start an
/// extension.
pub fn split_extension(name: &str) -> (&str, &str) {
    let hidden = name.len() - name.trim_start_matches('.').len();
    match name.rfind('.') {
        Some(dot) if dot > hidden => name.split_at(dot),
        _ => (name, ""),
    }
}

/// Returns the parts of a path without `.`, and with `..` resolved.
fn normal(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // The root has no parent.
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_directory_of_the_link() {
        assert_eq!(relative_file("/d/s/one.h5", "/d/s/two.h5"), "./one.h5");
        assert_eq!(relative_file("/d/s/one.h5", "/d/two.h5"), "s/one.h5");
        assert_eq!(
            relative_file("/d/s/one.h5", "/d/t/u/two.h5"),
            "../../s/one.h5"
        );
        assert_eq!(relative_file("/one.h5", "/d/two.h5"), "../one.h5");
        assert_eq!(
            relative_file("/d//x/../s/./one.h5", "/d/s/two.h5"),
            "./one.h5"
        );
    }

    #[test]
    fn a_file_is_the_same_under_another_spelling() {
        assert!(same_file("/d/./s/../one.h5", "/d/one.h5"));
        assert!(same_file("/../one.h5", "/one.h5"));
        assert!(!same_file("d/one.h5", "/d/one.h5"));
        assert!(!same_file("/d/one.h5", "/e/one.h5"));
    }

    #[test]
    fn extensions_start_at_the_last_dot() {
        assert_eq!(split_extension("sample.0001.h5"), ("sample.0001", ".h5"));
        assert_eq!(split_extension("sample"), ("sample", ""));
        assert_eq!(split_extension("..h5"), ("..h5", ""));
        assert_eq!(split_extension("sample."), ("sample", "."));
    }
}
