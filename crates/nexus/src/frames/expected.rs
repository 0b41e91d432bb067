//! What is known of frames before their files are looked at.

use serde::{Deserialize, Serialize};

use super::FrameError;
use crate::tree::{ByteOrder, ElementType};

/// The format of the files of a detector, as far as this program reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameFormat {
    /// A dataset in an HDF5 file, whose first dimension counts the frames.
    Hdf5,
    /// An EDF file.
    Edf,
    /// Any other format. Of such files it can only be said whether they exist.
    Other,
}

/// What is known of frames before their files are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedFrames {
    /// The format of the files.
    pub format: FrameFormat,
    /// The type of the pixels, or `None` if any type will do.
    pub element: Option<ElementType>,
    /// The shape of a frame, with `None` for lengths that are not known, or `None` if any shape will do.
    pub shape: Option<Vec<Option<u64>>>,
    /// Whether the bytes of pixels may have either order.
    pub is_swappable: bool,
}

impl ExpectedFrames {
    /// Checks the type and shape of frames in a file.
    ///
    /// # Errors
    /// If they differ from what is expected.
    pub fn check(&self, element: Option<&ElementType>, shape: &[u64]) -> Result<(), FrameError> {
        if let Some(expected) = &self.shape
            && !fits(expected, shape)
        {
            return Err(FrameError::Shape {
                expected: expected.clone(),
                found: shape.to_vec(),
            });
        }
        let Some(expected) = &self.element else {
            return Ok(());
        };
        let is_equal = match element {
            Some(found) if self.is_swappable => little_endian(found) == little_endian(expected),
            Some(found) => same_bytes(found, expected),
            None => false,
        };
        match is_equal {
            true => Ok(()),
            false => Err(FrameError::Type {
                expected: element_name(Some(expected)),
                found: element_name(element),
            }),
        }
    }
}

fn fits(expected: &[Option<u64>], found: &[u64]) -> bool {
    let mut pairs = expected.iter().zip(found);
    expected.len() == found.len()
        && pairs.all(|(expected, found)| expected.is_none_or(|length| length == *found))
}

/// Returns `true` if elements of the two types have the same bytes.
pub(super) fn same_bytes(left: &ElementType, right: &ElementType) -> bool {
    little_endian(left) == little_endian(right) && (left == right || left.size() == Some(1))
}

fn little_endian(element: &ElementType) -> ElementType {
    match element {
        ElementType::Int(size, _) => ElementType::Int(*size, ByteOrder::Little),
        ElementType::Uint(size, _) => ElementType::Uint(*size, ByteOrder::Little),
        ElementType::Float(size, _) => ElementType::Float(*size, ByteOrder::Little),
        ElementType::Complex(size, _) => ElementType::Complex(*size, ByteOrder::Little),
        other => other.clone(),
    }
}

/// Returns the name of a type of pixels as numpy writes it, with `?` for one that is not a number.
pub fn element_name(element: Option<&ElementType>) -> String {
    let (kind, size, order) = match element {
        Some(ElementType::Int(size, order)) => ("int", size, order),
        Some(ElementType::Uint(size, order)) => ("uint", size, order),
        Some(ElementType::Float(size, order)) => ("float", size, order),
        Some(ElementType::Complex(size, order)) => ("complex", size, order),
        Some(ElementType::Bool) => return "bool".to_owned(),
        _ => return "?".to_owned(),
    };
    let order = match order {
        ByteOrder::Big if *size > 1 => " big-endian",
        _ => "",
    };
    format!("{kind}{}{order}", size * 8)
}
