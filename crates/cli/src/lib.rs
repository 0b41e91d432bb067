//! The commands `nexus-writer`, `NexusSessionWriter`, and with the feature `tango` `NexusWriterService`
//! and `RegisterNexusWriter`: their arguments, logs, signals and exit codes.

mod args;
mod commands;
mod exit;
mod growing_file;
mod inspection;
mod line_queue;
mod logging;
mod results;
mod secrets;
mod signals;
mod terminal;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use web::Listen;

use args::{Args, SessionWriterArgs};
#[cfg(feature = "tango")]
use args::{RegisterArgs, ServiceArgs};
use commands::Outcome;
use exit::Failure;
use logging::Logs;
use signals::CaughtSignals;

/// Runs `nexus-writer` with the arguments of the process.
pub fn nexus_writer() -> ExitCode {
    if let Some(code) = inspection::serve_if_asked() {
        return code;
    }
    let signals = CaughtSignals::catch();
    if let Err(error) = secrets::hide_password(|| has_come(&signals)) {
        terminal::print_line(&format!(
            "nexus-writer: the password stays visible in the arguments: {error}"
        ));
    }
    let args = Args::parse();
    let logs = logging::start(&args.logging, args.log_format, args.command.usual_log());
    run("nexus-writer", logs, |logs| {
        commands::run(args.command, logs.level.clone(), signals?)
    })
}

/// Returns `true` if a signal has come. The program is not executed again then, which would lose the signal.
fn has_come(signals: &io::Result<CaughtSignals>) -> bool {
    let came = |signals: &CaughtSignals| signals.have_come() || signals.have_hung_up();
    signals.as_ref().is_ok_and(came)
}

/// Runs a command with logs. Returns its exit code when everything is reported.
fn run(
    program: &str,
    logs: Result<Logs, Failure>,
    command: impl FnOnce(&Logs) -> Outcome,
) -> ExitCode {
    let outcome = logs.and_then(|logs| {
        let outcome = command(&logs);
        logs.end_redirect();
        outcome
    });
    let code = outcome.unwrap_or_else(|failure| failure.report(program));
    logging::flush();
    code
}

/// Runs `NexusSessionWriter` with the arguments of the process.
///
/// It does the same as `nexus-writer session`, with the options, log lines and log targets of the Python
/// writer.
pub fn session_writer() -> ExitCode {
    if let Some(code) = inspection::serve_if_asked() {
        return code;
    }
    let signals = CaughtSignals::catch();
    let args = SessionWriterArgs::parse();
    let logs = logging::start_classic(&args.logging, &args.console);
    run("NexusSessionWriter", logs, |_| {
        let web = (args.http, Listen::Off);
        let session = args.session_name;
        commands::session(session, None, args.service, args.saving, web, signals?)
    })
}

/// Runs `NexusWriterService` with the arguments of the process: Tango devices that save the scans of
/// BLISS sessions.
#[cfg(feature = "tango")]
pub fn writer_service() -> ExitCode {
    if let Some(code) = inspection::serve_if_asked() {
        return code;
    }
    let signals = CaughtSignals::catch();
    let args = ServiceArgs::parse();
    let logs = logging::start_classic(&args.logging, &args.console);
    run("NexusWriterService", logs, |logs| {
        commands::tango::service(args, logs.level.clone(), signals?)
    })
}

/// Runs `RegisterNexusWriter` with the arguments of the process: defines a Tango device for a session.
#[cfg(feature = "tango")]
pub fn register_writer() -> ExitCode {
    let args = RegisterArgs::parse();
    let logs = logging::start_classic(&args.logging, &args.console);
    run("RegisterNexusWriter", logs, |_| {
        commands::tango::register(args)
    })
}
