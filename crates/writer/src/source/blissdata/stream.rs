//! Converts the streams of a document.

use blissdata::document::StreamModel;
use blissdata::encoding::Encoding;
use blissdata::stream_kind::{SequencedScan, StreamKind};
use serde_json::Value as Json;

use crate::element::element_type;
use crate::source::{ScanId, SourceEvent, StreamContent, StreamId};

/// Returns what a stream holds, or why it cannot be saved.
pub fn content(model: &StreamModel) -> Result<StreamContent, String> {
    match model.kind.as_ref().map_err(ToString::to_string)? {
        StreamKind::Frames { files, .. } => Ok(StreamContent::Frames(files.clone())),
        StreamKind::MasterFile { file, .. } => {
            let file = file.clone().map(|master| (master.file, master.dataset));
            Ok(StreamContent::MasterFile(file))
        }
        StreamKind::ScanSequence => Ok(StreamContent::References),
        StreamKind::Plain => match model.encoding.as_ref().map_err(ToString::to_string)? {
            // A value may be anything. Its JSON text is the only form that keeps it.
            Encoding::Json => Ok(StreamContent::Texts { shape: Vec::new() }),
            Encoding::Numeric { dtype, shape } => Ok(StreamContent::Numbers {
                element: element_type(*dtype),
                shape: shape.clone(),
            }),
        },
    }
}

/// Converts values of a stream of references, which are JSON texts.
pub fn references(stream: StreamId, texts: Vec<String>) -> SourceEvent {
    let (mut scans, mut invalid) = (Vec::new(), Vec::new());
    for text in texts {
        let value = serde_json::from_str::<Json>(&text).unwrap_or_default();
        match SequencedScan::parse(&value) {
            Some(scan) => scans.push(ScanId::new(scan.key)),
            None => invalid.push(text),
        }
    }
    SourceEvent::References {
        stream,
        scans,
        invalid,
    }
}
