//! Finding the data store: explicit URL, environment, Beacon.

use super::{RedisUrl, UrlError};
use crate::beacon::{self, BeaconError};

/// Environment variable with the URL of the data store.
const DATA_URL: &str = "REDIS_DATA_URL";
/// Environment variable with the `host:port` of the Beacon server.
const BEACON_HOST: &str = "BEACON_HOST";

/// Why no data store was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// No address was given.
    #[error("no redis URL given, and neither {DATA_URL} nor {BEACON_HOST} is set")]
    NotGiven,
    /// A URL cannot be used.
    #[error("{origin} cannot be used")]
    Url {
        /// Where the URL is from.
        origin: &'static str,
        /// What is wrong with it.
        source: UrlError,
    },
    /// Beacon was asked, but did not tell.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
}

impl RedisUrl {
    /// Finds the data store in the order of the official writer: the URL given by the user, the
    /// one in `REDIS_DATA_URL`, the one that the Beacon server at `BEACON_HOST` returns.
    pub async fn discover(option: Option<&str>) -> Result<RedisUrl, DiscoverError> {
        Self::discover_in(option, |name| std::env::var(name).ok()).await
    }

    /// [`discover`](Self::discover) with another environment than that of the process.
    pub async fn discover_in(
        option: Option<&str>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<RedisUrl, DiscoverError> {
        if let Some(text) = option {
            return text.parse().map_err(|source| DiscoverError::Url {
                origin: "the URL given",
                source,
            });
        }
        if let Some(text) = environment(DATA_URL).filter(|text| !text.is_empty()) {
            return text.parse().map_err(|source| DiscoverError::Url {
                origin: DATA_URL,
                source,
            });
        }
        match environment(BEACON_HOST) {
            Some(host) => Ok(beacon::data_store(&host).await?),
            None => Err(DiscoverError::NotGiven),
        }
    }
}
