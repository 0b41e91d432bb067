//! Reads some of the elements of a dataset.

use hdf5_metno_sys::{h5d, h5p};

use super::dataset::Dataset;
use super::dataspace::{Dataspace, elements};
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::json::{self, JsonLimits};
use super::library::call;
use crate::tree::{ElementType, Hyperslab};

/// Elements of a dataset, and the shape in which they are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The elements; `None` for all.
    pub slab: Option<Hyperslab>,
    /// The shape of the result, whose product is the number of elements: a dimension of which one index was selected may be
    /// left out.
    pub shape: Vec<u64>,
}

impl Selection {
    /// Returns the number of elements.
    pub fn count(&self) -> u64 {
        elements(&self.shape).unwrap_or(u64::MAX)
    }
}

impl Dataset {
    /// Returns selected elements as nested arrays of JSON, or `None` if the text would be too long. That of a null dataspace
    /// is `null`.
    ///
    /// # Errors
    /// If the selection does not fit the dataset, or the elements cannot be read.
    pub fn json(&self, selection: &Selection, limits: JsonLimits) -> Result<Option<String>> {
        if self.space()?.extent()?.is_none() {
            return Ok(Some("null".to_owned()));
        }
        let (memory, file) = self.spaces(selection)?;
        let datatype = self.datatype.handle.id();
        json::elements(
            &self.datatype,
            &memory,
            &selection.shape,
            limits,
            |buffer| {
                call!(h5d::H5Dread(
                    self.handle.id(),
                    datatype,
                    memory.handle.id(),
                    file.handle.id(),
                    h5p::H5P_DEFAULT,
                    buffer
                ))
                .map(drop)
            },
        )
    }

    /// Reads selected elements, as bytes of this type, or of the type of the dataset.
    ///
    /// # Errors
    /// If the selection does not fit the dataset, HDF5 cannot convert the elements, or they cannot be read.
    pub fn read_selected(
        &self,
        selection: &Selection,
        element: Option<&ElementType>,
    ) -> Result<Vec<u8>> {
        let converted = element.map(Datatype::of).transpose()?;
        let datatype = converted.as_deref().unwrap_or(&self.datatype);
        if self.datatype.is_indirect() || datatype.is_indirect() {
            return Err(Error::Type("text is not exchanged as bytes".to_owned()));
        }
        let length = elements(&selection.shape)?.saturating_mul(datatype.size() as u64);
        let length = usize::try_from(length)
            .map_err(|_| Error::Type(format!("{length} bytes do not fit into memory")))?;
        let (memory, file) = self.spaces(selection)?;
        self.read_between(datatype, &memory, &file, vec![0u8; length])
    }

    /// Returns the dataspaces of the selected elements in memory and in the file.
    fn spaces(&self, selection: &Selection) -> Result<(Dataspace, Dataspace)> {
        let file = self.space()?;
        let selected = match &selection.slab {
            Some(slab) => {
                file.select(slab)?;
                elements(&slab.count)?
            }
            None => elements(&self.shape()?)?,
        };
        // The library writes as many elements into the memory as are selected.
        if selected != elements(&selection.shape)? {
            let text = format!(
                "{selected} elements do not have the shape {:?}",
                selection.shape
            );
            return Err(Error::Type(text));
        }
        Ok((Dataspace::of(&selection.shape)?, file))
    }
}
