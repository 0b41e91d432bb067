//! Whether BLISS lets a writer such as ours save the scans of the session.

use observation::with_causes;
use writer::options::DataWriterFilter;

use super::finding::Finding;
use super::installation::Installation;
use super::scan_saving::{ScanSaving, ScanSavingError};

const CHECK: &str = "writer of BLISS";

/// The writer of BLISS whose scans a Tango device of class `NexusWriter` saves.
pub const NEXUS: &str = "nexus";

/// The writer of BLISS whose scans a Tango device of class `BlissWriter`, or `nexus-writer run`, saves.
pub const MAPPING: &str = "mapping";

/// The writer of BLISS whose scans are saved by a process that BLISS does not know.
pub const EXTERNAL: &str = "external";

/// Looks which writer BLISS asks for.
pub fn check(installation: &Installation, saving: &Result<ScanSaving, ScanSavingError>) -> Finding {
    let Some(session) = &installation.session else {
        return Finding::skipped(CHECK, "no session is named");
    };
    let saving = match saving {
        Ok(saving) => saving,
        Err(error @ ScanSavingError::Missing { .. }) => {
            let advice = "Correct the name of the session, or start the session once.";
            return Finding::warning(CHECK, error.to_string(), advice);
        }
        Err(error @ ScanSavingError::Settings(_)) => {
            let advice = "See whether the Redis of the settings runs, which Beacon names.";
            return Finding::warning(CHECK, with_causes(error), advice);
        }
        // What is wrong with Beacon or Redis is a finding of its own.
        Err(error) => return Finding::skipped(CHECK, error.to_string()),
    };
    let Some(name) = &saving.data_writer else {
        let found = format!("SCAN_SAVING of the session {session} names no writer");
        let advice = "Say it in the session: SCAN_SAVING.writer = \"nexus\".";
        return Finding::warning(CHECK, found, advice);
    };
    let found = format!("the session {session} asks for the writer {name}");
    let usual =
        "Say in the session: SCAN_SAVING.writer = \"nexus\" (or \"mapping\", \"external\").";
    match name.as_str() {
        NEXUS | MAPPING => Finding::ok(CHECK, found),
        EXTERNAL => match &installation.data_writer {
            DataWriterFilter::Named(taken) if taken != EXTERNAL => Finding::problem(
                CHECK,
                format!("{found}, but the writer is to take scans of the writer {taken}"),
                "Use `--data-writer external`, or ask for the other writer in the session: SCAN_SAVING.writer.",
            ),
            _ => Finding::ok(CHECK, found),
        },
        "null" => Finding::problem(CHECK, format!("{found}: no scan is saved"), usual),
        "hdf5" => Finding::problem(CHECK, format!("{found}: BLISS saves scans itself"), usual),
        _ => Finding::problem(CHECK, format!("{found}, which is not known"), usual),
    }
}
