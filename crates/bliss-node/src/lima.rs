//! Detectors of Lima: how far they are, and in which files they save their images.

use std::ops::Range;

use acquisition::{
    DType, DetectorFiles, FileSeries, FrameSource, FrameSourceError, FrameType, format_printf,
};
use bytes::Bytes;
use pickle::{DecodeError, Dict, Value};

use crate::event::{Description, DescriptionError, ElementType};

/// Why the state or the saving parameters of a detector cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LimaError {
    /// The pickle cannot be decoded.
    #[error("the parameters of the detector cannot be decoded")]
    Pickle(#[from] DecodeError),
    /// The pickle is not a dictionary.
    #[error("the parameters of the detector are not a dictionary")]
    NotADict,
    /// The type or the shape of the images is not valid.
    #[error("the type of the images is not valid")]
    Description(#[from] DescriptionError),
    /// The images are not of numbers of a known type.
    #[error("the type of the images is not known")]
    ImageType,
    /// A parameter is missing, or not of its type.
    #[error("parameter {name:?} of the detector is not valid")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
    },
}

/// How far a detector is. Numbers of images count from the start of the scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimaStatus {
    /// Images that were acquired.
    pub acquired: u64,
    /// Images that the detector can deliver. Their files may not exist yet.
    pub ready: u64,
    /// Images that were saved.
    pub saved: u64,
    /// State of the acquisition, such as `running`, `ready` or `fault`.
    pub state: Option<String>,
    /// Number of the acquisition.
    pub acquisition: Option<i64>,
    /// Address of the detector's server.
    pub server: Option<String>,
}

impl LimaStatus {
    /// Decodes the pickle of an event.
    ///
    /// # Errors
    /// If it is not a state of a detector.
    pub fn decode(pickle: &Bytes) -> Result<LimaStatus, LimaError> {
        let value = pickle::decode(pickle)?;
        let status = value.as_dict().ok_or(LimaError::NotADict)?;
        // The index of the last image, or -1.
        let images = |name: &'static str| match status.get(name).filter(|value| !value.is_none()) {
            None => Ok(0),
            Some(last) => last
                .as_i64()
                .and_then(|last| u64::try_from(last.checked_add(1)?).ok())
                .ok_or(LimaError::Parameter { name }),
        };
        let text = |name| Some(status.get(name)?.as_text()?.to_owned());
        Ok(LimaStatus {
            acquired: images("last_image_acquired")?,
            ready: images("last_image_ready")?,
            saved: images("last_image_saved")?,
            state: text("acq_state"),
            acquisition: status.get("lima_acq_nb").and_then(Value::as_i64),
            server: text("server_url"),
        })
    }
}

/// The images of a detector, and the files in which it saves them.
#[derive(Debug, Clone, PartialEq)]
pub struct LimaImages {
    frame: FrameType,
    saving: Option<Saving>,
}

/// Where a detector saves its images.
#[derive(Debug, Clone, PartialEq)]
struct Saving {
    /// What comes before and after the number of a file.
    prefix: String,
    suffix: String,
    /// Printf pattern of the number.
    index_format: String,
    first_number: i64,
    /// Family of formats: `hdf5`, `edf`, `cbf`, or another in lower case.
    format: String,
    /// Path of the dataset in each file, empty for formats without datasets.
    dataset: String,
    files: FileSeries,
}

impl LimaImages {
    /// Decodes the saving parameters of a detector.
    ///
    /// # Errors
    /// If they are not valid.
    pub fn decode(pickle: &Bytes) -> Result<LimaImages, LimaError> {
        let value = pickle::decode(pickle)?;
        LimaImages::of(value.as_dict().ok_or(LimaError::NotADict)?)
    }

    /// Reads the saving parameters of a detector.
    ///
    /// # Errors
    /// If they are not valid.
    pub fn of(parameters: &Dict) -> Result<LimaImages, LimaError> {
        let description = Description::of(|name| parameters.get(name))?;
        let Some(ElementType::Number(dtype)) = description.element else {
            return Err(LimaError::ImageType);
        };
        Ok(LimaImages {
            frame: frame_type(dtype, description.shape),
            saving: saving(&Parameters(parameters))?,
        })
    }

    /// Returns the master file of the images up to `saved`: that of the first one. Returns `None` if the detector saves
    /// nothing, or has not saved anything yet.
    pub fn master(&self, saved: u64) -> Option<FrameSource> {
        let sources = self.sources(0..saved.min(1)).ok()?;
        sources.into_iter().next()
    }
}

fn frame_type(dtype: DType, shape: Option<Vec<u64>>) -> FrameType {
    let shape = shape.unwrap_or_default();
    FrameType {
        dtype,
        shape: shape.into_iter().map(Some).collect(),
    }
}

/// Typed access to the parameters.
struct Parameters<'a>(&'a Dict);

impl Parameters<'_> {
    fn known(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_none())
    }

    fn text(&self, name: &'static str, default: &str) -> Result<String, LimaError> {
        match self.known(name) {
            None => Ok(default.to_owned()),
            Some(value) => match value.as_text() {
                Some(text) => Ok(text.to_owned()),
                None => Err(LimaError::Parameter { name }),
            },
        }
    }

    fn int(&self, name: &'static str) -> Result<i64, LimaError> {
        match self.known(name) {
            None => Ok(0),
            Some(value) => value.as_i64().ok_or(LimaError::Parameter { name }),
        }
    }

    /// Returns a number of images; 0 means that there is no limit, and so do Lima's negative numbers.
    fn images(&self, name: &'static str) -> Result<u64, LimaError> {
        Ok(self.int(name)?.max(0).unsigned_abs())
    }
}

fn saving(parameters: &Parameters<'_>) -> Result<Option<Saving>, LimaError> {
    if parameters.text("saving_mode", "NOSAVING")? == "NOSAVING" {
        return Ok(None);
    }
    let format = parameters.text("saving_format", "")?.to_lowercase();
    let is_hdf5 = format.starts_with("hdf5");
    let is_hardware = is_hdf5 && parameters.text("saving_managed_mode", "")? == "HARDWARE";
    let directory = parameters.text("saving_directory", "")?;
    let prefix = parameters.text("saving_prefix", "")?;
    let separator = match directory.is_empty() || directory.ends_with('/') {
        true => "",
        false => "/",
    };
    let marker = if is_hardware { "_data_" } else { "" };
    let files = match parameters.text("saving_overwrite", "")?.as_str() {
        // All images of the scan are one acquisition, and each file has those of one exposure.
        "multiset" | "MULTISET" => FileSeries {
            frames_per_acquisition: 0,
            frames_per_file: parameters.images("acq_nb_frames")?,
        },
        _ => FileSeries {
            frames_per_acquisition: parameters.images("saving_frame_per_acquisition")?,
            frames_per_file: parameters.images("saving_frame_per_file")?,
        },
    };
    Ok(Some(Saving {
        prefix: [&directory, separator, &prefix, marker].concat(),
        suffix: parameters.text("saving_suffix", "")?,
        index_format: parameters.text("saving_index_format", "%04d")?,
        // The files that a Dectris server saves are numbered from 1.
        first_number: parameters
            .int("saving_next_number")?
            .saturating_add(i64::from(is_hardware)),
        dataset: match (is_hdf5, is_hardware) {
            (false, _) => String::new(),
            (true, true) => "/entry/data/data".to_owned(),
            (true, false) => dataset(parameters)?,
        },
        format: match format.as_str() {
            "edf" | "edfconcat" => "edf".to_owned(),
            _ if is_hdf5 => "hdf5".to_owned(),
            _ => format,
        },
        files,
    }))
}

/// Returns the path of the images in the HDF5 files that Lima writes.
fn dataset(parameters: &Parameters<'_>) -> Result<String, LimaError> {
    const DETECTOR: &str = "user_detector_name";
    let detector = parameters.text(DETECTOR, "")?;
    if detector.is_empty() {
        return Err(LimaError::Parameter { name: DETECTOR });
    }
    if parameters.text("lima_version", "<1.9.1")? == "<1.9.1" {
        return Ok(format!("/entry_0000/instrument/{detector}/data/array"));
    }
    let instrument = parameters.text("user_instrument_name", "instrument")?;
    Ok(format!("/entry_0000/{instrument}/{detector}/data"))
}

impl DetectorFiles for LimaImages {
    fn frame(&self) -> &FrameType {
        &self.frame
    }

    fn format(&self) -> Option<&str> {
        let saving = self.saving.as_ref()?;
        Some(&saving.format)
    }

    fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
        let saving = self.saving.as_ref().ok_or(FrameSourceError::NotSaved)?;
        let files = saving.files;
        files.sources(frames.clone(), &saving.dataset, |number| {
            let number = number.checked_add(saving.first_number);
            let number = number.ok_or(FrameSourceError::TooMany(frames.clone()))?;
            let index = format_printf(&saving.index_format, number)?;
            Ok([&saving.prefix, index.as_str(), &saving.suffix].concat())
        })
    }

    fn readable(&self, saved: u64) -> u64 {
        match &self.saving {
            None => 0,
            Some(saving) => saving.files.complete_frames(saved),
        }
    }

    fn is_discarded(&self) -> bool {
        self.saving.is_none()
    }
}

#[cfg(test)]
mod tests;
