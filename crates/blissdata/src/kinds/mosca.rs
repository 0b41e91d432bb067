//! Streams of MCA controllers behind a Mosca server: progress reports, and where the spectra are.

use std::ops::Range;

use acquisition::{FileLayout, FrameSource, FrameType, SourceError};
use serde_json::Value;

use super::KindError;
use super::fields::{Fields, count_up_to};

/// Description of the spectra of one detector of a Mosca server (blissdata-mosca 2.0.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoscaInfo {
    /// Type of the spectra.
    pub frame: FrameType,
    /// Number of the detector.
    pub detector: u64,
    /// Tango device of the server.
    pub server_url: Option<String>,
    /// Where the server saves its spectra, if it does.
    pub saving: Option<MoscaSaving>,
}

/// Where a Mosca server saves its spectra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoscaSaving {
    /// Directory of the files.
    pub file_path: String,
    /// What the names of the files start with.
    pub file_prefix: String,
    /// Group of the detectors in each file.
    pub data_path: String,
    /// Family of the format: `hdf5`.
    pub file_format: String,
    /// Spectra of one file; `None` when one file takes all.
    pub points_per_file: Option<u64>,
}

/// One progress report of a Mosca server, as numbers of spectra since the start of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoscaStatus {
    /// Spectra read from the hardware.
    pub acquired: u64,
    /// Spectra written to files.
    pub saved: u64,
}

impl MoscaInfo {
    pub(super) fn parse(info: &Fields<'_>) -> Result<MoscaInfo, KindError> {
        let mosca = info.inner("mosca_info")?;
        mosca.version(1, false)?;
        let disabled = mosca.get("saving_enabled") == Some(&Value::Bool(false));
        let named = mosca.has("file_path") && mosca.has("file_format");
        let saving = match named && !disabled {
            false => None,
            true => Some(MoscaSaving {
                file_path: mosca.text("file_path")?,
                file_prefix: mosca.optional_text("file_prefix")?.unwrap_or_default(),
                data_path: mosca.text("data_path")?,
                file_format: mosca.text("file_format")?,
                points_per_file: match mosca.int("points_per_file")? {
                    0 => return Err(mosca.error("points_per_file")),
                    n => u64::try_from(n).ok(),
                },
            }),
        };
        Ok(MoscaInfo {
            frame: info.frame_type()?,
            detector: info.uint("detector")?,
            server_url: mosca.optional_text("server_url")?,
            saving,
        })
    }

    /// The files that hold these spectra of the scan, in order.
    ///
    /// # Errors
    /// When the server does not save.
    pub fn sources(&self, spectra: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
        let saving = self.saving.as_ref().ok_or(SourceError::NotSaved)?;
        let group = saving.data_path.trim_matches('/');
        let dataset = match group {
            "" => format!("/spectra_{:02}", self.detector),
            group => format!("/{group}/spectra_{:02}", self.detector),
        };
        saving.layout().sources(spectra, &dataset, |number| {
            let directory = saving.file_path.trim_end_matches('/');
            let prefix = &saving.file_prefix;
            Ok(format!("{directory}/{prefix}spectra_{number:04}.h5"))
        })
    }

    /// How many spectra can be read safely, from the start of the scan, when the server has written
    /// `saved` of them: those in files that it has closed. After the end of the stream (`sealed`)
    /// all files are closed.
    pub fn readable(&self, saved: u64, sealed: bool) -> u64 {
        match &self.saving {
            None => 0,
            Some(_) if sealed => saved,
            Some(saving) => saving.layout().closed(saved),
        }
    }
}

impl MoscaSaving {
    fn layout(&self) -> FileLayout {
        FileLayout {
            frames_per_acquisition: 0,
            frames_per_file: self.points_per_file.unwrap_or(0),
        }
    }
}

impl MoscaStatus {
    /// Reads one event of the stream; `None` when it is no status. An absent index means none.
    pub fn parse(event: &Value) -> Option<MoscaStatus> {
        let event = event.as_object()?;
        Some(MoscaStatus {
            acquired: count_up_to(event, "last_read_index")?,
            saved: count_up_to(event, "last_saved_index")?,
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
        json!({"plugin": "mosca", "detector": 3, "data_index": 1, "dtype": "uint32",
            "shape": [4096], "mosca_info": {"server_url": "id00/mosca/xmap", "acq_id": 12,
                "protocol_version": 1, "file_path": "/data/scan0001", "file_prefix": "xmap_",
                "data_path": "/entry_0000/xmap", "file_format": "hdf5", "points_per_file": 4,
                "saving_enabled": true, "enabled_detectors": [0, 3]}})
    }

    fn parse(info: &Value) -> Result<MoscaInfo, KindError> {
        match StreamKind::parse(info, Some(&Encoding::Json))? {
            StreamKind::Mosca(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn spectra_are_in_one_dataset_per_detector() {
        let mosca = parse(&info()).unwrap();
        assert_eq!(mosca.frame.shape, [Some(4096)]);
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
        assert_eq!(mosca.readable(9, false), 8);
        assert_eq!(mosca.readable(9, true), 9);
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
            assert_eq!(mosca.sources(0..1), Err(SourceError::NotSaved), "{field}");
            assert_eq!(mosca.readable(3, true), 0);
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
    fn statuses() {
        let of = |event| MoscaStatus::parse(&event).map(|s| (s.acquired, s.saved));
        assert_eq!(
            of(json!({"last_read_index": 9, "last_saved_index": 5})),
            Some((10, 6))
        );
        assert_eq!(of(json!({"last_read_index": -1})), Some((0, 0)));
        assert_eq!(of(json!({"last_read_index": "x"})), None);
        assert_eq!(of(json!([1])), None);
    }
}
