//! The Tango database: which devices are defined, and their properties.
//!
//! Names of devices, servers and properties are compared without regard to case. All calls wait for the
//! database, for seconds if it does not answer, so greenlets must not make them.

use std::time::Duration;

use observation::ErrorOrigin;

use crate::failure::ErrorStack;
use crate::shim::database::{self, Connection};

/// The names of states by their numbers (`Tango::DevState` of cppTango).
const STATES: [&str; 14] = [
    "ON", "OFF", "CLOSE", "OPEN", "INSERT", "EXTRACT", "MOVING", "STANDBY", "FAULT", "INIT",
    "RUNNING", "ALARM", "DISABLE", "UNKNOWN",
];

/// A connection to a Tango database.
#[derive(Debug)]
pub struct TangoDatabase {
    connection: Connection,
    address: String,
}

/// The address of a Tango database that is not the one of `TANGO_HOST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TangoDatabaseAddress {
    /// Name or address of the machine.
    pub host: String,
    /// Port there.
    pub port: u16,
}

/// Why a request to the database failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TangoDatabaseError {
    /// The address of the database is not known.
    #[error("TANGO_HOST is not set: it says where the Tango database is (host:port)")]
    NoAddress,
    /// The database cannot be reached.
    #[error("cannot connect to the Tango database of {address}")]
    Unreachable {
        /// The address.
        address: String,
        /// What Tango says.
        #[source]
        errors: ErrorStack,
    },
    /// The database refused the request.
    #[error("the Tango database at {address} cannot {what}")]
    Refused {
        /// The address of the database.
        address: String,
        /// The request.
        what: String,
        /// What Tango says.
        #[source]
        errors: ErrorStack,
    },
}

impl TangoDatabaseError {
    /// Returns the origin of the error.
    pub fn origin(&self) -> ErrorOrigin {
        match self {
            TangoDatabaseError::NoAddress => ErrorOrigin::User,
            TangoDatabaseError::Unreachable { .. } | TangoDatabaseError::Refused { .. } => {
                ErrorOrigin::Environment
            }
        }
    }
}

impl TangoDatabase {
    /// Connects to the database at `address`, or without one to that of the environment variable
    /// `TANGO_HOST`, or of the file `tangorc` that Tango reads in its place.
    ///
    /// # Errors
    /// Fails if there is no database.
    pub fn connect(
        address: Option<&TangoDatabaseAddress>,
    ) -> Result<TangoDatabase, TangoDatabaseError> {
        let host_and_port = address.map(|address| (address.host.as_str(), address.port));
        let connection = Connection::open(host_and_port).map_err(|errors| {
            if errors
                .levels
                .iter()
                .any(|error| error.reason == "API_TangoHostNotSet")
            {
                return TangoDatabaseError::NoAddress;
            }
            let address = match address {
                Some(TangoDatabaseAddress { host, port }) => format!("{host}:{port}"),
                None => std::env::var("TANGO_HOST").unwrap_or_else(|_| "tangorc".to_owned()),
            };
            TangoDatabaseError::Unreachable { address, errors }
        })?;
        let address = connection.address().unwrap_or_default();
        Ok(TangoDatabase {
            connection,
            address,
        })
    }

    /// Returns `host:port` of the database.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the URI of a device of this database: `tango://host:port/domain/family/member`.
    pub fn uri(&self, device: &str) -> String {
        format!("tango://{}/{device}", self.address)
    }

    /// Returns the names of the devices of a class, running or not.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn devices(&self, class: &str) -> Result<Vec<String>, TangoDatabaseError> {
        self.connection
            .devices(class)
            .map_err(|errors| self.refused(format!("list the devices of class {class}"), errors))
    }

    /// Returns `true` if a device of this name is defined, running or not.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn is_defined(&self, device: &str) -> Result<bool, TangoDatabaseError> {
        let wanted = device.rsplit('/').next().unwrap_or(device);
        let members = self
            .connection
            .members(device)
            .map_err(|errors| self.refused(format!("look for {device}"), errors))?;
        Ok(members.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
    }

    /// Returns the values of a property of a device, or `None` if it is not set.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn property(
        &self,
        device: &str,
        property: &str,
    ) -> Result<Option<Vec<String>>, TangoDatabaseError> {
        self.connection
            .property(device, property)
            .map_err(|errors| self.refused(format!("read property {property} of {device}"), errors))
    }

    /// Returns the devices of a class that serve a BLISS session, as BLISS finds them: those with the property `session`, and
    /// without a property `beacon_host` that names another Beacon.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn session_devices(
        &self,
        class: &str,
        session: &str,
        beacon: Option<&str>,
    ) -> Result<Vec<String>, TangoDatabaseError> {
        let first = |device: &str, property: &str| {
            let values = self.property(device, property)?;
            Ok::<_, TangoDatabaseError>(values.and_then(|values| values.into_iter().next()))
        };
        let mut found = Vec::new();
        for device in self.devices(class)? {
            if first(&device, "session")?.as_deref() != Some(session) {
                continue;
            }
            let elsewhere = match (beacon, first(&device, "beacon_host")?) {
                (Some(wanted), Some(its)) => !its.is_empty() && its != wanted,
                _ => false,
            };
            if !elsewhere {
                found.push(device);
            }
        }
        Ok(found)
    }

    /// Returns `true` if a server offers a device: it runs, or has ended without notice to the database.
    ///
    /// # Errors
    /// Fails if the database does not answer, or does not know the device.
    pub fn is_exported(&self, device: &str) -> Result<bool, TangoDatabaseError> {
        self.connection
            .exported(device)
            .map_err(|errors| self.refused(format!("look for the server of {device}"), errors))
    }

    /// Asks a device of this database for its state. Waits at most so long for the answer. Returns the state in the words of
    /// Tango, such as `ON`.
    ///
    /// # Errors
    /// What Tango says if the device does not answer.
    pub fn device_state(
        &self,
        device: &str,
        timeout: Duration,
    ) -> Result<&'static str, ErrorStack> {
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let state = database::device_state(&self.uri(device), timeout_ms)?;
        let state = usize::try_from(state).ok();
        let name = state.and_then(|state| STATES.get(state).copied());
        Ok(name.unwrap_or("UNKNOWN"))
    }

    /// Sets a property of a device.
    ///
    /// # Errors
    /// Fails if the database refuses.
    pub fn put_property(
        &self,
        device: &str,
        property: &str,
        value: &str,
    ) -> Result<(), TangoDatabaseError> {
        self.connection
            .put_property(device, property, value)
            .map_err(|errors| self.refused(format!("set property {property} of {device}"), errors))
    }

    /// Defines a device of `server` (`name/instance`). A device of this name that is defined already is moved
    /// to that server.
    ///
    /// # Errors
    /// Fails if the database refuses.
    pub fn add_device(
        &self,
        server: &str,
        class: &str,
        device: &str,
    ) -> Result<(), TangoDatabaseError> {
        self.connection
            .add_device(server, class, device)
            .map_err(|errors| self.refused(format!("add {device} to {server}"), errors))
    }

    fn refused(&self, what: String, errors: ErrorStack) -> TangoDatabaseError {
        TangoDatabaseError::Refused {
            address: self.address.clone(),
            what,
            errors,
        }
    }
}
