//! What all devices of a server share.

use std::sync::Arc;

use hub::Launcher;
use redis_client::{DiscoverError, RedisUrl};
use writer::WriterThread;

use super::log_levels::WriterLogControl;
use super::properties::Properties;
use crate::failure::DevFailed;

/// Where the data store is told.
const DATA_URL: &str = "REDIS_DATA_URL";
const BEACON_HOST: &str = "BEACON_HOST";

/// What all devices share: the thread that writes files, the hub on which they listen, the logs of the
/// process, and what its environment says.
pub struct House {
    /// The thread that writes files.
    pub writer_thread: Arc<WriterThread>,
    /// The way to the hub that runs the listeners.
    pub launcher: Launcher,
    /// The level of the logs of the process.
    pub log_control: Arc<dyn WriterLogControl>,
    data_url: Option<String>,
    beacon_host: Option<String>,
}

impl House {
    /// With the environment that `look_up` tells.
    pub fn new(
        writer_thread: Arc<WriterThread>,
        launcher: Launcher,
        log_control: Arc<dyn WriterLogControl>,
        look_up: impl Fn(&str) -> Option<String>,
    ) -> House {
        let environment = |name| look_up(name).filter(|text| !text.is_empty());
        House {
            writer_thread,
            launcher,
            log_control,
            data_url: environment(DATA_URL),
            beacon_host: environment(BEACON_HOST),
        }
    }

    /// Whether a device may work with these properties here.
    ///
    /// # Errors
    /// If it belongs to another Beacon than this process.
    pub fn accept(&self, properties: &Properties) -> Result<(), DevFailed> {
        properties.beacon(self.beacon_host.as_deref()).map(|_| ())
    }

    /// Where the scans of a device are: the environment tells, or Beacon, which is asked for 20 s.
    ///
    /// # Errors
    /// If nobody tells.
    pub async fn find_redis(&self, properties: &Properties) -> Result<RedisUrl, DiscoverError> {
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
