//! The entry of a subscan: title, times, parameters, and what the writer tells of itself.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::subscan::Subscan;
use crate::layout::LayoutError;
use crate::layout::facts::{End, Facts};
use crate::options::SaveOptions;

/// Whether the info has what every entry needs.
pub fn check(_info: &Json) -> Result<(), LayoutError> {
    Ok(())
}

/// Draws what is known from the start.
pub fn begin(
    _canvas: &mut Canvas,
    _subscan: &Subscan,
    _info: &Json,
    _facts: &Facts,
    _options: &SaveOptions,
) {
}

/// Draws what is known at the end.
pub fn end(_canvas: &mut Canvas, _subscan: &Subscan, _end: &End) {}
