//! What data models share about acquired data, whatever store it is published in.
//!
//! - A [`DType`] is the type of one number, in the spelling of numpy.
//! - [`DetectorFiles`] describes a detector that saves its frames itself: the type of the frames, and in
//!   which files they are, as [`FrameSource`]s.
//! - [`FileSeries`], [`format_printf`] and [`format_braces`] compute those files for detectors that number them: how frames
//!   are dealt out to files, and how the files are called. [`local_path`] returns the path of a file that a program
//!   on another system may have named.
//!
//! A detector that saves its frames in numbered files implements [`DetectorFiles`] like this:
//!
//! ```
//! use std::ops::Range;
//!
//! use acquisition::{DetectorFiles, FileSeries, FrameSource, FrameType, FrameSourceError, format_printf};
//!
//! #[derive(Debug)]
//! struct Camera {
//!     frame: FrameType,
//!     files: FileSeries,
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
//!     fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
//!         self.files.sources(frames, "/entry_0000/data", |number| format_printf("/data/camera_%04d.h5", number))
//!     }
//!
//!     fn readable(&self, saved: u64) -> u64 {
//!         self.files.complete_frames(saved)
//!     }
//! }
//!
//! let camera = Camera {
//!     frame: FrameType { dtype: "<u2".parse()?, shape: vec![Some(2048), Some(2048)] },
//!     files: FileSeries { frames_per_acquisition: 0, frames_per_file: 100 },
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
mod file_name;
mod file_series;
mod local_path;

pub use detector::{DetectorFiles, FrameSource, FrameSourceError, FrameType};
pub use dtype::{DType, DTypeError, DTypeKind};
pub use file_name::{TemplateValue, format_braces, format_printf};
pub use file_series::FileSeries;
pub use local_path::local_path;
