//! Analysers behind a Mosca server: one group per detector element or sum of elements.

use serde_json::Value as Json;

use super::{ChannelNames, mca, split_last};

/// Returns the names of a channel like `device:kind:name`. `element` is the element of a region of
/// interest, or the range of its elements.
pub fn channel_names(parts: &[&str], element: Option<&Json>) -> Option<ChannelNames> {
    let [device @ .., kind, last] = parts else {
        return None;
    };
    match *kind {
        "spectrum" => Some(mca::element(device, &numbered(last)?, "spectrum", false)),
        "stat" => {
            let (key, _) = split_last(last, '_');
            Some(mca::element(device, &numbered(last)?, key, false))
        }
        "roi" => {
            let (element, suffix) = region(element?)?;
            let key = without_last(last, suffix)?;
            Some(mca::element(device, &element, key, true))
        }
        _ => None,
    }
}

/// Returns `det3` for a name that ends in `03`.
fn numbered(name: &str) -> Option<String> {
    let start = name.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    let digits = name.get(start..)?;
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    Some(format!("det{number}"))
}

/// Returns the name of the element or sum that a region belongs to, and how many parts at the end
/// of the channel's name say so.
///
/// A range of elements comes from Redis as a list, which `blisswriter` does not accept as a pair.
/// The names here are those that it is meant to have.
fn region(element: &Json) -> Option<(String, usize)> {
    if let Some([first, last]) = element.as_array().map(Vec::as_slice) {
        let (first, last) = (first.as_i64()?, last.as_i64()?);
        return Some((format!("sum_{first}_{last}"), 3));
    }
    match element.as_i64()? {
        -1 => Some(("sum_all".to_owned(), 2)),
        number => Some((format!("det{number}"), 1)),
    }
}

fn without_last(name: &str, parts: usize) -> Option<&str> {
    (0..parts).try_fold(name, |name, _| Some(name.rsplit_once('_')?.0))
}
