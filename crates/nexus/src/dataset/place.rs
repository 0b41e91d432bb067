//! Where a stream goes in a file, and what was declared about it.

use std::borrow::Cow;
use std::rc::Rc;

use super::Error;
use crate::chunk::{
    ChunkShape, DECLARED_LEVEL, Fill, MAX_RANK, Part, Recipe, Slab, copy_part, point_size,
};
use crate::h5::{self, Chunked, Filter, Group};
use crate::tree::{ElementType, Storage};

/// What is known of a dataset before there are any points.
pub(super) struct Place {
    parent: Rc<Group>,
    pub path: String,
    element: ElementType,
    /// Shape of a point; `None` for a variable length.
    pub shape: Vec<Option<u64>>,
    fill: Fill,
    storage: Storage,
}

impl Place {
    pub fn new(
        parent: Rc<Group>,
        path: &str,
        element: ElementType,
        shape: Vec<Option<u64>>,
        storage: Storage,
    ) -> Result<Place, Error> {
        let path = path.to_owned();
        if shape.len() >= MAX_RANK {
            let rank = shape.len();
            return Err(Error::Rank { path, rank });
        }
        let Some(fill) = Fill::new(&element) else {
            let element = format!("{element:?}");
            return Err(Error::Type { path, element });
        };
        Ok(Place {
            parent,
            path,
            element,
            shape,
            fill,
            storage,
        })
    }

    /// Bytes of one element.
    pub fn item(&self) -> usize {
        self.fill.bytes().len()
    }

    fn is_variable(&self) -> bool {
        self.shape.contains(&None)
    }

    /// Whether missing elements need not be written.
    pub fn is_sparse(&self) -> bool {
        self.is_variable() || self.fill.is_zero()
    }

    /// The shape of a point, given or, where it is always the same, declared.
    pub fn point_shape<'a>(&self, given: Option<&'a [u64]>) -> Result<Cow<'a, [u64]>, Error> {
        let declared: Option<Vec<u64>> = self.shape.iter().copied().collect();
        let fits = |given: &[u64]| {
            let pairs = given.iter().zip(&self.shape);
            given.len() == self.shape.len()
                && pairs
                    .into_iter()
                    .all(|(given, declared)| declared.is_none_or(|d| d == *given))
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

    /// Makes an empty chunked dataset that can grow without limit.
    pub fn create_chunked(
        &self,
        chunk: ChunkShape,
        element: &[u64],
        filtered: bool,
    ) -> Result<(h5::Dataset, Recipe), Error> {
        let shape: Vec<u64> = std::iter::once(0).chain(element.iter().copied()).collect();
        let max_shape: Vec<Option<u64>> = std::iter::once(None)
            .chain(self.shape.iter().map(|length| match self.storage {
                Storage::Free => *length,
                Storage::Declared(_) => None,
            }))
            .collect();
        let filters = [Filter::Shuffle, Filter::Deflate(DECLARED_LEVEL)];
        let options = Chunked {
            element: &self.element,
            shape: &shape,
            max_shape: &max_shape,
            chunk: &chunk.dims(),
            filters: if filtered { &filters } else { &[] },
            // As in the files of blisswriter; a fixed shape leaves nothing to fill.
            fill: self.is_variable().then_some(self.fill.bytes()),
        };
        let dataset = self
            .parent
            .create_chunked(&self.path, &options)
            .map_err(|source| self.failure("create the dataset", source))?;
        Ok((dataset, Recipe::new(chunk, self.item(), self.fill.clone())))
    }

    /// Makes a contiguous dataset of all points of a stream, padded to the largest of them.
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
        self.fill.lay(&mut bytes);
        let start = vec![0; dims.len()];
        for (row, run, data) in slab.runs(self.item()) {
            let Some(shape) = &run.shape else { continue };
            let extent: Vec<u64> = std::iter::once(run.rows)
                .chain(shape.iter().copied())
                .collect();
            let mut corner = start.clone();
            corner[0] = row;
            let from = Part {
                dims: &extent,
                start: &start,
            };
            let to = Part {
                dims,
                start: &corner,
            };
            copy_part(data, from, &mut bytes, to, &extent, self.item());
        }
        bytes
    }

    fn failure(&self, action: &'static str, source: h5::Error) -> Error {
        Error::Hdf5 {
            path: self.path.clone(),
            action,
            source,
        }
    }
}
