//! Elements of any HDF5 type as texts, and names of types.

use std::ffi::{CStr, c_char, c_void};

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::{self, H5T_class_t, H5T_order_t, H5T_sign_t};
use hdf5_metno_sys::{h5, h5p};

use super::dataspace::{self, Dataspace};
use super::datatype::Datatype;
use super::describe::Elements;
use super::error::{Error, Result};
use super::handle::Handle;
use super::library::{call, enter};
use super::number;

/// Reads with `read` into memory of the right size and puts the elements into words.
pub(super) fn elements(
    datatype: &Datatype,
    space: &Dataspace,
    limit: u64,
    read: impl FnOnce(*mut c_void) -> Result<()>,
) -> Result<Elements> {
    let form = Form::of(datatype.handle.id())?;
    let type_name = form.to_string();
    let Some((shape, _)) = space.extent()? else {
        return Ok(Elements {
            type_name,
            shape: None,
            texts: Some(Vec::new()),
        });
    };
    let count = dataspace::elements(&shape)?;
    let shape = Some(shape);
    if count > limit {
        return Ok(Elements {
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
        .map(|element| form.text(element, false));
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
    Ok(Elements {
        type_name,
        shape,
        texts,
    })
}

/// Name of a type, such as `float64`, `text` or `compound{x: int64}`.
pub(super) fn type_name(datatype: hid_t) -> Result<String> {
    Ok(Form::of(datatype)?.to_string())
}

/// How to read one element in memory.
enum Form {
    Integer {
        signed: bool,
        size: usize,
        big: bool,
    },
    Float {
        size: usize,
        big: bool,
    },
    Enumeration {
        names: Vec<(i128, String)>,
        size: usize,
        big: bool,
    },
    Text,
    FixedText {
        size: usize,
    },
    Compound(Vec<Member>),
    Array {
        dims: Vec<u64>,
        size: usize,
        base: Box<Form>,
    },
    Sequence {
        size: usize,
        base: Box<Form>,
    },
    Opaque {
        class: &'static str,
    },
}

struct Member {
    name: String,
    offset: usize,
    size: usize,
    form: Form,
}

impl Form {
    fn of(id: hid_t) -> Result<Form> {
        let _entered = enter();
        // SAFETY: the caller holds the type.
        let (class, size, order) = unsafe {
            (
                h5t::H5Tget_class(id),
                h5t::H5Tget_size(id),
                h5t::H5Tget_order(id),
            )
        };
        let big = order == H5T_order_t::H5T_ORDER_BE;
        Ok(match class {
            H5T_class_t::H5T_INTEGER => {
                // SAFETY: the caller holds the type.
                let signed = unsafe { h5t::H5Tget_sign(id) } == H5T_sign_t::H5T_SGN_2;
                Form::Integer { signed, size, big }
            }
            H5T_class_t::H5T_FLOAT => Form::Float { size, big },
            H5T_class_t::H5T_ENUM => Form::Enumeration {
                names: members_of_enum(id, size, big)?,
                size,
                big,
            },
            H5T_class_t::H5T_STRING if call!(h5t::H5Tis_variable_str(id))? > 0 => Form::Text,
            H5T_class_t::H5T_STRING => Form::FixedText { size },
            H5T_class_t::H5T_COMPOUND => Form::Compound(members(id)?),
            H5T_class_t::H5T_ARRAY => array(id)?,
            H5T_class_t::H5T_VLEN => {
                let base = Handle::new(call!(h5t::H5Tget_super(id))?);
                // SAFETY: the handle is alive.
                let size = unsafe { h5t::H5Tget_size(base.id()) };
                Form::Sequence {
                    size,
                    base: Box::new(Form::of(base.id())?),
                }
            }
            H5T_class_t::H5T_REFERENCE => Form::Opaque { class: "reference" },
            H5T_class_t::H5T_BITFIELD => Form::Opaque { class: "bits" },
            _ => Form::Opaque { class: "opaque" },
        })
    }

    fn text(&self, bytes: &[u8], quoted: bool) -> String {
        match self {
            Form::Integer { signed, size, big } => {
                number::integer(&bytes[..*size], *signed, *big).to_string()
            }
            Form::Float { size, big } => number::float_text(&bytes[..*size], *big),
            Form::Enumeration { names, size, big } => {
                let number = number::integer(&bytes[..*size], true, *big);
                let name = names.iter().find(|(value, _)| *value == number);
                name.map_or_else(|| number.to_string(), |(_, name)| name.clone())
            }
            Form::Text => {
                let pointer = address(bytes) as *const c_char;
                if pointer.is_null() {
                    return quote(String::new(), quoted);
                }
                // SAFETY: the library has put a C string here, which lives until it is reclaimed.
                let text = unsafe { CStr::from_ptr(pointer) };
                quote(text.to_string_lossy().into_owned(), quoted)
            }
            Form::FixedText { size } => {
                let text = bytes[..*size]
                    .split(|byte| *byte == 0)
                    .next()
                    .unwrap_or(&[]);
                quote(String::from_utf8_lossy(text).trim_end().to_owned(), quoted)
            }
            Form::Compound(members) => {
                let texts: Vec<_> = members
                    .iter()
                    .map(|member| {
                        member
                            .form
                            .text(&bytes[member.offset..member.offset + member.size], true)
                    })
                    .collect();
                if is_complex(members) {
                    let sign = if texts[1].starts_with('-') { "" } else { "+" };
                    return format!("{}{sign}{}j", texts[0], texts[1]);
                }
                format!("({})", texts.join(", "))
            }
            Form::Array { size, base, .. } => list(base, bytes, *size),
            Form::Sequence { size, base } => {
                let (length, pointer) = (address(bytes), address(&bytes[size_of::<usize>()..]));
                if length == 0 || pointer == 0 {
                    return "[]".to_owned();
                }
                // SAFETY: the library has put a length and a pointer to as many elements here.
                let items =
                    unsafe { std::slice::from_raw_parts(pointer as *const u8, length * size) };
                list(base, items, *size)
            }
            Form::Opaque { .. } => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let order = |big: bool, size: usize| if big && size > 1 { " big-endian" } else { "" };
        match self {
            Form::Integer { signed, size, big } => {
                let sign = if *signed { "" } else { "u" };
                write!(f, "{sign}int{}{}", size * 8, order(*big, *size))
            }
            Form::Float { size, big } => write!(f, "float{}{}", size * 8, order(*big, *size)),
            Form::Enumeration { names, .. } => {
                let names: Vec<_> = names.iter().map(|(_, name)| name.as_str()).collect();
                if names == ["FALSE", "TRUE"] {
                    return f.write_str("bool");
                }
                write!(f, "enum{{{}}}", names.join(", "))
            }
            Form::Text => f.write_str("text"),
            Form::FixedText { size } => write!(f, "text of {size} bytes"),
            Form::Compound(members) if is_complex(members) => {
                let size: usize = members.iter().map(|member| member.size * 8).sum();
                let big = matches!(members[0].form, Form::Float { big: true, .. });
                write!(f, "complex{size}{}", order(big, size))
            }
            Form::Compound(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|member| format!("{}: {}", member.name, member.form))
                    .collect();
                write!(f, "compound{{{}}}", members.join(", "))
            }
            Form::Array { dims, base, .. } => write!(f, "{base}{dims:?}"),
            Form::Sequence { base, .. } => write!(f, "{base}[]"),
            Form::Opaque { class } => f.write_str(class),
        }
    }
}

fn is_complex(members: &[Member]) -> bool {
    matches!(members, [re, im] if re.name == "r" && im.name == "i"
        && matches!((&re.form, &im.form), (Form::Float { .. }, Form::Float { .. })))
}

fn list(base: &Form, bytes: &[u8], size: usize) -> String {
    let items: Vec<_> = bytes
        .chunks_exact(size.max(1))
        .map(|item| base.text(item, true))
        .collect();
    format!("[{}]", items.join(", "))
}

fn quote(text: String, quoted: bool) -> String {
    if quoted { format!("{text:?}") } else { text }
}

/// The first bytes as a number of the size of a pointer.
fn address(bytes: &[u8]) -> usize {
    let mut word = [0u8; size_of::<usize>()];
    word.copy_from_slice(&bytes[..size_of::<usize>()]);
    usize::from_ne_bytes(word)
}

fn array(id: hid_t) -> Result<Form> {
    let rank = call!(h5t::H5Tget_array_ndims(id))?.unsigned_abs() as usize;
    let mut dims = vec![0; rank];
    call!(h5t::H5Tget_array_dims2(id, dims.as_mut_ptr()))?;
    let base = Handle::new(call!(h5t::H5Tget_super(id))?);
    // SAFETY: the handle is alive.
    let size = unsafe { h5t::H5Tget_size(base.id()) };
    let base = Box::new(Form::of(base.id())?);
    Ok(Form::Array { dims, size, base })
}

fn members(id: hid_t) -> Result<Vec<Member>> {
    let count = call!(h5t::H5Tget_nmembers(id))?.unsigned_abs();
    (0..count)
        .map(|index| {
            let datatype = Handle::new(call!(h5t::H5Tget_member_type(id, index))?);
            // SAFETY: both types are alive, and the index is below the number of members.
            let (offset, size) = unsafe {
                (
                    h5t::H5Tget_member_offset(id, index),
                    h5t::H5Tget_size(datatype.id()),
                )
            };
            let form = Form::of(datatype.id())?;
            Ok(Member {
                name: member_name(id, index),
                offset,
                size,
                form,
            })
        })
        .collect()
}

fn members_of_enum(id: hid_t, size: usize, big: bool) -> Result<Vec<(i128, String)>> {
    let count = call!(h5t::H5Tget_nmembers(id))?.unsigned_abs();
    (0..count)
        .map(|index| {
            let mut value = vec![0u8; size];
            call!(h5t::H5Tget_member_value(
                id,
                index,
                value.as_mut_ptr().cast()
            ))?;
            Ok((number::integer(&value, true, big), member_name(id, index)))
        })
        .collect()
}

fn member_name(id: hid_t, index: u32) -> String {
    let _entered = enter();
    // SAFETY: the index is below the number of members; the library gives a C string away, which
    // is copied before it is given back.
    unsafe {
        let name = h5t::H5Tget_member_name(id, index);
        if name.is_null() {
            return String::new();
        }
        let text = CStr::from_ptr(name).to_string_lossy().into_owned();
        h5::H5free_memory(name.cast());
        text
    }
}
