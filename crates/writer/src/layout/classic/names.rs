//! Names: short ones for channels, and what may stand in a file.

use std::collections::HashMap;

/// The shortest names that tell channels apart: as many of their last parts as it takes.
///
/// All channels are tried with one part, those that are not alone with two, and so on. A name that
/// cannot be told from another one is kept as it is.
pub fn short_names<'a>(channels: &[&'a str]) -> HashMap<&'a str, String> {
    let parts: Vec<(&str, Vec<&str>)> = channels
        .iter()
        .map(|name| (*name, name.split(':').filter(|p| !p.is_empty()).collect()))
        .collect();
    let most = parts.iter().map(|(_, parts)| parts.len()).max();
    let mut found: HashMap<&str, String> = HashMap::new();
    let mut open = parts;
    for length in 1..=most.unwrap_or(0) {
        let candidate = |parts: &[&str]| parts[parts.len().saturating_sub(length)..].join(":");
        let mut seen: HashMap<String, usize> = HashMap::new();
        for name in found.values() {
            *seen.entry(name.clone()).or_default() += 1;
        }
        for (_, parts) in &open {
            *seen.entry(candidate(parts)).or_default() += 1;
        }
        open.retain(|(name, parts)| {
            let short = candidate(parts);
            let alone = seen.get(&short) == Some(&1);
            if alone {
                found.insert(name, short);
            }
            !alone
        });
    }
    for (name, _) in open {
        found.insert(name, name.to_owned());
    }
    found
}

/// A name with an underscore in place of whatever is no ASCII letter, digit or underscore, one for
/// all that stand together.
pub fn normalised(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        let plain = c.is_ascii_alphanumeric() || c == '_';
        if plain {
            result.push(c);
        } else if !gap {
            result.push('_');
        }
        gap = !plain;
    }
    result
}

/// The name, or the first of `name_1`, `name_2`, ... that is free.
pub fn unique(name: &str, mut is_free: impl FnMut(&str) -> bool) -> String {
    let mut candidate = name.to_owned();
    let mut number = 0u64;
    while !is_free(&candidate) {
        number += 1;
        candidate = format!("{name}_{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_tell_channels_apart() {
        for (channels, expected) in [
            (&["a:b:c"][..], &["c"][..]),
            (&["a:b:c", "a:b:d"], &["c", "d"]),
            (&["a:b:c", "a:b:d", "c"], &["b:c", "d", "c"]),
            (&["a:b:c", "b:c:d", "b:c"], &["a:b:c", "d", "b:c"]),
            (&["a:b:c", "a:c"], &["b:c", "a:c"]),
            (&["a:b:c", "b:c"], &["a:b:c", "b:c"]),
            (&["b:a", "c:a"], &["b:a", "c:a"]),
            (&["axis:roby", "q:roby"], &["axis:roby", "q:roby"]),
            (&["a::b:"], &["b"]),
        ] {
            let short = short_names(channels);
            let names: Vec<&str> = channels.iter().map(|c| short[c].as_str()).collect();
            assert_eq!(names, expected, "{channels:?}");
        }
    }

    #[test]
    fn names_that_cannot_be_told_apart_are_kept() {
        let short = short_names(&["a:b", "a::b", "", ":"]);
        assert_eq!(short["a:b"], "a:b");
        assert_eq!(short["a::b"], "a::b");
        assert_eq!(short[""], "");
        assert_eq!(short[":"], ":");
        assert!(short_names(&[]).is_empty());
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(normalised("a-b"), "a_b");
        assert_eq!(normalised("cam:roi 1"), "cam_roi_1");
        assert_eq!(normalised("..x++"), "_x_");
        assert_eq!(normalised("a_:_b"), "a___b");
        assert_eq!(normalised("\u{e9}t\u{e9}"), "_t_");
        assert_eq!(normalised(""), "");
    }

    #[test]
    fn taken_names_get_a_number() {
        assert_eq!(unique("a", |name| name != "a" && name != "a_1"), "a_2");
        assert_eq!(unique("a", |_| true), "a");
    }
}
