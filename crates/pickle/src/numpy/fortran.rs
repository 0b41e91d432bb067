//! Arrays whose first dimension varies fastest.

use bytes::BytesMut;

use super::array::Array;

/// Returns the array, whose elements are in the order of Fortran, in the order of C.
pub(super) fn into_c_order(array: Array) -> Array {
    let size = array.dtype.size;
    let longer = array.shape.iter().filter(|length| **length != 1);
    // With less than two dimensions both orders are the same.
    if array.is_empty() || size == 0 || longer.count() < 2 {
        return array;
    }
    // How many elements are between neighbours along each dimension.
    let mut distances = Vec::with_capacity(array.shape.len());
    let mut distance = 1;
    for length in &array.shape {
        distances.push(distance);
        distance *= *length as usize;
    }
    let mut index = vec![0; array.shape.len()];
    let mut at = 0;
    let mut data = BytesMut::with_capacity(array.data.len());
    for _ in 0..array.len() {
        data.extend_from_slice(&array.data[at * size..][..size]);
        for dimension in (0..index.len()).rev() {
            index[dimension] += 1;
            at += distances[dimension];
            if index[dimension] < array.shape[dimension] {
                break;
            }
            at -= distances[dimension] * index[dimension] as usize;
            index[dimension] = 0;
        }
    }
    Array {
        data: data.freeze(),
        ..array
    }
}
