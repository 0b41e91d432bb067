//! The other role of each program: it looks at the files of detectors on behalf of a writer, which starts it under
//! another name.

use std::ffi::OsStr;
use std::io;
use std::process::ExitCode;

use rustix::process::{Signal, set_parent_process_death_signal};
use writer::inspection::InspectionProgram;

use crate::exit;
use crate::terminal;

/// The argument 0 of a process that looks at files.
const NAME: &str = "nexus-writer-inspection";

/// Returns the program that looks at files: this one.
pub fn program() -> InspectionProgram {
    InspectionProgram {
        // Also if an upgrade has replaced the executable meanwhile.
        path: "/proc/self/exe".into(),
        name: NAME.into(),
    }
}

/// Looks at files until the writer has no more requests. Returns `None` if this process has another role.
pub fn serve_if_asked() -> Option<ExitCode> {
    if std::env::args_os().next()?.as_os_str() != OsStr::new(NAME) {
        return None;
    }
    // A file system that does not answer would otherwise keep the process after its writer was killed.
    let served = set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(io::Error::from)
        .and_then(|()| nexus::inspection::serve(io::stdin().lock(), io::stdout().lock()));
    Some(match served {
        Ok(()) => exit::SUCCESS,
        Err(error) => {
            terminal::print_line(&format!("{NAME}: {error}"));
            exit::FAILED.into()
        }
    })
}
