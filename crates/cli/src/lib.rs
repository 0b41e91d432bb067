//! The commands `nexus-writer`, `NexusSessionWriter`, and with the feature `tango` `NexusWriterService`
//! and `RegisterNexusWriter`: their arguments, logs, signals and exit codes.
//!
//! All of them are one executable, which is [`run`] with the name that it was started with.

mod args;
mod commands;
mod configuration;
mod doctor;
mod exit;
mod file_reading;
mod growing_file;
mod inspection;
mod line_queue;
mod logging;
mod results;
mod role;
mod secrets;
mod signals;
mod terminal;
mod url_file;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use web::Listen;

use args::{Args, SessionWriterArgs};
#[cfg(feature = "tango")]
use args::{RegisterArgs, ServiceArgs};
use commands::Outcome;
use configuration::{Configuration, Parsed, Program};
use exit::Failure;
use logging::Logs;
use role::Role;
use signals::CaughtSignals;

/// Runs the command that this process was started as, with the arguments of the process.
pub fn run() -> ExitCode {
    if let Some(code) = inspection::serve_if_asked().or_else(file_reading::serve_if_asked) {
        return code;
    }
    match Role::of_process() {
        role @ (Role::NexusWriter | Role::BlissServer) => nexus_writer(role),
        Role::SessionWriter => session_writer(),
        #[cfg(feature = "tango")]
        Role::WriterService => writer_service(),
        #[cfg(feature = "tango")]
        Role::RegisterWriter => register_writer(),
        #[cfg(not(feature = "tango"))]
        Role::WriterService | Role::RegisterWriter => {
            Failure::usage("built without Tango support").report("nexus-writer")
        }
    }
}

/// Runs `nexus-writer`, or its command `tango run`, if that is the role of the process.
fn nexus_writer(role: Role) -> ExitCode {
    let signals = CaughtSignals::catch();
    let name = "nexus-writer";
    hide_password(name, &signals);
    let (args, configuration) = match parse::<Args>(name, role, Program::NexusWriter) {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let level = configuration.usual_level();
    let logs = logging::start(&args.logging, args.log_format, level);
    run_command(name, logs, |logs| {
        commands::run(args.command, configuration, logs.level.clone(), signals?)
    })
}

/// Returns what can be typed, for the texts that are made of it: the programs with all their options.
///
/// This is no part of the interface: it serves the example `documents`.
#[doc(hidden)]
pub fn grammar() -> Vec<clap::Command> {
    configuration::grammar()
}

/// Returns the arguments of the process and where they come from, or else the exit code.
fn parse<P: Parser>(
    name: &str,
    role: Role,
    program: Program,
) -> Result<(P, Configuration), ExitCode> {
    let failed = |failure: Failure| {
        let code = failure.report(name);
        logging::flush();
        code
    };
    match configuration::parse(program, role.arguments()).map_err(failed)? {
        Parsed::Run(args, configuration) => Ok((args, configuration)),
        Parsed::Print(text) => match results::print(&text) {
            Ok(()) => Err(exit::SUCCESS),
            Err(error) => Err(failed(error.into())),
        },
    }
}

/// Hides a password in the arguments from other users of the machine.
fn hide_password(name: &str, signals: &io::Result<CaughtSignals>) {
    if let Err(error) = secrets::hide_password(|| has_come(signals)) {
        terminal::print_line(&format!(
            "{name}: the password stays visible in the arguments: {error}"
        ));
    }
}

/// Returns `true` if a signal has come. The program is not executed again then, which would lose the signal.
fn has_come(signals: &io::Result<CaughtSignals>) -> bool {
    let came = |signals: &CaughtSignals| signals.have_come() || signals.have_hung_up();
    signals.as_ref().is_ok_and(came)
}

/// Runs a command with logs. Returns its exit code when everything is reported.
fn run_command(
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
fn session_writer() -> ExitCode {
    let signals = CaughtSignals::catch();
    let name = "NexusSessionWriter";
    hide_password(name, &signals);
    let (args, configuration) =
        match parse::<SessionWriterArgs>(name, Role::SessionWriter, Program::Classic) {
            Ok(parsed) => parsed,
            Err(code) => return code,
        };
    let logs = logging::start_classic(&args.logging, &args.console);
    run_command(name, logs, |_| {
        let SessionWriterArgs {
            session_name,
            redis,
            service,
            saving,
            http,
            ..
        } = args;
        let origin = redis.origin(&configuration);
        let web = (http, Listen::Off);
        commands::session(session_name, origin, service, saving, web, signals?)
    })
}

/// Runs `NexusWriterService` with the arguments of the process: Tango devices that save the scans of
/// BLISS sessions.
#[cfg(feature = "tango")]
fn writer_service() -> ExitCode {
    let signals = CaughtSignals::catch();
    let name = "NexusWriterService";
    hide_password(name, &signals);
    let (args, configuration) =
        match parse::<ServiceArgs>(name, Role::WriterService, Program::ClassicService) {
            Ok(parsed) => parsed,
            Err(code) => return code,
        };
    let logs = logging::start_classic(&args.logging, &args.console);
    run_command(name, logs, |logs| {
        commands::tango::service(args, configuration, logs.level.clone(), signals?)
    })
}

/// Runs `RegisterNexusWriter` with the arguments of the process: defines a Tango device for a session.
#[cfg(feature = "tango")]
fn register_writer() -> ExitCode {
    let name = "RegisterNexusWriter";
    let (args, _) = match parse::<RegisterArgs>(name, Role::RegisterWriter, Program::Classic) {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let logs = logging::start_classic(&args.logging, &args.console);
    run_command(name, logs, |_| commands::tango::register(args))
}
