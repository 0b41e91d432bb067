//! Collections of the global heap, in which the library puts texts of variable length.
//!
//! The library adds texts to a collection as long as there is room. A reader that has read the collection before, and
//! finds a reference to a text that came later, says "bad heap index", since it reads a collection once. So the room that
//! is left in a collection is filled before the collection is committed.
//!
//! HDF5 File Format Specification, section III.E.

use std::collections::BTreeMap;

use crate::overlay::{Content, Overlay};

const SIGNATURE: &[u8] = b"GCOL";
/// Bytes of the head of a collection, and of that of an object.
const HEAD: usize = 16;
/// Objects begin at multiples of this number.
pub(crate) const ALIGNMENT: u64 = 8;

/// Returns the address of each collection that has been changed and has room for another object, with the length of the
/// object that fills it.
pub(crate) fn room(overlay: &Overlay) -> BTreeMap<u64, u64> {
    let room = collections(overlay).map(|(address, bytes)| (address, room_of(bytes)));
    room.filter_map(|(address, length)| Some((address, length?)))
        .collect()
}

/// Returns `true` if a collection ends at this address, so that the library could lengthen it.
pub(crate) fn ends_at(overlay: &Overlay, end: u64) -> bool {
    collections(overlay).any(|(address, bytes)| address + bytes.len() as u64 == end)
}

fn collections(overlay: &Overlay) -> impl Iterator<Item = (u64, &[u8])> {
    let extents = overlay.iter();
    let heaps = extents.filter(|(_, extent)| extent.content == Content::GlobalHeap);
    heaps.map(|(address, extent)| (address, &*extent.bytes))
}

/// Returns the length of the object that fills a collection, or `None` if there is no room, or if this is not the whole
/// of a collection.
fn room_of(bytes: &[u8]) -> Option<u64> {
    if !bytes.starts_with(SIGNATURE) || number(bytes, 8)? != bytes.len() as u64 {
        return None;
    }
    let mut at = HEAD;
    while at + HEAD <= bytes.len() {
        let index = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let length = number(bytes, at + 8)?;
        // Object 0 is what is free, with its head.
        if index == 0 {
            let length = length.checked_sub(HEAD as u64)?;
            return (length >= ALIGNMENT).then_some(length);
        }
        let behind = length.checked_next_multiple_of(ALIGNMENT)?;
        at = usize::try_from(behind).ok()?.checked_add(at + HEAD)?;
    }
    None
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(objects: &[(u16, u64)], length: usize) -> Vec<u8> {
        let mut bytes = b"GCOL\x01\0\0\0".to_vec();
        bytes.extend((length as u64).to_le_bytes());
        for (index, size) in objects {
            bytes.extend(index.to_le_bytes());
            bytes.extend([0; 6]);
            bytes.extend(size.to_le_bytes());
            let behind = match index {
                0 => size - HEAD as u64,
                _ => size.next_multiple_of(ALIGNMENT),
            };
            bytes.resize(bytes.len() + behind as usize, 7);
        }
        assert!(bytes.len() <= length);
        bytes.resize(length, 0);
        bytes
    }

    #[test]
    fn room_is_what_is_behind_the_objects() {
        let room = |objects: &[(u16, u64)], length| room_of(&collection(objects, length));
        assert_eq!(
            room(&[(1, 5), (2, 8), (0, 4096 - 64)], 4096),
            Some(4096 - 80)
        );
        assert_eq!(room(&[(1, 5), (0, 24)], 64), Some(8));
        // Not enough for any object, and nothing at all.
        assert_eq!(room(&[(1, 17), (0, 16)], 72), None);
        assert_eq!(room(&[(1, 25)], 64), None);
    }

    #[test]
    fn damaged_collections_have_no_room() {
        let whole = collection(&[(1, 5), (0, 56)], 96);
        assert_eq!(room_of(&whole), Some(40));
        for length in 0..whole.len() {
            assert_eq!(room_of(&whole[..length]), None);
        }
        let mut endless = whole;
        endless[24..32].copy_from_slice(&(u64::MAX - 3).to_le_bytes());
        assert_eq!(room_of(&endless), None);
        assert_eq!(room_of(&[0; 4096]), None);
    }
}
