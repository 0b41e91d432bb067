//! The document that describes a scan, and the states that a scan goes through.
//!
//! A [`Document`] says who the scan is ([`Identity`]), carries its free-form `info`, and lists its
//! streams ([`StreamModel`]). It is complete from [`ScanState::Prepared`] on. Whatever is wrong with
//! one stream is an error of that stream; only a document without identity, info or state stream is
//! refused as a whole.
//!
//! Reference: blissdata 2.4.5, `blissdata.redis_engine.scan` and the forms of 1.1 and 2.0.

use std::fmt;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::encoding::{Encoding, EncodingError};
use crate::kinds::{KindError, StreamKind};
use crate::store::ScanKey;

/// Prefix of the Redis keys of streams.
const STREAM_PREFIX: &str = "esrf:stream:";

/// Description of one scan, as read at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Key of the scan.
    pub key: ScanKey,
    /// Who the scan is; never changes.
    pub id: Identity,
    /// Metadata of the scan: always an object.
    pub info: Value,
    /// Redis key of the stream of states.
    pub state_stream: String,
    /// The streams by name, in the order in which they were created.
    pub streams: IndexMap<String, StreamModel>,
}

/// Who a scan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of the scan, usually the command that made it.
    pub name: String,
    /// Number of the scan in its dataset.
    pub number: u64,
    /// Data policy, such as `ESRF`.
    pub data_policy: String,
    /// BLISS session.
    pub session: Option<String>,
    /// Proposal; only with the ESRF data policy, like the next two.
    pub proposal: Option<String>,
    /// Collection (sample).
    pub collection: Option<String>,
    /// Dataset.
    pub dataset: Option<String>,
    /// File to save the scan in; `None` when it is not to be saved.
    pub path: Option<String>,
}

/// Description of one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamModel {
    /// Name of the stream in the scan.
    pub name: String,
    /// Redis key of the stream; empty when the description is malformed.
    pub key: String,
    /// What the entries mean.
    pub kind: Result<StreamKind, KindError>,
    /// How the entries are encoded.
    pub encoding: Result<Encoding, EncodingError>,
    /// Free-form metadata of the stream.
    pub info: Value,
}

/// State of a scan. States only grow, and may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanState {
    /// The scan exists; its streams are not declared yet.
    Created,
    /// Streams and info are complete.
    Prepared,
    /// Data flow.
    Started,
    /// The streams are sealed.
    Stopped,
    /// The info is final.
    Closed,
}

/// A scan document that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid document of scan {key}: {problem}")]
pub struct DocumentError {
    /// Key of the scan.
    pub key: ScanKey,
    /// What is wrong.
    pub problem: String,
}

impl Document {
    /// Reads the text of the scan document.
    ///
    /// # Errors
    /// When it is no JSON, or lacks what blissdata requires too: `id.name`, `id.number`,
    /// `id.data_policy`, `info`, `state_stream` and `data_streams`.
    pub fn parse(key: &ScanKey, text: &[u8]) -> Result<Document, DocumentError> {
        let invalid = |problem: String| DocumentError {
            key: key.clone(),
            problem,
        };
        let value = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
        Document::from_value(key, value).map_err(invalid)
    }

    fn from_value(key: &ScanKey, value: Value) -> Result<Document, String> {
        let Value::Object(mut fields) = value else {
            return Err("not an object".to_owned());
        };
        let mut object = |name: &str| match fields.get_mut(name).map(Value::take) {
            Some(Value::Object(object)) => Ok(object),
            Some(other) => Err(format!("{name} is {}", other_than_object(&other))),
            None => Err(format!("{name} is absent")),
        };
        let id = Identity::parse(&object("id")?)?;
        let info = Value::Object(object("info")?);
        let state_stream = object("state_stream")?;
        let state_stream = stream_key(&state_stream).ok_or("state_stream has no pk")?;
        let streams = object("data_streams")?
            .into_iter()
            .map(|(name, model)| (name.clone(), StreamModel::parse(name, model)))
            .collect();
        Ok(Document {
            key: key.clone(),
            id,
            info,
            state_stream,
            streams,
        })
    }

    /// Replaces this document by a newer one of the same scan. Streams that are known already are
    /// never dropped nor changed: positions in them stay valid.
    pub(crate) fn update(&mut self, newer: Document) {
        let mut streams = std::mem::take(&mut self.streams);
        for (name, model) in newer.streams {
            streams.entry(name).or_insert(model);
        }
        *self = Document {
            streams,
            state_stream: std::mem::take(&mut self.state_stream),
            ..newer
        };
    }
}

impl Identity {
    fn parse(id: &Map<String, Value>) -> Result<Identity, String> {
        let text = |name: &str| match id.get(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Null) | None => Ok(None),
            Some(other) => Err(format!("id.{name} is {other}")),
        };
        let required = |name: &str| text(name)?.ok_or_else(|| format!("id.{name} is absent"));
        let number = match id.get("number") {
            Some(Value::String(digits)) => digits.trim().parse().ok(),
            Some(Value::Number(number)) => number.as_u64().or_else(|| {
                // Whole numbers that went through a float are still numbers of scans.
                let float = number.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0)?;
                (float <= u32::MAX.into()).then_some(float as u64)
            }),
            _ => None,
        };
        Ok(Identity {
            name: required("name")?,
            number: number.ok_or_else(|| {
                format!("id.number is {}", id.get("number").unwrap_or(&Value::Null))
            })?,
            data_policy: required("data_policy")?,
            session: text("session")?,
            proposal: text("proposal")?,
            collection: text("collection")?,
            dataset: text("dataset")?,
            path: text("path")?.filter(|path| !path.is_empty()),
        })
    }
}

impl StreamModel {
    fn parse(name: String, model: Value) -> StreamModel {
        let malformed = |problem: &str, info: Value| StreamModel {
            name: name.clone(),
            key: String::new(),
            kind: Err(KindError::Malformed(problem.to_owned())),
            encoding: Err(EncodingError::Malformed(problem.to_owned())),
            info,
        };
        let Value::Object(mut fields) = model else {
            return malformed("not an object", Value::Null);
        };
        let info = match fields.get_mut("info").map(Value::take) {
            // Early publishers wrote "" for no info, and stored objects as text.
            Some(Value::String(text)) => {
                serde_json::from_str(&text).unwrap_or_else(|_| Value::Object(Map::new()))
            }
            Some(info @ Value::Object(_)) => info,
            _ => Value::Object(Map::new()),
        };
        let Some(key) = stream_key(&fields) else {
            return malformed("no pk", info);
        };
        let encoding = Encoding::parse(fields.get("encoding").unwrap_or(&Value::Null));
        let kind = StreamKind::parse(&info, encoding.as_ref().ok());
        StreamModel {
            name,
            key,
            kind,
            encoding,
            info,
        }
    }

    /// File and dataset where readers of an `hdf5_fallback` stream expect its points when Redis no
    /// longer has them: the file that the writer is about to make. Publishers before 2.0 named only
    /// the dataset, in the file of the scan.
    pub fn fallback(&self, id: &Identity) -> Option<(String, String)> {
        let dataset = self.info.get("data_path")?.as_str()?.to_owned();
        let file = match (self.info.get("plugin"), self.info.get("file_path")) {
            (Some(plugin), Some(Value::String(file))) if plugin == "hdf5_fallback" => file.clone(),
            (None, None) if matches!(self.encoding, Ok(Encoding::Numeric { .. })) => {
                id.path.clone()?
            }
            _ => return None,
        };
        Some((file, dataset))
    }
}

impl ScanState {
    /// The state of this number. Numbers beyond the known ones count as the last state.
    pub fn from_number(number: u64) -> ScanState {
        match number {
            0 => ScanState::Created,
            1 => ScanState::Prepared,
            2 => ScanState::Started,
            3 => ScanState::Stopped,
            _ => ScanState::Closed,
        }
    }

    /// Number of the state in the stream of states.
    pub fn number(self) -> u64 {
        self as u64
    }
}

impl fmt::Display for ScanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScanState::Created => "CREATED",
            ScanState::Prepared => "PREPARED",
            ScanState::Started => "STARTED",
            ScanState::Stopped => "STOPPED",
            ScanState::Closed => "CLOSED",
        })
    }
}

fn stream_key(model: &Map<String, Value>) -> Option<String> {
    let pk = model.get("pk")?.as_str().filter(|pk| !pk.is_empty())?;
    Some(format!("{STREAM_PREFIX}{pk}"))
}

fn other_than_object(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "an array",
        Value::String(_) => "a string",
        _ => "not an object",
    }
}
