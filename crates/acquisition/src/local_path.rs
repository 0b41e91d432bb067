//! The path on this host of a file that was announced by a name.

/// Returns the path of an announced file: the name itself, or that part of a URL `file://` which is a path. Returns
/// `None` for names that this host does not understand: paths of Windows with a drive (`C:\data`) or a server
/// (`\\server\share`), and URLs of other schemes or other hosts.
///
/// ```
/// use acquisition::local_path;
///
/// assert_eq!(local_path("/data/camera_0000.h5").as_deref(), Some("/data/camera_0000.h5"));
/// assert_eq!(local_path("file:///data/camera%200.h5").as_deref(), Some("/data/camera 0.h5"));
/// assert_eq!(local_path(r"C:\data\camera_0000.h5"), None);
/// ```
pub fn local_path(name: &str) -> Option<String> {
    if let Some((scheme, rest)) = name.split_once("://")
        && !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        let host_and_path = rest.find('/').map(|at| rest.split_at(at));
        return match host_and_path {
            Some(("" | "localhost", path)) if scheme.eq_ignore_ascii_case("file") => decode(path),
            _ => None,
        };
    }
    let is_of_windows = match name.as_bytes() {
        [b'\\', b'\\', ..] => true,
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    };
    (!is_of_windows).then(|| name.to_owned())
}

/// Replaces the codes of a URL (`%20`) by their bytes.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = match (first, after) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low))
            }
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_systems_have_no_path() {
        for name in [
            r"C:\data\a.h5",
            "c:/data/a.h5",
            r"\\server\share\a.h5",
            "http://host/a.h5",
            "file://server/share/a.h5",
            "file://",
            "file:///%ff",
        ] {
            assert_eq!(local_path(name), None, "{name}");
        }
    }

    #[test]
    fn all_other_names_are_paths() {
        for (name, path) in [
            ("raw/a.h5", "raw/a.h5"),
            ("//data/a.h5", "//data/a.h5"),
            ("/data/a%20b.h5", "/data/a%20b.h5"),
            ("/data/50:a.h5", "/data/50:a.h5"),
            ("/data/x://y.h5", "/data/x://y.h5"),
            ("file://localhost/a.h5", "/a.h5"),
            ("FILE:///a%2Fb%zz%4", "/a/b%zz%4"),
            ("", ""),
        ] {
            assert_eq!(local_path(name).as_deref(), Some(path), "{name}");
        }
    }
}
