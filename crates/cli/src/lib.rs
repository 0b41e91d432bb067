//! The commands `nexus-writer` and `NexusSessionWriter`: arguments, logs, signals and exit codes, and
//! nothing else.

mod args;
mod commands;
mod exit;
mod logging;
mod secrets;
mod signals;
mod simulation;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, SessionWriterArgs};

/// Runs `nexus-writer` with the arguments of the process.
pub fn nexus_writer() -> ExitCode {
    if let Err(error) = secrets::hide() {
        eprintln!("nexus-writer: the password stays visible in the arguments: {error}");
    }
    let args = Args::parse();
    logging::start(&args.logging, args.log_format, args.command.usual_log())
        .and_then(|()| commands::run(args.command))
        .unwrap_or_else(|failure| failure.report("nexus-writer"))
}

/// Runs `NexusSessionWriter` with the arguments of the process.
///
/// It is `nexus-writer session` for people and programs that know the Python writer: its options,
/// its log lines, and where they go.
pub fn session_writer() -> ExitCode {
    let args = SessionWriterArgs::parse();
    logging::start_classic(&args.logging, &args.console)
        .and_then(|_redirected| {
            commands::session(args.session_name, None, args.service, args.saving)
        })
        .unwrap_or_else(|failure| failure.report("NexusSessionWriter"))
}
