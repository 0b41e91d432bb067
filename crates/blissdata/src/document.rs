//! The document that describes a scan, and the states that a scan goes through.
//!
//! A [`ScanDocument`] says who the scan is ([`ScanIdentity`]), carries its free-form `info`, and lists its
//! streams ([`StreamModel`]). It is complete from [`ScanState::Prepared`] on. Whatever is wrong with
//! one stream is an error of that stream; only a document without identity, info or state stream is
//! refused as a whole.
//!
//! Reference: blissdata 2.4.5, `blissdata.redis_engine.scan` and the forms of 1.1 and 2.0.

mod state;
mod stream;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::json::{self, JsonError};
use crate::store::ScanKey;
use stream::stream_key;

pub use state::ScanState;
pub use stream::StreamModel;

/// Description of one scan, as read at one moment.
#[derive(Debug, Clone)]
pub struct ScanDocument {
    /// Key of the scan.
    pub key: ScanKey,
    /// What identifies the scan; never changes.
    pub id: ScanIdentity,
    /// Metadata of the scan: always an object.
    pub info: Value,
    /// Redis key of the stream of states.
    pub state_stream: String,
    /// The streams by name, in the order in which they were created.
    pub streams: IndexMap<String, StreamModel>,
}

/// What identifies a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanIdentity {
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

/// A scan document that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanDocumentError {
    /// The text is not even JSON.
    #[error("invalid document of scan {key}")]
    Json {
        /// Key of the scan.
        key: ScanKey,
        /// Why.
        source: JsonError,
    },
    /// A part that is required is absent, or not what it should be.
    #[error("invalid document of scan {key}: {problem}")]
    Invalid {
        /// Key of the scan.
        key: ScanKey,
        /// What is wrong.
        problem: String,
    },
}

impl ScanDocument {
    /// Reads the text of the scan document.
    ///
    /// # Errors
    /// When it is no JSON, or lacks what blissdata requires too: `id.name`, `id.number`,
    /// `id.data_policy`, `info`, `state_stream` and `data_streams`.
    pub fn parse(key: &ScanKey, text: &[u8]) -> Result<ScanDocument, ScanDocumentError> {
        let json = json::parse(text).map_err(|source| ScanDocumentError::Json {
            key: key.clone(),
            source,
        })?;
        ScanDocument::from_value(key, json.value).map_err(|problem| ScanDocumentError::Invalid {
            key: key.clone(),
            problem,
        })
    }

    fn from_value(key: &ScanKey, value: Value) -> Result<ScanDocument, String> {
        let Value::Object(mut fields) = value else {
            return Err("not an object".to_owned());
        };
        let mut object = |name: &str| match fields.get_mut(name).map(Value::take) {
            Some(Value::Object(object)) => Ok(object),
            Some(other) => Err(format!("{name} is {}", other_than_object(&other))),
            None => Err(format!("{name} is absent")),
        };
        let id = ScanIdentity::parse(&object("id")?)?;
        let info = Value::Object(object("info")?);
        let state_stream = object("state_stream")?;
        let state_stream = stream_key(&state_stream).ok_or("state_stream has no pk")?;
        let streams = object("data_streams")?
            .into_iter()
            .map(|(name, model)| (name.clone(), StreamModel::parse(name, model)))
            .collect();
        Ok(ScanDocument {
            key: key.clone(),
            id,
            info,
            state_stream,
            streams,
        })
    }

    /// Replaces this document by a newer one of the same scan. Streams that are known already are
    /// never dropped nor changed: positions in them stay valid.
    pub(crate) fn update(&mut self, newer: ScanDocument) {
        let mut streams = std::mem::take(&mut self.streams);
        for (name, model) in newer.streams {
            streams.entry(name).or_insert(model);
        }
        *self = ScanDocument {
            streams,
            state_stream: std::mem::take(&mut self.state_stream),
            ..newer
        };
    }
}

impl ScanIdentity {
    /// Reads the part `id` of a scan document.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(id: &Map<String, Value>) -> Result<ScanIdentity, String> {
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
        Ok(ScanIdentity {
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

fn other_than_object(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "an array",
        Value::String(_) => "a string",
        _ => "not an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::encoding::Encoding;
    use crate::stream_kind::StreamKind;

    fn document() -> Value {
        json!({
            "pk": "S", "unknown": 1,
            "id": {"pk": "I", "name": "ascan", "number": 7, "data_policy": "ESRF",
                "session": "demo", "proposal": null, "path": "/data/s.h5", "unknown": 2},
            "info": {"title": "ascan"},
            "state_stream": {"pk": "T", "encoding": "", "info": ""},
            "data_streams": {
                "b": {"pk": "B", "encoding": {"type": "numeric", "dtype_str": "<f8", "shape": []},
                    "info": {"plugin": "hdf5_fallback", "file_path": "/data/s.h5",
                        "data_path": "7.1/measurement/b", "save": true}},
                "a": {"pk": "A", "encoding": {"type": "json"}, "info": ""},
                "bad": {"pk": "C", "encoding": {"type": "numeric", "dtype_str": "<U3", "shape": []}},
                "foreign": {"pk": "D", "encoding": {"type": "json"}, "info": {"plugin": "zarr"}},
                "no pk": {"encoding": {"type": "json"}, "info": {}},
                "nothing": null
            }
        })
    }

    fn parse(value: &Value) -> Result<ScanDocument, ScanDocumentError> {
        ScanDocument::parse(
            &"esrf:scan:S".parse().unwrap(),
            value.to_string().as_bytes(),
        )
    }

    #[test]
    fn a_malformed_stream_does_not_affect_other_streams() {
        let document = parse(&document()).unwrap();
        assert_eq!(document.state_stream, "esrf:stream:T");
        assert_eq!(document.id.session.as_deref(), Some("demo"));
        assert_eq!(document.id.proposal, None);
        let names: Vec<&str> = document.streams.keys().map(String::as_str).collect();
        assert_eq!(names, ["b", "a", "bad", "foreign", "no pk", "nothing"]);
        let stream = |name: &str| &document.streams[name];
        assert_eq!(stream("b").key, "esrf:stream:B");
        assert!(matches!(stream("b").kind, Ok(StreamKind::Plain)));
        let fallback = ("/data/s.h5".to_owned(), "7.1/measurement/b".to_owned());
        assert_eq!(stream("b").fallback(&document.id), Some(fallback));
        assert_eq!(stream("a").encoding, Ok(Encoding::Json));
        assert_eq!(stream("a").info, json!({}));
        assert!(stream("bad").encoding.is_err() && stream("bad").kind.is_ok());
        assert!(stream("foreign").encoding.is_ok() && stream("foreign").kind.is_err());
        assert!(stream("no pk").encoding.is_err() && stream("nothing").kind.is_err());
    }

    #[test]
    fn fields_that_blissdata_requires_are_required() {
        for path in [
            "/id/name",
            "/id/number",
            "/id/data_policy",
            "/info",
            "/state_stream/pk",
        ] {
            for wrong in [json!(null), json!([1])] {
                let mut value = document();
                *value.pointer_mut(path).unwrap() = wrong.clone();
                assert!(parse(&value).is_err(), "{path} {wrong}");
            }
        }
        let mut value = document();
        value.as_object_mut().unwrap().remove("data_streams");
        let error = parse(&value).unwrap_err().to_string();
        assert_eq!(
            error,
            "invalid document of scan esrf:scan:S: data_streams is absent"
        );
        assert!(ScanDocument::parse(&"esrf:scan:S".parse().unwrap(), b"{").is_err());
    }

    #[test]
    fn numbers_of_scans_in_every_form() {
        for (number, expected) in [
            (json!("12"), Some(12)),
            (json!(12.0), Some(12)),
            (json!("x"), None),
        ] {
            let mut value = document();
            value["id"]["number"] = number;
            assert_eq!(
                parse(&value).ok().map(|document| document.id.number),
                expected
            );
        }
    }

    #[test]
    fn an_update_keeps_the_known_streams() {
        let mut known = parse(&document()).unwrap();
        let mut newer = document();
        newer["info"] = json!({"end_reason": "SUCCESS"});
        newer["data_streams"] = json!({
            "new": {"pk": "N", "encoding": {"type": "json"}, "info": {}},
            "b": {"pk": "other", "encoding": {"type": "json"}, "info": {}},
        });
        known.update(parse(&newer).unwrap());
        assert_eq!(known.info["end_reason"], "SUCCESS");
        assert_eq!(known.streams["b"].key, "esrf:stream:B");
        assert_eq!(
            known.streams.keys().next_back().map(String::as_str),
            Some("new")
        );
    }
}
