//! Texts on their way to and from C.

use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::error::{Error, Result};

pub(super) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Nul(text.to_owned()))
}

pub(super) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::Nul(path.to_string_lossy().into_owned()))
}

/// Asks for a text of unknown length: once for the length, once for the text.
pub(super) fn sized_text(get: impl Fn(*mut c_char, usize) -> Result<isize>) -> Result<String> {
    let length = get(std::ptr::null_mut(), 0)?.unsigned_abs();
    let mut buffer = vec![0u8; length + 1];
    get(buffer.as_mut_ptr().cast(), buffer.len())?;
    buffer.truncate(length);
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}
