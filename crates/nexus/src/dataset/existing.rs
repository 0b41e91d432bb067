//! Datasets that an earlier writer has begun.

use super::Error;
use super::spec::{DatasetSpec, filters};
use crate::chunk::{BITSHUFFLE, ChunkGuess, CompressionScheme};
use crate::h5::{self, Filter, Link, ObjectKind};

/// A dataset that is there, and that could have been made here.
pub(super) struct ExistingDataset {
    /// Its extent.
    pub extent: Vec<u64>,
    /// Extent of a chunk, and the filters; nothing if the dataset is in one piece.
    pub chunks: Option<(Vec<u64>, CompressionScheme)>,
}

impl DatasetSpec {
    /// What is there already, if anything is.
    ///
    /// # Errors
    /// If it is not what would be made here, and when it cannot be read.
    pub fn find(&self) -> Result<Option<ExistingDataset>, Error> {
        let failed = |source| self.failure("find the dataset", source);
        if !self.parent.has_link(&self.path).map_err(failed)? {
            return Ok(None);
        }
        let link = self.parent.link(&self.path).map_err(failed)?;
        let kind = self.parent.kind(&self.path).map_err(failed)?;
        if link != Link::Hard || kind != Some(ObjectKind::Dataset) {
            return Err(self.other("it is no dataset"));
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

    /// Opens the dataset with a chunk cache of so many bytes.
    pub fn open(&self, cache: Option<usize>) -> Result<h5::Dataset, Error> {
        self.parent
            .open_dataset_with(&self.path, cache)
            .map_err(|source| self.failure("open the dataset", source))
    }

    /// Takes the dataset out of its group.
    pub fn unlink(&self) -> Result<(), Error> {
        self.parent
            .unlink(&self.path)
            .map_err(|source| self.failure("replace the dataset", source))
    }

    /// Points whose length is given keep it, unless the scan declares that the dataset grows.
    fn has_room_for(&self, extent: &[u64]) -> bool {
        self.declared().is_some()
            || self
                .shape
                .iter()
                .zip(&extent[1..])
                .all(|(length, present)| length.is_none_or(|length| length == *present))
    }

    /// The filters of a dataset with such chunks, if it could have been made here.
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

/// Whether these are the filters of a scheme, by the names that a file has for them.
fn has_names(scheme: CompressionScheme, names: &[String]) -> bool {
    let filters = filters(scheme);
    let has_name = |filter: &Filter, name: &String| match filter {
        Filter::Shuffle => name == "shuffle",
        Filter::Deflate(level) => *name == format!("deflate {level}"),
        // How the bits are compressed is declared.
        Filter::BitShuffle { .. } => name.ends_with(&format!("({BITSHUFFLE})")),
    };
    filters.len() == names.len() && filters.iter().zip(names).all(|(f, name)| has_name(f, name))
}
