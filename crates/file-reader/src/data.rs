//! Elements of a dataset.

use std::rc::Rc;

use file_request::DataFormat;
use nexus::h5::{Dataset, JsonLimits, ObjectKind, Selection};
use nexus::tree::{ByteOrder, ElementType};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::{Located, Walker};
use crate::{MAX_DATA_BYTES, MAX_TEXT_BYTES, selection, sources, type_text};

/// How elements are asked for.
pub struct Wanted<'w> {
    pub selection: Option<&'w str>,
    pub format: DataFormat,
    pub is_safe: bool,
    pub is_flat: bool,
}

/// Opens a dataset all of whose elements may be read. What is returned first keeps its file open.
pub fn open(
    walker: &Walker,
    file: &Rc<OpenFile>,
    path: &str,
) -> Result<(Located, Dataset), Failure> {
    let found = walker.object(file, path)?;
    if found.kind()? != Some(ObjectKind::Dataset) {
        return Err(Failure::Invalid(format!("{path} is not a dataset")));
    }
    let dataset = found.dataset()?;
    sources::check(walker, &found.file, &dataset)?;
    Ok((found, dataset))
}

/// Returns elements of a dataset.
pub fn answer(
    walker: &Walker,
    file: &Rc<OpenFile>,
    path: &str,
    wanted: &Wanted,
) -> Result<Answer, Failure> {
    let (_found, dataset) = open(walker, file, path)?;
    let Some(shape) = dataset.extent()? else {
        return empty(wanted);
    };
    let mut selection = selection::parse(wanted.selection, &shape)?;
    if wanted.is_flat && !selection.shape.is_empty() {
        selection.shape = vec![selection.count()];
    }
    match wanted.format {
        DataFormat::Json if wanted.is_safe && dataset.number_type()?.is_none() => Err(not_safe()),
        DataFormat::Json => json(&dataset, &selection),
        DataFormat::Binary => binary(&dataset, &selection, wanted.is_safe).map(Answer::binary),
        DataFormat::Npy => npy(&dataset, &selection, wanted.is_safe).map(Answer::binary),
    }
}

/// Answers for a null dataspace, which has no elements.
fn empty(wanted: &Wanted) -> Result<Answer, Failure> {
    match wanted.format {
        DataFormat::Json => Ok(Answer::json_text("null".to_owned())),
        _ => Err(Failure::Invalid("the dataset has no elements".to_owned())),
    }
}

fn json(dataset: &Dataset, selection: &Selection) -> Result<Answer, Failure> {
    let limits = JsonLimits {
        total: MAX_DATA_BYTES,
        text: MAX_TEXT_BYTES,
    };
    let bytes = selection
        .count()
        .saturating_mul(dataset.element_size() as u64);
    if bytes > MAX_DATA_BYTES as u64 {
        return Err(Failure::too_many(bytes));
    }
    match dataset.json(selection, limits)? {
        Some(text) => Ok(Answer::json_text(text)),
        None => Err(Failure::too_many(bytes.max(MAX_DATA_BYTES as u64 + 1))),
    }
}

fn binary(dataset: &Dataset, selection: &Selection, is_safe: bool) -> Result<Vec<u8>, Failure> {
    let Some(stored) = dataset.number_type()? else {
        let text = "Unsupported encoding for non-numeric content";
        return Err(match is_safe {
            true => not_safe(),
            false => Failure::Invalid(text.to_owned()),
        });
    };
    let converted = is_safe.then(|| safe_type(&stored)).flatten();
    let size = match &converted {
        Some(element) => element.size().unwrap_or(1),
        None => dataset.element_size(),
    };
    let bytes = selection.count().saturating_mul(size as u64);
    if bytes > MAX_DATA_BYTES as u64 {
        return Err(Failure::too_many(bytes));
    }
    Ok(dataset.read_selected(selection, converted.as_ref())?)
}

fn not_safe() -> Failure {
    Failure::Invalid("Unsupported dtype safe for non-numeric data".to_owned())
}

/// Returns the type to which numbers are converted that JavaScript does not have, or `None` if it has them.
fn safe_type(stored: &ElementType) -> Option<ElementType> {
    let little = ByteOrder::Little;
    match stored {
        ElementType::Float(2, _) => Some(ElementType::Float(4, little)),
        ElementType::Float(16, _) => Some(ElementType::Float(8, little)),
        ElementType::Int(size, ByteOrder::Big) => Some(ElementType::Int(*size, little)),
        ElementType::Uint(size, ByteOrder::Big) => Some(ElementType::Uint(*size, little)),
        ElementType::Float(size, ByteOrder::Big) => Some(ElementType::Float(*size, little)),
        ElementType::Complex(size, ByteOrder::Big) => Some(ElementType::Complex(*size, little)),
        _ => None,
    }
}

/// Returns a file of numpy (format 1.0, `numpy/lib/format.py`).
fn npy(dataset: &Dataset, selection: &Selection, is_safe: bool) -> Result<Vec<u8>, Failure> {
    let data = binary(dataset, selection, is_safe)?;
    let stored = type_text::dtype(&dataset.type_description()?);
    let stored = stored.as_str().unwrap_or_default().to_owned();
    let converted = dataset.number_type()?.filter(|_| is_safe);
    let dtype = match converted.as_ref().and_then(safe_type) {
        Some(ElementType::Float(size, _)) => format!("<f{size}"),
        Some(_) => stored.replacen('>', "<", 1),
        None => stored,
    };
    let sizes: Vec<String> = selection.shape.iter().map(u64::to_string).collect();
    let shape = match &sizes[..] {
        [one] => format!("{one},"),
        sizes => sizes.join(", "),
    };
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
    // The data begin at a multiple of 64 bytes.
    let length = (10 + header.len() + 1).next_multiple_of(64);
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(length - 10).unwrap_or(u16::MAX).to_le_bytes());
    file.extend(header.bytes());
    file.resize(length - 1, b' ');
    file.push(b'\n');
    file.extend(data);
    Ok(file)
}
