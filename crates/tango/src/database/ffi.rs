//! Calls of `shim/database.cpp`, made safe.

use std::ffi::{CString, c_char, c_void};
use std::ptr::{self, NonNull};

use super::DatabaseAddress;
use crate::failure::DevError;
use crate::latin1;

#[repr(C)]
struct Raw {
    _private: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Each {
    text: extern "C" fn(context: *mut c_void, bytes: *const c_char, length: usize),
    context: *mut c_void,
}

unsafe extern "C" {
    fn nxd_open(host: *const c_char, port: i32, opened: *mut *mut Raw, error: Each) -> i32;
    fn nxd_close(database: *mut Raw);
    fn nxd_address(database: *mut Raw, address: Each, error: Each) -> i32;
    fn nxd_devices(database: *mut Raw, class: *const c_char, device: Each, error: Each) -> i32;
    fn nxd_members(database: *mut Raw, device: *const c_char, member: Each, error: Each) -> i32;
    fn nxd_property(
        database: *mut Raw,
        device: *const c_char,
        property: *const c_char,
        value: Each,
        error: Each,
    ) -> i32;
    fn nxd_put_property(
        database: *mut Raw,
        device: *const c_char,
        property: *const c_char,
        values: *const *const c_char,
        count: usize,
        error: Each,
    ) -> i32;
    fn nxd_add_device(
        database: *mut Raw,
        server: *const c_char,
        class: *const c_char,
        device: *const c_char,
        error: Each,
    ) -> i32;
}

type Errors = Vec<DevError>;

/// A connection to the database, closed when dropped.
#[derive(Debug)]
pub struct Connection {
    raw: NonNull<Raw>,
}

impl Connection {
    pub fn open(address: Option<&DatabaseAddress>) -> Result<Connection, Errors> {
        let host = address.map(|address| text(&address.host));
        let port = address.map_or(0, |address| address.port.into());
        let mut opened = ptr::null_mut();
        call(|_, error| {
            let host = host.as_ref().map_or(ptr::null(), |host| host.as_ptr());
            // SAFETY: `host` is NULL or ends with NUL, `opened` is ours to be written.
            unsafe { nxd_open(host, port, &raw mut opened, error) }
        })?;
        match NonNull::new(opened) {
            Some(raw) => Ok(Connection { raw }),
            None => Err(Vec::new()),
        }
    }

    pub fn address(&self) -> Result<String, Errors> {
        // SAFETY: the database is open as long as `self` lives.
        let (_, told) = call(|each, error| unsafe { nxd_address(self.raw.as_ptr(), each, error) })?;
        Ok(told.concat())
    }

    pub fn devices(&self, class: &str) -> Result<Vec<String>, Errors> {
        let class = text(class);
        let (_, devices) = call(|each, error| {
            // SAFETY: the database is open as long as `self` lives; the text ends with NUL.
            unsafe { nxd_devices(self.raw.as_ptr(), class.as_ptr(), each, error) }
        })?;
        Ok(devices)
    }

    pub fn members(&self, device: &str) -> Result<Vec<String>, Errors> {
        let device = text(device);
        let (_, members) = call(|each, error| {
            // SAFETY: the database is open as long as `self` lives; the text ends with NUL.
            unsafe { nxd_members(self.raw.as_ptr(), device.as_ptr(), each, error) }
        })?;
        Ok(members)
    }

    pub fn property(&self, device: &str, property: &str) -> Result<Option<Vec<String>>, Errors> {
        let (device, property) = (text(device), text(property));
        let (is_set, values) = call(|each, error| {
            let (device, property) = (device.as_ptr(), property.as_ptr());
            // SAFETY: the database is open as long as `self` lives; the texts end with NUL.
            unsafe { nxd_property(self.raw.as_ptr(), device, property, each, error) }
        })?;
        Ok((is_set == 1).then_some(values))
    }

    pub fn put_property(
        &self,
        device: &str,
        property: &str,
        values: &[&str],
    ) -> Result<(), Errors> {
        let (device, property) = (text(device), text(property));
        let values: Vec<CString> = values.iter().map(|value| text(value)).collect();
        let values: Vec<*const c_char> = values.iter().map(|value| value.as_ptr()).collect();
        call(|_, error| {
            let (device, property) = (device.as_ptr(), property.as_ptr());
            let (values, count) = (values.as_ptr(), values.len());
            // SAFETY: the database is open as long as `self` lives; the texts end with NUL, and
            // there are `count` of them in `values`.
            unsafe { nxd_put_property(self.raw.as_ptr(), device, property, values, count, error) }
        })?;
        Ok(())
    }

    pub fn add_device(&self, server: &str, class: &str, device: &str) -> Result<(), Errors> {
        let (server, class, device) = (text(server), text(class), text(device));
        call(|_, error| {
            let (server, class, device) = (server.as_ptr(), class.as_ptr(), device.as_ptr());
            // SAFETY: the database is open as long as `self` lives; the texts end with NUL.
            unsafe { nxd_add_device(self.raw.as_ptr(), server, class, device, error) }
        })?;
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: it was opened by `nxd_open`, and nobody has it after this.
        unsafe { nxd_close(self.raw.as_ptr()) }
    }
}

/// Makes a call that hands out texts, one for each result, and gets its errors as texts too.
fn call(function: impl FnOnce(Each, Each) -> i32) -> Result<(i32, Vec<String>), Errors> {
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    let code = function(collect(&mut results), collect(&mut errors));
    if code >= 0 {
        return Ok((code, results));
    }
    let levels = errors.chunks(3).map(|level| {
        let part = |index: usize| level.get(index).cloned().unwrap_or_default();
        DevError {
            reason: part(0),
            desc: part(1),
            origin: part(2),
        }
    });
    Err(levels.collect())
}

fn collect(texts: &mut Vec<String>) -> Each {
    Each {
        text: push,
        context: ptr::from_mut(texts).cast(),
    }
}

extern "C" fn push(context: *mut c_void, bytes: *const c_char, length: usize) {
    // SAFETY: the context is the vector that `collect` was given; `call` keeps it for itself until
    // the function that this is handed to has returned.
    let texts = unsafe { &mut *context.cast::<Vec<String>>() };
    // SAFETY: the caller's bytes stay as they are during this call.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) };
    texts.push(latin1::decode(bytes));
}

/// A text as Tango has it.
fn text(text: &str) -> CString {
    // There is no NUL in it any more.
    CString::new(latin1::encode(text)).unwrap_or_default()
}
