//! Plugin `lima`: Lima 1 detectors, which save their frames in numbered files.

use std::ops::Range;
use std::sync::Arc;

use acquisition::{
    DetectorFiles, FileSeries, FrameSource, FrameSourceError, FrameType, format_printf,
};

use super::info_fields::InfoFields;
use super::progress::{JsonReports, last_indices};
use super::{StreamKind, StreamKindError, StreamPlugin};
use crate::encoding::Encoding;

/// The plugin.
pub(super) struct Lima;

impl StreamPlugin for Lima {
    fn name(&self) -> &'static str {
        "lima"
    }

    fn early_format(&self) -> Option<&'static str> {
        Some("lima_v1")
    }

    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        info.require_json(encoding)?;
        Ok(StreamKind::Frames {
            files: Arc::new(LimaFiles::parse(info)?),
            progress: Arc::new(JsonReports(|report| {
                last_indices(report, "last_index", "last_index_saved")
            })),
        })
    }
}

/// The files of a Lima 1 detector.
#[derive(Debug)]
struct LimaFiles {
    frame: FrameType,
    /// Where the detector saves its frames, if it does.
    saving: Option<Saving>,
    /// The saving mode is `NOSAVING`: blisswriter 2.0.0 leaves out all of such a stream.
    is_never_saved: bool,
}

#[derive(Debug)]
struct Saving {
    /// printf pattern of the file names; takes the file number.
    file_path: String,
    /// Dataset of the frames in each file; `None` for formats without datasets.
    data_path: Option<String>,
    /// Family of the format: `hdf5`, `edf`, `cbf`.
    file_format: String,
    /// Number of the first file.
    file_offset: i64,
    files: FileSeries,
}

impl LimaFiles {
    fn parse(info: &InfoFields<'_>) -> Result<LimaFiles, StreamKindError> {
        let lima = info.inner("lima_info")?;
        lima.version(1, false)?;
        let is_never_saved = lima
            .get("saving_mode")
            .is_some_and(|mode| mode == "NOSAVING");
        let frames_per_acquisition = lima.uint("frame_per_acquisition")?;
        let named = lima.has("file_path") && lima.has("file_format");
        let saving = match named && !is_never_saved {
            false => None,
            true => Some(Saving {
                file_path: lima.text("file_path")?,
                data_path: lima.optional_text("data_path")?,
                file_format: lima.text("file_format")?,
                file_offset: lima.int("file_offset")?,
                files: FileSeries {
                    frames_per_acquisition,
                    frames_per_file: lima.frames_per_file("frame_per_file")?,
                },
            }),
        };
        let frame = info.frame_type()?;
        // Required, although the frames can be found without them.
        lima.text("server_url")?;
        lima.int("acquisition_offset")?;
        Ok(LimaFiles {
            frame,
            saving,
            is_never_saved,
        })
    }
}

impl DetectorFiles for LimaFiles {
    fn frame(&self) -> &FrameType {
        &self.frame
    }

    fn format(&self) -> Option<&str> {
        let saving = self.saving.as_ref()?;
        Some(&saving.file_format)
    }

    fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
        let saving = self.saving.as_ref().ok_or(FrameSourceError::NotSaved)?;
        let dataset = saving.data_path.as_deref().unwrap_or_default();
        saving.files.sources(frames.clone(), dataset, |number| {
            let number = number.checked_add(saving.file_offset);
            let number = number.ok_or(FrameSourceError::TooMany(frames.clone()))?;
            format_printf(&saving.file_path, number)
        })
    }

    fn readable(&self, saved: u64) -> u64 {
        match &self.saving {
            None => 0,
            Some(saving) => saving.files.complete_frames(saved),
        }
    }

    fn is_discarded(&self) -> bool {
        self.is_never_saved
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn info() -> Value {
        json!({"format": "lima_v1", "plugin": "lima", "dtype": "uint16", "shape": [2048, -1],
            "lima_info": {"protocol_version": 1, "server_url": "id00/limaccds/simulator",
                "buffer_max_number": 32, "frame_per_acquisition": 10, "acquisition_offset": 0,
                "file_path": "/data/cam_%04d.h5", "data_path": "/entry_0000/data",
                "file_format": "hdf5", "file_offset": 1, "frame_per_file": 4}})
    }

    fn parse(info: &Value) -> Result<Arc<dyn DetectorFiles>, StreamKindError> {
        match StreamKind::parse(info, Some(&Encoding::Json))? {
            StreamKind::Frames { files, .. } => Ok(files),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_in_three_files() {
        let lima = parse(&info()).unwrap();
        assert_eq!(lima.frame().shape, [Some(2048), None]);
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
        assert_eq!(lima.readable(6), 4);
    }

    #[test]
    fn format_without_plugin_is_the_same() {
        let mut legacy = info();
        legacy.as_object_mut().unwrap().remove("plugin");
        let shown = |info| format!("{:?}", parse(info).unwrap());
        assert_eq!(shown(&legacy), shown(&info()));
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
        assert_eq!(lima.sources(0..1), Err(FrameSourceError::NotSaved));
        assert_eq!(lima.readable(3), 0);
    }

    #[test]
    fn unsaved_frames_are_recognised_in_all_forms() {
        for (field, value, never) in [
            ("saving_mode", json!("NOSAVING"), true),
            ("file_format", json!(null), false),
            ("file_path", json!(null), false),
        ] {
            let mut info = info();
            info["lima_info"][field] = value;
            let lima = parse(&info).unwrap();
            assert_eq!(
                (lima.format(), lima.is_discarded()),
                (None, never),
                "{field}"
            );
        }
        // As blissdata 2.0.1 describes a detector that saves nothing.
        let lima = parse(
            &json!({"format": "lima_v1", "plugin": "lima", "dtype": "uint16",
            "shape": [6, 8], "lima_info": {"protocol_version": 1, "server_url": "id00/cam",
                "buffer_max_number": 100, "frame_per_acquisition": 4, "acquisition_offset": 0}}),
        );
        assert_eq!(lima.unwrap().format(), None);
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
    fn reports() {
        let Ok(StreamKind::Frames { progress, .. }) =
            StreamKind::parse(&info(), Some(&Encoding::Json))
        else {
            panic!("not a detector")
        };
        let of = |report: Value| {
            let report = progress.read(report.to_string().as_bytes(), 1).ok();
            report.map(|frames| (frames.acquired, frames.saved))
        };
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
