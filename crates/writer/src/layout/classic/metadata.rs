//! Metadata of devices and of the user.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::subscan::Subscan;

/// Draws the metadata of the devices, then the categories of the user.
pub fn draw(_canvas: &mut Canvas, _subscan: &Subscan, _info: &Json) {}
