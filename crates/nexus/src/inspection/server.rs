//! Answers requests to look at files.

use std::io::{self, BufRead, Write};

use super::{Answer, Request};
use crate::frames::{ExpectedFrames, FrameError, FrameRange, FrameReader, find};

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
        }
    }
    Ok(())
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
