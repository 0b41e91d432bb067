//! Publishing one stream.

use std::sync::Arc;

use blissdata::{encoding::Encoding, store::ScanKey};
use redis_client::{Command, ServerError};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::connection::PublisherConnection;
use super::error::PublishError;
use super::json;
use super::variable::encode_variable;

/// ID of the entry that ends a stream: nothing can follow the largest ID there is.
const SEAL: &str = "18446744073709551615-18446744073709551615";

/// Sends the points of one stream.
///
/// Sending queues; [`flush`](Self::flush) passes the queue to Redis, which otherwise happens when some 64 kB
/// have been gathered, or when the stream is sealed. An entry that Redis refuses makes a later call fail: at
/// the latest the seal.
#[derive(Clone)]
pub struct StreamPublisher {
    inner: Arc<Inner>,
}

struct Inner {
    scan: ScanKey,
    name: String,
    key: String,
    number: usize,
    encoding: Encoding,
    connection: Arc<Mutex<PublisherConnection>>,
    progress: Mutex<Progress>,
}

struct Progress {
    /// Index of the next point.
    next: u64,
    sealed: bool,
}

impl StreamPublisher {
    pub(super) fn new(
        scan: &ScanKey,
        name: &str,
        key: String,
        number: usize,
        encoding: Encoding,
        connection: &Arc<Mutex<PublisherConnection>>,
    ) -> StreamPublisher {
        StreamPublisher {
            inner: Arc::new(Inner {
                scan: scan.clone(),
                name: name.to_owned(),
                key,
                number,
                encoding,
                connection: connection.clone(),
                progress: Mutex::new(Progress {
                    next: 0,
                    sealed: false,
                }),
            }),
        }
    }

    /// Name of the stream in its scan.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Key of the Redis stream.
    pub fn key(&self) -> &str {
        &self.inner.key
    }

    /// Sends `points` points of a numeric stream with a fixed shape as one entry. `data` are the
    /// numbers in C order, in the byte order of the stream.
    pub async fn send(&self, data: &[u8], points: u64) -> Result<(), PublishError> {
        let size = match self.inner.encoding.point_size() {
            Some(size) => size,
            None => return Err(self.bad_data("send is for numbers of a fixed shape".to_owned())),
        };
        if points == 0 || size.checked_mul(points) != Some(data.len() as u64) {
            return Err(self.bad_data(format!(
                "{} bytes are not {points} points of {size} bytes",
                data.len()
            )));
        }
        self.add(data, points).await
    }

    /// Sends `points` points of the same `shape` as one entry of a numeric stream whose points
    /// vary in shape.
    pub async fn send_shaped(
        &self,
        shape: &[u64],
        data: &[u8],
        points: u64,
    ) -> Result<(), PublishError> {
        let (dtype, declared) = match &self.inner.encoding {
            Encoding::Numeric { dtype, shape } if self.inner.encoding.is_variable() => {
                (dtype, shape)
            }
            _ => return Err(self.bad_data("send_shaped is for numbers of varying shape".into())),
        };
        let fits = declared.len() == shape.len()
            && declared
                .iter()
                .zip(shape)
                .all(|(declared, size)| declared.is_none_or(|d| d == *size));
        if !fits {
            return Err(self.bad_data(format!("shape {shape:?} where {declared:?} is declared")));
        }
        let size = shape
            .iter()
            .try_fold(dtype.size as u64, |size, n| size.checked_mul(*n));
        if data.is_empty()
            || size.and_then(|size| size.checked_mul(points)) != Some(data.len() as u64)
        {
            return Err(self.bad_data(format!(
                "{} bytes are not {points} points of shape {shape:?}",
                data.len()
            )));
        }
        let payload = encode_variable(shape, data);
        let payload =
            payload.ok_or_else(|| self.bad_data("more than a payload can hold".to_owned()))?;
        self.add(&payload, points).await
    }

    /// Sends one value of a JSON stream.
    pub async fn send_json(&self, value: &Value) -> Result<(), PublishError> {
        self.send_json_text(&json::to_python(value)?).await
    }

    /// Sends one value of a JSON stream that is written already. Python programs publish values
    /// that are no JSON to others, such as `NaN`.
    pub async fn send_json_text(&self, text: &str) -> Result<(), PublishError> {
        if self.inner.encoding != Encoding::Json {
            return Err(self.bad_data("JSON for a stream of numbers".to_owned()));
        }
        self.add(text.as_bytes(), 1).await
    }

    /// Sends how many frames a Lima detector has acquired and saved.
    pub async fn send_lima(&self, acquired: u64, saved: u64) -> Result<(), PublishError> {
        let last = |frames: u64| i128::from(frames) - 1;
        let text = format!(
            r#"{{"last_index": {}, "last_index_saved": {}}}"#,
            last(acquired),
            last(saved)
        );
        self.send_json_text(&text).await
    }

    /// Sends one scan of a sequence.
    pub async fn send_scan(&self, scan: &ScanKey, number: u64) -> Result<(), PublishError> {
        self.send_json(&json!({"key": scan.as_str(), "scan_number": number}))
            .await
    }

    /// Passes to Redis what was sent, without waiting for its replies: readers see it soon.
    pub async fn flush(&self) -> Result<(), PublishError> {
        let mut connection = self.inner.connection.lock().await;
        connection.flush().await?;
        self.check(&connection)
    }

    /// Waits until Redis has accepted what was sent: other connections see it from then on.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn settle(&self) -> Result<(), PublishError> {
        let mut connection = self.inner.connection.lock().await;
        // Replies come in the order of the commands.
        connection.ask(&[Command::new("PING")]).await?;
        self.check(&connection)
    }

    /// Number of points sent.
    pub async fn len(&self) -> u64 {
        self.inner.progress.lock().await.next
    }

    /// True when nothing was sent.
    pub async fn is_empty(&self) -> bool {
        self.len().await == 0
    }

    /// Ends the stream after all its points have been accepted; the answer is their number.
    /// Doing it twice is no error. The scan does it for all streams when it stops.
    ///
    /// # Errors
    /// [`PublishError::Stream`] when an entry was refused. The stream is sealed nevertheless, so
    /// that no reader waits for more.
    pub async fn seal(&self) -> Result<u64, PublishError> {
        let mut progress = self.inner.progress.lock().await;
        let mut connection = self.inner.connection.lock().await;
        if progress.sealed {
            self.check(&connection)?;
            return Ok(progress.next);
        }
        let seal = Command::new("FCALL seal_stream").arg(1).arg(self.key());
        let total = match self.ask(&mut connection, seal).await? {
            Ok(total) => total,
            Err(error) if is_sealed(&error) => progress.next,
            // The function went with the data when the server was restarted, or never was.
            Err(error) if error.text().contains("Function not found") => {
                let seal = Command::new("XADD").arg(self.key()).arg(SEAL).arg("id");
                match self.ask(&mut connection, seal.arg(progress.next)).await? {
                    Err(error) if !is_sealed(&error) => return Err(self.refused(error)),
                    _ => progress.next,
                }
            }
            Err(error) => return Err(self.refused(error)),
        };
        progress.sealed = true;
        self.check(&connection)?;
        Ok(total)
    }

    async fn ask(
        &self,
        connection: &mut PublisherConnection,
        command: Command,
    ) -> Result<Result<u64, ServerError>, PublishError> {
        let reply = connection.ask(&[command]).await?.pop();
        let reply = reply.unwrap_or_else(|| Err(ServerError::new("no reply")));
        Ok(reply.map(|value| {
            value
                .as_int()
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(0)
        }))
    }

    async fn add(&self, payload: &[u8], points: u64) -> Result<(), PublishError> {
        let inner = &*self.inner;
        let mut progress = inner.progress.lock().await;
        if progress.sealed {
            return Err(PublishError::Sealed {
                scan: inner.scan.clone(),
                stream: inner.name.clone(),
            });
        }
        let mut connection = inner.connection.lock().await;
        self.check(&connection)?;
        // XREAD returns entries after an ID: with `-1`, asking for those after `<index>-0`, which
        // `<index>` stands for, includes the one that begins at the index.
        let id = format!("{}-1", progress.next);
        let mut entry = Command::new("XADD")
            .arg(&inner.key)
            .arg(id)
            .arg("payload")
            .arg(payload);
        if points > 1 {
            entry = entry.arg("len").arg(points);
        }
        // Counted before waiting: dropping the wait does not take the entry back.
        progress.next += points;
        connection.add(inner.number, &entry).await?;
        Ok(())
    }

    fn check(&self, connection: &PublisherConnection) -> Result<(), PublishError> {
        match connection.failure(self.inner.number) {
            Some(error) => Err(self.refused(error.clone())),
            None => Ok(()),
        }
    }

    fn refused(&self, source: ServerError) -> PublishError {
        let inner = &*self.inner;
        PublishError::Stream {
            scan: inner.scan.clone(),
            stream: inner.name.clone(),
            source,
        }
    }

    fn bad_data(&self, problem: String) -> PublishError {
        let inner = &*self.inner;
        PublishError::Data {
            scan: inner.scan.clone(),
            stream: inner.name.clone(),
            problem,
        }
    }
}

/// The answers to sealing, and to adding, when a stream is sealed.
fn is_sealed(error: &ServerError) -> bool {
    let text = error.text();
    text.contains("is already sealed") || text.contains("exhausted the last possible ID")
}
