//! What Redis has recorded of announced scans when a member joins.

use coordination::{GuardedStore as _, entry_field};
use redis_client::{Command, EntryId, ServerError, Value};

use super::announced_scan::{generation_of, position_of};
use super::{POSITION_KEY, SCANS_KEY};
use crate::discovery::Position;
use crate::error::NodeError;
use crate::store::NodeStore;

/// Where a new member begins.
pub struct ScanRecord {
    /// Where its discovery starts: everything before is done.
    pub position: Position,
    /// The generation of the stream, if it has any entry.
    pub generation: Option<String>,
    /// Set if the group has existed, and was lost with the stream.
    pub is_group_lost: bool,
}

impl ScanRecord {
    /// Asks for all at once.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn load(store: &NodeStore, group: &str) -> Result<ScanRecord, NodeError> {
        let one = ["COUNT", "1"];
        let commands = [
            Command::new("TIME"),
            Command::new("GET").arg(POSITION_KEY),
            Command::new("XRANGE")
                .arg(SCANS_KEY)
                .args(["-", "+"])
                .args(one),
            Command::new("XREVRANGE")
                .arg(SCANS_KEY)
                .args(["+", "-"])
                .args(one),
            Command::new("EXISTS").arg(SCANS_KEY),
            Command::new("EXISTS").arg(mark_key(group)),
            // An error says that there is no stream.
            Command::new("XINFO").arg("GROUPS").arg(SCANS_KEY),
        ];
        let replies = store.connection().pipeline(&commands).await?;
        let reply = |index: usize| replies.get(index).and_then(|reply| reply.as_ref().ok());
        let time = reply(0).and_then(now);
        let time = time.ok_or_else(|| store.unexpected("TIME", "no time"))?;
        let stored = reply(1).and_then(Value::as_str);
        let stored = stored.and_then(|text| text.parse::<Position>().ok());
        let first_entry = |index: usize| reply(index)?.as_array()?.first();
        let has_stream = reply(4).and_then(Value::as_int) == Some(1);
        let has_mark = reply(5).and_then(Value::as_int) == Some(1);
        let is_known = has_mark || stored.is_some() && !has_stream;
        Ok(ScanRecord {
            is_group_lost: is_known && !has_group(replies.get(6), group),
            position: stored
                .or_else(|| first_entry(2).and_then(position_of))
                .unwrap_or_else(|| match store.was_empty() {
                    true => Position::beginning(),
                    false => Position::at(time),
                }),
            generation: first_entry(3).and_then(generation_of),
        })
    }
}

/// Returns the key that says that a group exists.
pub fn mark_key(group: &str) -> String {
    format!("{group}:known")
}

fn has_group(groups: Option<&Result<Value, ServerError>>, name: &str) -> bool {
    let groups = groups.and_then(|groups| groups.as_ref().ok()?.as_array());
    groups.unwrap_or_default().iter().any(|group| {
        let found = group
            .as_array()
            .and_then(|fields| entry_field(fields, "name"));
        found.and_then(Value::as_str) == Some(name)
    })
}

/// Returns the place behind which everything is that is announced after a reply of `TIME`.
fn now(reply: &Value) -> Option<EntryId> {
    let [seconds, microseconds] = reply.as_array()? else {
        return None;
    };
    // BLISS names times as numbers, Redis as texts.
    let seconds: u64 = seconds.as_str()?.parse().ok()?;
    let microseconds: u64 = microseconds.as_str()?.parse().ok()?;
    Some(EntryId {
        first: (seconds * 1000 + microseconds / 1000).checked_sub(1)?,
        second: u64::MAX,
    })
}
