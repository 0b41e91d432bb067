//! Snapshots of all motors of a session, at the start and at the end of a scan.

use serde_json::Value as Json;

use super::canvas::Canvas;
use super::subscan::Subscan;

/// Draws the snapshots that are known from the start.
pub fn start(_canvas: &mut Canvas, _subscan: &Subscan, _info: &Json) {}

/// Draws all snapshots; those of the end replace older values.
pub fn end(_canvas: &mut Canvas, _subscan: &Subscan, _info: &Json) {}
