//! Answers before they are sent.

use std::io::{self, Write};

use file_request::AnswerHead;
use serde_json::{Value, json};

use crate::failure::Failure;

const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

/// An answer.
pub struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Answer {
    /// An answer that is a text of JSON.
    pub fn json_text(text: String) -> Answer {
        Answer {
            status: 200,
            content_type: JSON,
            body: text.into_bytes(),
        }
    }

    /// An answer in JSON.
    pub fn json(value: &Value) -> Answer {
        Answer::json_text(value.to_string())
    }

    /// An answer that is bytes.
    pub fn binary(body: Vec<u8>) -> Answer {
        Answer {
            status: 200,
            content_type: BINARY,
            body,
        }
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Sends the answer.
    pub fn send(&self, mut into: impl Write) -> io::Result<()> {
        let head = AnswerHead {
            status: self.status,
            content_type: self.content_type.to_owned(),
            length: self.body.len(),
        };
        let mut line = serde_json::to_vec(&head)?;
        line.push(b'\n');
        into.write_all(&line)?;
        into.write_all(&self.body)?;
        into.flush()
    }
}

/// The text is there under both names: `message` is what clients of h5grove look for.
impl From<Failure> for Answer {
    fn from(failure: Failure) -> Answer {
        let text = failure.to_string();
        let body = json!({"error": text, "message": text});
        Answer {
            status: failure.status(),
            ..Answer::json(&body)
        }
    }
}
