//! `tango register`: defines a device of class `BlissWriter`.

use tango::database::Database;
use tracing::info;

use super::host;
use crate::commands::Outcome;
use crate::exit;
use crate::secrets;

/// Name of the class, by which BLISS finds its devices.
const CLASS: &str = "BlissWriter";

/// Defines a device of a server; one of that name is overwritten.
pub fn register(
    tango_host: Option<&str>,
    server: &str,
    device: &str,
    redis_url: &str,
    session: Option<&str>,
) -> Outcome {
    let database = Database::connect(host::address(tango_host)?.as_ref())?;
    database.add_device(server, CLASS, device)?;
    database.put_property(device, "redis_url", &secrets::reveal(redis_url))?;
    if let Some(session) = session {
        database.put_property(device, "session", session)?;
    }
    info!("Registered Tango device {device} with server {server}");
    if let Some(session) = session {
        info!("Device serves the Bliss session '{session}'");
    }
    Ok(exit::SUCCESS)
}
