//! Short names of channels, and names that are valid in a file.

use std::collections::HashMap;

/// Returns the shortest distinct names of channels: as many of their last parts as are needed.
///
/// All channels are tried with one part, those whose name is not distinct with two, and so on. A
/// channel for which no name is distinct keeps its full name, and so does one with an empty part.
pub fn short_names<'a>(channels: &[&'a str]) -> HashMap<&'a str, String> {
    let parts: Vec<(&str, Vec<&str>)> = channels
        .iter()
        .map(|name| (*name, name.split(':').collect()))
        .collect();
    let most = parts.iter().map(|(_, parts)| parts.len()).max();
    let mut found: HashMap<&str, String> = HashMap::new();
    let mut open = parts;
    for length in 1..=most.unwrap_or(0) {
        let candidate = |parts: &[&str]| {
            let last = &parts[parts.len().saturating_sub(length)..];
            let filled: Vec<&str> = last.iter().copied().filter(|p| !p.is_empty()).collect();
            filled.join(":")
        };
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
    let is_left = |name: &str| !found.contains_key(name) || name.split(':').any(str::is_empty);
    let left: Vec<&str> = channels
        .iter()
        .copied()
        .filter(|name| is_left(name))
        .collect();
    found.extend(left.into_iter().map(|name| (name, name.to_owned())));
    found
}

/// Replaces each sequence of characters that are no ASCII letters, digits or underscores by one
/// underscore.
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

/// Returns the name if it is free, or the first of `name_1`, `name_2`, ... that is.
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
            (&["a::b:"], &["a::b:"]),
            (&["timer:", "y:timer"], &["timer:", "timer"]),
            (&["a::b", "b"], &["a::b", "b"]),
        ] {
            let short = short_names(channels);
            let names: Vec<&str> = channels.iter().map(|c| short[c].as_str()).collect();
            assert_eq!(names, expected, "{channels:?}");
        }
    }

    #[test]
    fn names_that_cannot_be_distinct_do_not_change() {
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
