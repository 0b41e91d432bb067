//! What all devices of a server share.

use std::sync::Arc;

use hub::Launcher;
use redis_client::{DiscoverError, RedisUrl};
use writer::WriterThread;
use writer::options::SpoolOptions;

use super::configuration::{DeviceConfiguration, RedisLocation};
use super::log_levels::WriterLogControl;
use super::properties::WriterProperties;
use crate::failure::DevFailed;

/// The names of variables that say where the data store is.
const DATA_URL: &str = "REDIS_DATA_URL";
const BEACON_HOST: &str = "BEACON_HOST";

/// What all devices share: the thread that writes files, the hub of the listeners, the level of the logs, and
/// the configuration of the process.
pub struct ServerContext {
    /// The thread that writes files.
    pub writer_thread: Arc<WriterThread>,
    /// The launcher of the hub that runs the listeners.
    pub launcher: Launcher,
    /// The level of the logs of the process.
    pub log_control: Arc<dyn WriterLogControl>,
    /// Where unread points are kept that Redis is about to drop.
    pub spool: SpoolOptions,
    /// What the configuration says about the devices.
    pub configuration: Arc<dyn DeviceConfiguration>,
    beacon_host: Option<String>,
}

impl ServerContext {
    /// Creates the context. `beacon_host` is the Beacon server of the environment, which no property may contradict.
    pub fn new(
        writer_thread: Arc<WriterThread>,
        launcher: Launcher,
        log_control: Arc<dyn WriterLogControl>,
        spool: SpoolOptions,
        configuration: Arc<dyn DeviceConfiguration>,
        beacon_host: Option<String>,
    ) -> ServerContext {
        ServerContext {
            writer_thread,
            launcher,
            log_control,
            spool,
            configuration,
            beacon_host: beacon_host.filter(|host| !host.is_empty()),
        }
    }

    /// Returns an error if a device cannot work with these properties in this process.
    ///
    /// # Errors
    /// Fails if the device belongs to another Beacon than this process.
    pub fn accept(&self, properties: &WriterProperties) -> Result<(), DevFailed> {
        properties.beacon(self.beacon_host.as_deref()).map(|_| ())
    }

    /// Returns where the scans of a device are: what goes before properties says so, or else the property
    /// `beacon_host`, or else what comes after properties. Beacon is tried for 20 s.
    ///
    /// # Errors
    /// Fails if no place is known, or Beacon does not tell it.
    pub async fn find_redis(
        &self,
        properties: &WriterProperties,
    ) -> Result<RedisUrl, DiscoverError> {
        let configured = properties.redis.as_ref();
        let beacon = properties.beacon_host.clone().map(RedisLocation::Beacon);
        let location = match configured.filter(|redis| redis.is_before_property) {
            Some(redis) => Some(redis.location.clone()),
            None => beacon.or_else(|| configured.map(|redis| redis.location.clone())),
        };
        let named = |name: &str| match &location {
            Some(RedisLocation::Url(url)) if name == DATA_URL => Some(url.clone()),
            Some(RedisLocation::Beacon(host)) if name == BEACON_HOST => Some(host.clone()),
            _ => None,
        };
        RedisUrl::discover_in(None, named).await
    }
}
