//! Writes a file in a process that aborts, and finds in it what was committed.
//!
//!     cargo run --example commit_and_abort

use std::error::Error;
use std::ffi::CString;
use std::path::Path;
use std::process::Command;

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5, h5f, h5g, h5l, h5p};
use journal::{CommitKind, Journal, Options, recover};

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = std::env::args_os().nth(1) {
        return write_and_abort(Path::new(&path));
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scan.h5");
    let status = Command::new(std::env::current_exe()?).arg(&path).status()?;
    println!("the writer has ended: {status}");
    println!("committed: {}", has_group(&path, "committed")?);
    println!("not committed: {}", has_group(&path, "not_committed")?);
    println!(
        "the journal is cleared up: {:?}",
        recover(&path, &Options::default())?
    );
    Ok(())
}

/// Makes a group, commits, makes another one, and aborts the process.
fn write_and_abort(path: &Path) -> Result<(), Box<dyn Error>> {
    let journal = Journal::new(Options::default());
    let name = c_name(path)?;
    // SAFETY: one thread uses the library, and all identifiers are valid.
    let file = unsafe {
        h5::H5open();
        let access = h5p::H5Pcreate(*h5p::H5P_CLS_FILE_ACCESS);
        journal.set_driver(access)?;
        h5f::H5Fcreate(name.as_ptr(), h5f::H5F_ACC_EXCL, h5p::H5P_DEFAULT, access)
    };
    create_group(file, "committed")?;
    // SAFETY: as above.
    checked(unsafe { h5f::H5Fflush(file, h5f::H5F_scope_t::H5F_SCOPE_LOCAL) }.into())?;
    journal.commit(CommitKind::Visible)?;
    create_group(file, "not_committed")?;
    std::process::abort();
}

fn create_group(file: hid_t, name: &str) -> Result<(), Box<dyn Error>> {
    let name = CString::new(name)?;
    let default = h5p::H5P_DEFAULT;
    // SAFETY: one thread uses the library, and all identifiers are valid.
    checked(unsafe { h5g::H5Gcreate2(file, name.as_ptr(), default, default, default) })?;
    Ok(())
}

/// Returns `true` if the file, which any HDF5 library could read, has a group of this name.
fn has_group(path: &Path, name: &str) -> Result<bool, Box<dyn Error>> {
    let (path, name) = (c_name(path)?, CString::new(name)?);
    // SAFETY: one thread uses the library, and all identifiers are valid.
    unsafe {
        h5::H5open();
        let opened = h5f::H5Fopen(path.as_ptr(), h5f::H5F_ACC_RDONLY, h5p::H5P_DEFAULT);
        let file = checked(opened)?;
        let found = h5l::H5Lexists(file, name.as_ptr(), h5p::H5P_DEFAULT);
        h5f::H5Fclose(file);
        Ok(checked(found.into())? > 0)
    }
}

/// Returns what a function of the library has returned, unless that means that it has failed.
fn checked(returned: i64) -> Result<i64, String> {
    if returned < 0 {
        return Err("the HDF5 library has failed".to_owned());
    }
    Ok(returned)
}

fn c_name(path: &Path) -> Result<CString, Box<dyn Error>> {
    Ok(CString::new(path.to_str().ok_or("not UTF-8")?)?)
}
