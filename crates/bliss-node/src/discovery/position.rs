//! Positions of discoveries.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use redis_client::EntryId;
use serde_json::{Map, Value as Json, json};

use super::containers::Container;
use crate::key::NodeKey;

/// How much older than the last answer of the server the time in a position is, in milliseconds.
const MARGIN: u64 = 60_000;

/// How far a discovery has come. Its text can be stored, and parsed again.
///
/// ```
/// use bliss_node::discovery::Position;
///
/// let text = r#"{"after":"1764457200000-0","streams":{"demo:data":"1764457230000-2"}}"#;
/// let position: Position = text.parse()?;
/// assert_eq!(position.to_string(), text);
/// # Ok::<(), bliss_node::discovery::PositionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Scans that were announced later are new.
    after: EntryId,
    /// Containers whose scans are new from another entry on.
    streams: BTreeMap<NodeKey, EntryId>,
}

/// A text that is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the position of a search for scans")]
pub struct PositionError {
    text: String,
}

impl Position {
    /// Returns the position before all scans.
    pub fn beginning() -> Position {
        Position::at(EntryId::START)
    }

    pub(crate) fn at(after: EntryId) -> Position {
        Position {
            after,
            streams: BTreeMap::new(),
        }
    }

    /// Returns the entry after which the scans of a container are new.
    pub(super) fn of(&self, container: &NodeKey) -> EntryId {
        self.streams.get(container).copied().unwrap_or(self.after)
    }

    /// Returns the position of a discovery that has started here and knows everything up to a time.
    pub(super) fn advanced(
        &self,
        complete_until: u64,
        containers: &IndexMap<NodeKey, Container>,
    ) -> Position {
        let time = EntryId {
            first: complete_until.saturating_sub(MARGIN),
            second: 0,
        };
        let mut position = Position::at(time.max(self.after));
        let elsewhere = containers
            .iter()
            .map(|(key, container)| (key, container.handed_out()))
            .filter(|(_, handed_out)| *handed_out > position.after)
            .map(|(key, handed_out)| (key.clone(), handed_out));
        position.streams = elsewhere.collect();
        // Streams that were read further before, and that we have not come to again.
        for (key, handed_out) in &self.streams {
            if *handed_out > position.after && !containers.contains_key(key) {
                position.streams.insert(key.clone(), *handed_out);
            }
        }
        position
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams = self.streams.iter();
        let streams: Map<String, Json> = streams
            .map(|(key, id)| (key.to_string(), json!(id.to_string())))
            .collect();
        let json = json!({"after": self.after.to_string(), "streams": streams});
        write!(f, "{json}")
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Position, PositionError> {
        parse(text).ok_or_else(|| PositionError {
            text: text.to_owned(),
        })
    }
}

fn parse(text: &str) -> Option<Position> {
    let json: Json = serde_json::from_str(text).ok()?;
    let id = |json: &Json| EntryId::parse(json.as_str()?.as_bytes());
    let streams = json.get("streams")?.as_object()?.iter();
    Some(Position {
        after: id(json.get("after")?)?,
        streams: streams
            .map(|(key, value)| Some((key.parse().ok()?, id(value)?)))
            .collect::<Option<_>>()?,
    })
}
