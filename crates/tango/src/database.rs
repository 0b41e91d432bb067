//! The Tango database: which devices there are, and what it knows about them.
//!
//! Names of devices, servers and properties are compared without regard to case. All calls wait for
//! the database, for seconds if it does not answer, so they are no calls for greenlets.

use observation::ErrorOrigin;

use crate::failure::ErrorStack;
use crate::shim::database::Connection;

/// A connection to a Tango database.
#[derive(Debug)]
pub struct TangoDatabase {
    connection: Connection,
    address: String,
}

/// Where a Tango database is, if it is not that of `TANGO_HOST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TangoDatabaseAddress {
    /// Name or address of the machine.
    pub host: String,
    /// Port there.
    pub port: u16,
}

/// Why the database did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TangoDatabaseError {
    /// Nobody said where it is.
    #[error("TANGO_HOST is not set: it tells where the Tango database is (host:port)")]
    NoAddress,
    /// There is no database where it should be.
    #[error("cannot connect to the Tango database of {address}")]
    Unreachable {
        /// What was tried.
        address: String,
        /// What Tango says.
        #[source]
        errors: ErrorStack,
    },
    /// It refused.
    #[error("the Tango database at {address} cannot {what}")]
    Refused {
        /// Where it is.
        address: String,
        /// What it was asked to do.
        what: String,
        /// What Tango says.
        #[source]
        errors: ErrorStack,
    },
}

impl TangoDatabaseError {
    /// Returns who is at fault.
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
    /// Connects to the database at `address`; without one to that of the environment variable
    /// `TANGO_HOST`, or of the file `tangorc` that Tango reads in its place.
    ///
    /// # Errors
    /// If there is none.
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

    /// `host:port` of the database.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How the whole world calls a device of this database: `tango://host:port/domain/family/member`.
    pub fn uri(&self, device: &str) -> String {
        format!("tango://{}/{device}", self.address)
    }

    /// Names of the devices of a class, running or not.
    ///
    /// # Errors
    /// If the database cannot tell.
    pub fn devices(&self, class: &str) -> Result<Vec<String>, TangoDatabaseError> {
        self.connection
            .devices(class)
            .map_err(|errors| self.refused(format!("list the devices of class {class}"), errors))
    }

    /// Whether a device of this name is defined, running or not.
    ///
    /// # Errors
    /// If the database cannot tell.
    pub fn is_defined(&self, device: &str) -> Result<bool, TangoDatabaseError> {
        let wanted = device.rsplit('/').next().unwrap_or(device);
        let members = self
            .connection
            .members(device)
            .map_err(|errors| self.refused(format!("look for {device}"), errors))?;
        Ok(members.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
    }

    /// A property of a device, which may have several values; none if it is not set.
    ///
    /// # Errors
    /// If the database cannot tell.
    pub fn property(
        &self,
        device: &str,
        property: &str,
    ) -> Result<Option<Vec<String>>, TangoDatabaseError> {
        self.connection
            .property(device, property)
            .map_err(|errors| self.refused(format!("read property {property} of {device}"), errors))
    }

    /// Sets a property of a device.
    ///
    /// # Errors
    /// If the database does not take it.
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

    /// Defines a device as one of `server` (`name/instance`); one of that name that is defined already
    /// goes to that server.
    ///
    /// # Errors
    /// If the database does not take it.
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
