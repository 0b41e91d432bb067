//! Dimensions of a scan: a list of points, or a grid.

use serde_json::Value as Json;

use crate::layout::LayoutError;
use crate::options::SaveOptions;

/// Dimensions of a scan, in C order: the fast motor last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanDims {
    /// Shape of the scan; empty for a scan that is one point by nature. A length of 0 is not known.
    pub scan: Vec<u64>,
    /// Shape that its datasets get: that of the scan, or flat.
    pub saved: Vec<u64>,
}

impl ScanDims {
    /// Reads `data_dim`, `npoints`, `npoints1`, ... of a scan's info.
    pub fn read(_info: &Json, _options: &SaveOptions) -> Result<ScanDims, LayoutError> {
        Ok(ScanDims {
            scan: vec![0],
            saved: vec![0],
        })
    }
}
