//! Plugin `mosca`: MCA controllers whose spectra a Mosca server saves (blissdata-mosca 2.0.5).

use std::ops::Range;
use std::sync::Arc;

use acquisition::{DetectorFiles, FileSeries, FrameSource, FrameSourceError, FrameType};
use serde_json::Value;

use super::info_fields::InfoFields;
use super::progress::{JsonReports, last_indices};
use super::{StreamKind, StreamKindError, StreamPlugin};
use crate::encoding::Encoding;

/// The plugin.
pub(super) struct Mosca;

impl StreamPlugin for Mosca {
    fn name(&self) -> &'static str {
        "mosca"
    }

    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        info.require_json(encoding)?;
        Ok(StreamKind::Frames {
            files: Arc::new(MoscaFiles::parse(info)?),
            progress: Arc::new(JsonReports(|report| {
                last_indices(report, "last_read_index", "last_saved_index")
            })),
        })
    }
}

/// The files of one detector of a Mosca server; its frames are spectra.
#[derive(Debug)]
struct MoscaFiles {
    frame: FrameType,
    /// Number of the detector.
    detector: u64,
    /// Where the server saves the spectra, if it does.
    saving: Option<Saving>,
}

#[derive(Debug)]
struct Saving {
    /// Directory of the files.
    file_path: String,
    /// What the names of the files start with.
    file_prefix: String,
    /// Group of the detectors in each file.
    data_path: String,
    /// Family of the format: `hdf5`.
    file_format: String,
    files: FileSeries,
}

impl MoscaFiles {
    fn parse(info: &InfoFields<'_>) -> Result<MoscaFiles, StreamKindError> {
        let mosca = info.inner("mosca_info")?;
        mosca.version(1, false)?;
        let disabled = mosca.get("saving_enabled") == Some(&Value::Bool(false));
        let named = mosca.has("file_path") && mosca.has("file_format");
        let saving = match named && !disabled {
            false => None,
            true => Some(Saving {
                file_path: mosca.text("file_path")?,
                file_prefix: mosca.optional_text("file_prefix")?.unwrap_or_default(),
                data_path: mosca.text("data_path")?,
                file_format: mosca.text("file_format")?,
                files: FileSeries {
                    frames_per_acquisition: 0,
                    frames_per_file: mosca.frames_per_file("points_per_file")?,
                },
            }),
        };
        let files = MoscaFiles {
            frame: info.frame_type()?,
            detector: info.uint("detector")?,
            saving,
        };
        // The spectra can be found without it, but it must be a text.
        mosca.optional_text("server_url")?;
        Ok(files)
    }
}

impl DetectorFiles for MoscaFiles {
    fn frame(&self) -> &FrameType {
        &self.frame
    }

    fn format(&self) -> Option<&str> {
        let saving = self.saving.as_ref()?;
        Some(&saving.file_format)
    }

    fn sources(&self, spectra: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError> {
        let saving = self.saving.as_ref().ok_or(FrameSourceError::NotSaved)?;
        let group = saving.data_path.trim_matches('/');
        let dataset = match group {
            "" => format!("/spectra_{:02}", self.detector),
            group => format!("/{group}/spectra_{:02}", self.detector),
        };
        saving.files.sources(spectra, &dataset, |number| {
            let directory = saving.file_path.trim_end_matches('/');
            let prefix = &saving.file_prefix;
            Ok(format!("{directory}/{prefix}spectra_{number:04}.h5"))
        })
    }

    fn readable(&self, saved: u64) -> u64 {
        match &self.saving {
            None => 0,
            Some(saving) => saving.files.complete_frames(saved),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info() -> Value {
        json!({"plugin": "mosca", "detector": 3, "data_index": 1, "dtype": "uint32",
            "shape": [4096], "mosca_info": {"server_url": "id00/mosca/xmap", "acq_id": 12,
                "protocol_version": 1, "file_path": "/data/scan0001", "file_prefix": "xmap_",
                "data_path": "/entry_0000/xmap", "file_format": "hdf5", "points_per_file": 4,
                "saving_enabled": true, "enabled_detectors": [0, 3]}})
    }

    fn parse(info: &Value) -> Result<Arc<dyn DetectorFiles>, StreamKindError> {
        match StreamKind::parse(info, Some(&Encoding::Json))? {
            StreamKind::Frames { files, .. } => Ok(files),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn spectra_are_in_one_dataset_per_detector() {
        let mosca = parse(&info()).unwrap();
        assert_eq!(mosca.frame().shape, [Some(4096)]);
        let sources = mosca.sources(2..9).unwrap();
        let sources: Vec<_> = sources
            .iter()
            .map(|s| (s.file.as_str(), s.first_row, s.frames))
            .collect();
        assert_eq!(
            sources,
            [
                ("/data/scan0001/xmap_spectra_0000.h5", 2, 2),
                ("/data/scan0001/xmap_spectra_0001.h5", 0, 4),
                ("/data/scan0001/xmap_spectra_0002.h5", 0, 1)
            ]
        );
        let source = &mosca.sources(0..1).unwrap()[0];
        assert_eq!(source.dataset, "/entry_0000/xmap/spectra_03");
        assert_eq!(mosca.readable(9), 8);
    }

    #[test]
    fn one_file_for_all_and_no_files() {
        let mut value = info();
        value["mosca_info"]["points_per_file"] = json!(-1);
        value["mosca_info"]["data_path"] = json!("/");
        value["mosca_info"]["file_path"] = json!("/data/");
        let sources = parse(&value).unwrap().sources(0..100).unwrap();
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].file, "/data/xmap_spectra_0000.h5");
        assert_eq!(sources[0].dataset, "/spectra_03");

        for (field, other) in [
            ("saving_enabled", json!(false)),
            ("file_format", json!(null)),
            ("file_path", json!(null)),
        ] {
            let mut value = info();
            value["mosca_info"][field] = other;
            let mosca = parse(&value).unwrap();
            assert_eq!(
                mosca.sources(0..1),
                Err(FrameSourceError::NotSaved),
                "{field}"
            );
            assert_eq!(mosca.readable(3), 0);
        }
    }

    #[test]
    fn broken_descriptions_name_the_field() {
        let with = |field: &str, value: Value| {
            let mut info = info();
            match info["mosca_info"].get(field) {
                Some(_) => info["mosca_info"][field] = value,
                None => info[field] = value,
            }
            parse(&info).unwrap_err().to_string()
        };
        assert_eq!(
            with("protocol_version", json!(2)),
            "plugin \"mosca\": protocol version 2 instead of 1"
        );
        assert_eq!(
            with("points_per_file", json!(0)),
            "plugin \"mosca\": field \"mosca_info.points_per_file\" is 0"
        );
        assert_eq!(
            with("detector", json!("a")),
            "plugin \"mosca\": field \"detector\" is \"a\""
        );
        let error = StreamKind::parse(&json!({"plugin": "mosca"}), None).unwrap_err();
        assert_eq!(error.to_string(), "plugin \"mosca\": not on a json stream");
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
            of(json!({"last_read_index": 9, "last_saved_index": 5})),
            Some((10, 6))
        );
        assert_eq!(of(json!({"last_read_index": -1})), Some((0, 0)));
        assert_eq!(of(json!({"last_read_index": "x"})), None);
        assert_eq!(of(json!([1])), None);
    }
}
