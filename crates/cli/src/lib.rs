//! The commands `nexus-writer`, `NexusSessionWriter`, and with the feature `tango` `NexusWriterService`
//! and `RegisterNexusWriter`: their arguments, logs, signals and exit codes.

mod args;
mod commands;
mod exit;
mod logging;
mod secrets;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, SessionWriterArgs};
#[cfg(feature = "tango")]
use args::{RegisterArgs, ServiceArgs};

/// Runs `nexus-writer` with the arguments of the process.
pub fn nexus_writer() -> ExitCode {
    if let Err(error) = secrets::hide_password() {
        eprintln!("nexus-writer: the password stays visible in the arguments: {error}");
    }
    let args = Args::parse();
    logging::start(&args.logging, args.log_format, args.command.usual_log())
        .and_then(|logs| commands::run(args.command, logs.level.clone()))
        .unwrap_or_else(|failure| failure.report("nexus-writer"))
}

/// Runs `NexusSessionWriter` with the arguments of the process.
///
/// It does the same as `nexus-writer session`, with the options, log lines and log targets of the Python
/// writer.
pub fn session_writer() -> ExitCode {
    let args = SessionWriterArgs::parse();
    logging::start_classic(&args.logging, &args.console)
        .and_then(|_logs| commands::session(args.session_name, None, args.service, args.saving))
        .unwrap_or_else(|failure| failure.report("NexusSessionWriter"))
}

/// Runs `NexusWriterService` with the arguments of the process: Tango devices that save the scans of
/// BLISS sessions.
#[cfg(feature = "tango")]
pub fn writer_service() -> ExitCode {
    let args = ServiceArgs::parse();
    logging::start_classic(&args.logging, &args.console)
        .and_then(|logs| commands::tango::service(args, logs.level.clone()))
        .unwrap_or_else(|failure| failure.report("NexusWriterService"))
}

/// Runs `RegisterNexusWriter` with the arguments of the process: defines a Tango device for a session.
#[cfg(feature = "tango")]
pub fn register_writer() -> ExitCode {
    let args = RegisterArgs::parse();
    logging::start_classic(&args.logging, &args.console)
        .and_then(|_logs| commands::tango::register(args))
        .unwrap_or_else(|failure| failure.report("RegisterNexusWriter"))
}
