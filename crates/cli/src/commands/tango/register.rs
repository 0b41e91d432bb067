//! `tango register` and `RegisterNexusWriter`: define the devices of the two classes in the Tango database.

use std::env;

use tango::database::{TangoDatabase, TangoDatabaseError};
use tracing::{info, warn};

use super::host;
use crate::args::RegisterArgs;
use crate::commands::Outcome;
use crate::exit::{self, Failure};
use crate::secrets;

/// Names of the classes, by which BLISS finds its devices.
const BLISS_WRITER: &str = "BlissWriter";
const NEXUS_WRITER: &str = "NexusWriter";

/// Defines a device of a server. A device of that name is overwritten.
pub fn bliss_writer(
    tango_host: Option<&str>,
    server: &str,
    device: &str,
    redis_url: &str,
    session: Option<&str>,
) -> Outcome {
    let database = TangoDatabase::connect(host::address(tango_host)?.as_ref())?;
    database.add_device(server, BLISS_WRITER, device)?;
    database.put_property(device, "redis_url", &secrets::with_password(redis_url))?;
    if let Some(session) = session {
        database.put_property(device, "session", session)?;
    }
    info!("Registered Tango device {device} with server {server}");
    if let Some(session) = session {
        info!("Device serves the Bliss session '{session}'");
    }
    Ok(exit::SUCCESS)
}

/// A device in the database, as the writer of a session.
struct RegisteredDevice<'a> {
    database: &'a TangoDatabase,
    device: String,
}

/// Defines a device for a session that has none. A device that the session has is kept, whatever its name.
pub fn nexus_writer(args: &RegisterArgs) -> Outcome {
    let database = TangoDatabase::connect(None)?;
    let session = args.session.as_str();
    let beacon = args.beacon_host.as_deref();
    let wanted = device(args);
    let found = match args.ignore_existing {
        true => None,
        false => find(&database, session, beacon)?,
    };
    let device = match found {
        Some(device) => {
            let uri = database.uri(&device);
            if device.eq_ignore_ascii_case(&wanted) {
                info!("'{uri}' already registered");
            } else {
                warn!("'{uri}' already registered");
            }
            device
        }
        None if database.is_defined(&wanted)? => {
            info!("'{}' already registered", database.uri(&wanted));
            wanted
        }
        None => {
            let instance = args.instance.as_deref().unwrap_or(session);
            database.add_device(
                &format!("{}/{instance}", args.server),
                NEXUS_WRITER,
                &wanted,
            )?;
            database.put_property(&wanted, "session", session)?;
            if let Some(beacon) = beacon {
                database.put_property(&wanted, "beacon_host", beacon)?;
            }
            info!("'{}' registered", database.uri(&wanted));
            wanted
        }
    };
    let database = &database;
    RegisteredDevice { database, device }.verify(session, beacon)?;
    Ok(exit::SUCCESS)
}

/// Returns the name of the device that the arguments ask for.
fn device(args: &RegisterArgs) -> String {
    let beamline = || {
        let named = |name| env::var(name).ok().filter(|name| !name.is_empty());
        let beamline = named("BEAMLINE").or_else(|| named("BEAMLINENAME"));
        beamline.map_or("id00".to_owned(), |name| name.to_lowercase())
    };
    let domain = args.domain.clone().unwrap_or_else(beamline);
    let member = args.member.as_ref().unwrap_or(&args.session);
    format!("{domain}/{}/{member}", args.family)
}

/// Returns the device that the session has, as BLISS finds it.
fn find(
    database: &TangoDatabase,
    session: &str,
    beacon: Option<&str>,
) -> Result<Option<String>, Failure> {
    let mut found = database.session_devices(NEXUS_WRITER, session, beacon)?;
    if found.len() < 2 {
        return Ok(found.pop());
    }
    let uris: Vec<_> = found
        .iter()
        .map(|device| format!("'{}'", database.uri(device)))
        .collect();
    let on = beacon.map_or_else(String::new, |host| format!(" on Beacon host '{host}'"));
    let uris = uris.join(", ");
    Err(format!("Found more than one writer for session '{session}'{on}: [{uris}]").into())
}

impl RegisteredDevice<'_> {
    /// Returns an error if the device is that of another session, or of another Beacon.
    fn verify(&self, session: &str, beacon: Option<&str>) -> Result<(), Failure> {
        let uri = self.database.uri(&self.device);
        let its = self.property("session")?.unwrap_or_default();
        if its != session {
            let problem =
                format!("'{uri}' is listening to Bliss session '{its}' instead of '{session}'");
            return Err(problem.into());
        }
        let Some(beacon) = beacon else {
            return Ok(());
        };
        let its = self.property("beacon_host")?.unwrap_or_default();
        if its != beacon {
            let problem = format!("'{uri}' belongs to Beacon host '{its}' instead of '{beacon}'");
            return Err(problem.into());
        }
        Ok(())
    }

    fn property(&self, name: &str) -> Result<Option<String>, TangoDatabaseError> {
        let values = self.database.property(&self.device, name)?;
        Ok(values.and_then(|values| values.into_iter().next()))
    }
}
