//! A detector of which there is only a description.

use std::ops::Range;
use std::sync::Arc;

use acquisition::{DetectorFiles, FrameSource, FrameSourceError, FrameType};

/// A detector as a scan describes it. It has no frames to be read.
#[derive(Debug, Clone)]
pub struct DescribedDetector {
    /// Type and shape of the frames.
    pub frame: FrameType,
    /// Format of the files, or `None` if the detector saves nothing.
    pub format: Option<String>,
    /// Whether the scan asked the detector not to save.
    pub is_discarded: bool,
}

impl DescribedDetector {
    /// Returns a detector whose frames are of the numpy type `dtype`.
    ///
    /// # Panics
    /// Panics if there is no such type.
    pub fn files(
        dtype: &str,
        shape: &[Option<u64>],
        format: Option<&str>,
        is_discarded: bool,
    ) -> Arc<dyn DetectorFiles> {
        Arc::new(DescribedDetector {
            frame: FrameType {
                dtype: dtype.parse().expect("a numpy type"),
                shape: shape.to_vec(),
            },
            format: format.map(str::to_owned),
            is_discarded,
        })
    }
}

impl DetectorFiles for DescribedDetector {
    fn frame(&self) -> &FrameType {
        &self.frame
    }

    fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    fn sources(&self, _frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
        Err(FrameSourceError::NotSaved)
    }

    fn readable(&self, _saved: u64) -> u64 {
        0
    }

    fn is_discarded(&self) -> bool {
        self.is_discarded
    }
}
