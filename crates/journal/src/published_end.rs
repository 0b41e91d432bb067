//! The end of a file as readers see it: in its superblock, and as its length.

use crate::overlay::{Content, Overlay};
use crate::storage::Storage;
use crate::superblock::{self, Superblock};

/// Makes a file at least this long.
///
/// A reader asks for the length of a file before it reads the superblock, and refuses a file that is shorter than that
/// says. So the length changes some time before the superblock.
pub(crate) fn lengthen(data: &Storage, length: u64) {
    if let Err(error) = data.lengthen(length) {
        // Only a reader that opens the file in the very moment of a commit misses that.
        tracing::debug!(%error, "a file is not lengthened");
    }
}

/// Puts an end of the file into the superblock of an overlay. Returns the end that the superblock has then, which is
/// `end` if it cannot have another one.
///
/// `first` are the first bytes of the file as they will be. The address of the extension is left out if `hides` says so.
pub(crate) fn publish(
    overlay: &mut Overlay,
    first: &mut [u8; superblock::LENGTH],
    hides: bool,
    wanted: u64,
    end: u64,
) -> u64 {
    let Some(superblock) = Superblock::of(first) else {
        return end;
    };
    if hides {
        superblock.hide_extension(first);
    }
    let changed = superblock.set_end(first, wanted);
    overlay_patch(overlay, changed, first);
    wanted
}

/// Changes bytes of the superblock, which stays one extent if the library has written it.
fn overlay_patch(overlay: &mut Overlay, changed: std::ops::Range<usize>, first: &[u8]) {
    match overlay.at(0).map(|extent| extent.bytes.len()) {
        Some(length) if length >= changed.end => {
            let mut bytes = vec![0; length];
            overlay.patch(0, &mut bytes);
            bytes[changed.clone()].copy_from_slice(&first[changed]);
            overlay.put(0, Content::Superblock, &bytes);
        }
        _ => overlay.put(changed.start as u64, Content::Superblock, &first[changed]),
    }
}
