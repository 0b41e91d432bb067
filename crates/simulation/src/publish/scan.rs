//! Publishing one scan.

use std::sync::Arc;

use blissdata::{
    document::{ScanIdentity, ScanState},
    encoding::Encoding,
    store::{DataStore, ScanKey},
};
use indexmap::IndexMap;
use redis_client::{Command, Value as Reply};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use ulid::Ulid;

use super::connection::PublisherConnection;
use super::definition::StreamDefinition;
use super::error::PublishError;
use super::json;
use super::stream::StreamPublisher;

/// Characters that the info of a scan may have as JSON.
const MAX_INFO: usize = 1 << 20;
/// Scans that the history remembers, about.
const HISTORY_LENGTH: u32 = 2048;

/// Publishes one scan: its document, its states, its streams.
///
/// Dropping it leaves the scan as it is, like a BLISS session that crashed.
///
/// ```no_run
/// # use blissdata::{document::ScanIdentity, store::DataStore};
/// # use simulation::publish::*;
/// # async fn example(store: DataStore, id: ScanIdentity) -> Result<(), PublishError> {
/// let info = serde_json::json!({"title": "ascan m0 0 1 4 0.1"});
/// let mut scan = ScanPublisher::create(&store, id, info).await?;
/// # let float = acquisition::DType::native(acquisition::DTypeKind::Float, 8).unwrap();
/// let diode = scan.add_stream("diode", StreamDefinition::numeric(float, &[])).await?;
/// scan.prepare().await?;
/// scan.start().await?;
/// diode.send(&0.5f64.to_ne_bytes(), 1).await?;
/// scan.stop().await?;
/// scan.close("SUCCESS").await?;
/// # Ok(())
/// # }
/// ```
pub struct ScanPublisher {
    key: ScanKey,
    connection: Arc<Mutex<PublisherConnection>>,
    state: ScanState,
    id: Value,
    /// As it will be.
    info: Map<String, Value>,
    /// As it is in the store.
    published_info: Map<String, Value>,
    state_pk: String,
    streams: IndexMap<String, (Value, StreamPublisher)>,
}

impl ScanPublisher {
    /// Creates a scan in `store`. `info` must be an object.
    pub async fn create(
        store: &DataStore,
        id: ScanIdentity,
        info: Value,
    ) -> Result<ScanPublisher, PublishError> {
        let Value::Object(info) = info else {
            return Err(PublishError::Info {
                problem: "is not an object".to_owned(),
            });
        };
        let key = ScanKey::from_pk(&Ulid::new().to_string());
        store.check().await?;
        let connection = PublisherConnection::new(store.open().await?);
        let mut scan = ScanPublisher {
            key,
            connection: Arc::new(Mutex::new(connection)),
            state: ScanState::Created,
            id: identity(&id),
            info,
            published_info: Map::new(),
            state_pk: Ulid::new().to_string(),
            streams: IndexMap::new(),
        };
        scan.publish("created", ScanState::Created, true).await?;
        Ok(scan)
    }

    /// Key of the scan.
    pub fn key(&self) -> &ScanKey {
        &self.key
    }

    /// State of the scan.
    pub fn state(&self) -> ScanState {
        self.state
    }

    /// Info of the scan. Changes are published when the scan is prepared and when it is closed.
    /// There are no numbers in it that are not finite: [`serde_json`] makes them `null`, as
    /// blissdata does.
    pub fn info_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.info
    }

    /// Adds a stream. Readers see it from the next change of state on, in general when the scan
    /// is prepared. For a Lima detector this begins an acquisition of its server.
    pub async fn add_stream(
        &mut self,
        name: &str,
        mut definition: StreamDefinition,
    ) -> Result<StreamPublisher, PublishError> {
        if self.streams.contains_key(name) {
            let (scan, stream) = (self.key.clone(), name.to_owned());
            return Err(PublishError::DuplicateStream { scan, stream });
        }
        if let Encoding::Numeric { shape, .. } = &definition.encoding
            && shape.contains(&Some(0))
        {
            return Err(PublishError::Definition {
                stream: name.to_owned(),
                problem: "a dimension of 0".to_owned(),
            });
        }
        if let Some(counter) = &definition.counter {
            let number = self.count_acquisition(counter).await?;
            definition.info["lima_info"]["acquisition_offset"] = json!(number);
        }
        let pk = Ulid::new().to_string();
        let model =
            json!({"pk": pk, "encoding": definition.encoding_json(), "info": definition.info});
        let (key, number) = (format!("esrf:stream:{pk}"), self.streams.len());
        let stream = StreamPublisher::new(
            &self.key,
            name,
            key,
            number,
            definition.encoding,
            &self.connection,
        );
        self.streams
            .insert(name.to_owned(), (model, stream.clone()));
        Ok(stream)
    }

    /// Declares the streams and the info as complete.
    pub async fn prepare(&mut self) -> Result<(), PublishError> {
        self.must_be(ScanState::Created, ScanState::Prepared)?;
        self.publish("prepared", ScanState::Prepared, true).await
    }

    /// Publishes that data will come.
    pub async fn start(&mut self) -> Result<(), PublishError> {
        self.must_be(ScanState::Prepared, ScanState::Started)?;
        self.publish("started", ScanState::Started, false).await
    }

    /// Makes visible what was sent to all streams.
    pub async fn flush(&self) -> Result<(), PublishError> {
        Ok(self.connection.lock().await.flush().await?)
    }

    /// Seals all streams, then publishes that no more data will come. When Redis refused data the
    /// scan does not become stopped, but can be closed.
    pub async fn stop(&mut self) -> Result<(), PublishError> {
        self.must_be(ScanState::Started, ScanState::Stopped)?;
        self.seal_all().await?;
        self.publish("stopped", ScanState::Stopped, false).await
    }

    /// Ends the scan, from any state, with its final info: `end_reason` is `SUCCESS`, `FAILURE`
    /// or `USER_ABORT`. Streams that are not sealed will be. The scan is closed also when Redis
    /// refused data; the error says so.
    pub async fn close(&mut self, end_reason: &str) -> Result<(), PublishError> {
        let sealed = self.seal_all().await;
        self.info.insert("end_reason".to_owned(), json!(end_reason));
        self.publish("closed", ScanState::Closed, true).await?;
        sealed
    }

    /// Seals every stream; the error is the first of them.
    async fn seal_all(&self) -> Result<(), PublishError> {
        let mut outcome = Ok(());
        for (_, stream) in self.streams.values() {
            let sealed = stream.seal().await.map(drop);
            outcome = outcome.and(sealed);
        }
        outcome
    }

    async fn publish(
        &mut self,
        what: &'static str,
        state: ScanState,
        with_info: bool,
    ) -> Result<(), PublishError> {
        let info = if with_info {
            &self.info
        } else {
            &self.published_info
        };
        let length = json::to_python(info)?.len();
        if length > MAX_INFO {
            let problem = format!("has {length} characters as JSON, more than {MAX_INFO}");
            return Err(PublishError::Info { problem });
        }
        let info = info.clone();
        let key = self.key.as_str();
        let document = json::to_python(&self.document(&info))?;
        let mut commands = vec![Command::new("JSON.SET").arg(key).arg(".").arg(document)];
        // A scan that is not in the history yet.
        if state == ScanState::Created {
            let add = Command::new("XADD").args(["_SCAN_HISTORY_", "MAXLEN", "~"]);
            commands.push(add.arg(HISTORY_LENGTH).args(["*", "key", key]));
        }
        let add = Command::new("XADD").arg(format!("esrf:stream:{}", self.state_pk));
        commands.push(add.args(["*", "state"]).arg(state as u32));
        self.connection
            .lock()
            .await
            .transact(&self.key, what, commands)
            .await?;
        self.state = state;
        self.published_info = info;
        Ok(())
    }

    fn document(&self, info: &Map<String, Value>) -> Value {
        let streams: Map<String, Value> = self
            .streams
            .iter()
            .map(|(name, (model, _))| (name.clone(), model.clone()))
            .collect();
        json!({
            "pk": self.key.pk(),
            "id": self.id,
            "info": info,
            "state_stream": {"pk": self.state_pk, "encoding": null, "info": null},
            "data_streams": streams,
        })
    }

    async fn count_acquisition(&self, counter: &str) -> Result<i64, PublishError> {
        let commands = vec![
            Command::new("SETNX").arg(counter).arg(-1),
            Command::new("INCRBY").arg(counter).arg(1),
        ];
        let replies = self
            .connection
            .lock()
            .await
            .transact(&self.key, "extended", commands)
            .await?;
        Ok(replies.last().and_then(Reply::as_int).unwrap_or(0))
    }

    fn must_be(&self, state: ScanState, to: ScanState) -> Result<(), PublishError> {
        if self.state == state {
            return Ok(());
        }
        Err(PublishError::Transition {
            scan: self.key.clone(),
            from: self.state,
            to,
        })
    }
}

/// The `id` of the scan document: all members, null when unset.
fn identity(id: &ScanIdentity) -> Value {
    json!({
        "pk": Ulid::new().to_string(),
        "name": id.name,
        "number": id.number,
        "data_policy": id.data_policy,
        "session": id.session,
        "proposal": id.proposal,
        "collection": id.collection,
        "dataset": id.dataset,
        "path": id.path,
    })
}
