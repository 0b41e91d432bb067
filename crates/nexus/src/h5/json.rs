//! Writes elements of any HDF5 type as JSON.
//!
//! | elements | JSON |
//! |---|---|
//! | integers, enumerations | numbers |
//! | floats | numbers; `null` for those that JSON does not have (NaN, infinities) |
//! | truth values of h5py | `true`, `false` |
//! | texts | texts, of which only the beginning is there if they are long |
//! | complex numbers | `[real, imaginary]` |
//! | other compounds, arrays, sequences | arrays |
//! | everything else | texts |
//!
//! That is what h5grove makes of them (`encoders.py` of h5grove 4.0).

use std::ffi::{CStr, c_char, c_void};

use hdf5_metno_sys::{h5p, h5t};

use super::dataspace::{self, Dataspace};
use super::datatype::Datatype;
use super::element_format::ElementFormat;
use super::error::{Error, Result};
use super::library::call;
use super::number;
use super::render::address;

/// How long a JSON text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// The most bytes of all elements together.
    pub total: usize,
    /// The most bytes of one text. Of a longer one the beginning is there, and `…`.
    pub text: usize,
}

/// Calls `read` with memory for the elements of a memory space, and writes them as nested arrays of this shape. Returns
/// `None` if the text would be too long.
pub(super) fn elements(
    datatype: &Datatype,
    memory_space: &Dataspace,
    shape: &[u64],
    limits: JsonLimits,
    read: impl FnOnce(*mut c_void) -> Result<()>,
) -> Result<Option<String>> {
    let format = ElementFormat::of(datatype.handle.id())?;
    let count = dataspace::elements(shape)?;
    let size = datatype.size();
    let length = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(size))
        .ok_or_else(|| Error::Type(format!("{count} elements do not fit into memory")))?;
    // Each element needs a character and a comma.
    if count.saturating_mul(2) > limits.total as u64 || length > MAX_MEMORY {
        return Ok(None);
    }
    let mut memory = vec![0u8; length];
    if length > 0 {
        read(memory.as_mut_ptr().cast())?;
    }
    let mut writer = JsonWriter {
        text: String::new(),
        limits,
    };
    let is_complete = writer.nested(&format, &memory, shape, size.max(1));
    if datatype.is_indirect() && length > 0 {
        let (id, pointer) = (memory_space.handle.id(), memory.as_mut_ptr().cast());
        call!(h5t::H5Treclaim(
            datatype.handle.id(),
            id,
            h5p::H5P_DEFAULT,
            pointer
        ))?;
    }
    Ok(is_complete.then_some(writer.text))
}

/// The most bytes of elements in memory.
const MAX_MEMORY: usize = 64 << 20;

struct JsonWriter {
    text: String,
    limits: JsonLimits,
}

impl JsonWriter {
    /// Returns `false` if the text is too long.
    fn nested(&mut self, format: &ElementFormat, bytes: &[u8], shape: &[u64], size: usize) -> bool {
        let Some((&length, inner)) = shape.split_first() else {
            self.element(format, &bytes[..size.min(bytes.len())]);
            return self.text.len() <= self.limits.total;
        };
        let part = inner.iter().product::<u64>() as usize * size;
        self.text.push('[');
        for index in 0..length as usize {
            if index > 0 {
                self.text.push(',');
            }
            let begin = index * part;
            if !self.nested(format, &bytes[begin..begin + part], inner, size) {
                return false;
            }
        }
        self.text.push(']');
        true
    }

    fn element(&mut self, format: &ElementFormat, bytes: &[u8]) {
        match format {
            ElementFormat::Integer { signed, size, big } => {
                let number = number::integer(&bytes[..*size], *signed, *big);
                self.text.push_str(&number.to_string());
            }
            ElementFormat::Float { size, big } => {
                let text = number::float_text(&bytes[..*size], *big);
                let is_finite = !text.contains(['n', 'N']);
                self.text.push_str(if is_finite { &text } else { "null" });
            }
            ElementFormat::Enumeration { names, size, big } => {
                let number = number::integer(&bytes[..*size], true, *big);
                let text = match (is_truth(names), number) {
                    (true, 0) => "false".to_owned(),
                    (true, 1) => "true".to_owned(),
                    _ => number.to_string(),
                };
                self.text.push_str(&text);
            }
            ElementFormat::Text => {
                let pointer = address(bytes) as *const c_char;
                if pointer.is_null() {
                    return self.text(b"");
                }
                // SAFETY: the library has stored a pointer to a C string, which is valid until it is
                // reclaimed.
                let text = unsafe { CStr::from_ptr(pointer) };
                self.text(text.to_bytes());
            }
            ElementFormat::FixedText { size } => {
                let text = &bytes[..*size];
                let end = text.iter().rposition(|byte| *byte != 0);
                self.text(&text[..end.map_or(0, |last| last + 1)]);
            }
            ElementFormat::Compound(members) => {
                self.list(members.iter().map(|member| {
                    let place = member.offset..member.offset + member.size;
                    (&member.format, &bytes[place])
                }));
            }
            ElementFormat::Array { dims, size, base } => {
                // The limit is looked at after each element of the dataset.
                self.nested(base, bytes, dims, *size);
            }
            ElementFormat::Sequence { size, base } => {
                let (length, pointer) = (address(bytes), address(&bytes[size_of::<usize>()..]));
                if length == 0 || pointer == 0 {
                    return self.text.push_str("[]");
                }
                // SAFETY: the library has stored a length and a pointer to as many elements.
                let items =
                    unsafe { std::slice::from_raw_parts(pointer as *const u8, length * size) };
                self.list(
                    items
                        .chunks_exact((*size).max(1))
                        .map(|item| (&**base, item)),
                );
            }
            ElementFormat::Opaque { class: "reference" } => self.text(b"<HDF5 object reference>"),
            ElementFormat::Opaque { .. } => {
                let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                self.text(text.as_bytes());
            }
        }
    }

    fn list<'e>(&mut self, items: impl Iterator<Item = (&'e ElementFormat, &'e [u8])>) {
        self.text.push('[');
        for (index, (format, bytes)) in items.enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.element(format, bytes);
            if self.text.len() > self.limits.total {
                return;
            }
        }
        self.text.push(']');
    }

    fn text(&mut self, bytes: &[u8]) {
        let kept = &bytes[..bytes.len().min(self.limits.text)];
        let mut text = String::from_utf8_lossy(kept).into_owned();
        if kept.len() < bytes.len() {
            // The last character may have been cut.
            let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER).len();
            text.truncate(whole);
            text.push('…');
        }
        self.text
            .push_str(&serde_json::Value::String(text).to_string());
    }
}

/// Returns `true` if these are the members of a truth value as h5py writes it.
fn is_truth(names: &[(i128, String)]) -> bool {
    matches!(names, [(0, no), (1, yes)] if no == "FALSE" && yes == "TRUE")
}
