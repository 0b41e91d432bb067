//! A list of the places of frames.

use super::link::stored_name;
use super::{FrameSite, Frames};
use crate::dataset::Error;
use crate::tree::Value;

/// Makes the list: for each frame the name of its file and its index there.
pub(super) fn make(site: &FrameSite, frames: &[Frames]) -> Result<(), Error> {
    let texts: Vec<String> = frames
        .iter()
        .flat_map(|frames| {
            let name = stored_name(&frames.file, &site.file);
            (0..frames.count).map(move |row| format!("{name}::{}", frames.first + row))
        })
        .collect();
    let list = Value::Texts {
        shape: vec![texts.len() as u64],
        texts,
    };
    site.parent
        .create_value(&site.path, &list)
        .map(drop)
        .map_err(|source| site.failure("create the list of names", source))
}
