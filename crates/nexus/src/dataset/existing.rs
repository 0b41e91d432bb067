//! Finds the dataset that an earlier writer left.

use super::Error;
use super::spec::{DatasetSpec, filters};
use crate::chunk::{BITSHUFFLE, ChunkGuess, CompressionScheme};
use crate::h5::{self, Filter, Link, ObjectKind};

/// A dataset that an earlier writer left, and that this writer could have created.
pub(super) struct ExistingDataset {
    /// The extent of the dataset.
    pub extent: Vec<u64>,
    /// The extent of a chunk and the filters, or `None` if the dataset is contiguous.
    pub chunks: Option<(Vec<u64>, CompressionScheme)>,
}

impl DatasetSpec {
    /// Returns the dataset that an earlier writer left, if there is one.
    ///
    /// # Errors
    /// If it differs from the dataset that this writer would create, and if it cannot be read.
    pub fn find(&self) -> Result<Option<ExistingDataset>, Error> {
        let failed = |source| self.failure("find the dataset", source);
        if !self.parent.has_link(&self.path).map_err(failed)? {
            return Ok(None);
        }
        let link = self.parent.link(&self.path).map_err(failed)?;
        let kind = self.parent.kind(&self.path).map_err(failed)?;
        if link != Link::Hard || kind != Some(ObjectKind::Dataset) {
            return Err(self.other("it is not a dataset"));
        }
        let dataset = self.open(None)?;
        let info = dataset.info().map_err(failed)?;
        if !dataset.holds(self.element()).map_err(failed)? {
            return Err(self.other(format!("its elements are {}", info.type_name)));
        }
        let extent = info.shape.unwrap_or_default();
        let guess = self.guess();
        let rank = match &guess {
            Some(ChunkGuess { chunk, .. }) => chunk.len(),
            None => 1 + self.shape.len(),
        };
        if extent.len() != rank || !self.has_room_for(&extent) {
            return Err(self.other(format!("its extent is {extent:?}")));
        }
        let chunks = match info.storage {
            h5::DatasetStorage::Contiguous if guess.is_none() || rank == 0 => None,
            h5::DatasetStorage::Chunked { chunk, filters }
                if info.max_shape == self.max_shape(rank) =>
            {
                let scheme = self.scheme(&guess, &chunk, &filters);
                let scheme = scheme.ok_or_else(|| {
                    let filters = filters.join(", ");
                    self.other(format!("its chunks are {chunk:?} with filters [{filters}]"))
                })?;
                Some((chunk, scheme))
            }
            storage => return Err(self.other(format!("it is stored as {storage:?}"))),
        };
        Ok(Some(ExistingDataset { extent, chunks }))
    }

    /// Opens the dataset with a chunk cache of `cache` bytes.
    pub fn open(&self, cache: Option<usize>) -> Result<h5::Dataset, Error> {
        self.parent
            .open_dataset_with(&self.path, cache)
            .map_err(|source| self.failure("open the dataset", source))
    }

    /// Removes the dataset from its group.
    pub fn unlink(&self) -> Result<(), Error> {
        self.parent
            .unlink(&self.path)
            .map_err(|source| self.failure("replace the dataset", source))
    }

    /// Returns `true` if the fixed lengths of points are those of the extent, or if the scan declares
    /// the storage, because such a dataset can grow in all dimensions.
    fn has_room_for(&self, extent: &[u64]) -> bool {
        self.declared().is_some()
            || self
                .shape
                .iter()
                .zip(&extent[1..])
                .all(|(length, present)| length.is_none_or(|length| length == *present))
    }

    /// Returns the filters of a dataset with such chunks, if this writer could have created it.
    fn scheme(
        &self,
        guess: &Option<ChunkGuess>,
        chunk: &[u64],
        names: &[String],
    ) -> Option<CompressionScheme> {
        match guess {
            Some(guess) => {
                let same = guess.chunk == chunk && has_names(guess.scheme, names);
                same.then_some(guess.scheme)
            }
            None => [CompressionScheme::None, CompressionScheme::GzipByteShuffle]
                .into_iter()
                .find(|scheme| has_names(*scheme, names)),
        }
    }

    fn other(&self, reason: impl Into<String>) -> Error {
        Error::Mismatch {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }
}

/// Returns `true` if `names` are the names of the filters of a scheme, as described in
/// [`h5::DatasetStorage`].
fn has_names(scheme: CompressionScheme, names: &[String]) -> bool {
    let filters = filters(scheme);
    let has_name = |filter: &Filter, name: &String| match filter {
        Filter::Shuffle => name == "shuffle",
        Filter::Deflate(level) => *name == format!("deflate {level}"),
        // The name does not include whether LZ4 is used; the scan declares that.
        Filter::BitShuffle { .. } => name.ends_with(&format!("({BITSHUFFLE})")),
    };
    filters.len() == names.len() && filters.iter().zip(names).all(|(f, name)| has_name(f, name))
}
