//! What streams there are, and how they describe themselves.

use acquisition::{DType, DTypeKind};
use serde_json::{Map, Value, json};

use blissdata::encoding::Encoding;

/// Encoding and description of a stream to be.
#[derive(Debug, Clone)]
pub struct StreamDefinition {
    pub(super) encoding: Encoding,
    pub(super) info: Map<String, Value>,
    /// Key of the Lima server's counter, which determines `acquisition_offset`.
    pub(super) counter: Option<String>,
}

/// A Lima detector, whose frames are in files and whose stream reports how many there are.
#[derive(Debug, Clone)]
pub struct LimaDefinition {
    /// Type of a pixel.
    pub dtype: DType,
    /// Height and width of a frame.
    pub shape: Vec<u64>,
    /// Tango name of the Lima server; also the key of its acquisition counter.
    pub server_url: String,
    /// Frames that the server keeps in memory.
    pub buffer_max_number: u64,
    /// Frames of one acquisition.
    pub frame_per_acquisition: u64,
    /// Where frames are saved, if they are.
    pub files: Option<LimaFiles>,
}

/// Files that a Lima server writes.
#[derive(Debug, Clone)]
pub struct LimaFiles {
    /// Path of the files, with one `%d` or `%04d` for their number.
    pub file_path: String,
    /// Dataset in an HDF5 file.
    pub data_path: Option<String>,
    /// `hdf5`, `edf`, `cbf`.
    pub file_format: String,
    /// Number of the first file.
    pub file_offset: i64,
    /// Frames per file.
    pub frame_per_file: u64,
}

/// A Lima2 detector, whose stream reports how many frames there are.
#[derive(Debug, Clone)]
pub struct Lima2Definition {
    /// Type of a pixel.
    pub dtype: DType,
    /// Shape of a frame.
    pub shape: Vec<u64>,
    /// UUID of the acquisition.
    pub acq_uuid: String,
    /// Name of the source, e.g. `frame`.
    pub source_name: String,
    /// Host and port of the conductor.
    pub conductor: (String, u16),
    /// The file that has all frames and the dataset in it, if they are saved.
    pub master_file: Option<(String, String)>,
}

impl StreamDefinition {
    /// A stream of numbers. `shape` is that of one point, empty for scalars, None for dimensions
    /// that vary.
    pub fn numeric(dtype: DType, shape: &[Option<u64>]) -> StreamDefinition {
        StreamDefinition {
            encoding: Encoding::Numeric {
                dtype,
                shape: shape.to_vec(),
            },
            info: description(dtype, shape),
            counter: None,
        }
    }

    /// A stream of JSON values.
    pub fn json() -> StreamDefinition {
        StreamDefinition {
            encoding: Encoding::Json,
            info: Map::new(),
            counter: None,
        }
    }

    /// A stream of the scans that make up a sequence.
    pub fn scan_sequence() -> StreamDefinition {
        StreamDefinition::json()
            .with("format", "subscan")
            .with("plugin", "scan_sequence")
    }

    /// The stream of a Lima detector.
    pub fn lima(lima: &LimaDefinition) -> StreamDefinition {
        let mut info = json!({
            "protocol_version": 1,
            "server_url": lima.server_url,
            "buffer_max_number": lima.buffer_max_number,
            "frame_per_acquisition": lima.frame_per_acquisition,
            // Put in when the stream is added and the counter is known.
            "acquisition_offset": null,
        });
        if let Some(files) = &lima.files {
            info["file_path"] = json!(files.file_path);
            info["data_path"] = json!(files.data_path);
            info["file_format"] = json!(files.file_format);
            info["file_offset"] = json!(files.file_offset);
            info["frame_per_file"] = json!(files.frame_per_file);
        }
        let mut stream = StreamDefinition::json()
            .with("format", "lima_v1")
            .with("plugin", "lima");
        stream.describe_frames(lima.dtype, &lima.shape);
        stream.counter = Some(lima.server_url.clone());
        stream.with("lima_info", info)
    }

    /// The stream of a Lima2 detector: its points are the number of frames so far.
    pub fn lima2(lima: &Lima2Definition) -> StreamDefinition {
        let progress = DType {
            kind: DTypeKind::Uint,
            size: 4,
            big_endian: false,
        };
        let mut stream = StreamDefinition {
            encoding: Encoding::Numeric {
                dtype: progress,
                shape: Vec::new(),
            },
            info: Map::new(),
            counter: None,
        };
        stream = stream.with("plugin", "lima2");
        stream.describe_frames(lima.dtype, &lima.shape);
        stream
            .with("protocol_version", 2)
            .with("acq_uuid", lima.acq_uuid.as_str())
            .with("source_name", lima.source_name.as_str())
            .with("conductor_hostname", lima.conductor.0.as_str())
            .with("conductor_port", lima.conductor.1)
            .with("master_file", json!(lima.master_file))
    }

    /// The stream, whose points can also be found in a file: `data_path` in `file_path`. BLISS
    /// does so for the numeric channels of a scan that is saved.
    #[must_use]
    pub fn hdf5_fallback(self, file_path: &str, data_path: &str) -> StreamDefinition {
        self.with("file_path", file_path)
            .with("data_path", data_path)
            .with("save", true)
            .with("plugin", "hdf5_fallback")
    }

    /// The stream with one more member of its info.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> StreamDefinition {
        self.info.insert(name.to_owned(), value.into());
        self
    }

    /// The `encoding` of the scan document.
    pub(super) fn encoding_json(&self) -> Value {
        match &self.encoding {
            Encoding::Numeric { dtype, shape } => json!({
                "type": "numeric",
                "dtype_str": dtype.to_string(),
                "shape": shape_json(shape),
            }),
            _ => json!({"type": "json"}),
        }
    }

    fn describe_frames(&mut self, dtype: DType, shape: &[u64]) {
        let shape: Vec<Option<u64>> = shape.iter().copied().map(Some).collect();
        self.info.extend(description(dtype, &shape));
    }
}

/// Type and shape as in the info of a stream: without the byte order.
fn description(dtype: DType, shape: &[Option<u64>]) -> Map<String, Value> {
    let mut info = Map::new();
    info.insert("dtype".to_owned(), json!(dtype.name()));
    info.insert("shape".to_owned(), shape_json(shape));
    info
}

fn shape_json(shape: &[Option<u64>]) -> Value {
    shape
        .iter()
        .map(|size| size.map_or(json!(-1), |size| json!(size)))
        .collect()
}
