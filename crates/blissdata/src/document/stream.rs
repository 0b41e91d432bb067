//! The description of one stream in the document of its scan.

use serde_json::{Map, Value};

use crate::encoding::{Encoding, EncodingError};
use crate::json;
use crate::stream_kind::{StreamKind, StreamKindError};

/// Prefix of the Redis keys of streams.
const STREAM_PREFIX: &str = "esrf:stream:";

/// Description of one stream.
#[derive(Debug, Clone)]
pub struct StreamModel {
    /// Name of the stream in the scan.
    pub name: String,
    /// Redis key of the stream; empty when the description is malformed.
    pub key: String,
    /// What the entries mean.
    pub kind: Result<StreamKind, StreamKindError>,
    /// How the entries are encoded.
    pub encoding: Result<Encoding, EncodingError>,
    /// Free-form metadata of the stream.
    pub info: Value,
}

impl StreamModel {
    pub(super) fn parse(name: String, model: Value) -> StreamModel {
        let malformed = |problem: &str, info: Value| StreamModel {
            name: name.clone(),
            key: String::new(),
            kind: Err(StreamKindError::Malformed(problem.to_owned())),
            encoding: Err(EncodingError::Malformed(problem.to_owned())),
            info,
        };
        let Value::Object(mut fields) = model else {
            return malformed("not an object", Value::Null);
        };
        let info = match fields.get_mut("info").map(Value::take) {
            // Early publishers wrote "" for no info, and stored objects as text.
            Some(Value::String(text)) => {
                let object = json::parse(text.as_bytes()).ok().map(|json| json.value);
                object
                    .filter(Value::is_object)
                    .unwrap_or_else(|| Value::Object(Map::new()))
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
}

/// Redis key of the stream that a model describes.
pub(super) fn stream_key(model: &Map<String, Value>) -> Option<String> {
    let pk = model.get("pk")?.as_str().filter(|pk| !pk.is_empty())?;
    Some(format!("{STREAM_PREFIX}{pk}"))
}
