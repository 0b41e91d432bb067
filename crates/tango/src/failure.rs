//! Errors as clients receive them.

use std::fmt;

/// The error of a command or an attribute: a stack, the innermost first.
///
/// BLISS tries again after what it takes for a failure of the connection, and aborts the scan after every
/// other `DevFailed`. It shows its users the description of the first error if the reason of that error
/// contains `PythonError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.first().map_or("unknown failure", |error| error.desc.as_str()))]
pub struct DevFailed {
    /// What went wrong, and what failed because of it.
    pub errors: Vec<DevError>,
    /// There was no answer in time: the client is told that the connection failed, so that it tries again.
    pub unanswered: bool,
}

/// The errors that Tango reports for something that it was asked to do: a stack, the innermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{}", in_words(.levels))]
pub struct ErrorStack {
    /// What went wrong, and what failed because of it.
    pub levels: Vec<DevError>,
}

fn in_words(levels: &[DevError]) -> String {
    let texts = levels.iter().map(|error| match error.desc.trim() {
        "" => error.reason.as_str(),
        desc => desc,
    });
    texts.collect::<Vec<_>>().join(": ")
}

/// One level of a [`DevFailed`] or an [`ErrorStack`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevError {
    /// Kind of the error, for programs.
    pub reason: String,
    /// The error in words.
    pub desc: String,
    /// Where it happened.
    pub origin: String,
}

impl DevFailed {
    /// Creates the error that a device in Python reports for an exception, for instance of the class
    /// `ValueError`. Clients know it in this form.
    pub fn python(class: &str, text: impl fmt::Display, origin: &str) -> DevFailed {
        DevFailed::new(
            "PyDs_PythonError",
            format_args!("{class}: {text}\n"),
            origin,
        )
    }

    /// Creates an error of one level.
    pub fn new(reason: &str, desc: impl fmt::Display, origin: &str) -> DevFailed {
        let error = DevError {
            reason: reason.to_owned(),
            desc: desc.to_string(),
            origin: origin.to_owned(),
        };
        DevFailed {
            errors: vec![error],
            unanswered: false,
        }
    }

    /// Creates the error of a call that was not answered in time.
    pub fn unanswered() -> DevFailed {
        DevFailed {
            errors: Vec::new(),
            unanswered: true,
        }
    }
}
