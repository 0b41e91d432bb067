//! The commands about one scan, by its name.

use std::fmt;
use std::time::Duration;

use writer::records::ScanRecord;

use super::scan_attributes;
use super::session_service::SessionService;
use crate::failure::DevFailed;
use crate::python;
use crate::value::DevState;

/// A limit for the free space on a disk.
#[derive(Debug, Clone, Copy)]
pub enum DiskSpaceLimit {
    /// Below it, no scan is started.
    Required,
    /// Below it, BLISS warns its user.
    Recommended,
}

const MEBIBYTE: f64 = 1_048_576.0;

/// How long a client waits for a scan that is asked to stop, which brings its file in order first.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

const ORIGIN: &str = "NexusWriter";

/// Returns the state of a scan. The state of a scan without a name is not known.
///
/// # Errors
/// Fails, like all of these functions, if there is no such scan.
pub fn state(service: &SessionService, name: &str) -> Result<DevState, DevFailed> {
    match name {
        "" => Ok(DevState::Unknown),
        name => Ok(scan_attributes::state(find(service, name)?.state())),
    }
}

/// Returns why the scan is in its state.
pub fn reason(service: &SessionService, name: &str) -> Result<String, DevFailed> {
    match name {
        "" => Ok(String::new()),
        name => Ok(find(service, name)?.reason()),
    }
}

/// Returns the URLs of the subscans, as soon as they are known.
pub fn urls(service: &SessionService, name: &str) -> Result<Vec<String>, DevFailed> {
    match name {
        "" => Ok(Vec::new()),
        name => Ok(find(service, name)?.urls()),
    }
}

/// Returns `true` if the file of a scan can be written, or created.
pub fn has_write_permissions(service: &SessionService, name: &str) -> Result<bool, DevFailed> {
    find(service, name)?
        .has_write_permission_blocking()
        .map_err(failed)
}

/// Returns what is wrong with the free space on the disk of a scan, or an empty text if there is enough or
/// the file system does not answer.
pub fn disk_space(
    service: &SessionService,
    name: &str,
    limit: DiskSpaceLimit,
) -> Result<String, DevFailed> {
    let free = find(service, name)?.free_space_blocking().map_err(failed)?;
    let Some(properties) = service.properties() else {
        return Ok(String::new());
    };
    let megabytes = match limit {
        DiskSpaceLimit::Required => properties.required,
        DiskSpaceLimit::Recommended => properties.recommended,
    };
    Ok(match free {
        Some(free) if (free as f64) < megabytes * MEBIBYTE => {
            format!("Free disk space below {megabytes:.0} MB")
        }
        _ => String::new(),
    })
}

/// Asks the writer of a scan to stop, and waits until it has stopped. Does nothing if there is no such scan.
pub fn stop(service: &SessionService, name: &str) -> Result<(), DevFailed> {
    service
        .records()
        .find(name)
        .map_or(Ok(()), |scan| stop_and_wait(&scan))
}

/// Stops a scan as [`stop`] does, but fails if there is no such scan: the command `kill_scan` of BLISS 1.11.
pub fn stop_known(service: &SessionService, name: &str) -> Result<(), DevFailed> {
    stop_and_wait(&find(service, name)?)
}

fn stop_and_wait(scan: &ScanRecord) -> Result<(), DevFailed> {
    scan.stop();
    match scan.join_blocking(Some(CLIENT_TIMEOUT)).map_err(failed)? {
        true => Ok(()),
        false => Err(DevFailed::unanswered()),
    }
}

fn find(service: &SessionService, name: &str) -> Result<ScanRecord, DevFailed> {
    service.records().find(name).ok_or_else(|| {
        let name = python::quoted(name);
        let text = format_args!("No subscriber for scan {name} exists");
        DevFailed::python("ValueError", text, ORIGIN)
    })
}

fn failed(error: impl fmt::Display) -> DevFailed {
    DevFailed::python("RuntimeError", error, ORIGIN)
}
