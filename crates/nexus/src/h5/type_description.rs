//! Describes the type of elements in all its parts, for programs that show it.

use std::ffi::CStr;

use hdf5_metno_sys::h5;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::{self, H5T_class_t, H5T_cset_t, H5T_order_t, H5T_sign_t};

use super::dataset::Dataset;
use super::element_format;
use super::error::Result;
use super::library::{Handle, call, enter};

/// The type of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDescription {
    /// The number of bytes of one element, where a text of variable length is a pointer.
    pub size: usize,
    /// What it is.
    pub kind: TypeKind,
}

/// What the elements of a type are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeKind {
    /// Integers.
    Integer {
        /// Set if they may be negative.
        is_signed: bool,
        /// Set if the most significant byte is first.
        is_big_endian: bool,
    },
    /// Floats.
    Float {
        /// Set if the byte with the sign is first.
        is_big_endian: bool,
    },
    /// Times, a type that no program uses.
    Time,
    /// Texts.
    Text {
        /// Set if each has a length of its own.
        is_variable: bool,
        /// Set if they are declared as UTF-8, not as ASCII.
        is_utf8: bool,
        /// How texts of fixed length are filled: 0 up to a NUL, 1 with NUL, 2 with spaces (`H5T_str_t`).
        padding: i32,
    },
    /// Bits.
    Bits {
        /// Set if the most significant byte is first.
        is_big_endian: bool,
    },
    /// Bytes of which only the tag says what they are.
    Opaque {
        /// The tag.
        tag: String,
    },
    /// Named members.
    Compound(Vec<(String, TypeDescription)>),
    /// References to objects or regions.
    Reference,
    /// Named integers.
    Enumeration {
        /// The names and their integers.
        members: Vec<(String, i128)>,
        /// The type of the integers.
        base: Box<TypeDescription>,
    },
    /// Sequences of any length.
    Sequence(Box<TypeDescription>),
    /// Arrays of a fixed shape.
    Array {
        /// The shape.
        shape: Vec<u64>,
        /// The type of their elements.
        base: Box<TypeDescription>,
    },
}

impl Dataset {
    /// Returns the type of the elements in all its parts.
    ///
    /// # Errors
    /// If the library cannot read it.
    pub fn type_description(&self) -> Result<TypeDescription> {
        describe(self.datatype.handle.id())
    }
}

/// Describes a type that the caller holds.
pub(super) fn describe(id: hid_t) -> Result<TypeDescription> {
    let _entered = enter();
    // SAFETY: the caller holds the type.
    let (class, size, order) = unsafe {
        (
            h5t::H5Tget_class(id),
            h5t::H5Tget_size(id),
            h5t::H5Tget_order(id),
        )
    };
    let is_big_endian = order == H5T_order_t::H5T_ORDER_BE;
    let kind = match class {
        H5T_class_t::H5T_INTEGER => {
            // SAFETY: the caller holds the type.
            let is_signed = unsafe { h5t::H5Tget_sign(id) } == H5T_sign_t::H5T_SGN_2;
            TypeKind::Integer {
                is_signed,
                is_big_endian,
            }
        }
        H5T_class_t::H5T_FLOAT => TypeKind::Float { is_big_endian },
        H5T_class_t::H5T_STRING => text(id)?,
        H5T_class_t::H5T_BITFIELD => TypeKind::Bits { is_big_endian },
        H5T_class_t::H5T_OPAQUE => TypeKind::Opaque { tag: tag(id) },
        H5T_class_t::H5T_COMPOUND => {
            let count = call!(h5t::H5Tget_nmembers(id))?.unsigned_abs();
            let members = (0..count).map(|index| {
                let member = Handle::new(call!(h5t::H5Tget_member_type(id, index))?);
                let name = element_format::member_name(id, index);
                Ok((name, describe(member.id())?))
            });
            TypeKind::Compound(members.collect::<Result<_>>()?)
        }
        H5T_class_t::H5T_REFERENCE => TypeKind::Reference,
        H5T_class_t::H5T_ENUM => {
            let members = element_format::members_of_enum(id, size, is_big_endian)?;
            TypeKind::Enumeration {
                members: members
                    .into_iter()
                    .map(|(number, name)| (name, number))
                    .collect(),
                base: base(id)?,
            }
        }
        H5T_class_t::H5T_VLEN => TypeKind::Sequence(base(id)?),
        H5T_class_t::H5T_ARRAY => {
            let rank = call!(h5t::H5Tget_array_ndims(id))?.unsigned_abs() as usize;
            let mut shape = vec![0; rank];
            call!(h5t::H5Tget_array_dims2(id, shape.as_mut_ptr()))?;
            let base = base(id)?;
            TypeKind::Array { shape, base }
        }
        _ => TypeKind::Time,
    };
    Ok(TypeDescription { size, kind })
}

fn base(id: hid_t) -> Result<Box<TypeDescription>> {
    let base = Handle::new(call!(h5t::H5Tget_super(id))?);
    describe(base.id()).map(Box::new)
}

fn text(id: hid_t) -> Result<TypeKind> {
    let is_variable = call!(h5t::H5Tis_variable_str(id))? > 0;
    let _entered = enter();
    // SAFETY: the caller holds the type.
    let (set, padding) = unsafe { (h5t::H5Tget_cset(id), h5t::H5Tget_strpad(id)) };
    Ok(TypeKind::Text {
        is_variable,
        is_utf8: set == H5T_cset_t::H5T_CSET_UTF8,
        padding: padding as i32,
    })
}

fn tag(id: hid_t) -> String {
    let _entered = enter();
    // SAFETY: the caller holds the type; the library returns a C string, which is copied before it is freed.
    unsafe {
        let tag = h5t::H5Tget_tag(id);
        if tag.is_null() {
            return String::new();
        }
        let text = CStr::from_ptr(tag).to_string_lossy().into_owned();
        h5::H5free_memory(tag.cast());
        text
    }
}
