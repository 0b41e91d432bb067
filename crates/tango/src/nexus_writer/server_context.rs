//! What all devices of a server share.

use std::sync::Arc;

use hub::Launcher;
use redis_client::{DiscoverError, RedisUrl};
use writer::WriterThread;
use writer::options::SpoolOptions;
use writer::source::ModelChoice;

use super::log_levels::WriterLogControl;
use super::properties::WriterProperties;
use crate::failure::DevFailed;

/// The environment variables that say where the data store is.
const DATA_URL: &str = "REDIS_DATA_URL";
const BEACON_HOST: &str = "BEACON_HOST";

/// What all devices share: the thread that writes files, the hub of the listeners, the level of the logs, and
/// the environment of the process.
pub struct ServerContext {
    /// The thread that writes files.
    pub writer_thread: Arc<WriterThread>,
    /// The launcher of the hub that runs the listeners.
    pub launcher: Launcher,
    /// The level of the logs of the process.
    pub log_control: Arc<dyn WriterLogControl>,
    /// Where unread points are kept that Redis is about to drop.
    pub spool: SpoolOptions,
    /// Which data model Redis is taken to hold, unless the property of a device says otherwise.
    pub model: ModelChoice,
    data_url: Option<String>,
    beacon_host: Option<String>,
}

impl ServerContext {
    /// Creates the context. `look_up` returns the variables of the environment.
    pub fn new(
        writer_thread: Arc<WriterThread>,
        launcher: Launcher,
        log_control: Arc<dyn WriterLogControl>,
        spool: SpoolOptions,
        model: ModelChoice,
        look_up: impl Fn(&str) -> Option<String>,
    ) -> ServerContext {
        let environment = |name| look_up(name).filter(|text| !text.is_empty());
        ServerContext {
            writer_thread,
            launcher,
            log_control,
            spool,
            model,
            data_url: environment(DATA_URL),
            beacon_host: environment(BEACON_HOST),
        }
    }

    /// Returns an error if a device cannot work with these properties in this process.
    ///
    /// # Errors
    /// Fails if the device belongs to another Beacon than this process.
    pub fn accept(&self, properties: &WriterProperties) -> Result<(), DevFailed> {
        properties.beacon(self.beacon_host.as_deref()).map(|_| ())
    }

    /// Returns where the scans of a device are. The environment says so, or Beacon, which is tried for 20 s.
    ///
    /// # Errors
    /// Fails if neither is known.
    pub async fn find_redis(
        &self,
        properties: &WriterProperties,
    ) -> Result<RedisUrl, DiscoverError> {
        let environment = |name: &str| match name {
            DATA_URL => self.data_url.clone(),
            BEACON_HOST => self
                .beacon_host
                .clone()
                .or_else(|| properties.beacon_host.clone()),
            _ => None,
        };
        RedisUrl::discover_in(None, environment).await
    }
}
