//! Subscans: the top masters of an acquisition chain, one entry each.

use serde_json::Value as Json;

use super::channel::Channel;
use super::dims::ScanDims;
use crate::layout::LayoutError;
use crate::layout::stream::StreamDescription;
use crate::options::SaveOptions;

/// A top master of the acquisition chain and its channels.
#[derive(Debug, Clone)]
pub struct Subscan {
    /// Name of the top master.
    pub name: String,
    /// Name of its entry: number of the scan, a dot, and its place among the subscans from 1 on.
    pub entry: String,
    /// Its channels that have a place in the file, in the order of their devices.
    pub channels: Vec<Channel>,
}

/// The subscans of a scan, in the order of their entries.
pub fn read(
    _info: &Json,
    _streams: &[StreamDescription],
    _dims: &ScanDims,
    _options: &SaveOptions,
) -> Result<Vec<Subscan>, LayoutError> {
    Ok(Vec::new())
}
