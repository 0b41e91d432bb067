//! What the streams of a scan hold.

use acquisition::{DType, DTypeKind};
use bliss_node::event::ElementType;
use bliss_node::node::NodeType;
use bliss_node::reader::{ScanReader, StreamDescription};

use crate::element::element_type;
use crate::source::StreamContent;

/// What a channel has announced: the type and shape that its dataset gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedPoints {
    /// Type of the elements.
    pub element: ElementType,
    /// Shape of one point.
    pub shape: Vec<u64>,
}

/// Returns what a stream holds, or why it cannot be saved.
pub fn content(reader: &ScanReader, stream: &StreamDescription) -> Result<StreamContent, String> {
    match stream.node_type {
        NodeType::References => Ok(StreamContent::References),
        NodeType::Lima => match reader.images(stream.id) {
            Some(images) => Ok(StreamContent::Frames(images.clone())),
            None => Err("the detector has not said how it saves its images".to_owned()),
        },
        _ => {
            let AnnouncedPoints { element, shape } = announced(stream)?;
            Ok(match element {
                ElementType::Number(dtype) => StreamContent::Numbers {
                    element: element_type(dtype),
                    shape: shape.into_iter().map(Some).collect(),
                },
                ElementType::Text => StreamContent::Texts { shape },
            })
        }
    }
}

/// Returns type and shape of the points of a channel. What is not known is as in most channels: single numbers of the
/// type `float64`.
pub fn announced(stream: &StreamDescription) -> Result<AnnouncedPoints, String> {
    let description = stream.description.as_ref();
    let description = description.map_err(ToString::to_string)?;
    let double = DType {
        kind: DTypeKind::Float,
        size: 8,
        big_endian: false,
    };
    Ok(AnnouncedPoints {
        element: description.element.unwrap_or(ElementType::Number(double)),
        shape: description.shape.clone().unwrap_or_default(),
    })
}
