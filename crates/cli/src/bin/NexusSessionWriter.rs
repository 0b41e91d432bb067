//! The `NexusSessionWriter` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::session_writer()
}
