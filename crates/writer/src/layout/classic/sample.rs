//! Metadata of the sample, from the ESRF data policy.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::subscan::Subscan;

/// Draws the sample, if the scan's data policy tells of one.
pub fn draw(_canvas: &mut Canvas, _subscan: &Subscan, _info: &Json) {}
