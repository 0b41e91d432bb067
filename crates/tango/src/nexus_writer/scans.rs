//! The commands about one scan, by its name.

use std::fmt;
use std::time::Duration;

use writer::records::ScanRecord;

use super::engine::Engine;
use super::spectra;
use crate::failure::DevFailed;
use crate::python;
use crate::value::DevState;

/// One of the limits for the room on a disk.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// Below it no scan is started.
    Required,
    /// Below it people are warned.
    Recommended,
}

const MEBIBYTE: f64 = 1_048_576.0;

/// A scan that is asked to stop brings its file in order first.
const PATIENCE: Duration = Duration::from_secs(10);

const ORIGIN: &str = "NexusWriter";

/// The state of a scan; nobody knows that of a scan without name.
///
/// # Errors
/// If there is no such scan, as in all of these.
pub fn state(engine: &Engine, name: &str) -> Result<DevState, DevFailed> {
    match name {
        "" => Ok(DevState::Unknown),
        name => Ok(spectra::state(find(engine, name)?.state())),
    }
}

/// Why the scan is in this state.
pub fn reason(engine: &Engine, name: &str) -> Result<String, DevFailed> {
    match name {
        "" => Ok(String::new()),
        name => Ok(find(engine, name)?.reason()),
    }
}

/// Where the subscans are; nothing before that is known.
pub fn urls(engine: &Engine, name: &str) -> Result<Vec<String>, DevFailed> {
    match name {
        "" => Ok(Vec::new()),
        name => Ok(find(engine, name)?.urls()),
    }
}

/// Whether the file of a scan can be written, or made.
pub fn has_write_permissions(engine: &Engine, name: &str) -> Result<bool, DevFailed> {
    find(engine, name)?
        .has_write_permission_blocking()
        .map_err(failed)
}

/// What is wrong with the room on the disk of a scan; nothing if all is well, or if the disk does not
/// tell.
pub fn disk_space(engine: &Engine, name: &str, limit: Limit) -> Result<String, DevFailed> {
    let free = find(engine, name)?.free_space_blocking().map_err(failed)?;
    let Some(properties) = engine.properties() else {
        return Ok(String::new());
    };
    let megabytes = match limit {
        Limit::Required => properties.required,
        Limit::Recommended => properties.recommended,
    };
    Ok(match free {
        Some(free) if (free as f64) < megabytes * MEBIBYTE => {
            format!("Free disk space below {megabytes:.0} MB")
        }
        _ => String::new(),
    })
}

/// Asks the writer of a scan to stop, and waits until it has. There may be none.
pub fn stop(engine: &Engine, name: &str) -> Result<(), DevFailed> {
    engine
        .records()
        .find(name)
        .map_or(Ok(()), |scan| stop_and_wait(&scan))
}

/// The same for a scan that must be there, as BLISS 1.11 knows it.
pub fn kill(engine: &Engine, name: &str) -> Result<(), DevFailed> {
    stop_and_wait(&find(engine, name)?)
}

fn stop_and_wait(scan: &ScanRecord) -> Result<(), DevFailed> {
    scan.stop();
    match scan.join_blocking(Some(PATIENCE)).map_err(failed)? {
        true => Ok(()),
        false => Err(DevFailed::unanswered()),
    }
}

fn find(engine: &Engine, name: &str) -> Result<ScanRecord, DevFailed> {
    engine.records().find(name).ok_or_else(|| {
        let name = python::quoted(name);
        let text = format_args!("No subscriber for scan {name} exists");
        DevFailed::python("ValueError", text, ORIGIN)
    })
}

fn failed(error: impl fmt::Display) -> DevFailed {
    DevFailed::python("RuntimeError", error, ORIGIN)
}
