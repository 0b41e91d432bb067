//! Attributes of groups and datasets.

use std::ffi::{CStr, c_char, c_void};

use hdf5_metno_sys::h5::{H5_index_t, H5_iter_order_t, herr_t};
use hdf5_metno_sys::h5a::{self, H5A_info_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5p, h5t};

use super::dataset::Dataset;
use super::dataspace::Dataspace;
use super::datatype::Datatype;
use super::describe::RenderedElements;
use super::error::Result;
use super::group::{Group, Object};
use super::json::{self, JsonLimits};
use super::library::{Handle, c_text, call};
use super::packed_value::PackedValue;
use super::render;
use super::type_description::{self, TypeDescription};
use crate::tree::Value;

macro_rules! attributes {
    ($($object:ty),*) => {$(
        impl $object {
            /// Creates an attribute, or replaces an existing one, which then moves to the end of the
            /// list, unless it has the same texts already. If this fails, the existing attribute is not changed.
            pub fn set_attribute(&self, name: &str, value: &Value) -> Result<()> {
                set(self.handle.id(), name, value)
            }

            /// Returns `true` if there is an attribute of this name.
            pub fn has_attribute(&self, name: &str) -> Result<bool> {
                exists(self.handle.id(), name)
            }

            /// Deletes an attribute if it exists.
            pub fn delete_attribute_if_any(&self, name: &str) -> Result<()> {
                if exists(self.handle.id(), name)? {
                    delete(self.handle.id(), name)?;
                }
                Ok(())
            }

            /// Returns the names of all attributes, in the order in which the file lists them.
            pub fn attribute_names(&self) -> Result<Vec<String>> {
                names(self.handle.id())
            }

            /// Returns the elements of an attribute as texts.
            pub fn attribute(&self, name: &str) -> Result<RenderedElements> {
                read(self.handle.id(), name)
            }

            /// Returns the elements of an attribute as nested arrays of JSON, or `None` if the text would be too long. Those of
            /// a null dataspace are `null`.
            pub fn attribute_json(&self, name: &str, limits: JsonLimits) -> Result<Option<String>> {
                read_json(self.handle.id(), name, limits)
            }

            /// Returns the extent of an attribute, which is empty for a scalar, and its type. The extent of a null dataspace is
            /// `None`.
            pub fn attribute_type(&self, name: &str) -> Result<(Option<Vec<u64>>, TypeDescription)> {
                describe(self.handle.id(), name)
            }
        }
    )*};
}

attributes!(Group, Dataset, Object);

fn set(object: hid_t, name: &str, value: &Value) -> Result<()> {
    let packed = PackedValue::new(value)?;
    let space = Dataspace::of(value.shape())?;
    if !exists(object, name)? {
        return create(object, name, &packed, &space);
    }
    if has_texts(object, name, value)? {
        return Ok(());
    }
    // The new attribute is complete before the old one is deleted.
    let temporary = format!("{name} (new)");
    if exists(object, &temporary)? {
        delete(object, &temporary)?;
    }
    create(object, &temporary, &packed, &space)?;
    delete(object, name)?;
    let (temporary, name) = (c_text(&temporary)?, c_text(name)?);
    call!(h5a::H5Arename(object, temporary.as_ptr(), name.as_ptr())).map(drop)
}

/// Returns `true` if an attribute has these texts.
///
/// A file may have thousands of scans, each of which sets the same attributes of the root. Those that do not change are not
/// made again: the library numbers all attributes that were ever made of an object with 16 bits, if their order is tracked,
/// as in files of h5py.
fn has_texts(object: hid_t, name: &str, value: &Value) -> Result<bool> {
    let Value::Texts { shape, texts } = value else {
        return Ok(false);
    };
    let attribute = open(object, name)?;
    let datatype = Handle::new(call!(h5a::H5Aget_type(attribute.id()))?);
    let given = Datatype::of(&value.element())?;
    let space = Handle::new(call!(h5a::H5Aget_space(attribute.id()))?);
    let extent = Dataspace::from_handle(space)?.extent()?;
    let is_same_type = call!(h5t::H5Tequal(datatype.id(), given.handle.id()))? > 0;
    Ok(is_same_type
        && extent.is_some_and(|(present, _)| present == *shape)
        && read(object, name)?.texts.as_ref() == Some(texts))
}

fn open(object: hid_t, name: &str) -> Result<Handle> {
    let name = c_text(name)?;
    let id = call!(h5a::H5Aopen(object, name.as_ptr(), h5p::H5P_DEFAULT))?;
    Ok(Handle::new(id))
}

fn create(object: hid_t, name: &str, packed: &PackedValue, space: &Dataspace) -> Result<()> {
    let c_name = c_text(name)?;
    let id = call!(h5a::H5Acreate2(
        object,
        c_name.as_ptr(),
        packed.datatype.handle.id(),
        space.handle.id(),
        h5p::H5P_DEFAULT,
        h5p::H5P_DEFAULT
    ))?;
    let attribute = Handle::new(id);
    if packed.rows.is_empty() {
        return Ok(());
    }
    // `PackedValue` has compared its rows with the shape, which is that of the space.
    let rows: *const c_void = packed.rows.as_ptr().cast();
    let written = call!(h5a::H5Awrite(
        attribute.id(),
        packed.datatype.handle.id(),
        rows
    ));
    if written.is_err() {
        drop(attribute);
        delete(object, name)?;
    }
    written.map(drop)
}

fn exists(object: hid_t, name: &str) -> Result<bool> {
    let name = c_text(name)?;
    Ok(call!(h5a::H5Aexists(object, name.as_ptr()))? > 0)
}

fn delete(object: hid_t, name: &str) -> Result<()> {
    let name = c_text(name)?;
    call!(h5a::H5Adelete(object, name.as_ptr())).map(drop)
}

fn names(object: hid_t) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let note: h5a::H5A_operator2_t = Some(note_name);
    // For objects that do not track the creation order, the library uses an arbitrary but fixed order.
    call!(h5a::H5Aiterate2(
        object,
        H5_index_t::H5_INDEX_CRT_ORDER,
        H5_iter_order_t::H5_ITER_NATIVE,
        std::ptr::null_mut(),
        note,
        (&raw mut names).cast()
    ))?;
    Ok(names)
}

unsafe extern "C" fn note_name(
    _: hid_t,
    name: *const c_char,
    _: *const H5A_info_t,
    names: *mut c_void,
) -> herr_t {
    // SAFETY: the library passes a C string and the pointer to the vector in `names`.
    let (name, names) = unsafe { (CStr::from_ptr(name), &mut *names.cast::<Vec<String>>()) };
    names.push(name.to_string_lossy().into_owned());
    0
}

/// Returns the type and the dataspace of an attribute.
fn parts(attribute: &Handle) -> Result<(Datatype, Dataspace)> {
    let datatype = Handle::new(call!(h5a::H5Aget_type(attribute.id()))?);
    let space = Handle::new(call!(h5a::H5Aget_space(attribute.id()))?);
    Ok((
        Datatype::from_handle(datatype)?,
        Dataspace::from_handle(space)?,
    ))
}

fn describe(object: hid_t, name: &str) -> Result<(Option<Vec<u64>>, TypeDescription)> {
    let attribute = open(object, name)?;
    let (datatype, space) = parts(&attribute)?;
    let extent = space.extent()?.map(|(shape, _)| shape);
    Ok((extent, type_description::describe(datatype.handle.id())?))
}

fn read_json(object: hid_t, name: &str, limits: JsonLimits) -> Result<Option<String>> {
    let attribute = open(object, name)?;
    let (datatype, space) = parts(&attribute)?;
    let Some((shape, _)) = space.extent()? else {
        return Ok(Some("null".to_owned()));
    };
    json::elements(&datatype, &space, &shape, limits, |memory| {
        call!(h5a::H5Aread(attribute.id(), datatype.handle.id(), memory)).map(drop)
    })
}

fn read(object: hid_t, name: &str) -> Result<RenderedElements> {
    let attribute = open(object, name)?;
    let (datatype, space) = parts(&attribute)?;
    render::elements(&datatype, &space, u64::MAX, |memory| {
        call!(h5a::H5Aread(attribute.id(), datatype.handle.id(), memory)).map(drop)
    })
}

#[cfg(test)]
mod tests {
    use crate::h5::File;
    use crate::tree::Value;

    #[test]
    fn attributes_are_made_again_without_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(&folder.path().join("a.h5")).unwrap();
        let root = file.root().unwrap();
        // The library numbers attributes whose order is tracked with 16 bits.
        for number in 0..70_000 {
            root.set_attribute("default", &Value::text(format!("{number}.1")))
                .unwrap();
        }
        let texts = root.attribute("default").unwrap().texts;
        assert_eq!(texts, Some(vec!["69999.1".to_owned()]));
    }
}
