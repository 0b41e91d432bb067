//! What the configuration of the process says about its devices.

use std::collections::HashMap;
use std::fmt;

/// The configuration of the process.
pub trait DeviceConfiguration: Send + Sync {
    /// Returns what is configured for the device of a session.
    ///
    /// # Errors
    /// Says in words why the configuration cannot be used for this session.
    fn of_session(&self, session: &str) -> Result<ConfiguredDevice, String>;
}

/// What is configured for a device.
#[derive(Debug, Clone, Default)]
pub struct ConfiguredDevice {
    /// Settings by the names of the properties that say the same.
    pub settings: HashMap<String, ConfiguredSetting>,
    /// Where Redis is.
    pub redis: Option<ConfiguredRedis>,
}

/// A configured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredSetting {
    /// The value, in the form of a property.
    pub text: String,
    /// Whether it goes before the property, or after it.
    pub is_before_property: bool,
}

/// A configured place of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredRedis {
    /// What says where it is.
    pub location: RedisLocation,
    /// Whether it goes before the property `beacon_host`, or after it.
    pub is_before_property: bool,
}

/// What says where Redis is.
#[derive(Clone, PartialEq, Eq)]
pub enum RedisLocation {
    /// The URL, with its password.
    Url(String),
    /// The Beacon server that knows it.
    Beacon(String),
}

/// Without the password.
impl fmt::Debug for RedisLocation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            RedisLocation::Url(_) => f.write_str("Url(...)"),
            RedisLocation::Beacon(host) => write!(f, "Beacon({host:?})"),
        }
    }
}

/// Nothing is configured.
impl DeviceConfiguration for () {
    fn of_session(&self, _session: &str) -> Result<ConfiguredDevice, String> {
        Ok(ConfiguredDevice::default())
    }
}
