//! Streams of Lima 2 detectors, in their present form and in that of blissdata 1.1 to 2.0.

use std::ops::Range;

use acquisition::{Field, FileLayout, FrameSource, FrameType, SourceError, braces};
use serde_json::Value;

use super::KindError;
use super::fields::Fields;

/// Description of the stream of a Lima 2 detector (protocol 2). Each point of the stream is the
/// number of frames available so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lima2Info {
    /// Type of the frames.
    pub frame: FrameType,
    /// Identifier of the acquisition.
    pub acq_uuid: Option<String>,
    /// Name of the frame source, such as `frame`.
    pub source_name: Option<String>,
    /// File and dataset that hold all frames; `None` when they are not saved.
    pub master_file: Option<(String, String)>,
}

impl Lima2Info {
    pub(super) fn parse(info: &Fields<'_>) -> Result<Lima2Info, KindError> {
        info.version(2, false)?;
        let master_file = match info.get("master_file") {
            None => None,
            Some(value) => match value.as_array().map(Vec::as_slice) {
                Some([Value::String(file), Value::String(dataset)]) => {
                    Some((file.clone(), dataset.clone()))
                }
                _ => return Err(info.error("master_file")),
            },
        };
        Ok(Lima2Info {
            frame: info.frame_type()?,
            acq_uuid: info.optional_text("acq_uuid")?,
            source_name: info.optional_text("source_name")?,
            master_file,
        })
    }

    /// The place of these frames of the scan: a part of the master dataset.
    ///
    /// # Errors
    /// When the frames are not saved.
    pub fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
        let (file, dataset) = self.master_file.as_ref().ok_or(SourceError::NotSaved)?;
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![FrameSource {
            file: file.clone(),
            dataset: dataset.clone(),
            first_row: frames.start,
            frames: frames.end - frames.start,
        }])
    }
}

/// Description of the stream of a Lima 2 detector as published before protocol 2: JSON events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lima2LegacyInfo {
    /// Type of the frames.
    pub frame: FrameType,
    /// Name of the frame source.
    pub source_name: Option<String>,
    /// Where the detector saves its frames, if it does.
    pub saving: Option<Lima2LegacySaving>,
}

/// Where a Lima 2 detector of the early protocol saves its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lima2LegacySaving {
    /// Frames of one acquisition; 0 when the scan is one acquisition of unknown length.
    pub frame_per_acquisition: u64,
    /// Frames of one file; `None` when a file takes all frames of an acquisition.
    pub frame_per_file: Option<u64>,
    /// Directory of the files.
    pub directory: String,
    /// Template of the file names, with fields in braces.
    pub path_template: String,
    /// Field `filename_prefix` of the template.
    pub prefix: String,
    /// Field `filename_rank` (blissdata 1.1: `rank`) of the template.
    pub rank: i64,
    /// Field `filename_suffix` of the template.
    pub suffix: String,
    /// Dataset of the frames in each file.
    pub data_path: String,
}

/// One progress report of the early protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lima2LegacyStatus {
    /// Frames available.
    pub transferred: u64,
}

impl Lima2LegacyInfo {
    pub(super) fn parse(info: &Fields<'_>) -> Result<Lima2LegacyInfo, KindError> {
        let lima = info.inner("lima_info")?;
        // Publishers of 1.1 gave no version.
        lima.version(1, true)?;
        let saving = match lima.has("path_template") && lima.has("file_format") {
            false => None,
            true => Some(Lima2LegacySaving {
                frame_per_acquisition: lima.uint("frame_per_acquisition")?,
                frame_per_file: match lima.int("frame_per_file")? {
                    0 => return Err(lima.error("frame_per_file")),
                    n => u64::try_from(n).ok(),
                },
                directory: lima.text("directory")?,
                path_template: lima.text("path_template")?,
                prefix: lima.text("prefix")?,
                rank: lima.int("rank")?,
                suffix: lima.text("suffix")?,
                data_path: lima.text("data_path")?,
            }),
        };
        Ok(Lima2LegacyInfo {
            frame: info.frame_type()?,
            source_name: lima.optional_text("name")?,
            saving,
        })
    }

    /// The files that hold these frames of the scan, in order.
    ///
    /// # Errors
    /// When the detector does not save, or its file names cannot be formatted.
    pub fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
        let saving = self.saving.as_ref().ok_or(SourceError::NotSaved)?;
        let layout = FileLayout {
            frames_per_acquisition: saving.frame_per_acquisition,
            frames_per_file: saving.frame_per_file.unwrap_or(0),
        };
        // Published without the slash in front, and meant from the root of the file.
        let dataset = format!("/{}", saving.data_path.trim_start_matches('/'));
        layout.sources(frames, &dataset, |number| saving.file(number))
    }
}

impl Lima2LegacySaving {
    fn file(&self, number: i64) -> Result<String, SourceError> {
        let name = braces(&self.path_template, |field| match field {
            "filename_prefix" => Some(Field::Text(self.prefix.clone())),
            "filename_rank" | "rank" => Some(Field::Number(self.rank)),
            "file_number" => Some(Field::Number(number)),
            "filename_suffix" => Some(Field::Text(self.suffix.clone())),
            _ => None,
        })?;
        Ok(format!("{}/{name}", self.directory.trim_end_matches('/')))
    }
}

impl Lima2LegacyStatus {
    /// Reads one event of the stream; `None` when it is no status.
    pub fn parse(event: &Value) -> Option<Lima2LegacyStatus> {
        Some(Lima2LegacyStatus {
            transferred: event.get("nb_frames_xferred")?.as_u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::StreamKind;
    use super::*;
    use crate::encoding::Encoding;

    fn counter() -> Encoding {
        Encoding::Numeric {
            dtype: "<u4".parse().unwrap(),
            shape: vec![],
        }
    }

    fn info() -> Value {
        json!({"plugin": "lima2", "dtype": "uint16", "shape": [512, 1024], "protocol_version": 2,
            "acq_uuid": "7a5f", "source_name": "frame", "conductor_hostname": "l2host",
            "conductor_port": 58712, "master_file": ["/x/master.h5", "/entry_0000/data"]})
    }

    fn legacy() -> Value {
        json!({"format": "lima_v2", "dtype": "uint8", "shape": [4, 4], "lima_info": {
            "server_urls": {"tango_ctrl_url": "a/b/c", "tango_recv_urls": ["a/b/d"]},
            "name": "frame", "file_format": "hdf5", "frame_per_acquisition": 5,
            "frame_per_file": 2, "data_path": "entry/data", "directory": "/data/", "rank": 0,
            "path_template": "{filename_prefix}_{rank}_{file_number:05d}{filename_suffix}",
            "suffix": ".h5", "prefix": "cam"}})
    }

    #[test]
    fn master_file() {
        let StreamKind::Lima2(lima) = StreamKind::parse(&info(), Some(&counter())).unwrap() else {
            panic!("no lima2");
        };
        let sources = lima.sources(3..8).unwrap();
        assert_eq!((sources[0].first_row, sources[0].frames), (3, 5));
        assert_eq!(sources[0].file, "/x/master.h5");
        assert_eq!(lima.sources(3..3), Ok(vec![]));

        let mut unsaved = info();
        unsaved["master_file"] = json!(null);
        let StreamKind::Lima2(lima) = StreamKind::parse(&unsaved, Some(&counter())).unwrap() else {
            panic!("no lima2");
        };
        assert_eq!(lima.sources(3..8), Err(SourceError::NotSaved));
    }

    #[test]
    fn other_versions_and_encodings_are_refused() {
        let mut next = info();
        next["protocol_version"] = json!(3);
        let error = StreamKind::parse(&next, Some(&counter())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "plugin \"lima2\": protocol version 3 instead of 2"
        );
        assert!(StreamKind::parse(&info(), Some(&Encoding::Json)).is_err());
        assert!(StreamKind::parse(&legacy(), None).is_ok_and(|kind| kind == StreamKind::Plain));
    }

    #[test]
    fn legacy_files_with_both_names_of_the_rank() {
        let mut newer = legacy();
        newer["plugin"] = json!("lima2");
        newer["lima_info"]["protocol_version"] = json!(1);
        newer["lima_info"]["path_template"] =
            json!("{filename_prefix}_{filename_rank}_{file_number:05d}{filename_suffix}");
        for info in [legacy(), newer] {
            let kind = StreamKind::parse(&info, Some(&Encoding::Json)).unwrap();
            let StreamKind::Lima2Legacy(lima) = kind else {
                panic!("{kind:?}")
            };
            let files: Vec<_> = lima.sources(3..7).unwrap();
            assert_eq!(files[0].dataset, "/entry/data");
            let files: Vec<_> = files
                .iter()
                .map(|s| (s.file.as_str(), s.first_row))
                .collect();
            assert_eq!(
                files,
                [
                    ("/data/cam_0_00001.h5", 1),
                    ("/data/cam_0_00002.h5", 0),
                    ("/data/cam_0_00003.h5", 0)
                ]
            );
        }
        let mut unsaved = legacy();
        unsaved["lima_info"]["file_format"] = json!(null);
        let kind = StreamKind::parse(&unsaved, Some(&Encoding::Json)).unwrap();
        let StreamKind::Lima2Legacy(lima) = kind else {
            panic!("{kind:?}")
        };
        assert_eq!(lima.sources(0..1), Err(SourceError::NotSaved));

        let event = json!({"acq_uuid": "x", "nb_frames_acquired": 9, "nb_frames_xferred": 7});
        assert_eq!(
            Lima2LegacyStatus::parse(&event),
            Some(Lima2LegacyStatus { transferred: 7 })
        );
        assert_eq!(Lima2LegacyStatus::parse(&json!({})), None);
    }
}
