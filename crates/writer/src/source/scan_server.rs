//! A Redis server that holds scans of either data model.

use std::sync::Arc;

use bliss_node::NodeError;
use bliss_node::key::NodeKey;
use bliss_node::store::NodeStore;
use blissdata::store::{DataStore, ScanKey, StoreError};
use observation::{Classified, ErrorKind, ErrorOrigin, Observation, with_causes};
use redis_client::{Backoff, Command, RedisError, RedisUrl, Value};
use tracing::{info, warn};

use super::{DataModel, ModelChoice, ScanId, ScanStore, blissdata as documents, node};
use crate::options::SpoolOptions;

/// A Redis server that holds scans, or will.
///
/// Which data model it holds is found out when it is asked: a server is a data store of BLISS 2 if somebody has
/// initialised it as that, otherwise one of BLISS 1 if it holds nodes, or if it lacks the commands for JSON that BLISS 2
/// needs: Redis is empty when BLISS 1 starts. Nothing is written before it is initialised or has nodes. Nodes are in data
/// base 1, unless the URL names another one than 0.
///
/// ```
/// use writer::source::{DataModel, ModelChoice, ScanServer};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "redis://localhost:6380".parse()?;
/// let server = ScanServer::new(&url, ModelChoice::Auto, &Default::default());
/// if server.wait_ready().await? == DataModel::Node {
///     println!("BLISS 1");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ScanServer {
    choice: ModelChoice,
    documents: DataStore,
    nodes: NodeStore,
}

/// Why the scans of a server cannot be used, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum ScanServerError {
    /// It cannot be used as a data store of BLISS 2.
    #[error(transparent)]
    Documents(#[from] StoreError),
    /// It cannot be asked about nodes of BLISS 1.
    #[error(transparent)]
    Nodes(#[from] NodeError),
    /// It holds neither data model (yet).
    #[error(
        "the redis server {server} is not initialised for blissdata, and holds no nodes of BLISS 1"
    )]
    Empty {
        /// The server.
        server: String,
    },
}

impl ScanServerError {
    /// Returns `true` if waiting does not help.
    pub fn is_final(&self) -> bool {
        match self {
            ScanServerError::Documents(error) => error.is_final(),
            ScanServerError::Nodes(error) => error.is_final(),
            ScanServerError::Empty { .. } => false,
        }
    }
}

impl Classified for ScanServerError {
    fn kind(&self) -> ErrorKind {
        match self {
            ScanServerError::Documents(error) => error.kind(),
            ScanServerError::Nodes(error) => error.kind(),
            ScanServerError::Empty { .. } => ErrorKind::Protocol,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            ScanServerError::Documents(error) => error.origin(),
            ScanServerError::Nodes(error) => error.origin(),
            ScanServerError::Empty { .. } => ErrorOrigin::Environment,
        }
    }
}

/// A text that is not the key of a scan.
#[derive(Debug, thiserror::Error)]
pub enum ScanKeyError {
    /// It is none of BLISS 2.
    #[error(transparent)]
    Document(#[from] blissdata::store::KeyError),
    /// It is none of BLISS 1.
    #[error(transparent)]
    Node(#[from] bliss_node::key::KeyError),
    /// It is the key of a session of BLISS 1, not of a scan.
    #[error("{key:?} is not the key of a scan of BLISS 1 (expected SESSION:...:NAME)")]
    Session {
        /// The key.
        key: NodeKey,
    },
}

impl DataModel {
    /// Returns the scan with a key that a user has typed.
    ///
    /// # Errors
    /// If no scan of this model can have such a key.
    pub fn scan_id(self, key: &str) -> Result<ScanId, ScanKeyError> {
        Ok(match self {
            DataModel::Blissdata => ScanId::from(&key.parse::<ScanKey>()?),
            DataModel::Node => {
                let key: NodeKey = key.parse()?;
                if key.parent().is_none() {
                    return Err(ScanKeyError::Session { key });
                }
                ScanId::new(key.as_str())
            }
        })
    }
}

impl ModelChoice {
    /// Looks whether a scan can have a key that a user has typed, before the model of the server is known.
    ///
    /// # Errors
    /// If no scan of a model that may be used can have such a key.
    pub fn check_key(self, key: &str) -> Result<(), ScanKeyError> {
        match self {
            ModelChoice::Only(model) => model.scan_id(key).map(|_| ()),
            // If it is neither, what BLISS 2 expects is told.
            ModelChoice::Auto => match DataModel::Node.scan_id(key) {
                Ok(_) => Ok(()),
                Err(_) => DataModel::Blissdata.scan_id(key).map(|_| ()),
            },
        }
    }
}

impl ScanServer {
    /// Creates a handle of the server at `url`, whose connections report to `observation`. Nothing is connected yet.
    pub fn new(url: &RedisUrl, choice: ModelChoice, observation: &Arc<Observation>) -> ScanServer {
        ScanServer {
            choice,
            documents: DataStore::observed(url, observation),
            nodes: NodeStore::observed(url, observation),
        }
    }

    /// Tries once to connect.
    ///
    /// # Errors
    /// If the server cannot be reached, or refuses.
    pub async fn connect(&self) -> Result<(), RedisError> {
        let connection = match self.choice {
            ModelChoice::Only(DataModel::Node) => self.nodes.open().await,
            _ => self.documents.open().await,
        };
        connection.map(drop)
    }

    /// Looks once which data model the server holds.
    ///
    /// # Errors
    /// If it cannot be asked, or holds none that may be used.
    pub async fn check(&self) -> Result<DataModel, ScanServerError> {
        if self.choice == ModelChoice::Only(DataModel::Node) {
            self.nodes.check().await?;
            return Ok(DataModel::Node);
        }
        match self.documents.check().await {
            Ok(()) => Ok(DataModel::Blissdata),
            Err(StoreError::NotInitialised { server }) if self.choice == ModelChoice::Auto => {
                if self.nodes.holds_nodes().await? || !self.knows_json().await? {
                    return Ok(DataModel::Node);
                }
                Err(ScanServerError::Empty { server })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns `true` if the server holds any node of BLISS 1. Looks at each key of the data base if there is none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn holds_nodes(&self) -> Result<bool, ScanServerError> {
        Ok(self.nodes.holds_nodes().await?)
    }

    /// Returns `true` if the server has the commands for JSON, without which it cannot hold documents of BLISS 2.
    async fn knows_json(&self) -> Result<bool, StoreError> {
        let question = Command::new("COMMAND").args(["INFO", "JSON.GET"]);
        match self.documents.call_once(&question).await {
            // The reply has one item, which is nil for a command that the server does not know.
            Ok(reply) => Ok(reply.as_array() != Some(&[Value::Nil])),
            // A user who may not ask learns nothing from that.
            Err(RedisError::Server { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the server holds a data model: until there is a server, until it has loaded its data, until somebody
    /// has initialised it, or a session of BLISS 1 has begun. Logs why, once per reason.
    ///
    /// # Errors
    /// If waiting does not help: wrong credentials, another version of the protocol.
    pub async fn wait_ready(&self) -> Result<DataModel, ScanServerError> {
        self.wait_ready_with(|_| {}).await
    }

    /// [Waits](Self::wait_ready) until the server holds a data model. Calls `waiting` with the reason, once per reason.
    ///
    /// # Errors
    /// If waiting does not help: wrong credentials, another version of the protocol.
    pub async fn wait_ready_with(
        &self,
        waiting: impl Fn(&str),
    ) -> Result<DataModel, ScanServerError> {
        let mut backoff = Backoff::new();
        let mut reported = String::new();
        loop {
            match self.check().await {
                Ok(model) => {
                    if !reported.is_empty() {
                        info!(server = %self.documents.url(), "the data store is ready");
                    }
                    if model == DataModel::Node {
                        info!(server = %self.nodes.url(), "the scans are nodes of BLISS 1");
                    }
                    return Ok(model);
                }
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    let reason = with_causes(&error);
                    if reason != reported {
                        warn!("waiting for the data store: {reason}");
                        waiting(&reason);
                        reported = reason;
                    }
                    backoff.wait().await;
                }
            }
        }
    }

    /// Returns the scans of the server, to read them.
    pub fn scans(&self, model: DataModel) -> Arc<dyn ScanStore> {
        match model {
            DataModel::Blissdata => documents::scan_store(&self.documents),
            DataModel::Node => node::scan_store(&self.nodes),
        }
    }

    /// Returns the scans of the server, to save them. Points that the server drops unread are spooled.
    pub fn spooling_scans(&self, model: DataModel, spool: &SpoolOptions) -> Arc<dyn ScanStore> {
        match model {
            DataModel::Blissdata => documents::spooling_scan_store(&self.documents, spool),
            DataModel::Node => node::spooling_scan_store(&self.nodes, spool),
        }
    }
}
