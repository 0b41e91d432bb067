//! What data models share about acquired data, whatever store it is published in.
//!
//! - A [`DType`] is the type of one number, in the spelling of numpy.
//! - [`DetectorFiles`] describes a detector that saves its frames itself: the type of the frames, and in
//!   which files they are, as [`FrameSource`]s.
//! - [`FileLayout`], [`printf`] and [`braces`] compute those files for detectors that number them: how frames
//!   are dealt out to files, and how the files are called.
//!
//! A detector that saves its frames in numbered files implements [`DetectorFiles`] like this:
//!
//! ```
//! use std::ops::Range;
//!
//! use acquisition::{DetectorFiles, FileLayout, FrameSource, FrameType, SourceError, printf};
//!
//! #[derive(Debug)]
//! struct Camera {
//!     frame: FrameType,
//!     layout: FileLayout,
//! }
//!
//! impl DetectorFiles for Camera {
//!     fn frame(&self) -> &FrameType {
//!         &self.frame
//!     }
//!
//!     fn format(&self) -> Option<&str> {
//!         Some("hdf5")
//!     }
//!
//!     fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
//!         self.layout.sources(frames, "/entry_0000/data", |number| printf("/data/camera_%04d.h5", number))
//!     }
//!
//!     fn readable(&self, saved: u64) -> u64 {
//!         self.layout.closed(saved)
//!     }
//! }
//!
//! let camera = Camera {
//!     frame: FrameType { dtype: "<u2".parse()?, shape: vec![Some(2048), Some(2048)] },
//!     layout: FileLayout { frames_per_acquisition: 0, frames_per_file: 100 },
//! };
//! let sources = camera.sources(150..250)?;
//! assert_eq!((sources[0].file.as_str(), sources[0].first_row), ("/data/camera_0001.h5", 50));
//! assert_eq!((sources[1].file.as_str(), sources[1].frames), ("/data/camera_0002.h5", 50));
//! // The detector is still writing the third file.
//! assert_eq!(camera.readable(250), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classify;
mod detector;
mod dtype;
mod files;
mod pattern;

pub use detector::{DetectorFiles, FrameSource, FrameType, SourceError};
pub use dtype::{DType, DTypeError, DTypeKind};
pub use files::FileLayout;
pub use pattern::{Field, braces, printf};
