//! Strings, lists, results and errors, as `shim/convention.h` specifies them.

use std::marker::PhantomData;
use std::slice;

use crate::failure::{DevError, ErrorStack};
use crate::latin1;

/// A list that one side lends to the other.
#[repr(C)]
pub struct List<'a, T> {
    /// May be null if there are no elements.
    first: *const T,
    count: usize,
    lent: PhantomData<&'a [T]>,
}

/// `nxt_text`: a string in Latin-1.
pub type Text<'a> = List<'a, u8>;

impl<'a, T> List<'a, T> {
    /// Lends `elements` to the other side.
    pub const fn borrow(elements: &'a [T]) -> List<'a, T> {
        List {
            first: elements.as_ptr(),
            count: elements.len(),
            lent: PhantomData,
        }
    }

    /// Returns the elements.
    pub fn elements(&self) -> &'a [T] {
        if self.first.is_null() || self.count == 0 {
            return &[];
        }
        // SAFETY: a list is made by `borrow` or by the shim. Both lend `count` elements for `'a`:
        // the shim as long as the call takes to which it passes the list, see `convention.h`.
        unsafe { slice::from_raw_parts(self.first, self.count) }
    }
}

impl Text<'_> {
    /// Returns a copy of the string.
    pub fn decode(&self) -> String {
        latin1::decode(self.elements())
    }
}

/// `nxt_sink`: what takes the results and errors of one call.
#[repr(C)]
pub struct Sink<'a> {
    results: &'a mut Results,
    add_text: extern "C" fn(&mut Results, Text<'_>),
    add_error: extern "C" fn(&mut Results, Text<'_>, Text<'_>, Text<'_>),
}

/// The texts and errors that a call has added so far.
#[derive(Default)]
pub struct Results {
    texts: Vec<String>,
    levels: Vec<DevError>,
}

/// Calls a function that has a sink. Returns its status and the strings that it has found.
pub fn call(function: impl FnOnce(Sink<'_>) -> i32) -> Result<(u32, Vec<String>), ErrorStack> {
    let mut results = Results::default();
    let status = function(Sink {
        results: &mut results,
        add_text,
        add_error,
    });
    match u32::try_from(status) {
        Ok(status) => Ok((status, results.texts)),
        Err(_) => Err(ErrorStack {
            levels: results.levels,
        }),
    }
}

extern "C" fn add_text(results: &mut Results, text: Text<'_>) {
    results.texts.push(text.decode());
}

extern "C" fn add_error(results: &mut Results, reason: Text<'_>, desc: Text<'_>, origin: Text<'_>) {
    results.levels.push(DevError {
        reason: reason.decode(),
        desc: desc.decode(),
        origin: origin.decode(),
    });
}
