//! Packs values into the format of the C library in memory: rows of fixed size with pointers to texts.

use std::borrow::Cow;
use std::sync::Arc;

use hdf5_metno_sys::{h5d, h5p, h5t};

use super::create::same_size;
use super::dataset::Dataset;
use super::dataspace::{Dataspace, elements};
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::group::Group;
use super::library::{Handle, call};
use super::properties;
use crate::tree::{Column, ElementType, Value};

/// A value in the format of the C library.
pub(super) struct PackedValue<'a> {
    pub(super) datatype: Arc<Datatype>,
    pub(super) rows: Cow<'a, [u8]>,
    /// The texts to which the pointers in `rows` point.
    _texts: Vec<u8>,
}

impl<'a> PackedValue<'a> {
    /// Packs a value. Numbers are borrowed, and the columns of tables are copied to rows.
    pub(super) fn new(value: &'a Value) -> Result<PackedValue<'a>> {
        let datatype = Datatype::of(&value.element())?;
        let count = elements(value.shape())?;
        if let Value::Numbers { bytes, .. } = value {
            if datatype.is_indirect() {
                return Err(Error::Type("text given as plain bytes".to_owned()));
            }
            same_size(count.saturating_mul(datatype.size() as u64), bytes)?;
            return Ok(PackedValue {
                datatype,
                rows: Cow::Borrowed(bytes),
                _texts: Vec::new(),
            });
        }
        let stride = datatype.size();
        let length = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_mul(stride))
            .ok_or_else(|| Error::Type(format!("{count} rows do not fit into memory")))?;
        check(value, count)?;
        let mut rows = vec![0u8; length];
        // The vector never grows beyond its capacity, so that the pointers remain valid.
        let mut texts = Vec::with_capacity(text_bytes(value));
        fill(value, 0, stride, &mut rows, &mut texts)?;
        Ok(PackedValue {
            datatype,
            rows: Cow::Owned(rows),
            _texts: texts,
        })
    }
}

impl Group {
    /// Creates a contiguous dataset of this value. An empty shape creates a scalar.
    ///
    /// # Errors
    /// If the name exists, and if the number of elements does not match the shape of the value.
    pub fn create_value(&self, name: &str, value: &Value) -> Result<Dataset> {
        let creation = properties::plain_dataset_creation()?;
        self.create_value_with(name, value, &creation)
    }

    /// Creates a dataset that probably gets no attributes, as [`create_value`](Group::create_value) does. Its header has no
    /// room for them, which saves 160 bytes, more than half of it; one that comes nevertheless goes into a second part.
    ///
    /// # Errors
    /// If the name exists, and if the number of elements does not match the shape of the value.
    pub fn create_bare_value(&self, name: &str, value: &Value) -> Result<Dataset> {
        let creation = properties::bare_dataset_creation()?;
        self.create_value_with(name, value, &creation)
    }

    fn create_value_with(&self, name: &str, value: &Value, creation: &Handle) -> Result<Dataset> {
        let packed = PackedValue::new(value)?;
        let space = Dataspace::of(value.shape())?;
        let dataset = self.create_dataset(name, &packed.datatype, &space, creation)?;
        if !packed.rows.is_empty() {
            // SAFETY: `PackedValue` has compared the rows with the shape of the value, which is that
            // of the dataset, and its texts live as long as it.
            unsafe { dataset.write_raw(&packed.datatype, packed.rows.as_ptr().cast())? };
        }
        Ok(dataset)
    }
}

impl Dataset {
    /// Gives the dataset this value. Returns `false` and does nothing if the dataset has another type or shape, or other
    /// texts and `is_known`.
    ///
    /// A reader may know a dataset that was flushed. Texts are in collections, each of which a reader reads once. The
    /// library would remove the old text from its collection, and a reader that knows one of dataset and collection as it
    /// was before finds no text then, or one that is longer than expected, which HDF5 copies beyond its memory.
    ///
    /// # Errors
    /// If the number of elements does not match the shape of the value, and if it cannot be written.
    pub fn rewrite(&self, value: &Value, is_known: bool) -> Result<bool> {
        let packed = PackedValue::new(value)?;
        let (present, given) = (&self.datatype.handle, &packed.datatype.handle);
        let same_type = call!(h5t::H5Tequal(present.id(), given.id()))? > 0;
        let extent = self.space()?.extent()?;
        if !same_type || extent.is_none_or(|(shape, _)| shape != value.shape()) {
            return Ok(false);
        }
        if is_known && self.datatype.is_indirect() {
            return self.has_texts(value);
        }
        if !packed.rows.is_empty() {
            // SAFETY: `PackedValue` has compared the rows with the shape of the value, which is that
            // of the dataset, and its texts live as long as it.
            unsafe { self.write_raw(&packed.datatype, packed.rows.as_ptr().cast())? };
        }
        Ok(true)
    }

    /// Writes one block of texts, whose extent is the shape of the value. The block must lie inside the extent of the
    /// dataset.
    ///
    /// # Errors
    /// If the dataset or the value is not of texts, if a text contains NUL, and if they cannot be written.
    pub fn write_texts(&self, start: &[u64], value: &Value) -> Result<()> {
        if !matches!(value, Value::Texts { .. }) || !self.holds(&ElementType::Text)? {
            return Err(Error::Type("only texts are written as texts".to_owned()));
        }
        let packed = PackedValue::new(value)?;
        if packed.rows.is_empty() {
            return Ok(());
        }
        let file = self.space()?;
        file.select_block(start, value.shape())?;
        let memory = Dataspace::of(value.shape())?;
        call!(h5d::H5Dwrite(
            self.handle.id(),
            packed.datatype.handle.id(),
            memory.handle.id(),
            file.handle.id(),
            h5p::H5P_DEFAULT,
            packed.rows.as_ptr().cast()
        ))
        .map(drop)
    }

    /// Returns `true` if the dataset has these texts already.
    fn has_texts(&self, value: &Value) -> Result<bool> {
        match value {
            Value::Texts { texts, .. } => {
                let present = self.elements(texts.len() as u64)?;
                Ok(present.texts.as_ref() == Some(texts))
            }
            Value::Numbers { .. } | Value::Compound { .. } => Ok(false),
        }
    }
}

/// Compares the number of elements in each column of the value with `count`.
fn check(value: &Value, count: u64) -> Result<()> {
    let expected = |given: usize| {
        if given as u64 == count {
            Ok(())
        } else {
            Err(Error::Type(format!(
                "{given} elements given where the shape requires {count}"
            )))
        }
    };
    match value {
        Value::Numbers { element, bytes, .. } => {
            let datatype = Datatype::of(element)?;
            if datatype.is_indirect() {
                return Err(Error::Type("text given as plain bytes".to_owned()));
            }
            same_size(count.saturating_mul(datatype.size() as u64), bytes)
        }
        Value::Texts { texts, .. } => expected(texts.len()),
        Value::Compound { columns, .. } => columns
            .iter()
            .try_for_each(|column| check(&column.value, count)),
    }
}

/// Writes one column, or all columns of a table, at `offset` of each row. Returns the size of the column.
/// The lengths must have been checked.
fn fill(
    value: &Value,
    offset: usize,
    stride: usize,
    rows: &mut [u8],
    texts: &mut Vec<u8>,
) -> Result<usize> {
    match value {
        Value::Numbers { element, bytes, .. } => {
            let size = Datatype::of(element)?.size();
            for (row, item) in rows.chunks_exact_mut(stride).zip(bytes.chunks_exact(size)) {
                row[offset..offset + size].copy_from_slice(item);
            }
            Ok(size)
        }
        Value::Texts { texts: items, .. } => {
            for (row, item) in rows.chunks_exact_mut(stride).zip(items) {
                if item.contains('\0') {
                    return Err(Error::Nul(item.clone()));
                }
                let pointer = texts.as_ptr().wrapping_add(texts.len());
                texts.extend_from_slice(item.as_bytes());
                texts.push(0);
                row[offset..offset + POINTER].copy_from_slice(&pointer.addr().to_ne_bytes());
            }
            Ok(POINTER)
        }
        Value::Compound { columns, .. } => {
            let mut size = 0;
            for Column { value, .. } in columns {
                size += fill(value, offset + size, stride, rows, texts)?;
            }
            Ok(size)
        }
    }
}

const POINTER: usize = size_of::<*const u8>();

/// Returns the total size in bytes of all texts, including the NUL at the end of each.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::Numbers { .. } => 0,
        Value::Texts { texts, .. } => texts.iter().map(|text| text.len() + 1).sum(),
        Value::Compound { columns, .. } => {
            columns.iter().map(|column| text_bytes(&column.value)).sum()
        }
    }
}
