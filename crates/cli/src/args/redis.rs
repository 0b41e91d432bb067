//! Where Redis is, if no URL says it.

use std::path::PathBuf;

use clap::Args as Group;

use crate::configuration::{Configuration, Source};

/// Where Redis is, if no URL says it.
#[derive(Group, Clone)]
pub struct RedisPlace {
    /// File with the URL of Redis, which only its owner may read: it may hold a password
    #[arg(long, env = "NEXUS_WRITER_REDIS_URL_FILE", value_name = "FILE")]
    pub redis_url_file: Option<PathBuf>,
    /// Beacon server that is asked for the URL of Redis
    #[arg(long, env = "NEXUS_WRITER_REDIS_BEACON_HOST", value_name = "HOST:PORT")]
    pub beacon_host: Option<String>,
}

/// A URL that is also an option.
#[derive(Group, Clone)]
pub struct RedisOption {
    /// Redis of the scans; otherwise REDIS_DATA_URL, otherwise Beacon is asked (BEACON_HOST)
    #[arg(long = "redis", env = "NEXUS_WRITER_REDIS_URL", value_name = "URL")]
    pub url: Option<String>,
    #[command(flatten)]
    pub place: RedisPlace,
}

impl RedisOption {
    /// Returns what says where Redis is, if anything does.
    pub fn origin(self, configuration: &Configuration) -> Option<RedisOrigin> {
        let found = self.place.origin(self.url, configuration);
        found.map(|(origin, _)| origin)
    }
}

/// What says where Redis is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisOrigin {
    /// The URL itself, with its password.
    Url(String),
    /// A file with the URL.
    UrlFile(PathBuf),
    /// The Beacon server that is asked.
    Beacon(String),
}

impl RedisPlace {
    /// Returns what says where Redis is, and the source of that. Of several settings, that of the source counts which
    /// goes before the others; of the same source first a URL, then a file with it, then Beacon.
    pub fn origin(
        self,
        url: Option<String>,
        configuration: &Configuration,
    ) -> Option<(RedisOrigin, Source)> {
        let url = url.map(RedisOrigin::Url);
        let url_file = self.redis_url_file.map(RedisOrigin::UrlFile);
        let beacon = self.beacon_host.map(RedisOrigin::Beacon);
        let mut found: Option<(RedisOrigin, Source)> = None;
        for (key, origin) in [
            ("redis.url", url),
            ("redis.url-file", url_file),
            ("redis.beacon-host", beacon),
        ] {
            let Some(origin) = origin else { continue };
            let source = configuration.source(key);
            if found
                .as_ref()
                .is_none_or(|(_, before)| source.rank() > before.rank())
            {
                found = Some((origin, source));
            }
        }
        found
    }
}
