//! Element types: from the published type of a stream to the type in the file.

use acquisition::{DType, DTypeKind};
use nexus::tree::{ByteOrder, ElementType};

/// Returns the element type with the byte layout of `dtype`, so that payloads are stored unchanged.
pub fn element_type(dtype: DType) -> ElementType {
    let order = if dtype.big_endian {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    match dtype.kind {
        DTypeKind::Bool => ElementType::Bool,
        DTypeKind::Int => ElementType::Int(dtype.size, order),
        DTypeKind::Uint => ElementType::Uint(dtype.size, order),
        DTypeKind::Float => ElementType::Float(dtype.size, order),
        DTypeKind::Complex => ElementType::Complex(dtype.size, order),
    }
}
