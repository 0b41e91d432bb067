//! Files that h5py has made, in the formats that there are.

use std::fs;
use std::path::{Path, PathBuf};

/// What h5py makes files with: arguments of `h5py.File`.
const FORMATS: [&str; 6] = [
    "libver=('earliest', 'v110')",
    "libver='earliest'",
    "libver='v110'",
    "libver='latest'",
    "libver='earliest', userblock_size=512",
    "libver='latest', userblock_size=512",
];

const PROGRAM: &str = "
import sys, h5py, numpy
with h5py.File(sys.argv[1], 'w', FORMAT) as file:
    file['older/data'] = numpy.arange(5000.)
    file.create_dataset('older/chunked', data=numpy.arange(3000), chunks=(100,), maxshape=(None,), compression=1)
    file['older/texts'] = ['a', 'longer text', 'Ångström']
    file['older'].attrs['title'] = 'an older scan'
    has_user_block = file.userblock_size > 0
if has_user_block:
    with open(sys.argv[1], 'r+b') as file:
        file.write(b'user block')
";

/// Replaces a file by one with an older scan. Each number stands for a format.
pub fn make(file: &Path, number: usize) {
    let format = number % FORMATS.len();
    let older = older_file(file, format);
    if !older.exists() {
        let mut python = testing::python();
        python.args(["-c", &PROGRAM.replace("FORMAT", FORMATS[format])]);
        testing::output(python.arg(&older));
    }
    // A kill before has left one if its file could not be completed.
    let mut journal = file.as_os_str().to_owned();
    journal.push(".journal");
    fs::remove_file(journal).ok();
    fs::copy(older, file).unwrap();
}

fn older_file(file: &Path, format: usize) -> PathBuf {
    file.with_file_name(format!("older{format}"))
}
