//! Answers requests one after the other.

use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use chrono::{DateTime, Local, SecondsFormat};
use file_request::{LinkResolution, Question, ReadRequest};
use serde_json::json;

use crate::answer::Answer;
use crate::data::{self, Wanted};
use crate::failure::Failure;
use crate::open_file::FileOpener;
use crate::place::Walker;
use crate::reachable::{Access, Reachable};
use crate::{attributes, meta, paths, stats};

/// The most bytes of an answer. Those with data are smaller.
const MAX_ANSWER: usize = 16 << 20;

/// Answers all requests, in their order, until there are no more.
///
/// The working directory has to be `/`: the library looks there for files to which others refer by relative names.
///
/// # Errors
/// If a request cannot be read, or an answer cannot be written.
pub fn serve(requests: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    for line in requests.lines() {
        let request: ReadRequest = serde_json::from_str(&line?)?;
        answer(&request).send(&mut answers)?;
    }
    Ok(())
}

fn answer(request: &ReadRequest) -> Answer {
    let opener = FileOpener::new(Reachable::new(&request.reachable));
    let answer = match read(request, &opener) {
        Err(Failure::Unreadable(_)) if opener.is_in_motion() => Err(Failure::InMotion),
        answer => answer,
    };
    match answer {
        Ok(answer) if answer.len() > MAX_ANSWER => {
            Failure::TooLarge("the answer would be too long".to_owned()).into()
        }
        Ok(answer) => answer,
        Err(failure) => failure.into(),
    }
}

fn read(request: &ReadRequest, opener: &FileOpener) -> Result<Answer, Failure> {
    let ReadRequest { file, question, .. } = request;
    let walker = |links: &LinkResolution| Walker {
        opener,
        links: *links,
    };
    match question {
        Question::Status => status(&opener.reachable, request),
        Question::Meta { path, links } => meta::answer(&walker(links), &opener.open(file)?, path),
        Question::Attributes { path, links, names } => {
            attributes::answer(&walker(links), &opener.open(file)?, path, names)
        }
        Question::Data {
            path,
            links,
            selection,
            format,
            is_safe,
            is_flat,
        } => {
            let wanted = Wanted {
                selection: selection.as_deref(),
                format: *format,
                is_safe: *is_safe,
                is_flat: *is_flat,
            };
            data::answer(&walker(links), &opener.open(file)?, path, &wanted)
        }
        Question::Paths { path, links } => paths::answer(&walker(links), &opener.open(file)?, path),
        Question::Stats {
            path,
            links,
            selection,
        } => stats::answer(
            &walker(links),
            &opener.open(file)?,
            path,
            selection.as_deref(),
        ),
    }
}

/// Returns the size of the file and when it was changed, without opening it.
fn status(reachable: &Reachable, request: &ReadRequest) -> Result<Answer, Failure> {
    let missing = || Failure::NotFound("File not found!".to_owned());
    let Access::Allowed(path) = reachable.access(&request.file) else {
        return Err(missing());
    };
    let found = fs::metadata(path).map_err(|_| missing())?;
    let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let modified = DateTime::<Local>::from(modified);
    // A file that is being written has room behind its end that takes no space.
    let stored = found.blocks().saturating_mul(512);
    let size = match stored {
        0 => found.len(),
        stored => found.len().min(stored),
    };
    Ok(Answer::json(&json!({
        "size": size,
        "modified": modified.to_rfc3339_opts(SecondsFormat::Millis, false),
    })))
}
