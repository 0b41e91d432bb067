//! What the streams of a scan hold.

use acquisition::DType;
use bliss_node::event::ElementType;
use bliss_node::node::NodeType;
use bliss_node::reader::{ScanReader, StreamDescription};

use crate::element::element_type;
use crate::source::StreamContent;

/// Returns what a stream holds, or why it cannot be saved.
pub fn content(reader: &ScanReader, stream: &StreamDescription) -> Result<StreamContent, String> {
    match stream.node_type {
        NodeType::References => Ok(StreamContent::References),
        NodeType::Lima => match reader.images(stream.id) {
            Some(images) => Ok(StreamContent::Frames(images.clone())),
            None => Err("the detector has not said how it saves its images".to_owned()),
        },
        _ => {
            let (dtype, shape) = numbers(stream)?;
            Ok(StreamContent::Numbers {
                element: element_type(dtype),
                shape: shape.into_iter().map(Some).collect(),
            })
        }
    }
}

/// Returns type and shape of the points of a channel.
pub fn numbers(stream: &StreamDescription) -> Result<(DType, Vec<u64>), String> {
    let description = stream.description.as_ref();
    let description = description.map_err(ToString::to_string)?;
    let dtype = match description.element {
        Some(ElementType::Number(dtype)) => dtype,
        Some(ElementType::Text) => return Err("the channel has texts, not numbers".to_owned()),
        None => return Err("the type of the channel is not known".to_owned()),
    };
    let shape = description.shape.clone();
    Ok((dtype, shape.ok_or("the shape of the channel is not known")?))
}
