//! Finds out which elements of a dataset were ever written.

use std::ffi::c_char;
use std::ops::Range;

use hdf5_metno_sys::{h5d, h5f, h5s};

use super::dataset::Dataset;
use super::describe::{DatasetInfo, DatasetStorage};
use super::error::Result;
use super::library::{call, enter, sized_text};

/// The undefined address of the library (`HADDR_UNDEF`).
const NOWHERE: u64 = u64::MAX;

impl Dataset {
    /// Returns the number of these rows, from the first one on, that have space in the file. A dataset may have its
    /// full extent before anything is written; the library reads the fill value from it then.
    ///
    /// Rows are indices of the first dimension. Datasets whose elements are in other files have all rows.
    pub fn stored_rows(&self, rows: Range<u64>) -> Result<u64> {
        let DatasetInfo { storage, shape, .. } = self.info()?;
        let count = rows.end.saturating_sub(rows.start);
        let shape = shape.unwrap_or_default();
        match storage {
            DatasetStorage::Chunked { chunk, .. } => self.rows_in_chunks(&shape, &chunk, rows),
            DatasetStorage::Contiguous if shape.iter().product::<u64>() > 0 => {
                let _entered = enter();
                // SAFETY: the handle is alive.
                let address = unsafe { h5d::H5Dget_offset(self.handle.id()) };
                Ok(if address == NOWHERE { 0 } else { count })
            }
            _ => Ok(count),
        }
    }

    fn rows_in_chunks(&self, shape: &[u64], chunk: &[u64], rows: Range<u64>) -> Result<u64> {
        let count = rows.end.saturating_sub(rows.start);
        let grid: Vec<u64> = shape
            .iter()
            .zip(chunk)
            .map(|(length, chunk)| length.div_ceil((*chunk).max(1)))
            .collect();
        let mut stored = 0;
        call!(h5d::H5Dget_num_chunks(
            self.handle.id(),
            h5s::H5S_ALL,
            &mut stored
        ))?;
        let (Some(height), true) = (chunk.first(), stored < grid.iter().product()) else {
            return Ok(count);
        };
        let per_row: u64 = grid[1..].iter().product();
        for row in rows.start / height..rows.end.div_ceil(*height) {
            for index in 0..per_row {
                let offset = chunk_offset(row, index, &grid, chunk);
                if self.stored_chunk(&offset)?.is_none() {
                    return Ok((row * height).saturating_sub(rows.start).min(count));
                }
            }
        }
        Ok(count)
    }

    /// Returns the name of the file that has the dataset, which may be reached by a link in another file.
    pub fn file_name(&self) -> Result<String> {
        sized_text(|buffer: *mut c_char, size| {
            call!(h5f::H5Fget_name(self.handle.id(), buffer, size))
        })
    }
}

/// Returns the first element of the chunk in this row of chunks, at this index among the other dimensions.
fn chunk_offset(row: u64, mut index: u64, grid: &[u64], chunk: &[u64]) -> Vec<u64> {
    let mut offset = vec![0; grid.len()];
    for axis in (1..grid.len()).rev() {
        offset[axis] = index % grid[axis] * chunk[axis];
        index /= grid[axis];
    }
    offset[0] = row * chunk[0];
    offset
}
