//! Comments that users made during a scan.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::subscan::Subscan;

/// Draws one note per comment.
pub fn draw(_canvas: &mut Canvas, _subscan: &Subscan, _info: &Json) {}
