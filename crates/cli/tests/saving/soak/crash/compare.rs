//! Compares files with what they have to contain.

use std::path::{Path, PathBuf};

/// Compares files with others. Only times differ from one run to another.
const PROGRAM: &str = "
import json, sys, h5py, numpy
TIMES = {'file_time', 'file_update_time'}
def attributes(item):
    return {name: repr(value) for name, value in item.attrs.items() if name not in TIMES}
def content(item):
    value = item[()]
    # The bytes of an array of texts are addresses.
    return value.tolist() if item.dtype.kind == 'O' and item.shape else value.tobytes() if item.shape else value
def compare(name, item, reference):
    if attributes(item) != attributes(reference):
        sys.exit(f'{name}: attributes differ')
    if isinstance(reference, h5py.Group):
        if set(item) != set(reference):
            sys.exit(f'{name}: {set(item) ^ set(reference)}')
        for child in reference:
            compare(f'{name}/{child}', item[child], reference[child])
    elif item.dtype != reference.dtype or item.shape != reference.shape or content(item) != content(reference):
        sys.exit(f'{name}: {item} differs from {reference}')
def read_all(name, item):
    attributes(item)
    if isinstance(item, h5py.Dataset):
        item[()]
mode, *files = sys.argv[1:]
for name, reference in zip(files[::2], files[1::2]):
    with h5py.File(name, 'r', locking=False) as file, h5py.File(reference, 'r', locking=False) as expected:
        if file.userblock_size and not open(name, 'rb').read().startswith(b'user block'):
            sys.exit(f'{name}: the user block is lost')
        if mode == 'whole':
            compare('', file, expected)
        else:
            file.visititems(read_all)
            compare('/older', file['older'], expected['older'])
";

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The older scan, which every reader finds at any moment. All else can be read.
    Older,
    /// Everything.
    Whole,
}

/// Compares files with their [references](reference_of). Returns what is wrong.
pub fn compare(files: &[PathBuf], part: Part) -> Result<(), String> {
    let mode = match part {
        Part::Older => "older",
        Part::Whole => "whole",
    };
    let mut python = testing::python();
    python.args(["-c", PROGRAM, mode]);
    for file in files {
        python.arg(file).arg(reference_of(file));
    }
    let compared = python.output().unwrap();
    match compared.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{mode}: {}",
            String::from_utf8_lossy(&compared.stderr)
        )),
    }
}

/// Returns the path of what a file has to contain.
pub fn reference_of(file: &Path) -> PathBuf {
    file.with_extension("reference")
}
