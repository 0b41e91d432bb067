//! Plots, and the chain of defaults that leads a viewer to them.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::dims::ScanDims;
use super::subscan::Subscan;
use crate::layout::facts::Facts;

/// Streams whose values the axes of plots need.
pub fn values_wanted(_info: &Json, _subscans: &[Subscan], _dims: &ScanDims) -> Vec<String> {
    Vec::new()
}

/// Draws the plots of a subscan and the defaults.
pub fn draw(
    _canvas: &mut Canvas,
    _subscan: &Subscan,
    _info: &Json,
    _facts: &Facts,
    _dims: &ScanDims,
) {
}
