//! How far the streams of a scan are published, whatever was read of them.

use redis_client::{Command, Value};

use super::{ReadError, ScanReader};
use crate::entries::{EntryId, SEAL, parse_uint};
use crate::store::{DataStore, ScanKey};

/// The last entry of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamHead {
    /// Index behind the last point that is published; of a detector, behind its last report.
    pub end: u64,
    /// Whether the publisher has sealed the stream: no more points will come.
    pub is_sealed: bool,
}

/// Asks how far streams of a scan are published, beside the reader of the scan.
#[derive(Debug)]
pub struct HeadProbe {
    store: DataStore,
    scan: ScanKey,
    commands: Vec<Command>,
}

impl ScanReader {
    /// Returns a probe of these streams, which outlives the reader.
    ///
    /// # Errors
    /// If the scan has no stream of such a name.
    pub fn head_probe(&self, names: &[&str]) -> Result<HeadProbe, ReadError> {
        let last_entry = |name: &&str| match self.document.streams.get(*name) {
            Some(model) => Ok(Command::new("XREVRANGE")
                .arg(model.key.as_str())
                .args(["+", "-", "COUNT", "1"])),
            None => Err(ReadError::UnknownStream {
                key: self.document.key.clone(),
                name: (*name).to_owned(),
            }),
        };
        Ok(HeadProbe {
            store: self.connection.store().clone(),
            scan: self.document.key.clone(),
            commands: names.iter().map(last_entry).collect::<Result<_, _>>()?,
        })
    }
}

impl HeadProbe {
    /// Asks how far the streams are published, in the order of their names. A stream without entries has a head
    /// of 0; a key that is no stream has none.
    ///
    /// The question goes over the connection that the store shares, so that no read of the scan is disturbed.
    ///
    /// # Errors
    /// If Redis cannot be asked.
    pub async fn ask(&self) -> Result<Vec<Option<StreamHead>>, ReadError> {
        let replies = self.store.pipeline(&self.commands).await;
        let replies = replies.map_err(|source| ReadError::Redis {
            key: self.scan.clone(),
            source: Box::new(source),
        })?;
        Ok(replies
            .iter()
            .map(|reply| head(reply.as_ref().ok()?))
            .collect())
    }
}

/// Reads the reply to a question for the last entry.
fn head(reply: &Value) -> Option<StreamHead> {
    let [entry] = reply.as_array()? else {
        return Some(StreamHead::default());
    };
    let [id, fields] = entry.as_array()? else {
        return None;
    };
    let id = EntryId::parse(id.as_bytes()?)?;
    let field = |name: &str| {
        let mut pairs = fields.as_array()?.chunks_exact(2);
        let pair = pairs.find(|pair| pair[0].as_str() == Some(name))?;
        parse_uint(pair[1].as_bytes()?)
    };
    Some(match id.first {
        SEAL => StreamHead {
            end: field("id")?,
            is_sealed: true,
        },
        first => StreamHead {
            end: first.saturating_add(field("len").unwrap_or(1)),
            is_sealed: false,
        },
    })
}
