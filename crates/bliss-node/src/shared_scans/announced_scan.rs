//! What an entry of the stream says about a scan.

use std::fmt;

use coordination::entry_field;
use redis_client::{EntryId, Value};

use crate::discovery::{FoundScan, Position};
use crate::key::NodeKey;

/// A scan that was announced to writers.
///
/// A key alone does not identify a scan: when Redis has lost its data, BLISS begins to count again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnnouncedScan {
    /// Its key.
    pub key: NodeKey,
    /// The time at which BLISS announced it, by the clock of the server.
    pub created: EntryId,
}

impl AnnouncedScan {
    pub(crate) fn of_fields(fields: &[Value]) -> Option<AnnouncedScan> {
        Some(AnnouncedScan {
            key: NodeKey::parse(entry_field(fields, "key")?.as_bytes()?)?,
            created: EntryId::parse(entry_field(fields, "created")?.as_bytes()?)?,
        })
    }
}

impl From<FoundScan> for AnnouncedScan {
    fn from(found: FoundScan) -> AnnouncedScan {
        AnnouncedScan {
            key: found.key,
            created: found.announced,
        }
    }
}

impl fmt::Display for AnnouncedScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

/// Reads the position in an entry `[id, [field, value, ...]]`.
pub fn position_of(entry: &Value) -> Option<Position> {
    let fields = entry.as_array()?.get(1)?.as_array()?;
    entry_field(fields, "position")?.as_str()?.parse().ok()
}

/// Reads the generation in an entry.
pub fn generation_of(entry: &Value) -> Option<String> {
    let fields = entry.as_array()?.get(1)?.as_array()?;
    let generation = entry_field(fields, "generation")?.as_str()?;
    Some(generation.to_owned())
}
