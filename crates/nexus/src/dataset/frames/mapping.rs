//! A virtual dataset over frames in HDF5 files.

use super::grid::{self, Piece};
use super::link::stored_name;
use super::{FrameSite, Frames};
use crate::chunk::Fill;
use crate::dataset::Error;
use crate::h5::Virtual;
use crate::tree::{Declared, Selection, Storage, VirtualSource};

/// Makes the dataset: one piece for each file, and for each row if the scan is a grid.
pub(super) fn make(site: &FrameSite, frames: &[Frames]) -> Result<(), Error> {
    let declared = match &site.storage {
        Storage::Free => None,
        Storage::Declared(declared) => Some(declared),
    };
    let scan: &[u64] = match declared {
        Some(Declared { scan, .. }) if scan.len() > 1 => scan,
        // As many as there are frames.
        _ => &[0],
    };
    let sources: Vec<VirtualSource> = grid::pieces(frames, scan)
        .into_iter()
        .map(|piece| source(site, &frames[piece.source], &piece))
        .collect();
    let mut shape = grid::extent(super::count(frames), scan);
    let rank = shape.len();
    shape.extend(&site.frame);
    let all_grow = declared.is_some();
    let max_shape: Vec<Option<u64>> = shape
        .iter()
        .enumerate()
        .map(|(axis, length)| (axis >= rank && !all_grow).then_some(*length))
        .collect();
    let fill = Fill::new(&site.element).filter(|_| all_grow);
    let options = Virtual {
        element: &site.element,
        shape: &shape,
        max_shape: &max_shape,
        sources: &sources,
        fill: fill.as_ref().map(Fill::bytes),
    };
    site.parent
        .create_virtual(&site.path, &options)
        .map(drop)
        .map_err(|source| site.failure("create the virtual dataset", source))
}

fn source(site: &FrameSite, frames: &Frames, piece: &Piece) -> VirtualSource {
    let mut count = vec![1; piece.start.len()];
    count[piece.axis] = piece.count;
    VirtualSource {
        target: whole(&piece.start, &count, &site.frame),
        file: source_name(&frames.file, site),
        dataset: frames.dataset.clone(),
        selection: whole(&[piece.first], &[piece.count], &site.frame),
    }
}

/// The classic layout names a file in the same directory with `./` in front, as `blisswriter` 2.0.0.
fn source_name(file: &str, site: &FrameSite) -> String {
    let name = stored_name(file, &site.file);
    match site.storage {
        Storage::Declared(_) if !name.contains('/') => format!("./{name}"),
        _ => name,
    }
}

/// One block of whole frames.
fn whole(start: &[u64], count: &[u64], frame: &[u64]) -> Selection {
    let start = start.iter().copied();
    Selection {
        start: start.chain(frame.iter().map(|_| 0)).collect(),
        stride: None,
        count: count.iter().chain(frame).copied().collect(),
        block: None,
    }
}
