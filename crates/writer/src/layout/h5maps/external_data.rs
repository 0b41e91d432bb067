//! Datasets whose data are elsewhere: in raw files, or in other datasets.

use acquisition::DType;
use nexus::tree::{
    ElementType, ExternalContent, ExternalFile, Hyperslab, VirtualContent, VirtualSource,
};
use serde_json::{Map, Value as Json};

use super::{field, text, wrong_type};
use crate::element::element_type;
use crate::layout::JsonError;

/// Returns a dataset with its data in raw files.
pub fn external(object: &Map<String, Json>) -> Result<ExternalContent, JsonError> {
    let files = objects(object, "files")?
        .map(|file| {
            let file = file?;
            Ok(ExternalFile {
                name: text(file, "name")?.into(),
                offset: unsigned(file, "offset")?,
                size: match file.get("size") {
                    None | Some(Json::Null) => None,
                    Some(_) => Some(unsigned(file, "size")?),
                },
            })
        })
        .collect::<Result<Vec<_>, JsonError>>()?;
    Ok(ExternalContent {
        element: element(object)?,
        shape: numbers(object, "shape")?,
        files,
    })
}

/// Returns a virtual dataset, which consists of parts of other datasets.
pub fn virtual_sources(object: &Map<String, Json>) -> Result<VirtualContent, JsonError> {
    let shape = numbers(object, "shape")?;
    let sources = objects(object, "virtual_sources")?
        .map(|source| {
            let source = source?;
            let target = selection(source, "vspace")?;
            if target.start.len() != shape.len() {
                return Err(JsonError::VirtualRank(shape.len()));
            }
            Ok(VirtualSource {
                target,
                file: text(source, "src_file")?.to_owned(),
                dataset: text(source, "src_dataset")?.to_owned(),
                selection: selection(source, "src_space")?,
            })
        })
        .collect::<Result<Vec<_>, JsonError>>()?;
    Ok(VirtualContent {
        element: element(object)?,
        shape,
        sources,
    })
}

/// Returns the type in an item's `dtype`: numpy's short form, with a byte order unless elements
/// have one byte.
pub fn element(object: &Map<String, Json>) -> Result<ElementType, JsonError> {
    let dtype = text(object, "dtype")?;
    let unknown = || JsonError::Dtype(dtype.to_owned());
    let parsed: DType = dtype.parse().map_err(|_| unknown())?;
    let has_order = dtype.starts_with(['<', '>']) || parsed.size == 1;
    if has_order {
        Ok(element_type(parsed))
    } else {
        Err(unknown())
    }
}

fn selection(object: &Map<String, Json>, name: &str) -> Result<Hyperslab, JsonError> {
    let object = field(object, name)?
        .as_object()
        .ok_or_else(|| wrong_type(name, "an object"))?;
    let start = numbers(object, "start")?;
    let same_rank = |numbers: Vec<u64>| match numbers.len() == start.len() {
        true => Ok(numbers),
        false => Err(JsonError::SelectionRank(name.to_owned())),
    };
    // Ones mean the same as an absent member, and equal trees must compare equal.
    let optional = |part: &str| -> Result<Option<Vec<u64>>, JsonError> {
        match object.get(part) {
            None | Some(Json::Null) => Ok(None),
            Some(_) => {
                let numbers = same_rank(numbers(object, part)?)?;
                Ok((numbers.iter().any(|&n| n != 1)).then_some(numbers))
            }
        }
    };
    let (stride, block) = (optional("stride")?, optional("block")?);
    let count = same_rank(numbers(object, "count")?)?;
    Ok(Hyperslab {
        stride,
        count,
        block,
        start,
    })
}

fn objects<'a>(
    object: &'a Map<String, Json>,
    name: &'a str,
) -> Result<impl Iterator<Item = Result<&'a Map<String, Json>, JsonError>>, JsonError> {
    match field(object, name)?.as_array() {
        Some(list) if !list.is_empty() => Ok(list.iter().map(move |item| {
            item.as_object()
                .ok_or_else(|| JsonError::Entry(name.to_owned()))
        })),
        Some(_) => Err(JsonError::Empty(name.to_owned())),
        None => Err(wrong_type(name, "a list")),
    }
}

fn numbers(object: &Map<String, Json>, name: &str) -> Result<Vec<u64>, JsonError> {
    field(object, name)?
        .as_array()
        .and_then(|list| list.iter().map(Json::as_u64).collect())
        .ok_or_else(|| wrong_type(name, "a list of non-negative integers"))
}

fn unsigned(object: &Map<String, Json>, name: &str) -> Result<u64, JsonError> {
    field(object, name)?
        .as_u64()
        .ok_or_else(|| wrong_type(name, "a non-negative integer"))
}
