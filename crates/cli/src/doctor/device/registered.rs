//! What the Tango database knows of the devices of a session, and how they are.

use std::time::Duration;

use observation::with_causes;
use tango::database::{TangoDatabase, TangoDatabaseError};

use super::{DATABASE, DEVICE};
use crate::doctor::finding::Finding;
use crate::doctor::installation::Installation;

/// What was found.
struct Registered {
    /// Host and port of the database.
    database: String,
    devices: Vec<Device>,
}

/// A device of the session.
struct Device {
    uri: String,
    condition: Condition,
}

enum Condition {
    /// No server offers it.
    NotExported,
    /// It has not answered, for this reason.
    Silent(String),
    /// It is in this state.
    State(&'static str),
}

/// Looks for the devices of these classes that the session has. If there are no classes, BLISS needs no device. `is_known` says
/// whether it is known what BLISS needs.
pub async fn check(
    installation: &Installation,
    classes: &'static [&'static str],
    is_known: bool,
) -> Vec<Finding> {
    let session = installation.session.clone();
    let beacon = installation.beacon.clone();
    // Of a device that does not answer, the database can still be told.
    let answer_time = installation.limit.0 / 2;
    let looked = move || look(session.as_deref(), classes, beacon.as_deref(), answer_time);
    let found = installation.limit.blocking(looked).await;
    let registered = match found {
        Some(Ok(registered)) => registered,
        Some(Err(error)) => return unreachable(&with_causes(&error), classes, is_known),
        None => {
            let reason = installation
                .limit
                .no_answer("the Tango database, or a device,");
            return unreachable(&reason, classes, is_known);
        }
    };
    let found = format!("{} answers", registered.database);
    let device = match &installation.session {
        None => Finding::skipped(DEVICE, "no session is named"),
        Some(_) if classes.is_empty() => Finding::ok(
            DEVICE,
            "none is needed: BLISS asks for a writer without device",
        ),
        Some(session) => describe(session, classes, &registered),
    };
    vec![Finding::ok(DATABASE, found), device]
}

/// Returns the findings about a database that cannot be asked.
fn unreachable(reason: &str, classes: &[&str], is_known: bool) -> Vec<Finding> {
    let is_named = std::env::var_os("TANGO_HOST").is_some_and(|host| !host.is_empty());
    let is_needed = is_known && !classes.is_empty();
    let advice = match is_named {
        true => {
            "Start the Tango database (at a beamline, Beacon does so), or correct TANGO_HOST (HOST:PORT)."
        }
        false => {
            "Set TANGO_HOST (HOST:PORT), and start the Tango database (at a beamline, Beacon does so)."
        }
    };
    let database = match (is_needed, is_named) {
        (true, _) => Finding::problem(DATABASE, reason, advice),
        (false, false) => Finding::skipped(DATABASE, "TANGO_HOST is not set"),
        (false, true) if is_known => Finding::warning(DATABASE, reason, advice),
        (false, true) => Finding::problem(DATABASE, reason, advice),
    };
    let device = Finding::skipped(DEVICE, "the Tango database cannot be asked");
    vec![database, device]
}

/// Asks the database and the devices, which may take long.
fn look(
    session: Option<&str>,
    classes: &[&str],
    beacon: Option<&str>,
    answer_time: Duration,
) -> Result<Registered, TangoDatabaseError> {
    let database = TangoDatabase::connect(None)?;
    let mut devices = Vec::new();
    for class in classes {
        let Some(session) = session else { continue };
        for device in database.session_devices(class, session, beacon)? {
            let condition = match database.is_exported(&device)? {
                false => Condition::NotExported,
                true => match database.device_state(&device, answer_time) {
                    Ok(state) => Condition::State(state),
                    Err(errors) => Condition::Silent(errors.to_string()),
                },
            };
            let uri = database.uri(&device);
            devices.push(Device { uri, condition });
        }
    }
    Ok(Registered {
        database: database.address().to_owned(),
        devices,
    })
}

fn describe(session: &str, classes: &[&str], registered: &Registered) -> Finding {
    let [device] = registered.devices.as_slice() else {
        return match registered.devices.as_slice() {
            [] => unregistered(session, classes, &registered.database),
            several => {
                let uris: Vec<_> = several.iter().map(|device| device.uri.as_str()).collect();
                Finding::problem(
                    DEVICE,
                    format!("the session {session} has several: {}", uris.join(", ")),
                    "Remove all but one of them from the Tango database (with jive, or tango_admin): BLISS refuses to choose.",
                )
            }
        };
    };
    let uri = &device.uri;
    let start = "Start its server: `NexusWriterService INSTANCE` for the class NexusWriter, `nexus-writer tango run INSTANCE` \
                 for BlissWriter, or its unit of systemd.";
    match &device.condition {
        Condition::NotExported => {
            let found = format!("{uri} is registered, but its server does not run");
            Finding::problem(DEVICE, found, start)
        }
        Condition::Silent(reason) => {
            let found = format!("{uri} does not answer: {}", reason.replace('\n', " "));
            Finding::problem(DEVICE, found, start)
        }
        Condition::State(state @ ("ON" | "RUNNING")) => {
            Finding::ok(DEVICE, format!("{uri} is in state {state}"))
        }
        Condition::State("INIT") => Finding::warning(
            DEVICE,
            format!("{uri} is in state INIT: it waits for something"),
            "Wait, and see its status, which says for what.",
        ),
        Condition::State(state) => Finding::problem(
            DEVICE,
            format!("{uri} is in state {state}"),
            "See its status, which says why, and call its command `start`.",
        ),
    }
}

fn unregistered(session: &str, classes: &[&str], database: &str) -> Finding {
    let found = format!(
        "the database {database} has no device of class {} for the session {session}",
        classes.join(" or ")
    );
    let mut ways = Vec::new();
    if classes.contains(&"NexusWriter") {
        ways.push(format!(
            "`RegisterNexusWriter {session}` for the writer nexus"
        ));
    }
    if classes.contains(&"BlissWriter") {
        ways.push(format!(
            "`nexus-writer tango register URL --session {session}` for the writer mapping"
        ));
    }
    let advice = format!("Register one: {}.", ways.join(", or "));
    Finding::problem(DEVICE, found, advice)
}
