//! Chunks and compression: the `chunk_options` of a scan.

use nexus::tree::{ChunkOptions, CompressionScheme, UnknownCompression};
use serde_json::Value as Json;

use crate::layout::info::mapping;

/// Why a chunk option is ignored.
#[derive(Debug, thiserror::Error)]
enum OptionError {
    #[error("there is no such option")]
    Unknown,
    #[error("{json} is not a number of {least} or more")]
    Number { json: Json, least: u64 },
    #[error("{0} is no text")]
    NotText(Json),
    #[error(transparent)]
    CompressionScheme(#[from] UnknownCompression),
}

/// Reads `info["writer_options"]["chunk_options"]`. An option that is not valid has its default,
/// and the second part of the result says so.
pub fn read(info: &Json) -> (ChunkOptions, Vec<String>) {
    let mut options = ChunkOptions::default();
    let mut notices = Vec::new();
    let declared = info
        .get("writer_options")
        .and_then(|options| mapping(options, "chunk_options"));
    for (key, value) in declared.into_iter().flatten() {
        if value.is_null() {
            continue;
        }
        let read = match key.as_str() {
            "chunk_nbytes" => number(value, 1).map(|n| options.chunk_nbytes = n),
            "chunk_split" => number(value, 1).map(|n| options.chunk_split = n),
            "compression_limit_nbytes" => {
                number(value, 0).map(|n| options.compression_limit_nbytes = n)
            }
            "compression_scheme" => scheme(value).map(|s| options.scheme = s),
            _ => Err(OptionError::Unknown),
        };
        if let Err(reason) = read {
            notices.push(format!("chunk option {key:?} is ignored: {reason}"));
        }
    }
    (options, notices)
}

/// Sizes in bytes may have a fraction, because BLISS computes them from MB.
fn number(json: &Json, least: u64) -> Result<u64, OptionError> {
    json.as_f64()
        .filter(|number| *number >= least as f64)
        .map(|number| number as u64)
        .ok_or_else(|| OptionError::Number {
            json: json.clone(),
            least,
        })
}

fn scheme(json: &Json) -> Result<CompressionScheme, OptionError> {
    let text = json.as_str();
    let text = text.ok_or_else(|| OptionError::NotText(json.clone()))?;
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(chunks: Json) -> (ChunkOptions, Vec<String>) {
        read(&json!({"writer_options": {"chunk_options": chunks}}))
    }

    #[test]
    fn options_replace_the_defaults() {
        let (read, notices) = options(json!({
            "chunk_nbytes": 65536.5,
            "chunk_split": 2,
            "compression_limit_nbytes": 0,
            "compression_scheme": "LZ4-bitshuffle",
        }));
        let expected = ChunkOptions {
            chunk_nbytes: 65536,
            chunk_split: 2,
            compression_limit_nbytes: 0,
            scheme: CompressionScheme::Lz4BitShuffle,
        };
        assert_eq!(read, expected);
        assert_eq!(notices, [""; 0]);
    }

    #[test]
    fn missing_options_have_their_defaults() {
        let default = (ChunkOptions::default(), Vec::new());
        for info in [
            json!({}),
            json!({"writer_options": null}),
            json!({"writer_options": {"chunk_options": [1]}}),
            json!({"writer_options": {"chunk_options": {"chunk_split": null}}}),
        ] {
            assert_eq!(read(&info), default, "{info}");
        }
    }

    #[test]
    fn invalid_options_are_ignored_with_a_notice() {
        let (read, notices) = options(json!({
            "chunk_nbytes": -1,
            "chunk_split": "4",
            "compression_limit_nbytes": true,
            "compression_scheme": "",
            "chunk_size": 3,
        }));
        assert_eq!(read, ChunkOptions::default());
        assert_eq!(notices.len(), 5, "{notices:?}");
        assert!(notices[3].contains("unknown HDF5 compression ''"));
        assert!(notices[4].contains("\"chunk_size\""));
    }
}
