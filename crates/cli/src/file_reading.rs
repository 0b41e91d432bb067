//! Another role of each program: it reads files for those who look at them in a browser, on behalf of a writer, which starts
//! it under another name.

use std::ffi::OsStr;
use std::io;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use web::ReaderProgram;

use crate::exit;
use crate::terminal;

/// The argument 0 of a process that reads files.
const NAME: &str = "nexus-writer-read-file";

/// How much the process gives way to all others.
const NICENESS: i32 = 19;

/// The most memory of the process in bytes: a damaged or hostile file could ask for any amount.
const MAX_MEMORY: u64 = 512 << 20;

/// Returns the program that reads files: this one.
pub fn program() -> ReaderProgram {
    ReaderProgram {
        // Also if an upgrade has replaced the executable meanwhile.
        path: "/proc/self/exe".into(),
        name: NAME.into(),
    }
}

/// Reads files until the writer has no more requests. Returns `None` if this process has another role.
pub fn serve_if_asked() -> Option<ExitCode> {
    if std::env::args_os().next()?.as_os_str() != OsStr::new(NAME) {
        return None;
    }
    let served = limit_itself().and_then(|()| {
        let requests = io::stdin().lock();
        file_reader::serve(requests, io::BufWriter::new(io::stdout().lock()))
    });
    Some(match served {
        Ok(()) => exit::SUCCESS,
        Err(error) => {
            terminal::print_line(&format!("{NAME}: {error}"));
            exit::FAILED.into()
        }
    })
}

/// Lets the process end with its writer, and disturb nobody before.
fn limit_itself() -> io::Result<()> {
    // A file system that does not answer would otherwise keep the process after its writer was killed.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    nice(NICENESS)?;
    let limit = Rlimit {
        current: Some(MAX_MEMORY),
        maximum: Some(MAX_MEMORY),
    };
    setrlimit(Resource::As, limit)?;
    Ok(())
}
