//! The type of a stream's elements, from what is published to what is stored.

use acquisition::{DType, DTypeKind};
use nexus::tree::{ElementType, Order};

/// The element type with the bytes of `dtype`: payloads are stored as they come.
pub fn element_type(dtype: DType) -> ElementType {
    let order = if dtype.big_endian {
        Order::Big
    } else {
        Order::Little
    };
    match dtype.kind {
        DTypeKind::Bool => ElementType::Bool,
        DTypeKind::Int => ElementType::Int(dtype.size, order),
        DTypeKind::Uint => ElementType::Uint(dtype.size, order),
        DTypeKind::Float => ElementType::Float(dtype.size, order),
        DTypeKind::Complex => ElementType::Complex(dtype.size, order),
    }
}
