//! What a file has of the texts of a stream.

use super::{TextRun, TextTarget, value};
use crate::chunk::blocks;
use crate::dataset::Error;
use crate::h5::{self, ChunkedOptions, DatasetStorage, Link, ObjectKind};
use crate::tree::ElementType;

/// The largest number of texts of a grid that are read when it is continued.
const MAX_PRESENT: u64 = 1 << 22;

/// The dataset in the file.
pub(super) enum StoredTexts {
    Nothing,
    /// A single text.
    Value,
    Array {
        dataset: h5::Dataset,
        extent: Vec<u64>,
        /// The texts that an earlier writer left in a grid, in C order.
        present: Vec<String>,
    },
}

impl StoredTexts {
    /// Returns what an earlier writer has left.
    pub fn find(target: &TextTarget, rank: usize) -> Result<StoredTexts, Error> {
        let (parent, path) = (&target.parent, &target.path);
        let failed = |source| target.failure("find the dataset", source);
        if !parent.has_link(path).map_err(failed)? {
            return Ok(StoredTexts::Nothing);
        }
        let link = parent.link(path).map_err(failed)?;
        let kind = parent.kind(path).map_err(failed)?;
        if link != Link::Hard || kind != Some(ObjectKind::Dataset) {
            return Err(target.mismatch("it is not a dataset".to_owned()));
        }
        let dataset = parent.open_dataset(path).map_err(failed)?;
        if !dataset.holds(&ElementType::Text).map_err(failed)? {
            return Err(target.mismatch("its elements are not texts".to_owned()));
        }
        let info = dataset.info().map_err(failed)?;
        let extent = info.shape.unwrap_or_default();
        if extent.len() != target.scan.len() + rank {
            return Err(target.mismatch(format!("its extent is {extent:?}")));
        }
        if extent.is_empty() {
            return Ok(StoredTexts::Value);
        }
        let is_same = match &info.storage {
            DatasetStorage::Chunked { chunk, filters } => {
                *chunk == target.chunk && filters.is_empty()
            }
            _ => false,
        };
        if !is_same || info.max_shape.iter().any(Option::is_some) {
            return Err(target.mismatch(format!("it is stored as {:?}", info.storage)));
        }
        let present = match target.scan.len() {
            1 => Vec::new(),
            _ => {
                let texts = dataset.elements(MAX_PRESENT).map_err(failed)?.texts;
                texts.unwrap_or_default()
            }
        };
        Ok(StoredTexts::Array {
            dataset,
            extent,
            present,
        })
    }

    /// Writes points into the dataset, which is created or enlarged as `points` points of the shape `element` need it.
    pub fn write(
        &mut self,
        target: &TextTarget,
        points: u64,
        element: &[u64],
        runs: Vec<TextRun>,
    ) -> Result<(), Error> {
        if target.chunk.is_empty() {
            let text = runs.into_iter().flat_map(|run| run.texts).next();
            return self.write_value(target, text);
        }
        if let StoredTexts::Nothing = self {
            *self = StoredTexts::create(target, element)?;
        }
        let StoredTexts::Array {
            dataset,
            extent,
            present,
        } = self
        else {
            return Ok(());
        };
        let store = || -> h5::Result<()> {
            let wanted = extent_of(target, points, element, extent);
            if wanted != *extent {
                dataset.set_extent(&wanted)?;
                // The texts that were there are no longer in this order.
                if wanted.get(1..) != extent.get(1..) {
                    present.clear();
                }
                *extent = wanted;
            }
            let (_, element) = extent.split_at(target.scan.len());
            for run in runs {
                let present = match run.shape == element {
                    true => present.as_slice(),
                    false => &[],
                };
                write_run(dataset, target, present, run)?;
            }
            Ok(())
        };
        store().map_err(|source| target.failure("store texts", source))
    }

    fn create(target: &TextTarget, element: &[u64]) -> Result<StoredTexts, Error> {
        let extent: Vec<u64> = target.scan.iter().chain(element).copied().collect();
        let options = ChunkedOptions {
            element: &ElementType::Text,
            shape: &extent,
            max_shape: &vec![None; extent.len()],
            chunk: &target.chunk,
            filters: &[],
            fill: None,
            cache: None,
        };
        let created = target.parent.create_chunked(&target.path, &options);
        let dataset = created.map_err(|source| target.failure("create the dataset", source))?;
        Ok(StoredTexts::Array {
            dataset,
            extent,
            present: Vec::new(),
        })
    }

    /// Writes a single text. One that is missing does not replace what an earlier writer left.
    fn write_value(&mut self, target: &TextTarget, text: Option<String>) -> Result<(), Error> {
        let (parent, path) = (&target.parent, &target.path);
        let write = || -> h5::Result<()> {
            if matches!(self, StoredTexts::Value) {
                let Some(text) = &text else { return Ok(()) };
                let present = parent.open_dataset(path)?.elements(1)?.texts;
                if present.is_some_and(|present| present == [text.as_str()]) {
                    return Ok(());
                }
                parent.unlink(path)?;
            }
            let text = text.unwrap_or_default();
            parent.create_value(path, &value(Vec::new(), vec![text]))?;
            Ok(())
        };
        write().map_err(|source| target.failure("store a text", source))?;
        *self = StoredTexts::Value;
        Ok(())
    }
}

/// Returns the extent that the dataset needs.
fn extent_of(target: &TextTarget, points: u64, element: &[u64], present: &[u64]) -> Vec<u64> {
    let per_row: u64 = target.scan.iter().skip(1).product();
    let rows = points.div_ceil(per_row.max(1));
    let first = target.scan.first().map(|length| rows.max(*length));
    let inner = target.scan.iter().skip(1).chain(element).copied();
    let wanted = first.into_iter().chain(inner).zip(present);
    wanted
        .map(|(wanted, present)| wanted.max(*present))
        .collect()
}

/// Writes points of the same shape, except those that the dataset has already. To replace a text by the same text would
/// remove the first one from its collection, which a reader may know.
fn write_run(
    dataset: &h5::Dataset,
    target: &TextTarget,
    present: &[String],
    run: TextRun,
) -> h5::Result<()> {
    let TextRun {
        mut first,
        mut count,
        shape,
        mut texts,
    } = run;
    let elements = shape.iter().product::<u64>().max(1);
    let same = present
        .iter()
        .skip((first * elements) as usize)
        .zip(&texts)
        .take_while(|(present, given)| present == given)
        .count() as u64;
    let skipped = (same / elements).min(count);
    texts.drain(..((skipped * elements) as usize).min(texts.len()));
    first += skipped;
    count -= skipped;
    let mut texts = texts.into_iter();
    for (mut start, mut extent) in blocks(first, count, &target.scan) {
        start.extend(shape.iter().map(|_| 0));
        extent.extend(&shape);
        let length = extent.iter().product::<u64>() as usize;
        let part = texts.by_ref().take(length).collect();
        dataset.write_texts(&start, &value(extent, part))?;
    }
    Ok(())
}
