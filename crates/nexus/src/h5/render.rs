//! Renders elements of any HDF5 type as texts.

use std::ffi::{CStr, c_char, c_void};

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5p, h5t};

use super::dataspace::{self, Dataspace};
use super::datatype::Datatype;
use super::describe::RenderedElements;
use super::element_format::{ElementFormat, is_complex};
use super::error::{Error, Result};
use super::library::call;
use super::number;
use crate::tree::ElementType;

/// Calls `read` with memory of the right size, and renders the elements as texts.
pub(super) fn elements(
    datatype: &Datatype,
    space: &Dataspace,
    limit: u64,
    read: impl FnOnce(*mut c_void) -> Result<()>,
) -> Result<RenderedElements> {
    let format = ElementFormat::of(datatype.handle.id())?;
    let type_name = format.to_string();
    let Some((shape, _)) = space.extent()? else {
        return Ok(RenderedElements {
            type_name,
            shape: None,
            texts: Some(Vec::new()),
        });
    };
    let count = dataspace::elements(&shape)?;
    let shape = Some(shape);
    if count > limit {
        return Ok(RenderedElements {
            type_name,
            shape,
            texts: None,
        });
    }
    let size = datatype.size();
    let length = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(size))
        .ok_or_else(|| Error::Type(format!("{count} elements do not fit into memory")))?;
    let mut memory = vec![0u8; length];
    if length > 0 {
        read(memory.as_mut_ptr().cast())?;
    }
    let texts = memory
        .chunks_exact(size.max(1))
        .map(|element| format.text(element, false));
    let texts = Some(texts.collect());
    if datatype.is_indirect() && length > 0 {
        let (id, pointer) = (space.handle.id(), memory.as_mut_ptr().cast());
        call!(h5t::H5Treclaim(
            datatype.handle.id(),
            id,
            h5p::H5P_DEFAULT,
            pointer
        ))?;
    }
    Ok(RenderedElements {
        type_name,
        shape,
        texts,
    })
}

/// Returns one element of a stream as a text, from its bytes.
pub fn element_text(element: &ElementType, bytes: &[u8]) -> Result<String> {
    let datatype = Datatype::of(element)?;
    if datatype.is_indirect() {
        return Err(Error::Type(
            "the bytes of an element do not include its text".to_owned(),
        ));
    }
    let size = element.size().unwrap_or_default();
    if bytes.len() != size {
        let given = bytes.len();
        return Err(Error::Type(format!(
            "{given} bytes for an element of {size}"
        )));
    }
    Ok(ElementFormat::of(datatype.handle.id())?.text(bytes, false))
}

/// Returns the name of a type, such as `float64`, `text` or `compound{x: int64}`.
pub(super) fn type_name(datatype: hid_t) -> Result<String> {
    Ok(ElementFormat::of(datatype)?.to_string())
}

impl ElementFormat {
    fn text(&self, bytes: &[u8], quoted: bool) -> String {
        match self {
            ElementFormat::Integer { signed, size, big } => {
                number::integer(&bytes[..*size], *signed, *big).to_string()
            }
            ElementFormat::Float { size, big } => number::float_text(&bytes[..*size], *big),
            ElementFormat::Enumeration { names, size, big } => {
                let number = number::integer(&bytes[..*size], true, *big);
                let name = names.iter().find(|(value, _)| *value == number);
                name.map_or_else(|| number.to_string(), |(_, name)| name.clone())
            }
            ElementFormat::Text => {
                let pointer = address(bytes) as *const c_char;
                if pointer.is_null() {
                    return quote(String::new(), quoted);
                }
                // SAFETY: the library has stored a pointer to a C string, which is valid until it is
                // reclaimed.
                let text = unsafe { CStr::from_ptr(pointer) };
                quote(text.to_string_lossy().into_owned(), quoted)
            }
            ElementFormat::FixedText { size } => {
                let text = bytes[..*size]
                    .split(|byte| *byte == 0)
                    .next()
                    .unwrap_or(&[]);
                quote(String::from_utf8_lossy(text).trim_end().to_owned(), quoted)
            }
            ElementFormat::Compound(members) => {
                let texts: Vec<_> = members
                    .iter()
                    .map(|member| {
                        member
                            .format
                            .text(&bytes[member.offset..member.offset + member.size], true)
                    })
                    .collect();
                if is_complex(members) {
                    let sign = if texts[1].starts_with('-') { "" } else { "+" };
                    return format!("{}{sign}{}j", texts[0], texts[1]);
                }
                format!("({})", texts.join(", "))
            }
            ElementFormat::Array { size, base, .. } => list(base, bytes, *size),
            ElementFormat::Sequence { size, base } => {
                let (length, pointer) = (address(bytes), address(&bytes[size_of::<usize>()..]));
                if length == 0 || pointer == 0 {
                    return "[]".to_owned();
                }
                // SAFETY: the library has stored a length and a pointer to as many elements.
                let items =
                    unsafe { std::slice::from_raw_parts(pointer as *const u8, length * size) };
                list(base, items, *size)
            }
            ElementFormat::Opaque { .. } => {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

fn list(base: &ElementFormat, bytes: &[u8], size: usize) -> String {
    let items: Vec<_> = bytes
        .chunks_exact(size.max(1))
        .map(|item| base.text(item, true))
        .collect();
    format!("[{}]", items.join(", "))
}

fn quote(text: String, quoted: bool) -> String {
    if quoted { format!("{text:?}") } else { text }
}

/// Returns the first bytes as a number of the size of a pointer.
pub(super) fn address(bytes: &[u8]) -> usize {
    let mut word = [0u8; size_of::<usize>()];
    word.copy_from_slice(&bytes[..size_of::<usize>()]);
    usize::from_ne_bytes(word)
}
