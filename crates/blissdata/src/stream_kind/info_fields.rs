//! Typed access to the free-form info of a stream, with errors that name the field.

use acquisition::{DType, FrameType};
use serde_json::Value;

use super::StreamKindError;
use crate::encoding::{Encoding, parse_shape};

/// The fields of one object inside a stream's info.
pub(super) struct InfoFields<'a> {
    plugin: &'static str,
    path: String,
    object: &'a Value,
}

impl<'a> InfoFields<'a> {
    pub fn new(plugin: &'static str, object: &'a Value) -> InfoFields<'a> {
        InfoFields {
            plugin,
            path: String::new(),
            object,
        }
    }

    pub fn inner(&self, name: &str) -> Result<InfoFields<'a>, StreamKindError> {
        match self.object.get(name) {
            Some(object @ Value::Object(_)) => Ok(InfoFields {
                plugin: self.plugin,
                path: format!("{}{name}.", self.path),
                object,
            }),
            _ => Err(self.error(name)),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// The field, null being the same as absent.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Result<String, StreamKindError> {
        self.optional_text(name)?.ok_or_else(|| self.error(name))
    }

    pub fn optional_text(&self, name: &str) -> Result<Option<String>, StreamKindError> {
        match self.get(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            None => Ok(None),
            Some(_) => Err(self.error(name)),
        }
    }

    pub fn uint(&self, name: &str) -> Result<u64, StreamKindError> {
        self.get(name)
            .and_then(Value::as_u64)
            .ok_or_else(|| self.error(name))
    }

    pub fn int(&self, name: &str) -> Result<i64, StreamKindError> {
        self.get(name)
            .and_then(Value::as_i64)
            .ok_or_else(|| self.error(name))
    }

    /// The number of frames in each file; 0 when a file takes all frames of an acquisition, which is published
    /// as a negative number.
    pub fn frames_per_file(&self, name: &str) -> Result<u64, StreamKindError> {
        match self.int(name)? {
            0 => Err(self.error(name)),
            n => Ok(u64::try_from(n).unwrap_or(0)),
        }
    }

    /// Checks the plugin's own protocol version; absent is accepted when `optional`.
    pub fn version(&self, known: u64, optional: bool) -> Result<(), StreamKindError> {
        match self.get("protocol_version") {
            None if optional => Ok(()),
            Some(value) if value.as_u64() == Some(known) => Ok(()),
            found => Err(StreamKindError::Version {
                plugin: self.plugin,
                found: found.map_or("(absent)".to_owned(), Value::to_string),
                known,
            }),
        }
    }

    pub fn frame_type(&self) -> Result<FrameType, StreamKindError> {
        let dtype: DType = self
            .text("dtype")?
            .parse()
            .map_err(|_| self.error("dtype"))?;
        let shape = parse_shape(self.get("shape"), &dtype).map_err(|_| self.error("shape"))?;
        Ok(FrameType { dtype, shape })
    }

    /// Checks that the entries of the stream are JSON values.
    pub fn require_json(&self, encoding: Option<&Encoding>) -> Result<(), StreamKindError> {
        match encoding {
            Some(Encoding::Json) => Ok(()),
            _ => Err(self.wrong_encoding("json")),
        }
    }

    pub fn wrong_encoding(&self, expected: &'static str) -> StreamKindError {
        StreamKindError::Encoding {
            plugin: self.plugin,
            expected,
        }
    }

    pub fn error(&self, name: &str) -> StreamKindError {
        StreamKindError::Field {
            plugin: self.plugin,
            field: format!("{}{name}", self.path),
            found: self
                .object
                .get(name)
                .map_or("(absent)".to_owned(), Value::to_string),
        }
    }
}
