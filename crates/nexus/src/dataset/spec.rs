//! The specification of a dataset: its path, type and shape, and how it is stored.

use std::borrow::Cow;
use std::rc::Rc;

use super::Error;
use crate::chunk::{
    ArrayBox, ChunkFormat, ChunkGuess, ChunkShape, CompressionScheme, DECLARED_LEVEL, FillValue,
    MAX_RANK, Slab, copy_part, guess, point_size,
};
use crate::h5::{self, ChunkedOptions, Filter, Group};
use crate::tree::{DeclaredStorage, ElementType, StreamStorage};

/// The properties of a dataset that are known before the first point.
pub(super) struct DatasetSpec {
    pub parent: Rc<Group>,
    pub path: String,
    element: ElementType,
    /// The shape of a point, with `None` for a variable length.
    pub shape: Vec<Option<u64>>,
    fill: FillValue,
    storage: StreamStorage,
}

impl DatasetSpec {
    pub fn new(
        parent: Rc<Group>,
        path: &str,
        element: ElementType,
        shape: Vec<Option<u64>>,
        storage: StreamStorage,
    ) -> Result<DatasetSpec, Error> {
        let path = path.to_owned();
        let scan = match &storage {
            StreamStorage::Automatic => 1,
            StreamStorage::Declared(declared) => declared.scan.len(),
        };
        if scan + shape.len() > MAX_RANK {
            let rank = shape.len();
            return Err(Error::Rank { path, rank });
        }
        let fill = match storage {
            StreamStorage::Automatic => FillValue::new(&element),
            StreamStorage::Declared(_) => FillValue::with_complex_nan(&element),
        };
        let Some(fill) = fill else {
            let element = format!("{element:?}");
            return Err(Error::Type { path, element });
        };
        Ok(DatasetSpec {
            parent,
            path,
            element,
            shape,
            fill,
            storage,
        })
    }

    /// Returns the type of one element.
    pub fn element(&self) -> &ElementType {
        &self.element
    }

    /// Returns the size of one element in bytes.
    pub fn item(&self) -> usize {
        self.fill.bytes().len()
    }

    /// Returns the storage that the scan declares, if it declares one.
    pub fn declared(&self) -> Option<&DeclaredStorage> {
        match &self.storage {
            StreamStorage::Automatic => None,
            StreamStorage::Declared(declared) => Some(declared),
        }
    }

    /// Returns the shape of the scan if it declares one, with 1 for unknown lengths but the first one, which may be 0.
    pub fn grid(&self) -> Option<Vec<u64>> {
        let scan = self.declared()?.scan.iter().enumerate();
        Some(
            scan.map(|(axis, &length)| length.max(u64::from(axis > 0)))
                .collect(),
        )
    }

    /// Returns the chunks and filters of the storage that the scan declares.
    pub fn guess(&self) -> Option<ChunkGuess> {
        let DeclaredStorage { scan, chunks } = self.declared()?;
        Some(guess(scan, &self.shape, self.item(), chunks))
    }

    fn is_variable(&self) -> bool {
        self.shape.contains(&None)
    }

    /// Returns `true` if the dataset declares the fill value, as blisswriter does it. A dataset of points
    /// of fixed shape does not, unless the scan declares its storage.
    fn has_fill(&self) -> bool {
        self.is_variable() || self.declared().is_some()
    }

    /// Returns `true` if missing elements need not be written, because HDF5 returns the fill value for
    /// them.
    pub fn is_sparse(&self) -> bool {
        self.has_fill() || self.fill.is_zero()
    }

    /// Returns the shape of a point: the given one, or the declared one if all its lengths are fixed.
    pub fn point_shape<'a>(&self, given: Option<&'a [u64]>) -> Result<Cow<'a, [u64]>, Error> {
        let declared: Option<Vec<u64>> = self.shape.iter().copied().collect();
        // If the scan declares the storage, the dataset can grow in all dimensions.
        let any = self.declared().is_some();
        let fits = |given: &[u64]| {
            let pairs = given.iter().zip(&self.shape);
            given.len() == self.shape.len()
                && pairs
                    .into_iter()
                    .all(|(given, declared)| any || declared.is_none_or(|d| d == *given))
        };
        match (given, declared) {
            (Some(given), _) if fits(given) => Ok(Cow::Borrowed(given)),
            (None, Some(declared)) => Ok(Cow::Owned(declared)),
            (given, _) => Err(Error::Shape {
                path: self.path.clone(),
                declared: self.shape.clone(),
                given: given.map(<[u64]>::to_vec),
            }),
        }
    }

    pub fn check_payload(&self, count: u64, shape: &[u64], given: usize) -> Result<(), Error> {
        if point_size(shape, self.item()).checked_mul(count) == Some(given as u64) {
            return Ok(());
        }
        Err(Error::Payload {
            path: self.path.clone(),
            count,
            shape: shape.to_vec(),
            given,
        })
    }

    /// Returns `true` if points are written directly into their chunks in the file. This holds for
    /// datasets without filters whose storage the scan declares.
    pub fn is_direct(&self, scheme: CompressionScheme) -> bool {
        self.declared().is_some() && scheme == CompressionScheme::None
    }

    /// Returns the format of the chunks of this dataset.
    pub fn format(&self, chunk: ChunkShape, scheme: CompressionScheme) -> ChunkFormat {
        ChunkFormat::new(chunk, self.item(), self.fill.clone(), scheme)
    }

    /// Creates a chunked dataset of extent `shape`.
    pub fn create(
        &self,
        shape: &[u64],
        chunk: &[u64],
        scheme: CompressionScheme,
        cache: Option<usize>,
    ) -> Result<h5::Dataset, Error> {
        let options = ChunkedOptions {
            element: &self.element,
            shape,
            max_shape: &self.max_shape(shape.len()),
            chunk,
            filters: filters(scheme),
            fill: self.has_fill().then_some(self.fill.bytes()),
            cache,
        };
        self.parent
            .create_chunked(&self.path, &options)
            .map_err(|source| self.failure("create the dataset", source))
    }

    /// Returns the largest extent of the dataset, with `None` for unlimited dimensions.
    pub fn max_shape(&self, rank: usize) -> Vec<Option<u64>> {
        match self.storage {
            StreamStorage::Automatic => std::iter::once(None)
                .chain(self.shape.iter().copied())
                .collect(),
            StreamStorage::Declared(_) => vec![None; rank],
        }
    }

    /// Creates a dataset of one value, or of the fill value.
    pub fn create_value(&self, value: Option<&[u8]>) -> Result<(), Error> {
        let value = value.unwrap_or(self.fill.bytes());
        self.parent
            .create_contiguous(&self.path, &self.element, &[], value)
            .map(drop)
            .map_err(|source| self.failure("create the dataset", source))
    }

    /// Creates a contiguous dataset of all points of a stream, padded to the shape `element`.
    pub fn create_contiguous(
        &self,
        slab: &Slab,
        points: u64,
        element: &[u64],
    ) -> Result<(), Error> {
        let dims: Vec<u64> = std::iter::once(points)
            .chain(element.iter().copied())
            .collect();
        let bytes = if slab.is_regular(element) {
            Cow::Borrowed(slab.bytes())
        } else {
            Cow::Owned(self.padded(slab, &dims))
        };
        self.parent
            .create_contiguous(&self.path, &self.element, &dims, &bytes)
            .map(drop)
            .map_err(|source| self.failure("create the dataset", source))
    }

    fn padded(&self, slab: &Slab, dims: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0; point_size(dims, self.item()) as usize];
        self.fill.fill_slice(&mut bytes);
        let start = vec![0; dims.len()];
        for (row, run, data) in slab.runs(self.item()) {
            let Some(shape) = &run.shape else { continue };
            let extent: Vec<u64> = std::iter::once(run.rows)
                .chain(shape.iter().copied())
                .collect();
            let mut corner = start.clone();
            corner[0] = row;
            let from = ArrayBox {
                dims: &extent,
                start: &start,
            };
            let to = ArrayBox {
                dims,
                start: &corner,
            };
            copy_part(data, from, &mut bytes, to, &extent, self.item());
        }
        bytes
    }

    pub fn failure(&self, action: &'static str, source: h5::Error) -> Error {
        Error::Hdf5 {
            path: self.path.clone(),
            action,
            source,
        }
    }
}

/// Returns the HDF5 filters of a compression scheme.
pub(super) fn filters(scheme: CompressionScheme) -> &'static [Filter] {
    match scheme {
        CompressionScheme::None => &[],
        CompressionScheme::Gzip => &[Filter::Deflate(DECLARED_LEVEL)],
        CompressionScheme::ByteShuffle => &[Filter::Shuffle],
        CompressionScheme::GzipByteShuffle => &[Filter::Shuffle, Filter::Deflate(DECLARED_LEVEL)],
        CompressionScheme::BitShuffle => &[Filter::BitShuffle { lz4: false }],
        CompressionScheme::Lz4BitShuffle => &[Filter::BitShuffle { lz4: true }],
    }
}
