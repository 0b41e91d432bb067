//! The `nexus-writer` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::nexus_writer()
}
