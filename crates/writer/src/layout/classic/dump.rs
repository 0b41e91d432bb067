//! The "dict to NeXus" convention: mappings of metadata as groups, datasets, attributes and links.

use serde_json::{Map, Value as Json};

use super::canvas::Canvas;

/// Draws a mapping into the group at `path`, which is made if it is missing.
///
/// `completed`: mappings without a class become NXcollection.
pub fn dump(_canvas: &mut Canvas, _path: &str, _mapping: &Map<String, Json>, _completed: bool) {}
