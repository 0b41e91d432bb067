//! Plugin `lima2` as published by blissdata 1.1 to 2.0: Lima 2 detectors that save their frames in numbered
//! files, and report in JSON.

use std::ops::Range;
use std::sync::Arc;

use acquisition::{
    DetectorFiles, FileSeries, FrameSource, FrameSourceError, FrameType, TemplateValue,
    format_braces,
};
use serde_json::Value;

use super::info_fields::InfoFields;
use super::progress::{JsonReports, Progress};
use super::{StreamKind, StreamKindError, StreamPlugin};
use crate::encoding::Encoding;

/// The plugin. It shares its name with the present one, which has no `lima_info`.
pub(super) struct Lima2Legacy;

impl StreamPlugin for Lima2Legacy {
    fn name(&self) -> &'static str {
        "lima2"
    }

    fn early_format(&self) -> Option<&'static str> {
        Some("lima_v2")
    }

    fn understands(&self, info: &Value) -> bool {
        info.get("lima_info").is_some()
    }

    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        info.require_json(encoding)?;
        Ok(StreamKind::Frames {
            files: Arc::new(Lima2Files::parse(info)?),
            progress: Arc::new(JsonReports(progress)),
        })
    }
}

/// Reads one progress report.
fn progress(report: &Value) -> Option<Progress> {
    let transferred = report.get("nb_frames_xferred")?.as_u64()?;
    Some(Progress {
        acquired: transferred,
        saved: transferred,
    })
}

/// The files of a Lima 2 detector.
#[derive(Debug)]
struct Lima2Files {
    frame: FrameType,
    /// Where the detector saves its frames, if it does.
    saving: Option<Saving>,
}

#[derive(Debug)]
struct Saving {
    /// Directory of the files.
    directory: String,
    /// Template of the file names, with fields in format_braces.
    path_template: String,
    /// TemplateValue `filename_prefix` of the template.
    prefix: String,
    /// TemplateValue `filename_rank` (blissdata 1.1: `rank`) of the template.
    rank: i64,
    /// TemplateValue `filename_suffix` of the template.
    suffix: String,
    /// Dataset of the frames in each file.
    data_path: String,
    files: FileSeries,
}

impl Lima2Files {
    fn parse(info: &InfoFields<'_>) -> Result<Lima2Files, StreamKindError> {
        let lima = info.inner("lima_info")?;
        // Publishers of 1.1 named no version.
        lima.version(1, true)?;
        let saving = match lima.has("path_template") && lima.has("file_format") {
            false => None,
            true => Some(Saving {
                files: FileSeries {
                    frames_per_acquisition: lima.uint("frame_per_acquisition")?,
                    frames_per_file: lima.frames_per_file("frame_per_file")?,
                },
                directory: lima.text("directory")?,
                path_template: lima.text("path_template")?,
                prefix: lima.text("prefix")?,
                rank: lima.int("rank")?,
                suffix: lima.text("suffix")?,
                data_path: lima.text("data_path")?,
            }),
        };
        let frame = info.frame_type()?;
        // The frames can be found without it, but it must be a text.
        lima.optional_text("name")?;
        Ok(Lima2Files { frame, saving })
    }
}

impl DetectorFiles for Lima2Files {
    fn frame(&self) -> &FrameType {
        &self.frame
    }

    fn format(&self) -> Option<&str> {
        self.saving.as_ref().map(|_| "hdf5")
    }

    fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
        let saving = self.saving.as_ref().ok_or(FrameSourceError::NotSaved)?;
        // Published without the slash in front, and meant from the root of the file.
        let dataset = format!("/{}", saving.data_path.trim_start_matches('/'));
        let files = &saving.files;
        files.sources(frames, &dataset, |number| saving.file(number))
    }

    /// Returns 0: the detector does not report which files it has closed.
    fn readable(&self, _saved: u64) -> u64 {
        0
    }
}

impl Saving {
    fn file(&self, number: i64) -> Result<String, FrameSourceError> {
        let name = format_braces(&self.path_template, |field| match field {
            "filename_prefix" => Some(TemplateValue::Text(self.prefix.clone())),
            "filename_rank" | "rank" => Some(TemplateValue::Number(self.rank)),
            "file_number" => Some(TemplateValue::Number(number)),
            "filename_suffix" => Some(TemplateValue::Text(self.suffix.clone())),
            _ => None,
        })?;
        Ok(format!("{}/{name}", self.directory.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn legacy() -> Value {
        json!({"format": "lima_v2", "dtype": "uint8", "shape": [4, 4], "lima_info": {
            "server_urls": {"tango_ctrl_url": "a/b/c", "tango_recv_urls": ["a/b/d"]},
            "name": "frame", "file_format": "hdf5", "frame_per_acquisition": 5,
            "frame_per_file": 2, "data_path": "entry/data", "directory": "/data/", "rank": 0,
            "path_template": "{filename_prefix}_{rank}_{file_number:05d}{filename_suffix}",
            "suffix": ".h5", "prefix": "cam"}})
    }

    fn parse(info: &Value) -> Arc<dyn DetectorFiles> {
        match StreamKind::parse(info, Some(&Encoding::Json)).unwrap() {
            StreamKind::Frames { files, .. } => files,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn legacy_files_with_both_names_of_the_rank() {
        let mut newer = legacy();
        newer["plugin"] = json!("lima2");
        newer["lima_info"]["protocol_version"] = json!(1);
        newer["lima_info"]["path_template"] =
            json!("{filename_prefix}_{filename_rank}_{file_number:05d}{filename_suffix}");
        for info in [legacy(), newer] {
            let lima = parse(&info);
            assert_eq!((lima.format(), lima.readable(4)), (Some("hdf5"), 0));
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
        let lima = parse(&unsaved);
        assert_eq!(lima.sources(0..1), Err(FrameSourceError::NotSaved));

        let event = json!({"acq_uuid": "x", "nb_frames_acquired": 9, "nb_frames_xferred": 7});
        assert_eq!(progress(&event).unwrap().saved, 7);
        assert_eq!(progress(&json!({})), None);
        let kind = StreamKind::parse(&legacy(), None);
        assert!(matches!(kind, Ok(StreamKind::Plain)), "{kind:?}");
    }
}
