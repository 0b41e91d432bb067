//! The streams of a scan, as its document describes them.

use blissdata::document::{Document, StreamModel};
use blissdata::encoding::Encoding;
use blissdata::kinds::StreamKind;

use super::event::{StreamContent, StreamSource};

/// All streams that the document has by now; none of them is followed yet.
pub fn sources(document: &Document) -> Vec<StreamSource> {
    let source = |(name, model): (&String, &StreamModel)| StreamSource {
        name: name.clone(),
        id: None,
        content: content(model),
    };
    document.streams.iter().map(source).collect()
}

/// What can be made of a stream.
fn content(model: &StreamModel) -> Result<StreamContent, String> {
    match model.kind.as_ref().map_err(ToString::to_string)? {
        StreamKind::Frames { files, .. } => Ok(StreamContent::Frames(files.clone())),
        StreamKind::MasterFile { file, .. } => Ok(StreamContent::Master(file.clone())),
        StreamKind::ScanSequence => Ok(StreamContent::References),
        StreamKind::Plain => match model.encoding.as_ref().map_err(ToString::to_string)? {
            Encoding::Json => Err("HDF5 has no type for the values of a JSON stream".to_owned()),
            Encoding::Numeric { dtype, shape } => Ok(StreamContent::Points {
                element: crate::element::element_type(*dtype),
                shape: shape.clone(),
            }),
        },
    }
}
