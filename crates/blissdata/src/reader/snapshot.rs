//! Questions about the scan itself: whether it lives, its document, its state.

use bytes::Bytes;
use redis_client::{Command, Connection, RedisError, ServerError, Value};

use super::event::ReadError;
use super::refill::Refill;
use crate::document::{ScanDocument, ScanDocumentError, ScanState};
use crate::entries::{EntryId, EntryScanner, parse_uint};
use crate::store::{ScanKey, other_host, spool_mark};

/// A scan that has at most so many seconds to live counts as deleted (blissdata 2.4.5).
const DELETED: i64 = 10;

/// What is known about a scan when it is opened.
pub(super) struct ScanSnapshot {
    pub document: ScanDocument,
    pub state: ScanState,
    /// Last entry of the stream of states.
    pub position: EntryId,
    /// The host that has unread points of the scan, if it is another one.
    pub spooled_on: Option<String>,
}

impl ScanSnapshot {
    /// Loads the scan. The state is read before the document, so that the document is at least as
    /// recent; where the states are is looked up first.
    pub(super) async fn load(
        connection: &mut Connection,
        key: &ScanKey,
    ) -> Result<ScanSnapshot, ReadError> {
        let redis = |source| ReadError::Redis {
            key: key.clone(),
            source: Box::new(source),
        };
        let json = |path: &str| Command::new("JSON.GET").arg(key.as_str()).arg(path);
        let asked = [
            Command::new("TTL").arg(key.as_str()),
            json(".state_stream.pk"),
            spool_mark(key),
        ];
        let [ttl, pk, mark] = three(connection.pipeline(&asked).await.map_err(redis)?);
        let pk = match (ttl.ok().and_then(|ttl| ttl.as_int()), pk) {
            (Some(-2), _) => return Err(ReadError::NotFound { key: key.clone() }),
            (Some(0..=DELETED), _) => return Err(ReadError::Deleted { key: key.clone() }),
            (_, Ok(pk)) => pk
                .as_bytes()
                .and_then(|text| serde_json::from_slice::<String>(text).ok()),
            (_, Err(error)) if error.text().contains("wrong Redis type") => {
                return Err(ReadError::NotAScan {
                    key: key.clone(),
                    source: error,
                });
            }
            (_, Err(_)) => None,
        };
        let Some(pk) = pk else {
            // The error of the document as a whole says best what is wrong with it.
            return Err(match document(connection, key).await.map_err(redis)? {
                Some(Err(error)) => error.into(),
                _ => ReadError::NotFound { key: key.clone() },
            });
        };
        let states = format!("esrf:stream:{pk}");
        let states = Command::new("XREVRANGE")
            .arg(states)
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1);
        connection.queue(&states);
        connection.queue(&json("."));
        let states = connection.receive_raw().await.map_err(redis)?;
        let text = connection.receive().await.map_err(redis)?;
        let Some((state, position)) = last_state(&states) else {
            return Err(ReadError::Deleted { key: key.clone() });
        };
        match text {
            Ok(Value::Text(text)) => Ok(ScanSnapshot {
                document: ScanDocument::parse(key, &text)?,
                state,
                position,
                spooled_on: mark.ok().and_then(|mark| other_host(&mark)),
            }),
            Ok(_) => Err(ReadError::NotFound { key: key.clone() }),
            Err(error) => Err(ReadError::NotAScan {
                key: key.clone(),
                source: error,
            }),
        }
    }
}

impl ScanSnapshot {
    /// Takes a scan that Redis has lost from its spool.
    ///
    /// # Errors
    /// `error`, if Redis cannot be asked or the spool does not have the scan.
    pub(super) fn spooled(refill: &Refill, error: ReadError) -> Result<ScanSnapshot, ReadError> {
        match error {
            ReadError::NotFound { .. } | ReadError::Deleted { .. } => {
                let (state, document) = refill.document().ok_or(error)?;
                Ok(ScanSnapshot {
                    document,
                    state,
                    position: EntryId::START,
                    spooled_on: None,
                })
            }
            error => Err(error),
        }
    }
}

/// Whether the scan exists, and will for a while.
pub(super) async fn is_alive(
    connection: &mut Connection,
    key: &ScanKey,
) -> Result<bool, RedisError> {
    let ttl = connection
        .call(&Command::new("TTL").arg(key.as_str()))
        .await?;
    Ok(ttl
        .as_int()
        .is_none_or(|seconds| seconds == -1 || seconds > DELETED))
}

/// The document of the scan, `None` when it is gone.
pub(super) async fn document(
    connection: &mut Connection,
    key: &ScanKey,
) -> Result<Option<Result<ScanDocument, ScanDocumentError>>, RedisError> {
    let text = connection
        .call(&Command::new("JSON.GET").arg(key.as_str()).arg("."))
        .await?;
    Ok(text.as_bytes().map(|text| ScanDocument::parse(key, text)))
}

/// Returns the state in an entry of the stream of states; unknown numbers count as the last.
pub(super) fn parse_state(text: &[u8]) -> Option<ScanState> {
    let number = parse_uint(text)?;
    if number > ScanState::Closed.number() {
        tracing::warn!(number, "unknown scan state, taken for the last one");
    }
    Some(ScanState::from_number(number))
}

fn last_state(reply: &Bytes) -> Option<(ScanState, EntryId)> {
    let entry = EntryScanner::of_range(reply).ok()?.next_entry().ok()??;
    Some((parse_state(entry.state?)?, entry.id))
}

fn three(replies: Vec<Result<Value, ServerError>>) -> [Result<Value, ServerError>; 3] {
    let mut replies = replies.into_iter();
    let mut next = || replies.next().unwrap_or(Ok(Value::Nil));
    [next(), next(), next()]
}
