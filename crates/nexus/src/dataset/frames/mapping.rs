//! A virtual dataset over frames in HDF5 files.

use super::grid::{self, Piece};
use super::link::stored_name;
use super::{FrameTarget, LocatedFrames};
use crate::chunk::FillValue;
use crate::dataset::Error;
use crate::frames::FrameRange;
use crate::h5::VirtualOptions;
use crate::tree::{DeclaredStorage, Hyperslab, StreamStorage, VirtualSource};

/// Creates the dataset, with one mapping for each file, or for each row and file if the scan is a grid.
pub(super) fn make(target: &FrameTarget, frames: &[LocatedFrames]) -> Result<(), Error> {
    let declared = match &target.storage {
        StreamStorage::Automatic => None,
        StreamStorage::Declared(declared) => Some(declared),
    };
    let scan: &[u64] = match declared {
        Some(DeclaredStorage { scan, .. }) if scan.len() > 1 => scan,
        // A list has as many rows as there are frames.
        _ => &[0],
    };
    let sources: Vec<VirtualSource> = grid::pieces(frames, scan)
        .into_iter()
        .filter(|piece| frames[piece.source].is_usable)
        .map(|piece| source(target, &frames[piece.source].range, &piece))
        .collect();
    let count = frames.iter().map(|frames| frames.range.count).sum();
    let mut shape = grid::extent(count, scan);
    let rank = shape.len();
    shape.extend(&target.frame);
    let all_grow = declared.is_some();
    let max_shape: Vec<Option<u64>> = shape
        .iter()
        .enumerate()
        .map(|(axis, length)| (axis >= rank && !all_grow).then_some(*length))
        .collect();
    let fill = FillValue::new(&target.element).filter(|_| all_grow);
    let options = VirtualOptions {
        element: &target.element,
        shape: &shape,
        max_shape: &max_shape,
        sources: &sources,
        fill: fill.as_ref().map(FillValue::bytes),
    };
    target
        .parent
        .create_virtual(&target.path, &options)
        .map(drop)
        .map_err(|source| target.failure("create the virtual dataset", source))
}

fn source(target: &FrameTarget, frames: &FrameRange, piece: &Piece) -> VirtualSource {
    let mut count = vec![1; piece.start.len()];
    count[piece.axis] = piece.count;
    VirtualSource {
        target: whole(&piece.start, &count, &target.frame),
        file: source_name(&frames.file, target),
        dataset: frames.dataset.clone(),
        selection: whole(&[piece.first], &[piece.count], &target.frame),
    }
}

/// Returns the name of a file in a mapping. In a dataset with declared storage, the name of a file in
/// the same directory begins with `./`, as blisswriter 2.0.0 writes it.
fn source_name(file: &str, target: &FrameTarget) -> String {
    let name = stored_name(file, &target.file);
    match target.storage {
        StreamStorage::Declared(_) if !name.contains('/') => format!("./{name}"),
        _ => name,
    }
}

/// Returns the selection of one block of whole frames.
fn whole(start: &[u64], count: &[u64], frame: &[u64]) -> Hyperslab {
    let start = start.iter().copied();
    Hyperslab {
        start: start.chain(frame.iter().map(|_| 0)).collect(),
        stride: None,
        count: count.iter().chain(frame).copied().collect(),
        block: None,
    }
}
