//! Answers requests to look at files.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::{Answer, Request};
use crate::frames::{ExpectedFrames, FrameError, FrameRange, FrameReader, find};
use crate::h5::{self, File, ObjectKind, RenderedElements};

/// Answers all requests, in their order, until there are no more.
///
/// # Errors
/// If a request cannot be read, or an answer cannot be written.
pub fn serve(requests: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    for line in requests.lines() {
        match serde_json::from_str(&line?)? {
            Request::Find { expected, ranges } => {
                for (range, known) in ranges {
                    let finding = find(&range, &expected, known);
                    send(&mut answers, &Answer::Finding(finding))?;
                }
            }
            Request::Read { expected, range } => {
                let end = read(&range, &expected, &mut answers)?;
                send(&mut answers, &Answer::End(end))?;
            }
            Request::Texts {
                file,
                attributes,
                datasets,
            } => {
                let found = texts(Path::new(&file), &attributes, &datasets);
                let answer = found.unwrap_or_else(|error| {
                    Answer::End(Some(FrameError::Unopened(error.to_string())))
                });
                send(&mut answers, &answer)?;
            }
        }
    }
    Ok(())
}

fn texts(file: &Path, attributes: &[String], datasets: &[String]) -> h5::Result<Answer> {
    let file = File::open_read(file)?;
    let root = file.root()?;
    let attribute = |name: &String| match root.has_attribute(name) {
        Ok(true) => first(root.attribute(name).ok()?),
        _ => None,
    };
    let dataset = |path: &String| match root.kind(path) {
        Ok(Some(ObjectKind::Dataset)) => first(root.open_dataset(path).ok()?.elements(1).ok()?),
        _ => None,
    };
    Ok(Answer::Texts {
        attributes: attributes.iter().map(attribute).collect(),
        datasets: datasets.iter().map(dataset).collect(),
    })
}

fn first(elements: RenderedElements) -> Option<String> {
    elements.texts?.into_iter().next()
}

/// Returns why not all frames were read.
fn read(
    range: &FrameRange,
    expected: &ExpectedFrames,
    answers: &mut impl Write,
) -> io::Result<Option<FrameError>> {
    let mut reader = match FrameReader::open(range, expected) {
        Ok(reader) => reader,
        Err(error) => return Ok(Some(error)),
    };
    let frames = Answer::Frames {
        element: reader.element().clone(),
        shape: reader.shape().to_vec(),
    };
    send(answers, &frames)?;
    loop {
        let batch = match reader.next_batch() {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(error)),
        };
        let answer = Answer::Batch {
            frames: batch.frames,
            bytes: batch.bytes.len(),
        };
        send(answers, &answer)?;
        answers.write_all(&batch.bytes)?;
        answers.flush()?;
    }
}

fn send(answers: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    answers.write_all(&line)?;
    answers.flush()
}
