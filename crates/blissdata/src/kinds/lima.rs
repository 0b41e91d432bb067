//! Streams of Lima 1 detectors: progress reports, and where the frames are.

use std::ops::Range;

use acquisition::{FileLayout, FrameSource, FrameType, SourceError, printf};
use serde_json::Value;

use super::KindError;
use super::fields::{Fields, count_up_to};

/// Description of the stream of a Lima 1 detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimaInfo {
    /// Type of the frames.
    pub frame: FrameType,
    /// Tango device of the detector.
    pub server_url: String,
    /// Frames of one acquisition; 0 when the scan is one acquisition of unknown length.
    pub frame_per_acquisition: u64,
    /// Acquisition number of the detector for the first acquisition of the scan.
    pub acquisition_offset: i64,
    /// Where the detector saves its frames, if it does.
    pub saving: Option<LimaSaving>,
    /// The saving mode is `NOSAVING`: blisswriter 2.0.0 leaves out all of such a stream.
    pub is_never_saved: bool,
}

/// Where a Lima 1 detector saves its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimaSaving {
    /// printf pattern of the file names; takes the file number.
    pub file_path: String,
    /// Dataset of the frames in each file; `None` for formats without datasets.
    pub data_path: Option<String>,
    /// Family of the format: `hdf5`, `edf`, `cbf`.
    pub file_format: String,
    /// Number of the first file.
    pub file_offset: i64,
    /// Frames of one file; `None` when a file takes all frames of an acquisition.
    pub frame_per_file: Option<u64>,
}

/// One progress report of a Lima 1 detector, as numbers of frames since the start of the scan.
/// Reports may skip frames and even go back: only maxima count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimaStatus {
    /// Frames acquired.
    pub acquired: u64,
    /// Frames written to files.
    pub saved: u64,
}

impl LimaInfo {
    pub(super) fn parse(info: &Fields<'_>) -> Result<LimaInfo, KindError> {
        let lima = info.inner("lima_info")?;
        lima.version(1, false)?;
        let is_never_saved = lima
            .get("saving_mode")
            .is_some_and(|mode| mode == "NOSAVING");
        let named = lima.has("file_path") && lima.has("file_format");
        let saving = match named && !is_never_saved {
            false => None,
            true => Some(LimaSaving {
                file_path: lima.text("file_path")?,
                data_path: lima.optional_text("data_path")?,
                file_format: lima.text("file_format")?,
                file_offset: lima.int("file_offset")?,
                frame_per_file: match lima.int("frame_per_file")? {
                    0 => return Err(lima.error("frame_per_file")),
                    n => u64::try_from(n).ok(),
                },
            }),
        };
        Ok(LimaInfo {
            frame: info.frame_type()?,
            server_url: lima.text("server_url")?,
            frame_per_acquisition: lima.uint("frame_per_acquisition")?,
            acquisition_offset: lima.int("acquisition_offset")?,
            saving,
            is_never_saved,
        })
    }

    /// The files that hold these frames of the scan, in order.
    ///
    /// # Errors
    /// When the detector does not save, or its file names cannot be formatted.
    pub fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
        let saving = self.saving.as_ref().ok_or(SourceError::NotSaved)?;
        let dataset = saving.data_path.as_deref().unwrap_or_default();
        self.layout(saving)
            .sources(frames.clone(), dataset, |number| {
                let number = number.checked_add(saving.file_offset);
                let number = number.ok_or(SourceError::TooMany(frames.clone()))?;
                printf(&saving.file_path, number)
            })
    }

    /// How many frames can be read safely, from the start of the scan, when the detector has
    /// written `saved` of them: those in files that it has closed. After the end of the stream
    /// (`sealed`) all files are closed.
    pub fn readable(&self, saved: u64, sealed: bool) -> u64 {
        match &self.saving {
            None => 0,
            Some(_) if sealed => saved,
            Some(saving) => self.layout(saving).closed(saved),
        }
    }

    fn layout(&self, saving: &LimaSaving) -> FileLayout {
        FileLayout {
            frames_per_acquisition: self.frame_per_acquisition,
            frames_per_file: saving.frame_per_file.unwrap_or(0),
        }
    }
}

impl LimaStatus {
    /// Reads one event of the stream; `None` when it is no status. An absent index means none.
    pub fn parse(event: &Value) -> Option<LimaStatus> {
        let event = event.as_object()?;
        Some(LimaStatus {
            acquired: count_up_to(event, "last_index")?,
            saved: count_up_to(event, "last_index_saved")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::StreamKind;
    use super::*;
    use crate::encoding::Encoding;

    fn info() -> Value {
        json!({"format": "lima_v1", "plugin": "lima", "dtype": "uint16", "shape": [2048, -1],
            "lima_info": {"protocol_version": 1, "server_url": "id00/limaccds/simulator",
                "buffer_max_number": 32, "frame_per_acquisition": 10, "acquisition_offset": 0,
                "file_path": "/data/cam_%04d.h5", "data_path": "/entry_0000/data",
                "file_format": "hdf5", "file_offset": 1, "frame_per_file": 4}})
    }

    fn parse(info: &Value) -> Result<LimaInfo, KindError> {
        match StreamKind::parse(info, Some(&Encoding::Json))? {
            StreamKind::Lima(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_in_three_files() {
        let lima = parse(&info()).unwrap();
        assert_eq!(lima.frame.shape, [Some(2048), None]);
        let sources = lima.sources(0..10).unwrap();
        let sources: Vec<_> = sources
            .iter()
            .map(|s| (s.file.as_str(), s.first_row, s.frames))
            .collect();
        assert_eq!(
            sources,
            [
                ("/data/cam_0001.h5", 0, 4),
                ("/data/cam_0002.h5", 0, 4),
                ("/data/cam_0003.h5", 0, 2)
            ]
        );
        assert_eq!(lima.readable(6, false), 4);
        assert_eq!(lima.readable(6, true), 6);
    }

    #[test]
    fn format_without_plugin_is_the_same() {
        let mut legacy = info();
        legacy.as_object_mut().unwrap().remove("plugin");
        assert_eq!(parse(&legacy), parse(&info()));
    }

    #[test]
    fn all_in_one_file_and_no_saving() {
        let mut value = info();
        value["lima_info"]["frame_per_file"] = json!(-1);
        value["lima_info"]["data_path"] = json!(null);
        let sources = parse(&value).unwrap().sources(5..12).unwrap();
        assert_eq!((sources[0].first_row, sources[0].frames), (5, 5));
        assert_eq!(
            (sources[1].file.as_str(), sources[1].frames),
            ("/data/cam_0002.h5", 2)
        );
        assert_eq!(sources[0].dataset, "");

        value["lima_info"]
            .as_object_mut()
            .unwrap()
            .remove("file_path");
        let lima = parse(&value).unwrap();
        assert_eq!(lima.sources(0..1), Err(SourceError::NotSaved));
        assert_eq!(lima.readable(3, true), 0);
    }

    #[test]
    fn what_is_not_saved_says_so_in_several_ways() {
        for (field, value, never) in [
            ("saving_mode", json!("NOSAVING"), true),
            ("file_format", json!(null), false),
            ("file_path", json!(null), false),
        ] {
            let mut info = info();
            info["lima_info"][field] = value;
            let lima = parse(&info).unwrap();
            assert_eq!((lima.saving, lima.is_never_saved), (None, never), "{field}");
        }
        // As blissdata 2.0.1 describes a detector that saves nothing.
        let lima = parse(
            &json!({"format": "lima_v1", "plugin": "lima", "dtype": "uint16",
            "shape": [6, 8], "lima_info": {"protocol_version": 1, "server_url": "id00/cam",
                "buffer_max_number": 100, "frame_per_acquisition": 4, "acquisition_offset": 0}}),
        );
        assert_eq!(lima.unwrap().saving, None);
    }

    #[test]
    fn broken_descriptions_name_the_field() {
        let with = |name: &str, value: Value| {
            let mut info = info();
            info["lima_info"][name] = value;
            parse(&info).unwrap_err().to_string()
        };
        assert_eq!(
            with("protocol_version", json!(2)),
            "plugin \"lima\": protocol version 2 instead of 1"
        );
        assert_eq!(
            with("frame_per_file", json!(0)),
            "plugin \"lima\": field \"lima_info.frame_per_file\" is 0"
        );
        assert_eq!(
            with("server_url", json!(null)),
            "plugin \"lima\": field \"lima_info.server_url\" is null"
        );
        assert!(
            parse(&json!({"plugin": "lima"}))
                .unwrap_err()
                .to_string()
                .contains("lima_info")
        );
    }

    #[test]
    fn statuses() {
        let of = |event| LimaStatus::parse(&event).map(|s| (s.acquired, s.saved));
        assert_eq!(
            of(json!({"last_index": 9, "last_index_saved": 5, "more": 1})),
            Some((10, 6))
        );
        assert_eq!(of(json!({"last_index": 3})), Some((4, 0)));
        assert_eq!(
            of(json!({"last_index": -1, "last_index_saved": -1})),
            Some((0, 0))
        );
        assert_eq!(of(json!({"last_index": "x"})), None);
        assert_eq!(of(json!({"last_index": -2})), None);
        assert_eq!(of(json!({"last_index": i64::MAX})), None);
        assert_eq!(of(json!([1])), None);
    }
}
