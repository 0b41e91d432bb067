//! The `nexus-writer` command: arguments, logs, signals and exit codes, and nothing else.

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

fn main() -> ExitCode {
    if let Err(error) = secrets::hide() {
        eprintln!("nexus-writer: the password stays visible in the arguments: {error}");
    }
    let args = args::Args::parse();
    match logging::start(&args.logging, args.command.usual_log())
        .and_then(|()| commands::run(args.command))
    {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
