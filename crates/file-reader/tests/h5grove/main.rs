//! The answers are those of h5grove.
//!
//! h5grove is not part of the environment of the tests. What version 4.0.0 answered about the same file is in `answers.json`;
//! `cargo test -p file-reader --test h5grove -- --ignored` records it again with the Python in the variable
//! `NEXUS_WRITER_READERS_PYTHON`, which `./dev readers` makes (`.venv/readers/bin/python`).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod questions;
mod sample;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use file_request::{AnswerHead, FileNames, ReadRequest};
use serde_json::Value as Json;

use questions::{all, question};
use sample::Sample;

const ANSWERS: &str = include_str!("answers.json");

/// Returns the status and the content of the answer to a question about the sample.
fn ask(sample: &Sample, about: &Json) -> (u16, Vec<u8>) {
    let request = ReadRequest {
        file: sample.file.clone(),
        reachable: [&sample.file, &sample.other]
            .map(|file| FileNames::of(file).unwrap())
            .to_vec(),
        question: question(about),
    };
    let mut line = serde_json::to_vec(&request).unwrap();
    line.push(b'\n');
    let mut answer = Vec::new();
    file_reader::serve(&line[..], &mut answer).unwrap();
    let end = answer.iter().position(|byte| *byte == b'\n').unwrap();
    let head: AnswerHead = serde_json::from_slice(&answer[..end]).unwrap();
    let body = answer[end + 1..].to_vec();
    assert_eq!(body.len(), head.length);
    (head.status, body)
}

/// Compares JSON. Numbers may differ by this part, and we may tell more than h5grove does.
fn differ(ours: &Json, theirs: &Json, part: f64, place: &str) -> Vec<String> {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            let members = theirs.iter().flat_map(|(name, theirs)| {
                let ours = ours.get(name).unwrap_or(&Json::Null);
                differ(ours, theirs, part, &format!("{place}.{name}"))
            });
            let unknown = ours
                .keys()
                .filter(|name| !theirs.contains_key(*name) && *name != "reason");
            let unknown = unknown.map(|name| format!("{place}.{name} is not known"));
            members.chain(unknown).collect()
        }
        (Json::Array(ours), Json::Array(theirs)) if ours.len() == theirs.len() => {
            let pairs = ours.iter().zip(theirs).enumerate();
            pairs
                .flat_map(|(at, (ours, theirs))| {
                    differ(ours, theirs, part, &format!("{place}[{at}]"))
                })
                .collect()
        }
        (Json::Number(a), Json::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            match (a - b).abs() <= part * b.abs() {
                true => Vec::new(),
                false => vec![format!("{place} is {a}, not {b}")],
            }
        }
        (ours, theirs) if ours == theirs => Vec::new(),
        (ours, theirs) => vec![format!("{place} is {ours}, not {theirs}")],
    }
}

#[test]
fn answers_are_those_of_h5grove() {
    let folder = tempfile::tempdir().unwrap();
    let sample = sample::write(folder.path());
    let recorded: Vec<Json> = serde_json::from_str(ANSWERS).unwrap();
    let questions = all();
    assert_eq!(
        recorded.len(),
        questions.len(),
        "the questions have to be recorded again"
    );
    let mut differences = Vec::new();
    for (about, recorded) in questions.iter().zip(&recorded) {
        assert_eq!(*about, recorded["question"]);
        let theirs = &recorded["answer"];
        let (status, body) = ask(&sample, about);
        let text = String::from_utf8_lossy(&body);
        if theirs.is_null() {
            assert!(
                matches!(status, 403 | 404 | 422),
                "{about}: {status} {text}"
            );
            assert!(text.contains("\"message\":"), "{about}: {text}");
            continue;
        }
        if status != 200 {
            differences.push(format!("{about}: {status} {text}"));
            continue;
        }
        let is_json = about["format"]
            .as_str()
            .is_none_or(|format| format == "json");
        let ours = match is_json {
            true => serde_json::from_slice(&body).unwrap(),
            false => body
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                .into(),
        };
        // numpy computes the mean of floats of four bytes with such floats.
        let part = if about["kind"] == "stats" {
            1e-6
        } else {
            1e-12
        };
        differences.extend(differ(&ours, theirs, part, &about.to_string()));
    }
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
#[ignore = "needs h5grove, and writes into the sources"]
fn record() {
    let folder = tempfile::tempdir().unwrap();
    let sample = sample::write(folder.path());
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/h5grove");
    let python = std::env::var_os("NEXUS_WRITER_READERS_PYTHON").unwrap();
    let mut child = Command::new(python)
        .arg(tests.join("record.py"))
        .arg(&sample.file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let questions = serde_json::to_vec(&all()).unwrap();
    child.stdin.take().unwrap().write_all(&questions).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    fs::write(tests.join("answers.json"), output.stdout).unwrap();
}
