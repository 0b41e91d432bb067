//! The Python that writes and reads pickles.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value as Json;

/// A value as Python knows it.
pub(crate) struct Described {
    /// What the value is.
    pub(crate) description: Json,
    /// Its pickles in the protocols 3, 4 and 5.
    pub(crate) pickles: Vec<Bytes>,
}

/// Returns the values of the pickles that BLISS 1.11 has published, one of each form.
pub(crate) fn recorded() -> Vec<Described> {
    let file = tests().join("data/recorded.hex");
    described(&["recorded", file.to_str().unwrap()])
}

/// Returns the pickles that BLISS 1.11 has published, one of each form.
pub(crate) fn recorded_pickles() -> Vec<Bytes> {
    let text = std::fs::read_to_string(tests().join("data/recorded.hex")).unwrap();
    text.lines().map(unhex).collect()
}

/// Returns values of all forms that matter.
pub(crate) fn cases() -> Vec<Described> {
    described(&["cases"])
}

/// Returns what Python makes of pickles.
pub(crate) fn loads(pickles: &[Vec<u8>]) -> Vec<Json> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pickles");
    let lines = pickles
        .iter()
        .map(|pickle| crate::description::hex(pickle) + "\n");
    std::fs::write(&file, lines.collect::<String>()).unwrap();
    let described = described(&["loads", file.to_str().unwrap()]);
    described.into_iter().map(|one| one.description).collect()
}

/// Returns the bytes that hexadecimal digits mean.
pub(crate) fn unhex(digits: &str) -> Bytes {
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn described(arguments: &[&str]) -> Vec<Described> {
    let mut python = testing::python();
    python
        .arg(tests().join("python/describe.py"))
        .args(arguments);
    let output = testing::output(&mut python);
    let lines = output.lines().map(|line| {
        let line: Json = serde_json::from_str(line).unwrap();
        let pickles = line["pickles"].as_array().unwrap().iter();
        Described {
            description: line["description"].clone(),
            pickles: pickles
                .map(|pickle| unhex(pickle.as_str().unwrap()))
                .collect(),
        }
    });
    lines.collect()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
