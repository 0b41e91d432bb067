//! References of a sequence or group to its scans.

use super::canvas::Canvas;
use crate::layout::facts::Reference;

/// Draws a link for each scan that is in another file.
pub fn draw(_canvas: &mut Canvas, _file: &str, _references: &[Reference]) {}
