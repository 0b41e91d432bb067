//! Decodes any HDF5 type: the format of one element in memory, and the name of the type.

use std::ffi::CStr;
use std::fmt;

use hdf5_metno_sys::h5;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::{self, H5T_class_t, H5T_order_t, H5T_sign_t};

use super::error::Result;
use super::library::{Handle, call, enter};
use super::number;

/// The format of one element in memory.
pub(super) enum ElementFormat {
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
        base: Box<ElementFormat>,
    },
    Sequence {
        size: usize,
        base: Box<ElementFormat>,
    },
    Opaque {
        class: &'static str,
    },
}

pub(super) struct Member {
    name: String,
    pub(super) offset: usize,
    pub(super) size: usize,
    pub(super) format: ElementFormat,
}

impl ElementFormat {
    pub(super) fn of(id: hid_t) -> Result<ElementFormat> {
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
                ElementFormat::Integer { signed, size, big }
            }
            H5T_class_t::H5T_FLOAT => ElementFormat::Float { size, big },
            H5T_class_t::H5T_ENUM => ElementFormat::Enumeration {
                names: members_of_enum(id, size, big)?,
                size,
                big,
            },
            H5T_class_t::H5T_STRING if call!(h5t::H5Tis_variable_str(id))? > 0 => {
                ElementFormat::Text
            }
            H5T_class_t::H5T_STRING => ElementFormat::FixedText { size },
            H5T_class_t::H5T_COMPOUND => ElementFormat::Compound(members(id)?),
            H5T_class_t::H5T_ARRAY => array(id)?,
            H5T_class_t::H5T_VLEN => {
                let base = Handle::new(call!(h5t::H5Tget_super(id))?);
                // SAFETY: the handle is alive.
                let size = unsafe { h5t::H5Tget_size(base.id()) };
                ElementFormat::Sequence {
                    size,
                    base: Box::new(ElementFormat::of(base.id())?),
                }
            }
            H5T_class_t::H5T_REFERENCE => ElementFormat::Opaque { class: "reference" },
            H5T_class_t::H5T_BITFIELD => ElementFormat::Opaque { class: "bits" },
            _ => ElementFormat::Opaque { class: "opaque" },
        })
    }
}

impl fmt::Display for ElementFormat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let order = |big: bool, size: usize| if big && size > 1 { " big-endian" } else { "" };
        match self {
            ElementFormat::Integer { signed, size, big } => {
                let sign = if *signed { "" } else { "u" };
                write!(f, "{sign}int{}{}", size * 8, order(*big, *size))
            }
            ElementFormat::Float { size, big } => {
                write!(f, "float{}{}", size * 8, order(*big, *size))
            }
            ElementFormat::Enumeration { names, .. } => {
                let names: Vec<_> = names.iter().map(|(_, name)| name.as_str()).collect();
                if names == ["FALSE", "TRUE"] {
                    return f.write_str("bool");
                }
                write!(f, "enum{{{}}}", names.join(", "))
            }
            ElementFormat::Text => f.write_str("text"),
            ElementFormat::FixedText { size } => write!(f, "text of {size} bytes"),
            ElementFormat::Compound(members) if is_complex(members) => {
                let size: usize = members.iter().map(|member| member.size * 8).sum();
                let big = matches!(members[0].format, ElementFormat::Float { big: true, .. });
                write!(f, "complex{size}{}", order(big, size))
            }
            ElementFormat::Compound(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|member| format!("{}: {}", member.name, member.format))
                    .collect();
                write!(f, "compound{{{}}}", members.join(", "))
            }
            ElementFormat::Array { dims, base, .. } => write!(f, "{base}{dims:?}"),
            ElementFormat::Sequence { base, .. } => write!(f, "{base}[]"),
            ElementFormat::Opaque { class } => f.write_str(class),
        }
    }
}

/// Returns `true` if these are the members of a complex number as h5py writes it.
pub(super) fn is_complex(members: &[Member]) -> bool {
    matches!(members, [re, im] if re.name == "r" && im.name == "i"
        && matches!((&re.format, &im.format), (ElementFormat::Float { .. }, ElementFormat::Float { .. })))
}

fn array(id: hid_t) -> Result<ElementFormat> {
    let rank = call!(h5t::H5Tget_array_ndims(id))?.unsigned_abs() as usize;
    let mut dims = vec![0; rank];
    call!(h5t::H5Tget_array_dims2(id, dims.as_mut_ptr()))?;
    let base = Handle::new(call!(h5t::H5Tget_super(id))?);
    // SAFETY: the handle is alive.
    let size = unsafe { h5t::H5Tget_size(base.id()) };
    let base = Box::new(ElementFormat::of(base.id())?);
    Ok(ElementFormat::Array { dims, size, base })
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
            let format = ElementFormat::of(datatype.id())?;
            Ok(Member {
                name: member_name(id, index),
                offset,
                size,
                format,
            })
        })
        .collect()
}

pub(super) fn members_of_enum(id: hid_t, size: usize, big: bool) -> Result<Vec<(i128, String)>> {
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

pub(super) fn member_name(id: hid_t, index: u32) -> String {
    let _entered = enter();
    // SAFETY: the index is below the number of members; the library returns a C string, which
    // is copied before it is freed.
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
