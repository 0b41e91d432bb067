//! Where simulated scans are published.

use std::path::Path;

use bliss_node::publish::last_number;
use bliss_node::store::NodeStore;
use blissdata::store::{DataStore, StoreError};
use redis_client::{Command, RedisUrl, Value};
use serde_json::Value as Json;
use tracing::info;

use super::error::SimulationError;
use super::node::parent_key;

/// A Redis server in which scans are published, in one of the data models.
#[derive(Debug, Clone)]
pub enum ModelStore {
    /// A data store of BLISS 2.
    Blissdata(DataStore),
    /// Nodes of BLISS 1.11.
    Node(NodeStore),
}

impl ModelStore {
    /// Returns the nodes at `url`, in data base 1 unless the URL names another than 0. Nothing is connected yet.
    pub fn nodes(url: &RedisUrl) -> ModelStore {
        ModelStore::Node(NodeStore::new(url))
    }

    /// Makes a server ready for scans. An empty one becomes a data store of BLISS 2; nodes need nothing. One that holds
    /// something else is not changed.
    ///
    /// # Errors
    /// If the server holds something else, has not the modules that BLISS 2 needs, or cannot be asked.
    pub async fn make_ready(&self) -> Result<(), SimulationError> {
        match self {
            ModelStore::Blissdata(store) => match store.check().await {
                Err(StoreError::NotInitialised { server }) => {
                    info!("{server} is no data store yet: initialising it");
                    Ok(crate::initialise(store).await?)
                }
                checked => Ok(checked?),
            },
            ModelStore::Node(store) => {
                let mut connection = store.open().await?;
                let keys = connection.call(&Command::new("DBSIZE")).await?;
                match keys.as_int().unwrap_or(-1) {
                    0 => Ok(()),
                    _ if store.holds_nodes().await? => Ok(()),
                    keys => Err(SimulationError::NotNodes {
                        server: connection.server().to_owned(),
                        keys,
                    }),
                }
            }
        }
    }

    /// Returns the number of the last scan that asks to be saved in a file, or 0 if there is none. `file` is an
    /// absolute path.
    ///
    /// # Errors
    /// If the server cannot be asked, or nodes cannot have such names.
    pub async fn last_number(&self, session: &str, file: &str) -> Result<u64, SimulationError> {
        match self {
            ModelStore::Blissdata(store) => Ok(last_of_documents(store, file).await?),
            ModelStore::Node(store) => {
                let parent = parent_key(session, Path::new(file))?;
                Ok(last_number(store, &parent).await?.unwrap_or(0))
            }
        }
    }
}

async fn last_of_documents(store: &DataStore, file: &str) -> Result<u64, StoreError> {
    let ask = |key: &str| Command::new("JSON.GET").arg(key).arg(".id");
    let scans = store.scans().await?;
    let questions: Vec<_> = scans.iter().map(|(_, key)| ask(key.as_str())).collect();
    // A scan may be deleted meanwhile: an error is the answer.
    let answers = store.pipeline(&questions).await?.into_iter().flatten();
    let ids = answers.filter_map(|answer| match answer {
        Value::Text(text) => serde_json::from_slice::<Json>(&text).ok(),
        _ => None,
    });
    Ok(ids
        .filter(|id| id.get("path").and_then(Json::as_str) == Some(file))
        .filter_map(|id| id.get("number")?.as_u64())
        .max()
        .unwrap_or(0))
}
