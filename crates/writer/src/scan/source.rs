//! The streams of a scan, as its document describes them.

use blissdata::document::{Document, StreamModel};
use blissdata::encoding::Encoding;
use blissdata::kinds::StreamKind;

use super::event::{DetectorFiles, StreamContent, StreamSource};

/// All streams that the document has by now; none of them is followed yet.
pub fn sources(document: &Document) -> Vec<StreamSource> {
    let source = |(name, model): (&String, &StreamModel)| StreamSource {
        name: name.clone(),
        id: None,
        content: content(model),
        discarded: is_discarded(model),
    };
    document.streams.iter().map(source).collect()
}

/// What can be made of a stream.
fn content(model: &StreamModel) -> Result<StreamContent, String> {
    match model.kind.as_ref().map_err(ToString::to_string)? {
        StreamKind::Lima(info) => Ok(StreamContent::Frames(DetectorFiles::Lima(info.clone()))),
        StreamKind::Lima2Legacy(info) => {
            Ok(StreamContent::Frames(DetectorFiles::Lima2(info.clone())))
        }
        StreamKind::Mosca(info) => Ok(StreamContent::Frames(DetectorFiles::Mosca(info.clone()))),
        StreamKind::Lima2(info) => Ok(StreamContent::Master(info.master_file.clone())),
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

/// Whether a detector that could save its frames was told not to.
fn is_discarded(model: &StreamModel) -> bool {
    matches!(&model.kind, Ok(StreamKind::Lima(info)) if info.is_never_saved)
}
