//! The HDF5 types of elements.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use hdf5_metno_sys::h5t::{self, H5T_class_t, H5T_cset_t, H5T_order_t, H5T_str_t};

use super::error::{Error, Result};
use super::library::{Handle, c_text, call};
use crate::tree::{ByteOrder, ElementType};

/// An HDF5 type. It is both the type in the file and the type of the bytes in memory, so that HDF5 does
/// not convert elements when it writes them.
#[derive(Debug)]
pub(super) struct Datatype {
    pub(super) handle: Handle,
    size: usize,
    indirect: bool,
}

impl Datatype {
    /// Returns the type that h5py creates for the numpy type of the same name. Types other than compounds
    /// are created once per thread.
    pub(super) fn of(element: &ElementType) -> Result<Arc<Datatype>> {
        thread_local!(static CACHE: RefCell<HashMap<ElementType, Arc<Datatype>>> = RefCell::default());
        if let ElementType::Compound(members) = element {
            return compound(members).map(Arc::new);
        }
        CACHE.with(|cache| {
            if let Some(datatype) = cache.borrow().get(element) {
                return Ok(datatype.clone());
            }
            let datatype = Arc::new(simple(element)?);
            cache.borrow_mut().insert(element.clone(), datatype.clone());
            Ok(datatype)
        })
    }

    /// Takes ownership of a type that the library has created.
    pub(super) fn from_handle(handle: Handle) -> Result<Datatype> {
        let text = call!(h5t::H5Tdetect_class(handle.id(), H5T_class_t::H5T_STRING))? > 0;
        let sequence = call!(h5t::H5Tdetect_class(handle.id(), H5T_class_t::H5T_VLEN))? > 0;
        let reference = call!(h5t::H5Tdetect_class(
            handle.id(),
            H5T_class_t::H5T_REFERENCE
        ))? > 0;
        let _entered = super::library::enter();
        // SAFETY: the handle is alive.
        let size = unsafe { h5t::H5Tget_size(handle.id()) };
        // Texts of fixed length count as indirect too. Nothing writes them to existing datasets, and it
        // would be laborious to distinguish them inside compounds.
        Ok(Datatype {
            handle,
            size,
            indirect: text || sequence || reference,
        })
    }

    /// Returns the size of one element in memory, where a text of variable length is a pointer.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns `true` if the elements are or contain pointers. Such elements are never written from plain
    /// bytes.
    pub(super) fn is_indirect(&self) -> bool {
        self.indirect
    }
}

fn simple(element: &ElementType) -> Result<Datatype> {
    match element {
        ElementType::Bool => boolean(),
        ElementType::Complex(size, order) => {
            let part = ElementType::Float(size / 2, *order);
            compound(&[("r".to_owned(), part.clone()), ("i".to_owned(), part)])
        }
        ElementType::Text => text(),
        ElementType::FixedText(size) => fixed_text(*size),
        ElementType::Float(2, order) => half(*order),
        ElementType::Float(16, order) => extended(*order),
        ElementType::Compound(members) => compound(members),
        number => predefined(number),
    }
}

fn predefined(element: &ElementType) -> Result<Datatype> {
    use ByteOrder::{Big, Little};
    // The library sets the identifiers when it is initialised.
    let _entered = super::library::enter();
    let id = match element {
        ElementType::Int(1, _) => *h5t::H5T_STD_I8LE,
        ElementType::Int(2, Little) => *h5t::H5T_STD_I16LE,
        ElementType::Int(4, Little) => *h5t::H5T_STD_I32LE,
        ElementType::Int(8, Little) => *h5t::H5T_STD_I64LE,
        ElementType::Int(2, Big) => *h5t::H5T_STD_I16BE,
        ElementType::Int(4, Big) => *h5t::H5T_STD_I32BE,
        ElementType::Int(8, Big) => *h5t::H5T_STD_I64BE,
        ElementType::Uint(1, _) => *h5t::H5T_STD_U8LE,
        ElementType::Uint(2, Little) => *h5t::H5T_STD_U16LE,
        ElementType::Uint(4, Little) => *h5t::H5T_STD_U32LE,
        ElementType::Uint(8, Little) => *h5t::H5T_STD_U64LE,
        ElementType::Uint(2, Big) => *h5t::H5T_STD_U16BE,
        ElementType::Uint(4, Big) => *h5t::H5T_STD_U32BE,
        ElementType::Uint(8, Big) => *h5t::H5T_STD_U64BE,
        ElementType::Float(4, Little) => *h5t::H5T_IEEE_F32LE,
        ElementType::Float(8, Little) => *h5t::H5T_IEEE_F64LE,
        ElementType::Float(4, Big) => *h5t::H5T_IEEE_F32BE,
        ElementType::Float(8, Big) => *h5t::H5T_IEEE_F64BE,
        other => return Err(Error::Type(format!("{other:?} has no HDF5 type"))),
    };
    own(Handle::new(call!(h5t::H5Tcopy(id))?), false)
}

fn boolean() -> Result<Datatype> {
    let handle = {
        let _entered = super::library::enter();
        Handle::new(call!(h5t::H5Tenum_create(*h5t::H5T_STD_I8LE))?)
    };
    for (name, value) in [(c"FALSE", 0i8), (c"TRUE", 1i8)] {
        let value: *const i8 = &value;
        call!(h5t::H5Tenum_insert(
            handle.id(),
            name.as_ptr(),
            value.cast()
        ))?;
    }
    own(handle, false)
}

fn text() -> Result<Datatype> {
    let handle = {
        let _entered = super::library::enter();
        Handle::new(call!(h5t::H5Tcopy(*h5t::H5T_C_S1))?)
    };
    call!(h5t::H5Tset_size(handle.id(), h5t::H5T_VARIABLE))?;
    call!(h5t::H5Tset_cset(handle.id(), H5T_cset_t::H5T_CSET_UTF8))?;
    own(handle, true)
}

/// Returns the type of texts that are padded with NUL but not terminated by it, as h5py stores bytes of
/// fixed length.
fn fixed_text(size: usize) -> Result<Datatype> {
    let handle = {
        let _entered = super::library::enter();
        Handle::new(call!(h5t::H5Tcopy(*h5t::H5T_C_S1))?)
    };
    call!(h5t::H5Tset_size(handle.id(), size))?;
    call!(h5t::H5Tset_strpad(handle.id(), H5T_str_t::H5T_STR_NULLPAD))?;
    own(handle, false)
}

/// Returns the type of IEEE half precision, derived from single precision as h5py does it.
fn half(order: ByteOrder) -> Result<Datatype> {
    let handle = predefined(&ElementType::Float(4, order))?.handle;
    call!(h5t::H5Tset_fields(handle.id(), 15, 10, 5, 0, 10))?;
    call!(h5t::H5Tset_size(handle.id(), 2))?;
    call!(h5t::H5Tset_ebias(handle.id(), 15))?;
    own(handle, false)
}

/// Returns the type of the x87 format of 80 bits in 16 bytes, which is `float128` of numpy on x86. It is
/// built from its parts, so that it is the same on all machines.
fn extended(order: ByteOrder) -> Result<Datatype> {
    let handle = predefined(&ElementType::Float(8, ByteOrder::Little))?.handle;
    let id = handle.id();
    call!(h5t::H5Tset_size(id, 16))?;
    call!(h5t::H5Tset_precision(id, 80))?;
    call!(h5t::H5Tset_offset(id, 0))?;
    call!(h5t::H5Tset_fields(id, 79, 64, 15, 0, 64))?;
    call!(h5t::H5Tset_ebias(id, 16383))?;
    call!(h5t::H5Tset_norm(id, h5t::H5T_norm_t::H5T_NORM_NONE))?;
    if order == ByteOrder::Big {
        call!(h5t::H5Tset_order(id, H5T_order_t::H5T_ORDER_BE))?;
    }
    own(handle, false)
}

/// Returns a compound of successive members without padding.
fn compound(members: &[(String, ElementType)]) -> Result<Datatype> {
    let types = members
        .iter()
        .map(|(_, member)| Datatype::of(member))
        .collect::<Result<Vec<_>>>()?;
    let size = types.iter().map(|member| member.size()).sum();
    let handle = Handle::new(call!(h5t::H5Tcreate(H5T_class_t::H5T_COMPOUND, size))?);
    let mut offset = 0;
    for ((name, _), member) in members.iter().zip(&types) {
        let name = c_text(name)?;
        call!(h5t::H5Tinsert(
            handle.id(),
            name.as_ptr(),
            offset,
            member.handle.id()
        ))?;
        offset += member.size();
    }
    own(handle, types.iter().any(|member| member.is_indirect()))
}

fn own(handle: Handle, indirect: bool) -> Result<Datatype> {
    let _entered = super::library::enter();
    // SAFETY: the handle is alive.
    let size = unsafe { h5t::H5Tget_size(handle.id()) };
    Ok(Datatype {
        handle,
        size,
        indirect,
    })
}
