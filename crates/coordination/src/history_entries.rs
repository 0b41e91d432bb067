//! Questions about the entries of a history, and their answers.

use redis_client::{Command, Connection, RedisError, Value};

use crate::history_store::HistoryStore;
use crate::timetag::Timetag;

/// Scans per answer.
pub const COUNT: u64 = 1000;

/// New scans, and the place of the last of them.
pub type NewScans<S> = (Option<Timetag>, Vec<(Timetag, <S as HistoryStore>::Scan)>);

/// Returns the value of a field in the names and values of an entry.
pub fn entry_field<'a>(fields: &'a [Value], name: &str) -> Option<&'a Value> {
    let mut pairs = fields.chunks_exact(2);
    let pair = pairs.find(|pair| pair[0].as_str() == Some(name));
    pair.map(|pair| &pair[1])
}

/// Reads an entry `[id, [field, value, ...]]`. The scan is `None` if the entry names none, or is gone. Returns `None` if
/// it is not an entry.
pub fn scan_of_entry<S: HistoryStore>(entry: &Value) -> Option<(Timetag, Option<S::Scan>)> {
    let [id, fields] = entry.as_array()? else {
        return None;
    };
    let timetag = Timetag::parse(id.as_str()?)?;
    if fields.is_nil() {
        // The history has dropped the entry, but a group still remembers that it was handed out.
        return Some((timetag, None));
    }
    Some((timetag, S::scan_of_fields(fields.as_array()?)))
}

/// Returns the command that asks for the last entry.
pub fn last_entry(store: &impl HistoryStore) -> Command {
    let command = Command::new("XREVRANGE").arg(store.history_key());
    command.args(["+", "-", "COUNT", "1"])
}

/// Reads the place of the last entry: the start when there is none.
pub fn last_timetag<S: HistoryStore>(reply: &Value) -> Option<Timetag> {
    match reply.as_array()? {
        [] => Some(Timetag::START),
        [entry, ..] => scan_of_entry::<S>(entry).map(|(timetag, _)| timetag),
    }
}

/// Reads the answer to a read of the history.
pub fn new_scans<S: HistoryStore>(reply: &Value) -> Option<NewScans<S>> {
    let mut scans = Vec::new();
    let mut position = None;
    for stream in reply.as_array()? {
        let [_, entries] = stream.as_array()? else {
            return None;
        };
        for entry in entries.as_array()? {
            let (timetag, scan) = scan_of_entry::<S>(entry)?;
            position = Some(timetag);
            match scan {
                Some(scan) => scans.push((timetag, scan)),
                None => tracing::warn!(%timetag, "an entry of the scan history names no scan"),
            }
        }
    }
    Some((position, scans))
}

/// Waits for the next answer. An error in it is ours.
pub async fn good_reply(connection: &mut Connection, command: &str) -> Result<Value, RedisError> {
    connection
        .receive()
        .await?
        .map_err(|source| RedisError::Server {
            server: connection.server().to_owned(),
            command: command.to_owned(),
            source,
        })
}

/// Returns the error of an answer that holds no entries.
pub fn unexpected<S: HistoryStore>(store: &S, command: &str) -> S::Error {
    let error = RedisError::Unexpected {
        server: store.connection().url().to_string(),
        command: command.to_owned(),
        reason: "not the entries of a stream".to_owned(),
    };
    error.into()
}
