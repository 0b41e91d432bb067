//! The `NexusWriterService` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::writer_service()
}
