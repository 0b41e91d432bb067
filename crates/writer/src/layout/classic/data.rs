//! Acquired data: device groups, places of streams, and links to them.

use super::canvas::Canvas;
use super::dims::ScanDims;
use super::subscan::Subscan;
use crate::layout::facts::Facts;
use crate::layout::stream::StreamPlace;
use crate::options::SaveOptions;

/// Where the streams of a subscan go.
pub fn places(
    _subscan: &Subscan,
    _file: &str,
    _dims: &ScanDims,
    _options: &SaveOptions,
) -> Vec<StreamPlace> {
    Vec::new()
}

/// Keeps the paths of all data, aliases and links free.
pub fn reserve(_canvas: &mut Canvas, _subscan: &Subscan) {}

/// Draws the groups of devices from which something has come, and for data that are stored their
/// places, aliases and links.
pub fn draw(_canvas: &mut Canvas, _subscan: &Subscan, _facts: &Facts) {}
