//! What h5py reads in a file that may still be written.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::python::python;

/// Longest wait, which is not reached even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Returns what h5py reads at these paths of a file, or null where there is nothing. Values that are not a number are
/// the text `nan`.
pub fn read(file: &Path, paths: &[&str]) -> Json {
    try_read(file, paths).unwrap()
}

/// Calls [`read`] for a file that may not be readable yet.
///
/// # Errors
/// What Python says if the file cannot be read.
pub fn try_read(file: &Path, paths: &[&str]) -> Result<Json, String> {
    const PROGRAM: &str = "
import json, sys, h5py
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    def known(value):
        return [known(v) for v in value] if isinstance(value, list) else value if value == value else 'nan'
    def read(item):
        value = item.asstr()[()] if item.dtype.kind == 'O' else item[()]
        return known(value.tolist() if hasattr(value, 'tolist') else value)
    print(json.dumps([read(file[path]) if path in file else None for path in sys.argv[2:]]))
";
    let mut python = python();
    python.args(["-c", PROGRAM]).arg(file).args(paths);
    let done = python.output().unwrap();
    match done.status.success() {
        true => Ok(serde_json::from_slice(&done.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

/// Reads a file repeatedly until it has the expected content: a commit is not announced.
pub async fn wait_until_read(file: &Path, paths: &[&str], expected: &Json) {
    let begun = Instant::now();
    // A file that is being created cannot be opened yet.
    while !file.exists() || try_read(file, paths).as_ref() != Ok(expected) {
        assert!(begun.elapsed() < WAIT_LIMIT, "{:?}", try_read(file, paths));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
