//! Texts that come while a reader has read others.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use journal::CommitKind;
use serde_json::{Value as Json, json};

use crate::common::hdf5::File;
use crate::fixture::{Fixture, h5py, journal};

/// The texts of these groups are read one after the other.
const GROUPS: usize = 4;

/// Reads the texts of a group for each line of its input.
const PROGRAM: &str = "
import json, sys, h5py
with h5py.File(sys.argv[1], 'r') as file:
    for name in sys.stdin:
        print(json.dumps(dict(file[name.strip()].attrs)), flush=True)
";

struct Reader(Child);

impl Reader {
    fn start(fixture: &Fixture) -> Reader {
        let mut python = h5py(PROGRAM);
        python.arg(&fixture.path);
        let process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        Reader(process.unwrap())
    }

    fn texts(&mut self, group: &str) -> Json {
        writeln!(self.0.stdin.as_mut().unwrap(), "{group}").unwrap();
        let mut line = String::new();
        // There is nothing behind the line, so that the buffer loses nothing.
        let mut output = BufReader::new(self.0.stdout.as_mut().unwrap());
        output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

fn group(number: usize) -> String {
    format!("group{number}")
}

fn file_of_groups(file: &File) {
    for number in 0..GROUPS {
        file.create_group(&group(number));
    }
}

#[test]
fn a_reader_sees_texts_that_come_after_others() {
    let fixture = Fixture::new();
    let journal = journal(None);
    let file = fixture.create(&journal);
    file_of_groups(&file);
    let mut reader = None;
    for number in 0..GROUPS {
        for length in [1, 30, 2000 * number] {
            let text = "x".repeat(length);
            file.set_attribute(&group(number), &format!("text{length}"), &text);
        }
        assert!(file.flush_to_commit(&journal));
        journal.commit(CommitKind::Visible).unwrap();
        let reader = reader.get_or_insert_with(|| Reader::start(&fixture));
        let texts = reader.texts(&group(number));
        for length in [1, 30, 2000 * number] {
            assert_eq!(texts[format!("text{length}")], json!("x".repeat(length)));
        }
    }
    assert!(file.close());
    journal.finish().unwrap();
}
