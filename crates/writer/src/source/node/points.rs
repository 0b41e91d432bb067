//! Points in the form in which their dataset takes them.

use bliss_node::event::ElementType;
use bliss_node::reader::{PointBlock, StreamId};

use super::stream::AnnouncedPoints;
use crate::source::{self, Block, LossReason, SourceEvent, TextBlock};

/// Returns points of numbers, or says that they are lost if their dataset cannot have them.
pub fn numbers(announced: Option<&AnnouncedPoints>, block: PointBlock) -> SourceEvent {
    let PointBlock {
        stream,
        first,
        count,
        dtype,
        shape,
        data,
    } = block;
    let lost = |reason| lost(stream, first, count, reason);
    let Some(announced) = announced else {
        return lost("the stream is not one of points".to_owned());
    };
    if announced.element != ElementType::Number(dtype) {
        return lost(format!("the points are of the type {dtype}"));
    }
    match point_shape(announced, &shape) {
        Ok(shape) => SourceEvent::Points(Block {
            stream: source::StreamId(stream.0),
            first,
            count,
            shape: Some(shape),
            data,
        }),
        Err(problem) => lost(problem),
    }
}

/// Returns points of texts. Those that their dataset cannot have are lost: with other dimensions than announced, or with
/// a NUL character, at which texts end in HDF5.
pub fn texts(
    announced: Option<&AnnouncedPoints>,
    (stream, first, count): (StreamId, u64, u64),
    shape: &[u64],
    texts: Vec<String>,
) -> Vec<SourceEvent> {
    let all_lost = |reason| vec![lost(stream, first, count, reason)];
    let announced = announced.filter(|announced| announced.element == ElementType::Text);
    let Some(announced) = announced else {
        return all_lost("the points are texts".to_owned());
    };
    let shape = match point_shape(announced, shape) {
        Ok(shape) => shape,
        Err(problem) => return all_lost(problem),
    };
    let block = |first, count, texts| {
        SourceEvent::Texts(TextBlock {
            stream: source::StreamId(stream.0),
            first,
            count,
            shape: shape.clone(),
            texts,
        })
    };
    let has_nul = |texts: &[String]| texts.iter().any(|text| text.contains('\0'));
    let elements = texts.len() / count.max(1) as usize;
    if elements == 0 || !has_nul(&texts) {
        return vec![block(first, count, texts)];
    }
    let points = (first..).zip(texts.chunks(elements));
    let events = points.map(|(index, texts)| match has_nul(texts) {
        true => lost(stream, index, 1, "a text contains NUL".to_owned()),
        false => block(index, 1, texts.to_vec()),
    });
    events.collect()
}

fn lost(stream: StreamId, first: u64, count: u64, reason: String) -> SourceEvent {
    SourceEvent::Lost {
        stream: source::StreamId(stream.0),
        first,
        count,
        reason: LossReason::Corrupt(reason),
    }
}

/// Returns the shape of points with as many dimensions as were announced. Leading dimensions of length 1 are added or left
/// out, as numpy does when it assigns.
fn point_shape(announced: &AnnouncedPoints, shape: &[u64]) -> Result<Box<[u64]>, String> {
    let rank = announced.shape.len();
    let missing = rank.saturating_sub(shape.len());
    let (surplus, shape) = shape.split_at(shape.len().saturating_sub(rank));
    if surplus.iter().any(|length| *length != 1) {
        let shape = [surplus, shape].concat();
        return Err(format!(
            "the points have the shape {shape:?} and not {:?}",
            announced.shape
        ));
    }
    let lengths = std::iter::repeat_n(1, missing).chain(shape.iter().copied());
    Ok(lengths.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_the_announced_dimensions() {
        let shape = |announced: &[u64], given: &[u64]| {
            let announced = AnnouncedPoints {
                element: ElementType::Text,
                shape: announced.to_vec(),
            };
            point_shape(&announced, given).ok().map(Vec::from)
        };
        assert_eq!(shape(&[], &[]), Some(vec![]));
        assert_eq!(shape(&[], &[1]), Some(vec![]));
        assert_eq!(shape(&[], &[1, 1]), Some(vec![]));
        assert_eq!(shape(&[], &[2]), None);
        assert_eq!(shape(&[4], &[5]), Some(vec![5]));
        assert_eq!(shape(&[4], &[]), Some(vec![1]));
        assert_eq!(shape(&[4], &[1, 3]), Some(vec![3]));
        assert_eq!(shape(&[4], &[2, 3]), None);
        assert_eq!(shape(&[2, 3], &[6]), Some(vec![1, 6]));
    }
}
